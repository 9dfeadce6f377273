"""Mending one credential: its row written anew, signed, and put in the old one's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from notary.core.errors import IssuerError
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.core.status import Status
from notary.ports.ledger import ContactRow, CredentialId, CredentialRow, PaperId, Reason
from notary.service.delivery.queue import inherit_contact
from notary.service.issuing.columns import match_columns
from notary.service.issuing.finding import Unfit
from notary.service.issuing.issue import now
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.papers import Kept, check_template
from notary.service.issuing.template import Template
from notary.service.notary import Notary
from notary.service.status.marking import Plan, Wish, mark, plan_marks
from notary.service.status.reissue import plan_reissue
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.reading import Reading, Source, read_source

ROW = 2
"""The first row below the headings, as a spreadsheet counts."""


def fields_of(template: Template) -> tuple[str, ...]:
    """Return what a row of this template may say, as headings: who it is about, when, and each result."""
    return ("name", "email", "number", "issued on", *(result.column for result in template.results), "narrative")


def issued_by(notary: Notary, member: MemberRecord, row: CredentialRow, kept: Sequence[Kept]) -> PaperId | None:
    """Return the template that a credential was issued by, as far as its learner's address or name tells.

    Else the only one that is called as the credential is; None where that leaves several, or none.
    """
    with notary.ledger.read() as work:
        contact = work.contacts.get(row.id)
        who = [f"email:{contact.email.casefold()}"] if contact else []
        who += [f"name:{row.learner.casefold()}"] if row.learner else []
        for each in kept:
            drawn = [each.template.drawn("identity", one) for one in who] if each.template else []
            if any(award.credential == row.id for award in work.awards.known(member.id, drawn).values()):
                return each.paper.id
    same = [each.paper.id for each in kept if each.template and each.template.achievement.name == row.title]
    return same[0] if len(same) == 1 else None


def write_anew(
    notary: Notary, member: MemberRecord, template: Template, cells: Mapping[str, str], key: CredentialKey
) -> tuple[Learner, bytes]:
    """Read one row and sign its credential; Unfit has everything that is wrong with it."""
    filled = {heading: text for heading, text in cells.items() if text.strip()}
    columns = match_columns(tuple(filled), template)
    columns.check("the row")
    found = RowReader(template, columns, None).read(ROW, tuple(filled.values()))
    if not isinstance(found, Learner):
        raise Unfit("the row", found)
    today, created = now(notary)
    return found, key.prove(check_template(template, member).make(found, today), created)


def put_in_place(
    notary: Notary,
    member: MemberRecord,
    old: CredentialId,
    signed: bytes,
    reason: Reason,
    *,
    note: str | None = None,
    email: str | None = None,
) -> Plan:
    """Submit a signed credential and mark the old one as replaced by it: the mark waits until the new one is final.

    `email`: the learner's address from now on, else the old one's. After a crash in
    between the same again goes on: what was submitted is known by its digest.
    """
    doubt = plan_marks(notary, member, Status.REPLACED, [Wish(old, reason, note)]).findings
    if doubt:
        raise IssuerError(doubt[0].why, hint=doubt[0].hint)
    new = _submitted(notary, member, old, signed)
    plan = plan_reissue(notary, member, old, new, reason, note)
    mark(notary, plan)
    if email is not None:
        with notary.ledger.begin() as work:
            if work.contacts.get(new) is None:
                work.contacts.add([ContactRow(new, email, None)])
    inherit_contact(notary, old, new)
    return plan


def _submitted(notary: Notary, member: MemberRecord, old: CredentialId, signed: bytes) -> CredentialId:
    reading = read_source(Source(signed, "correction"), member)
    (result,) = accept(notary, member, [reading])
    if isinstance(result, Accepted):
        return result.id
    if isinstance(reading, Reading):
        with notary.ledger.read() as work:
            before = [row.id for row in work.credentials.by_digest(reading.digest) if row.institution == member.id]
        if before and old not in before:
            return before[0]
        raise IssuerError("it says what the old one says", hint="Correct what is wrong in it, then put it in its place")
    raise IssuerError(result.reason, hint=result.hint)
