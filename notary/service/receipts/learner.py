"""What stands behind a learner's link: the same address from *pending* to *final*, and on to what replaced it.

Once a credential is replaced and the new one is final, the old one's link opens the
new one: nothing that the old one said, a former name least of all, is shown there
any more. The new one's own link shows nothing of the old one ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.errors import Pending
from notary.core.receipt import Receipt
from notary.core.status import Status
from notary.core.verdict import Verdict
from notary.ports.ledger import CredentialRow, Reason
from notary.service.access.links import link_hash
from notary.service.errors import Absent
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.receipts.judging import judge
from notary.service.receipts.making import receipt
from notary.service.rounds.progress import Progress, progress_of
from notary.service.status.reissue import newest_of


@dataclass(frozen=True, slots=True)
class Award:
    """A credential as its learner sees it.

    `progress` is None until it is in a batch; `receipt` is there once it is
    final, and `verdict` too where the credential itself is kept here.
    `institution` is the member's name. `reason`: why its status is what it is;
    `instead`: why it is shown in place of the credential that the link was given for.
    """

    row: CredentialRow
    institution: str
    progress: Progress | None
    receipt: Receipt | None
    verdict: Verdict | None
    reason: Reason | None = None
    instead: Reason | None = None

    @property
    def erased(self) -> bool:
        """Whether the institution had it erased: nothing more is shown."""
        return self.row.digest is None


def behind_link(notary: Notary, name: str, token: str) -> Award:
    """Return what a link's token opens; Absent where it opens nothing. `name` is the consortium's."""
    return award_of(notary, name, *find_row(notary, token))


def award_of(notary: Notary, name: str, row: CredentialRow, instead: Reason | None = None) -> Award:
    """Return a credential as its learner sees it; `instead`: why it stands in another's place."""
    member = members_in_force(notary.ledger).find(row.institution)
    institution = member.name if member else row.institution
    with notary.ledger.read() as work:
        batch = None if row.batch is None else work.batches.get(row.batch)
    if batch is None or row.digest is None:
        return Award(row, institution, None, None, None, instead=instead)
    progress = progress_of(notary, batch)
    try:
        found = receipt(notary, row.id)
    except Pending:
        return Award(row, institution, progress, None, None, instead=instead)
    verdict = judge(notary, name, bytes(found)).verdict if row.content is not None else None
    return Award(row, institution, progress, found, verdict, _reason(notary, row, verdict), instead)


def receipt_behind_link(notary: Notary, token: str) -> tuple[CredentialRow, Receipt]:
    """Return the receipt a link's token opens; Pending until it is final, Absent where it opens nothing."""
    row, _ = find_row(notary, token)
    return row, receipt(notary, row.id)


def credential_behind_link(notary: Notary, token: str) -> CredentialRow:
    """Return the credential a link's token opens; Absent where its content is not kept here."""
    row, _ = find_row(notary, token)
    if row.content is None:
        raise Absent("this credential is not kept here", hint="The institution that issued it has it")
    return row


def find_row(notary: Notary, token: str) -> tuple[CredentialRow, Reason | None]:
    """Return what a link opens: the credential it was given for, or the newest in its place, and why it is that."""
    with notary.ledger.read() as work:
        row = work.credentials.by_link(link_hash(token))
        if row is None:
            raise Absent("this link opens nothing", hint="Check that it is whole; the institution can make a new one")
        newest = newest_of(work, row)
        if newest.id == row.id:
            return row, None
        return newest, next(mark.reason for mark in reversed(work.statuses.history(row.id)) if mark.replacement)


def _reason(notary: Notary, row: CredentialRow, verdict: Verdict | None) -> Reason | None:
    """Return why a credential is suspended, revoked or replaced: of the newest mark that was signed so."""
    status = None if verdict is None or verdict.facts.status is None else verdict.facts.status.status
    if status in (None, Status.VALID):
        return None
    with notary.ledger.read() as work:
        marks = work.statuses.history(row.id)
    return next((mark.reason for mark in reversed(marks) if mark.status is status and mark.statement), None)
