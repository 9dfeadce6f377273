"""What stands behind a learner's link: the same address from *pending* to *final*."""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.errors import Pending
from notary.core.receipt import Receipt
from notary.core.verdict import Verdict
from notary.ports.ledger import CredentialRow
from notary.service.accept import link_hash
from notary.service.errors import Absent
from notary.service.judging import judge
from notary.service.notary import Notary
from notary.service.progress import Progress, progress_of
from notary.service.receipts import receipt
from notary.service.registry import members_in_force


@dataclass(frozen=True, slots=True)
class Award:
    """A credential as its learner sees it.

    `progress` is None until it is in a batch; `receipt` is there once it is
    final, and `verdict` too where the credential itself is kept here.
    `institution` is the member's name.
    """

    row: CredentialRow
    institution: str
    progress: Progress | None
    receipt: Receipt | None
    verdict: Verdict | None

    @property
    def erased(self) -> bool:
        """Whether the institution had it erased: nothing more is shown."""
        return self.row.digest is None


def behind_link(notary: Notary, name: str, token: str) -> Award:
    """Return what a link's token opens; Absent where it opens nothing. `name` is the consortium's."""
    row = _row(notary, token)
    member = members_in_force(notary.ledger).find(row.institution)
    institution = member.name if member else row.institution
    with notary.ledger.read() as work:
        batch = None if row.batch is None else work.batches.get(row.batch)
    if batch is None or row.digest is None:
        return Award(row, institution, None, None, None)
    progress = progress_of(notary, batch)
    try:
        found = receipt(notary, row.id)
    except Pending:
        return Award(row, institution, progress, None, None)
    verdict = judge(notary, name, bytes(found)).verdict if row.content is not None else None
    return Award(row, institution, progress, found, verdict)


def receipt_behind_link(notary: Notary, token: str) -> tuple[CredentialRow, Receipt]:
    """Return the receipt a link's token opens; Pending until it is final, Absent where it opens nothing."""
    row = _row(notary, token)
    return row, receipt(notary, row.id)


def credential_behind_link(notary: Notary, token: str) -> CredentialRow:
    """Return the credential a link's token opens; Absent where its content is not kept here."""
    row = _row(notary, token)
    if row.content is None:
        raise Absent("this credential is not kept here", hint="The institution that issued it has it")
    return row


def _row(notary: Notary, token: str) -> CredentialRow:
    with notary.ledger.read() as work:
        row = work.credentials.by_link(link_hash(token))
    if row is None:
        raise Absent("this link opens nothing", hint="Check that it is whole; the institution can make a new one")
    return row
