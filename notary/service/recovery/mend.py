"""Making the pinned tree whole again, from what was computed on the way, and pinning all that is public."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from notary.core.cid import Cid, StoredBlock
from notary.core.errors import NotaryError, OperatorError
from notary.core.log import TILE_WIDTH, changed_tiles, encode_entries, index_path, tile_data
from notary.core.unixfs import build_file
from notary.ports import BlockStore
from notary.service.log.tree import lost_files
from notary.service.members.registry import Members, state_blocks
from notary.service.recovery.fill import LostBatch
from notary.service.recovery.history import History


def pin_public(history: History, states: Iterable[Members], blocks: BlockStore) -> None:
    """Store and pin manifests, preimages and registry states: whatever was missing of them is there again."""
    data = [part for manifest in history.manifests for part in (manifest.block(), manifest.anchor_preimage())]
    stored = [StoredBlock.of(part) for part in data]
    stored += [block for members in states for block in state_blocks(members)]
    blocks.put(stored, pins=[block.cid for block in stored])


def mend(history: History, batches: Sequence[LostBatch], lists: Iterable[bytes], blocks: BlockStore) -> list[str]:
    """Pin the newest tree; where it is not whole, write what can be computed, and say what stays lost."""
    pinned = history.pinned
    try:
        blocks.put((), pins=[pinned.cid])
    except OperatorError:
        blocks.put(_computed(history, batches, lists), pins=())
    else:
        return []
    try:
        lost = lost_files(pinned.cid, blocks.get)
        if not lost:
            blocks.put((), pins=[pinned.cid])
    except OperatorError as error:
        return [f"the pinned tree: {error}"]
    return [f"the pinned tree: {path}" for path in lost]


def pin_evidence(history: History, blocks: BlockStore) -> Iterator[str]:
    """Pin every batch's evidence; say which cannot be had."""
    for index, entry in enumerate(history.entries):
        if entry.batch is None:
            continue
        path = f"batch/{index_path(index)}/evidence"
        listed = history.pinned.find(path)
        for line in (listed or b"").decode("ascii", "replace").splitlines():
            try:
                blocks.put((), pins=[Cid.parse(line, path)])
            except NotaryError as error:
                yield f"evidence of batch {entry.batch.seq} of {entry.batch.issuer}: {error}"


def _computed(history: History, batches: Sequence[LostBatch], lists: Iterable[bytes]) -> Iterator[StoredBlock]:
    """Give the blocks of every file that follows from log, leaves and lists; a file of other bytes has another CID."""
    yield from build_file([history.checkpoint.encode()])
    for tile in changed_tiles(0, history.newest.size):
        yield from build_file([tile_data(tile, history.log.node)])
        if tile.level == 0:
            first = tile.index * TILE_WIDTH
            entries = history.entries[first : first + tile.width]
            yield from build_file([encode_entries(entry.data for entry in entries)])
    for batch in batches:
        if batch.leaves:
            yield from build_file(batch.leaves)
    for data in lists:
        yield from build_file([data])
