"""Never anchor what will not verify: a statement whose key or claim fell between its logging and its first submission.

The log keeps the entry, for a log takes nothing back; its batch goes back to
*sealed* and waits as *needs a new signature*, and what a status statement said is
marked again. A new statement takes the next place.
"""

from __future__ import annotations

from dataclasses import replace

from notary.core.digest import LeafIndex
from notary.core.errors import IssuerError
from notary.ports.ledger import BatchRow, BatchState, EntryRow, ManifestRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.log.entries import check_signed, read_statement
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.rounds.drawing import read_manifest


def take_back(notary: Notary, manifest: ManifestRow) -> None:
    """Take back what of a manifest would not verify by the registry in force; nothing once a chain has it."""
    with notary.ledger.read() as work:
        batches, statuses = _batches(work, manifest), _statuses(work, manifest)
    members = members_in_force(notary.ledger)
    for batch in batches:
        try:
            check_signed(notary, read_statement(batch.statement or b""), members)
        except IssuerError as error:
            _hold(notary, manifest, batch, str(error))
    for entry in statuses:
        try:
            check_signed(notary, read_statement(entry.data), members)
        except IssuerError:
            _reopen(notary, manifest, entry)


def _batches(work: UnitOfWork, manifest: ManifestRow) -> tuple[BatchRow, ...]:
    """Return the batches that this manifest alone judges; none once a chain may have it."""
    if work.anchors.anchors(manifest.number):
        return ()
    judged = read_manifest(manifest)
    return tuple(row for row in work.batches.since(LeafIndex(judged.since)) if judged.judges(row.entry or 0))


def _statuses(work: UnitOfWork, manifest: ManifestRow) -> tuple[EntryRow, ...]:
    """Return the status statements that this manifest alone judges and that stand; none once a chain may have it."""
    if work.anchors.anchors(manifest.number):
        return ()
    judged = read_manifest(manifest)
    entries = work.log.entries(judged.since, judged.size)
    return tuple(row for row in entries if not row.is_batch and not work.statuses.has_fallen(row.index))


def _hold(notary: Notary, manifest: ManifestRow, batch: BatchRow, reason: str) -> None:
    with notary.ledger.begin() as work:
        if batch not in _batches(work, manifest):
            return  # another worker submitted it, or took it back, meanwhile
        for entry in _statuses(work, manifest):
            if entry.about == batch.statement_id:  # what they name is gone; the next statement is about the new one
                work.statuses.fall(entry.index, entry.id)
        waiting = replace(
            batch, state=BatchState.SEALED, statement=None, statement_id=None, entry=None, logged=None, held=reason
        )
        work.batches.save(waiting)
        record(notary, work, Action.TAKE_BACK, batch.institution, [f"batch {batch.id}"])


def _reopen(notary: Notary, manifest: ManifestRow, entry: EntryRow) -> None:
    with notary.ledger.begin() as work:
        if entry in _statuses(work, manifest):  # else another worker submitted it, or did this, meanwhile
            work.statuses.fall(entry.index, entry.id)
            record(notary, work, Action.TAKE_BACK, entry.issuer, [f"entry {entry.index}"])
