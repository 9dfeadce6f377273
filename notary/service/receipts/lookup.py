"""Looking a credential up by its digest: for whoever holds it, and so can compute the digest.

What is answered proves, and discloses nothing the credential's holder has not
got: no credential, and of evidence the digest alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from notary.core.digest import ZERO, Digest
from notary.core.encoding import to_digest_text
from notary.core.errors import Pending
from notary.core.receipt import Receipt
from notary.ports.ledger import CredentialRow
from notary.service.errors import Absent
from notary.service.notary import Notary
from notary.service.receipts.making import receipt
from notary.service.rounds.progress import Stage, progress_of


@dataclass(frozen=True, slots=True)
class Proof:
    """One position of a credential: who committed it, how far that is, and its bare receipt once final."""

    institution: str
    state: Stage
    expected: datetime | None
    receipt: Receipt | None


def find_proofs(notary: Notary, digest: Digest) -> tuple[Proof, ...]:
    """Return every position of a digest, in the order of submission; Absent where none may be shown."""
    return tuple(_proof(notary, row) for row in _positions(notary, digest))


def _positions(notary: Notary, digest: Digest) -> tuple[CredentialRow, ...]:
    """Return every position of a digest, of the institutions that answer look-ups.

    Absent where there is none: whoever holds no such credential learns nothing.
    """
    with notary.ledger.read() as work:
        rows = work.credentials.by_digest(digest)
        settings = {row.institution: work.institutions.get(row.institution) for row in rows}
    found = tuple(row for row in rows if (chosen := settings[row.institution]) is None or chosen.lookup)
    if not found:
        raise Absent(f"no credential with the digest {to_digest_text(digest)} is known here")
    return found


def _proof(notary: Notary, row: CredentialRow) -> Proof:
    with notary.ledger.read() as work:
        batch = None if row.batch is None else work.batches.get(row.batch)
    if batch is None:
        return Proof(row.institution, Stage.OPEN, None, None)
    progress = progress_of(notary, batch)
    try:
        bare = _bare(receipt(notary, row.id))
    except Pending:
        bare = None
    return Proof(row.institution, progress.state, progress.expected, bare)


def _bare(whole: Receipt) -> Receipt:
    digest = whole.evidence_digest()
    return replace(whole, content=None, evidence=None if digest == ZERO else digest, evidence_keys=())
