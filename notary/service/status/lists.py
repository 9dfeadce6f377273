"""The statuses of a batch as they stand in the log, and whether a credential's batch is final."""

from __future__ import annotations

from notary.core.digest import LeafIndex
from notary.core.errors import OperatorError
from notary.core.registry import MemberRecord
from notary.core.status import StatusList
from notary.ports.ledger import (
    AnchorState,
    BatchRow,
    CredentialId,
    EntryRow,
    ManifestRow,
    UnitOfWork,
    WaitingMark,
)
from notary.service.members.registry import Members
from notary.service.rounds.drawing import read_manifest


def newest_standing(work: UnitOfWork, batch: BatchRow) -> EntryRow | None:
    """Return the newest status statement about a logged batch whose key has not fallen."""
    assert batch.statement_id is not None
    entry = work.log.newest_status(batch.statement_id)
    while entry is not None and work.statuses.has_fallen(entry.index):
        entry = work.log.newest_status(batch.statement_id, below=entry.index)
    return entry


def newest_list(work: UnitOfWork, batch: BatchRow) -> StatusList:
    """Return the statuses that the newest statement about a logged batch gives; all valid where there is none.

    OperatorError where a total loss took them: a list made up would reinstate what was revoked.
    """
    entry = newest_standing(work, batch)
    if entry is None:
        return StatusList(batch.size)
    data = work.statuses.list_of(entry.index)
    if data is None:
        raise OperatorError(
            f"the statuses of batch {batch.id} are lost",
            hint="Recover again with the status file its institution signed last: notary recover --batch-files",
        )
    return StatusList(batch.size, data)


def due_marks(work: UnitOfWork, batch: BatchRow) -> tuple[WaitingMark, ...]:
    """Return the marks of a batch that a statement may say now.

    A credential is marked as replaced only once its replacement is final: nobody is left without one.
    """
    return tuple(mark for mark in work.statuses.waiting(batch.id) if is_due(work, mark.replacement))


def is_due(work: UnitOfWork, replacement: CredentialId | None) -> bool:
    """Say whether a statement may say a mark now, by what takes the credential's place."""
    return replacement is None or is_final(work, replacement)


def is_final(work: UnitOfWork, name: CredentialId) -> bool:
    """Say whether a credential's batch is final on a chain, so that it has a receipt."""
    row = work.credentials.get(name)
    batch = None if row is None or row.batch is None else work.batches.get(row.batch)
    return batch is not None and batch.entry is not None and judging(final_manifests(work), batch.entry) is not None


def final_manifests(work: UnitOfWork) -> list[ManifestRow]:
    """Return the manifests that are final on a chain at least, by number."""
    final = {row.manifest for row in work.anchors.anchors() if row.state is AnchorState.FINAL}
    return [row for row in work.anchors.manifests() if row.number in final]


def judging(manifests: list[ManifestRow], entry: LeafIndex) -> ManifestRow | None:
    """Return the one of these manifests that judges a log entry."""
    return next((row for row in manifests if read_manifest(row).judges(entry)), None)


def may_change(members: Members, institution: str, member: MemberRecord) -> bool:
    """Say whether a member may change statuses of an institution's batches: itself, or its successor."""
    if member.id == institution:
        return True
    record = members.find(institution)
    return record is not None and record.successor == member.id
