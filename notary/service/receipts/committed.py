"""What all receipts of a batch share: the commitment that judges it, and its statuses as of the newest one.

A receipt names every manifest it rests on, each with the member records of those
who speak there: the institution in the one that judges its batch, whoever changed
a status in the one that judges that change. The newest shows the institution too:
it may have left since it spoke.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from notary.core.canonical import load
from notary.core.digest import SIZE, LeafIndex, leaf_hash
from notary.core.errors import OperatorError, Pending
from notary.core.merkle import Tree, inclusion_path
from notary.core.receipt import Commitment, EvmAnchor, Path, StatusChange, StatusProof
from notary.core.statement import SignedStatement
from notary.core.status import StatusList, chunk_of
from notary.ports.ledger import BatchRow, EntryRow, ManifestNumber, ManifestRow, UnitOfWork
from notary.service.log.entries import read_statement
from notary.service.log.snapshot import take_snapshot
from notary.service.members.registry import members_at
from notary.service.rounds.drawing import read_manifest
from notary.service.status.lists import final_manifests, judging

_ANCHOR_SIZE = 4 << 20


@dataclass(frozen=True, slots=True)
class Statuses:
    """What the newest final snapshot says of a batch; `change` and its chunks where it names a statement."""

    path: Path
    snapshot: ManifestRow
    change: EntryRow | None = None
    judging: ManifestRow | None = None
    data: bytes = b""
    chunks: Tree | None = None

    def proof(self, work: UnitOfWork, index: LeafIndex, commitments: dict[ManifestNumber, int]) -> StatusProof:
        """Return one credential's status: its chunk, where there is any."""
        number = commitments[self.snapshot.number]
        if self.change is None or self.judging is None or self.chunks is None:
            return StatusProof(number, self.path, None)
        at = chunk_of(index)
        change = StatusChange(
            signed=read_statement(self.change.data),
            entry=self.change.index,
            path=inclusion_path(self.change.index, read_manifest(self.judging).size, work.log.node),
            commitment=commitments[self.judging.number],
            chunk=self.data[SIZE * at : SIZE * (at + 1)],
            chunk_path=inclusion_path(at, self.chunks.size, self.chunks.node),
        )
        return StatusProof(number, self.path, change)


@dataclass(frozen=True, slots=True)
class Committed:
    """What all receipts of a batch share."""

    batch: BatchRow
    signed: SignedStatement
    entry: LeafIndex
    log_path: Path
    judging: ManifestRow
    statuses: Statuses

    def manifests(self) -> dict[ManifestNumber, tuple[ManifestRow, set[str]]]:
        """Return the manifests it rests on, each with the members who speak there, or whose standing it shows."""
        found = {row.number: (row, {self.batch.institution}) for row in (self.judging, self.statuses.snapshot)}
        judging, change = self.statuses.judging, self.statuses.change
        if judging is not None and change is not None:
            _, speakers = found.setdefault(judging.number, (judging, set[str]()))
            speakers |= {self.batch.institution, change.issuer}  # a successor's word rests on the issuer's record
        return found


def committed(work: UnitOfWork, batch: BatchRow) -> Committed:
    """Return what the receipts of a batch share; Pending until its anchor is final."""
    if batch.statement is None or batch.entry is None:
        raise Pending(f"batch {batch.id} is not signed yet", hint=f"Sign it: notary sign {batch.id}")
    final = final_manifests(work)
    row = judging(final, batch.entry)
    if row is None:
        raise Pending(f"batch {batch.id} is not final on any chain yet", hint="See how far it is: notary batches")
    return Committed(
        batch=batch,
        signed=read_statement(batch.statement),
        entry=batch.entry,
        log_path=inclusion_path(batch.entry, read_manifest(row).size, work.log.node),
        judging=row,
        statuses=_statuses(work, batch, batch.entry, final),
    )


def _statuses(work: UnitOfWork, batch: BatchRow, entry: LeafIndex, final: list[ManifestRow]) -> Statuses:
    """Return the statuses as of the newest final manifest whose change stands, and is judged by a final one too."""
    assert batch.statement_id is not None
    for newest in reversed(final):
        size = read_manifest(newest).size
        change = work.log.newest_status(batch.statement_id, below=size)
        row = None if change is None else judging(final, change.index)
        stands = change is None or not work.statuses.has_fallen(change.index)
        if entry < size and stands and (change is None) == (row is None):
            break
    else:
        raise Pending(f"the newest statuses of batch {batch.id} are not final yet", hint="See: notary batches")
    tree = take_snapshot(work, size).tree
    path = inclusion_path(entry, tree.size, tree.node)
    if change is None:
        return Statuses(path, newest)
    data = work.statuses.list_of(change.index)
    if data is None:
        raise OperatorError(
            f"the statuses of batch {batch.id} are lost",
            hint="The learners' own receipts still verify. Its institution's last status file has them",
        )
    chunks = Tree(map(leaf_hash, StatusList(batch.size, data).chunks()))
    return Statuses(path, newest, change, row, data, chunks)


def commitment(work: UnitOfWork, row: ManifestRow, speakers: set[str]) -> Commitment:
    """Put a final manifest's commitment together, with the records of whoever it lets speak."""
    anchors: list[EvmAnchor] = []
    for anchor in work.anchors.anchors(row.number):
        if anchor.proof is None:
            continue
        found = EvmAnchor.parse(load(anchor.proof, "anchor", max_size=_ANCHOR_SIZE).value, "anchor")
        members = members_at(work, anchor.registry) if speakers else None
        proven = () if members is None else tuple(map(members.prove, sorted(speakers)))
        anchors.append(replace(found, members=proven, notes=anchor.notes))
    return Commitment(read_manifest(row), row.checkpoint, tuple(anchors))
