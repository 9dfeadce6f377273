"""The public file of a batch's statuses, made from the ledger: for mirrors, and for whoever asks over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

from notary.core.digest import Digest, LeafIndex
from notary.core.errors import NotaryError
from notary.ports.ledger import BatchRow, UnitOfWork
from notary.service.errors import Absent
from notary.service.notary import Notary
from notary.service.receipts.committed import commitment, committed
from notary.service.status.bundle import StatusBundle


def status_bundle(notary: Notary, batch: Digest) -> StatusBundle:
    """Return the newest final statuses of a batch, by its statement's id; Pending before it is final, else Absent."""
    with notary.ledger.read() as work:
        entry = work.log.by_id(batch)
        row = work.batches.by_entry(entry.index) if entry else None
        if row is None:
            raise Absent("no batch of this id is in the log", hint="The id of its statement, as receipts have it")
        return _bundle(work, row)


def status_bundles(notary: Notary) -> Iterator[StatusBundle]:
    """Give the statuses of every final batch; one whose list is lost is left out."""
    with notary.ledger.read() as work:
        for row in work.batches.all():
            if row.entry is not None:
                try:
                    found = _bundle(work, row)
                except NotaryError:
                    continue
                yield found


def _bundle(work: UnitOfWork, row: BatchRow) -> StatusBundle:
    shared = committed(work, row)
    statuses = shared.statuses
    needed = {statuses.snapshot.number}
    if statuses.judging is not None:
        needed.add(statuses.judging.number)
    rests = {number: found for number, found in shared.manifests().items() if number in needed}
    numbered = {number: at for at, number in enumerate(sorted(rests))}
    assert row.statement_id is not None
    return StatusBundle(
        batch=row.statement_id,
        status=statuses.proof(work, LeafIndex(0), numbered),
        chunks=statuses.data if statuses.change is not None else None,
        commitments=tuple(commitment(work, *rests[number]) for number in sorted(rests)),
    )
