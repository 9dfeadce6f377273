"""Never anchor what will not verify: a statement whose key or claim fell between its logging and its first submission.

The log keeps the entry, for a log takes nothing back; its batch goes back to
*sealed* and waits as *needs a new signature*. A new statement takes the next place.
"""

from __future__ import annotations

from dataclasses import replace

from notary.core.digest import LeafIndex
from notary.core.errors import IssuerError
from notary.ports.ledger import BatchRow, BatchState, ManifestRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.log.entries import check_signed, read_statement
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.rounds.drawing import read_manifest


def take_back(notary: Notary, manifest: ManifestRow) -> None:
    """Take back the batches of a manifest that would not verify by the registry in force; none once a chain has it."""
    with notary.ledger.read() as work:
        batches = _on_the_way(work, manifest)
    members = members_in_force(notary.ledger) if batches else None
    for batch in batches:
        try:
            check_signed(notary, read_statement(batch.statement or b""), members)
        except IssuerError as error:
            _hold(notary, manifest, batch, str(error))


def _on_the_way(work: UnitOfWork, manifest: ManifestRow) -> tuple[BatchRow, ...]:
    """Return the batches that this manifest alone judges; none once a chain may have it."""
    if work.anchors.anchors(manifest.number):
        return ()
    judged = read_manifest(manifest)
    return tuple(row for row in work.batches.since(LeafIndex(judged.since)) if judged.judges(row.entry or 0))


def _hold(notary: Notary, manifest: ManifestRow, batch: BatchRow, reason: str) -> None:
    with notary.ledger.begin() as work:
        if batch not in _on_the_way(work, manifest):
            return  # another worker submitted it, or took it back, meanwhile
        waiting = replace(
            batch, state=BatchState.SEALED, statement=None, statement_id=None, entry=None, logged=None, held=reason
        )
        work.batches.save(waiting)
        record(notary, work, Action.TAKE_BACK, batch.institution, [f"batch {batch.id}"])
