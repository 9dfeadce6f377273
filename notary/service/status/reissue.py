"""Putting one credential in another's place: the new one is anchored first, then the old one is marked as replaced.

The order is in the ledger: the mark names its replacement, and no statement says it
before that one is final. From then on the old one's link opens the new one.
"""

from __future__ import annotations

from notary.core.errors import IssuerError
from notary.core.registry import MemberRecord
from notary.core.status import Status
from notary.ports.ledger import CredentialId, CredentialRow, Reason, UnitOfWork
from notary.service.errors import Absent
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.status.lists import is_final, may_change
from notary.service.status.marking import Plan, Wish, plan_marks


def plan_reissue(
    notary: Notary,
    member: MemberRecord,
    old: CredentialId,
    new: CredentialId,
    reason: Reason,
    note: str | None = None,
) -> Plan:
    """Say what replacing a credential would mark; IssuerError where it cannot be met, Absent for what is not there."""
    members = members_in_force(notary.ledger)
    with notary.ledger.read() as work:
        row = work.credentials.get(new)
        if row is None or row.digest is None or not may_change(members, row.institution, member):
            raise Absent(f"{member.name} has no credential {new} here", hint="Submit the new one first: notary submit")
        before = work.credentials.get(old)
        if before is not None and before.digest == row.digest:
            raise IssuerError(f"{new} is the same credential as {old}", hint="Submit the corrected one first")
        for mark in work.statuses.history(new):
            if mark.status in (Status.REVOKED, Status.REPLACED):
                raise IssuerError(f"{new} is revoked or replaced itself, and cannot take another's place")
    plan = plan_marks(notary, member, Status.REPLACED, [Wish(old, reason, note, replacement=new)])
    if plan.findings:
        finding = plan.findings[0]
        raise IssuerError(finding.why, hint=finding.hint)
    return plan


def newest_of(work: UnitOfWork, row: CredentialRow) -> CredentialRow:
    """Return what a credential was replaced by in the end, as far as that is final; itself where by nothing."""
    seen = {row.id}
    while True:
        named = [mark.replacement for mark in work.statuses.history(row.id) if mark.replacement is not None]
        if not named or named[-1] in seen or not is_final(work, named[-1]):
            return row
        after = work.credentials.get(named[-1])
        if after is None:
            return row
        seen.add(after.id)
        row = after
