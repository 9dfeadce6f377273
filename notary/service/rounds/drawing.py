"""Drawing a manifest: everything logged so far, put together, kept in the ledger, then pinned.

Each step is durable before the next: a crash in between leaves a manifest that is
drawn and not pinned, and nothing that is not pinned is carried to a chain.
"""

from __future__ import annotations

from dataclasses import replace

from notary.core.canonical import load
from notary.core.cid import Cid, StoredBlock
from notary.core.digest import LeafIndex, TreeSize
from notary.core.encoding import format_time
from notary.core.errors import OperatorError
from notary.core.log import Checkpoint
from notary.core.manifest import MAX_SIZE, Manifest
from notary.core.merkle import tree_root
from notary.core.unixfs import update_tree
from notary.ports.ledger import ManifestNumber, ManifestRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.log.snapshot import take_snapshot
from notary.service.log.tree import lost_files, tree_changes, whole_tree
from notary.service.notary import Notary


def draw(notary: Notary) -> ManifestRow | None:
    """Draw the next manifest and pin everything it names; None where nothing new is logged.

    A manifest is drawn when something new is logged and the one before is in a
    block somewhere.
    """
    with notary.ledger.read() as work:
        before, since = newest_manifest(work)
        size = work.log.size()
        if size == since or not may_follow(work, before):
            return None
        row, blocks, pins = _compose(notary, work, before, TreeSize(size))
    with notary.ledger.begin() as work:
        if work.anchors.manifest(row.number) is not None:
            return None  # another process drew it meanwhile
        work.anchors.save_manifest(row)
        record(notary, work, Action.DRAW, None, [f"manifest {row.number}"])
    return _pin(notary, row, blocks, pins)


def pinned(notary: Notary, number: ManifestNumber) -> ManifestRow:
    """Return a drawn manifest, pinned now where a crash left that undone.

    What has come in since it was drawn (a proof, a state) may be in its tree now:
    no chain has seen a manifest that is not pinned, so it is drawn anew then.
    """
    with notary.ledger.read() as work:
        row = _current(work, number)
        if row.pinned:
            return row
        manifest = read_manifest(row)
        before = work.anchors.manifest(ManifestNumber(number - 1))
        again, blocks, pins = _compose(notary, work, before, manifest.size, manifest.time)
    if again.digest != row.digest:
        with notary.ledger.begin() as work:
            current = _current(work, number)
            if current.pinned:
                return current
            if work.anchors.anchors(number) or any(work.attempts.of(number, site.chain.id) for site in notary.sites):
                raise OperatorError(f"manifest {number}, which is anchored, cannot be composed again")
            work.anchors.save_manifest(again)
            record(notary, work, Action.DRAW, None, [f"manifest {number}"])
    return _pin(notary, again, blocks, pins)


def newest_manifest(work: UnitOfWork) -> tuple[ManifestRow | None, LeafIndex]:
    """Return the newest manifest and the first log entry it does not have: None and 0 before the first."""
    newest = work.anchors.newest()
    return newest, LeafIndex(newest.tree_size if newest else 0)


def may_follow(work: UnitOfWork, before: ManifestRow | None) -> bool:
    """Say whether another manifest may be drawn after this one: it is in a block somewhere; one at a time."""
    return before is None or any(row.block is not None for row in work.anchors.anchors(before.number))


def read_manifest(row: ManifestRow) -> Manifest:
    """Read a drawn manifest."""
    return Manifest.parse(load(row.data, f"manifest {row.number}", max_size=MAX_SIZE).value)


def _pin(notary: Notary, row: ManifestRow, blocks: list[StoredBlock], pins: list[Cid]) -> ManifestRow:
    """Pin a manifest and its tree; where another process has drawn it anew meanwhile, that one counts."""
    notary.blocks.put(blocks, pins=pins)
    with notary.ledger.begin() as work:
        current = _current(work, row.number)
        if current.digest == row.digest and not current.pinned:
            current = replace(row, pinned=True)
            work.anchors.save_manifest(current)
    if not current.pinned:
        raise OperatorError(f"another worker is pinning manifest {row.number}", hint="It is tried again by itself.")
    return current


def _current(work: UnitOfWork, number: ManifestNumber) -> ManifestRow:
    row = work.anchors.manifest(number)
    assert row is not None  # nobody takes a manifest back
    return row


def _compose(
    notary: Notary, work: UnitOfWork, before: ManifestRow | None, size: TreeSize, time: str | None = None
) -> tuple[ManifestRow, list[StoredBlock], list[Cid]]:
    """Put a manifest together with all its blocks: the same again after a crash, given its time."""
    previous = read_manifest(before) if before else None
    root = tree_root(size, work.log.node)
    checkpoint = notary.sign_note(Checkpoint(notary.origin, size, root).text)
    changes = tree_changes(work, before, size, checkpoint)
    try:
        if before and previous and not before.pinned:  # a total loss took files of that tree: see `recover`
            changes = {**dict.fromkeys(lost_files(previous.tree, notary.blocks.get)), **changes}
        tree, blocks = update_tree(previous.tree if previous else None, changes, notary.blocks.get)
    except OperatorError:  # no store gives the tree before: all of it again, from the ledger
        earlier = [each for each in work.anchors.manifests() if before and each.number <= before.number]
        tree, blocks = update_tree(None, whole_tree(work, earlier, size, checkpoint), notary.blocks.get)
    manifest = Manifest(
        origin=notary.origin,
        since=before.tree_size if before else 0,
        size=size,
        root=root,
        snapshot=take_snapshot(work, size).tree.root,
        legacy=None,
        previous=before.digest if before else None,
        tree=tree.cid,
        time=time or format_time(notary.clock.now()),
    )
    raw = [manifest.block(), manifest.anchor_preimage()]
    named = [StoredBlock(Cid.of(data), data) for data in raw]
    row = ManifestRow(
        number=ManifestNumber(before.number + 1 if before else 1),
        digest=manifest.digest(),
        data=manifest.block(),
        checkpoint=checkpoint,
        tree_size=size,
        pinned=False,
    )
    return row, [*blocks, *named], [tree.cid, *(block.cid for block in named)]
