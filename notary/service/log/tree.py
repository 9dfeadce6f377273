"""The pinned tree: the public part of everything, as one directory. Layout: docs/spec/manifest.md.

Each anchor names the tree as it was drawn. Only what is new since the manifest
before is written; blocks that did not change are the same blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from notary.core.cid import Cid
from notary.core.digest import TreeSize
from notary.core.errors import NotaryError
from notary.core.log import TILE_WIDTH, Tile, changed_tiles, encode_entries, index_path, tile_data
from notary.core.unixfs import Read, read_file, walk
from notary.ports.ledger import ManifestRow, UnitOfWork
from notary.service.evidence.manifest import public_cids

_MAX_FILE = 1 << 40


def tree_changes(
    work: UnitOfWork, before: ManifestRow | None, size: TreeSize, checkpoint: str
) -> Mapping[str, bytes | None]:
    """Return the files of the tree that differ from the one `before` names; None for what goes."""
    since = before.tree_size if before else 0
    return {
        "checkpoint": checkpoint.encode(),
        **_log_files(work, since, size),
        **_batch_files(work, since, size),
        **_status_files(work, since, size),
        **_registry_files(work),
        **({manifest_path(before): before.data} if before else {}),
        **_anchor_proofs(work),
    }


def whole_tree(
    work: UnitOfWork, earlier: Iterable[ManifestRow], size: TreeSize, checkpoint: str
) -> Mapping[str, bytes]:
    """Return every file of the tree that follows on some manifests: for when the one before cannot be read any more."""
    files = {**tree_changes(work, None, size, checkpoint), **{manifest_path(row): row.data for row in earlier}}
    return {path: data for path, data in files.items() if data is not None}


def lost_files(tree: Cid, read: Read) -> list[str]:
    """Return the paths of a tree's files that cannot be had any more: the next tree goes without them.

    OperatorError where a directory is lost: nobody knows what was in it.
    """
    return [path for path, link in walk(tree, read) if not _is_there(link.cid, read)]


def manifest_path(row: ManifestRow) -> str:
    """Return where a manifest stands in every tree after its own."""
    return f"anchor/{index_path(row.number)}.manifest"


def _is_there(cid: Cid, read: Read) -> bool:
    try:
        for _ in read_file(cid, read, max_size=_MAX_FILE):
            pass
    except NotaryError:
        return False
    return True


def _log_files(work: UnitOfWork, since: int, size: TreeSize) -> dict[str, bytes | None]:
    """Return tiles and entry bundles; partial ones of the old size go, wider ones hold the same."""
    files: dict[str, bytes | None] = {}
    for tile in changed_tiles(since, size):
        old = since >> 8 * tile.level
        if tile.index == old // TILE_WIDTH and old % TILE_WIDTH:
            partial = Tile(tile.level, tile.index, old % TILE_WIDTH)
            files[partial.path] = None
            if tile.level == 0:
                files[partial.entries_path] = None
        files[tile.path] = tile_data(tile, work.log.node)
        if tile.level == 0:
            first = tile.index * TILE_WIDTH
            files[tile.entries_path] = encode_entries(row.data for row in work.log.entries(first, first + tile.width))
    return files


def _batch_files(work: UnitOfWork, since: int, size: TreeSize) -> dict[str, bytes | None]:
    """Return each new batch's leaves, and the CIDs of its evidence, sorted."""
    files: dict[str, bytes | None] = {}
    for row in work.log.entries(since, size):
        batch = work.batches.by_entry(row.index) if row.is_batch else None
        if batch is None:
            continue
        folder = f"batch/{index_path(row.index)}"
        files[f"{folder}/leaves"] = b"".join(work.credentials.leaves(batch.id))
        cids = sorted(public_cids(work, batch.id))
        files[f"{folder}/evidence"] = "".join(f"{cid}\n" for cid in cids).encode()
    return files


def _status_files(work: UnitOfWork, since: int, size: TreeSize) -> dict[str, bytes | None]:
    """Return the chunks of each new status statement."""
    files: dict[str, bytes | None] = {}
    for row in work.log.entries(since, size):
        data = None if row.is_batch else work.statuses.list_of(row.index)
        if data is not None:
            files[f"status/{index_path(row.index)}"] = data
    return files


def _registry_files(work: UnitOfWork) -> dict[str, bytes | None]:
    files: dict[str, bytes | None] = {}
    for row in work.registry.states():
        name = f"registry/{index_path(row.number)}"
        files[name] = row.data
        files[f"{name}.records"] = b"".join(line + b"\n" for line in row.records)
    return files


def _anchor_proofs(work: UnitOfWork) -> dict[str, bytes | None]:
    """Return the EVM proofs of earlier anchors, one a line: nodes prune."""
    files: dict[str, bytes] = {}
    for row in work.anchors.anchors():
        if row.proof is not None:
            name = f"anchor/{index_path(row.manifest)}.evidence"
            files[name] = files.get(name, b"") + row.proof + b"\n"
    return dict(files)
