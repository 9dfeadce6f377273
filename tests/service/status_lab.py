"""What institutions do with statuses, on the lab's notary."""

from __future__ import annotations

from datetime import UTC, datetime

from api.demo.institutions import Institution
from notary.core.receipt import Receipt
from notary.core.statement import SignedStatement
from notary.core.status import Status
from notary.core.verdict import Verdict
from notary.core.verify import verify
from notary.ports.ledger import REASONS, BatchRow, CredentialId, CredentialRow, Reason
from notary.service.receipts.making import receipt
from notary.service.receipts.trust import export_trust
from notary.service.status.marking import Plan, Wish, mark, plan_marks
from notary.service.status.statements import StatusDraft, draw_statuses, log_status
from notary.service.submission.signing import sign
from tests.service.lab import Lab


def rows(lab: Lab, batch: BatchRow) -> list[CredentialRow]:
    """A batch's credentials, by index."""
    with lab.notary.ledger.read() as work:
        return list(work.credentials.of_batch(batch.id))


def planned(
    lab: Lab,
    by: Institution,
    status: Status,
    *names: CredentialId,
    reason: Reason | None = None,
    note: str | None = None,
) -> Plan:
    """What an institution asks for."""
    wishes = [Wish(name, reason or REASONS[status][0], note) for name in names]
    return plan_marks(lab.notary, lab.record(by), status, wishes)


def marked(
    lab: Lab,
    by: Institution,
    status: Status,
    *names: CredentialId,
    reason: Reason | None = None,
    note: str | None = None,
) -> Plan:
    """Mark credentials; every one of them can be."""
    plan = planned(lab, by, status, *names, reason=reason, note=note)
    assert not plan.findings
    mark(lab.notary, plan)
    return plan


def signed_drafts(lab: Lab, by: Institution) -> list[tuple[StatusDraft, SignedStatement]]:
    """Draw what is marked, and sign it."""
    drafts = draw_statuses(lab.notary, lab.record(by))
    return [(draft, sign(draft.statement, by.key, by.verification_method)) for draft in drafts]


def changed(lab: Lab, by: Institution, status: Status, *names: CredentialId) -> None:
    """Mark, sign, log and anchor."""
    marked(lab, by, status, *names)
    for _, signed in signed_drafts(lab, by):
        log_status(lab.notary, signed)
    lab.anchor()


def judged(lab: Lab, made: Receipt) -> Verdict:
    """The verdict on a receipt by the notary's own trust file."""
    return verify(bytes(made), export_trust(lab.notary, "the lab"), at=datetime.now(UTC))


def results(lab: Lab, *names: CredentialId) -> list[str]:
    """The verdicts on the newest receipts of credentials."""
    return [judged(lab, receipt(lab.notary, name)).result.value for name in names]
