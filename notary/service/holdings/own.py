"""What is asked of the notary from afar: an institution only ever sees its own batches and credentials.

Another institution's batch is Absent, exactly as one that does not exist. Where
the member is None whoever asks reads for the whole notary, and never a credential.
"""

from __future__ import annotations

from typing import BinaryIO

from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError
from notary.core.receipt import Receipt
from notary.core.registry import MemberRecord
from notary.core.statement import BatchStatement, SignedStatement
from notary.ports.ledger import BatchId, BatchRow, CredentialId, CredentialRow
from notary.service.errors import Absent
from notary.service.log.entries import log_batch, read_statement
from notary.service.notary import Notary
from notary.service.receipts.making import receipt
from notary.service.rounds.progress import Progress, progress_of
from notary.service.submission.batch_file import statement_to_sign, write_batch_file


def own_batch(notary: Notary, member: MemberRecord | None, number: BatchId) -> Progress:
    """Return how far a batch is: one of the institution's, or any."""
    return progress_of(notary, _own(notary, member, number))


def own_statement(notary: Notary, member: MemberRecord, number: BatchId) -> BatchStatement | SignedStatement:
    """Return the statement to sign, made now; once the batch is logged, the statement that was signed."""
    batch = _own(notary, member, number)
    if batch.statement is not None:
        return read_statement(batch.statement)
    return statement_to_sign(notary, batch)


def copy_batch_file(notary: Notary, member: MemberRecord, number: BatchId, out: BinaryIO) -> None:
    """Write one of the institution's batch files, streamed."""
    _own(notary, member, number)
    out.writelines(write_batch_file(notary, number))


def deliver_statement(notary: Notary, member: MemberRecord, number: BatchId, signed: SignedStatement) -> Progress:
    """Log the signed statement of one batch; the same statement again changes nothing."""
    batch = _own(notary, member, number)
    statement = signed.statement
    if statement.issuer != member.id:
        raise IssuerError("the statement is another institution's", expected=member.id, actual=statement.issuer)
    if isinstance(statement, BatchStatement) and statement.root != batch.root:
        raise IssuerError(
            f"the statement is not the one of batch {number}",
            expected=f"root {to_digest_text(batch.root)}",
            actual=to_digest_text(statement.root),
            hint="Send each statement to its own batch",
        )
    return progress_of(notary, log_batch(notary, signed))


def own_credential(notary: Notary, member: MemberRecord, credential: CredentialId) -> CredentialRow:
    """Return one of the institution's credentials, erased ones too."""
    with notary.ledger.read() as work:
        row = work.credentials.get(credential)
    if row is None or row.institution != member.id:
        raise Absent(f"{member.name} has no credential {credential} here", hint="Submitting it answered with its id")
    return row


def own_receipt(notary: Notary, member: MemberRecord, credential: CredentialId) -> Receipt:
    """Return the receipt of one of the institution's credentials; Pending until it is final."""
    return receipt(notary, own_credential(notary, member, credential).id)


def _own(notary: Notary, member: MemberRecord | None, number: BatchId) -> BatchRow:
    with notary.ledger.read() as work:
        batch = work.batches.get(number)
    if batch is None or (member is not None and batch.institution != member.id):
        raise Absent(f"there is no batch {number} for you here", hint="See them all: GET /v1/batches")
    return batch
