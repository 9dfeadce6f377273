"""A log with everything anchored of it, read from a pinned tree and checked entry by entry.

What an issuer's monitor does at every anchor is done here for all of them: each
manifest's log begins with its predecessor's, and its snapshot is computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from notary.core.canonical import load
from notary.core.digest import Digest, leaf_hash
from notary.core.encoding import shorten, to_digest_text
from notary.core.errors import Malformed, Mismatch
from notary.core.keys import PublicKey
from notary.core.log import MAX_ENTRY, TILE_WIDTH, Checkpoint, Tile, decode_entries, entry_hash
from notary.core.manifest import Manifest, snapshot_entry
from notary.core.merkle import Tree, TreeBuilder, consistency_path, tree_root, verify_consistency
from notary.core.note import MAX_SIZE as MAX_NOTE
from notary.core.note import Note, SignatureType, VerifierKey
from notary.core.statement import BatchStatement, SignedStatement
from notary.service.recovery.walk import PinnedTree, read_manifest

_BUNDLE = TILE_WIDTH * (2 + MAX_ENTRY)


@dataclass(frozen=True, slots=True)
class Entry:
    """One log entry; `about` is the id of the batch statement it is or changes."""

    data: bytes
    signed: SignedStatement
    about: Digest

    @property
    def batch(self) -> BatchStatement | None:
        """The statement, where it is a batch's."""
        statement = self.signed.statement
        return statement if isinstance(statement, BatchStatement) else None


@dataclass(frozen=True, slots=True)
class History:
    """A log and its manifests, oldest first; `checkpoint` is the newest one's note, `pinned` its tree."""

    manifests: tuple[Manifest, ...]
    checkpoint: str
    pinned: PinnedTree
    entries: tuple[Entry, ...]
    log: Tree

    @property
    def newest(self) -> Manifest:
        """The manifest it was read from."""
        return self.manifests[-1]

    @property
    def origin(self) -> str:
        """The log's origin."""
        return self.newest.origin

    def agrees_with(self, other: History) -> bool:
        """Say whether one of the two logs begins with all of the other."""
        shorter, longer = sorted((self, other), key=lambda history: history.newest.size)
        return tree_root(shorter.newest.size, longer.log.node) == shorter.newest.root


def read_checkpoint(manifest: Manifest, pinned: PinnedTree, log_key: PublicKey) -> str:
    """Return a manifest's checkpoint, a whole note, once the log key is found to have signed it."""
    data = pinned.read("checkpoint", max_size=MAX_NOTE)
    check_checkpoint(manifest, data, log_key)
    return data.decode()


def check_checkpoint(manifest: Manifest, data: bytes, log_key: PublicKey) -> None:
    """Check that a note is the manifest's checkpoint and signed by the log key; Mismatch where it is not."""
    note = Note.parse(data, "checkpoint")
    found = Checkpoint.parse(note.text)
    if (found.origin, found.size, found.root) != (manifest.origin, manifest.size, manifest.root):
        raise Mismatch(
            "the tree's checkpoint is not the manifest's",
            expected=f"{manifest.origin}, {manifest.size} entries",
            actual=f"{found.origin}, {found.size} entries",
        )
    if not note.verify([VerifierKey(manifest.origin, SignatureType.ED25519, log_key)]):
        raise Mismatch("the log key did not sign the checkpoint", expected=log_key.multibase)


def read_history(manifest: Manifest, checkpoint: str, pinned: PinnedTree) -> History:
    """Read a manifest's whole log and every manifest before it, and check them.

    OperatorError where a block cannot be had, Malformed or Mismatch where
    anything is not what manifest and log commit.
    """
    hashes, data = _read_log(manifest, pinned)
    entries = tuple(_check_entries(manifest.origin, data))
    manifests = (*_before(manifest, pinned), manifest)
    for before, after in pairwise(manifests):
        path = consistency_path(before.size, after.size, hashes.node)
        verify_consistency(before.root, before.size, after.root, after.size, path)
    _check_snapshots(manifests, entries)
    return History(manifests, checkpoint, pinned, entries, hashes)


def _before(manifest: Manifest, pinned: PinnedTree) -> list[Manifest]:
    """Return the manifests before one, oldest first; each has entries of its own."""
    found: list[Manifest] = []
    after = manifest
    while True:
        if after.since == after.size:  # a notary draws none; a thief could draw any number
            raise Mismatch("a manifest judges no entry", expected=f"more than {after.since} entries", actual=after.size)
        if after.previous is None:
            return found[::-1]
        before = read_manifest(after.previous, pinned.blocks)
        if (before.origin, before.size) != (after.origin, after.since):
            raise Mismatch(
                "a manifest does not follow the one it names",
                expected=f"{after.origin} from {after.since} on",
                actual=f"{before.origin} up to {before.size}",
            )
        found.append(before)
        after = before


def _read_log(manifest: Manifest, pinned: PinnedTree) -> tuple[Tree, list[bytes]]:
    """Return the log's tree and entries, from the entry bundles alone."""
    entries: list[bytes] = []
    for index in range(-(-manifest.size // TILE_WIDTH)):
        tile = Tile.holding(0, index, manifest.size)
        bundle = pinned.read(tile.entries_path, max_size=_BUNDLE)
        entries += decode_entries(bundle, tile.width, tile.entries_path)
    tree = Tree(entry_hash(data) for data in entries)
    if tree.root != manifest.root:
        raise Mismatch(
            "the pinned log is not the manifest's",
            expected=to_digest_text(manifest.root),
            actual=to_digest_text(tree.root),
        )
    return tree, entries


def _check_entries(origin: str, entries: Sequence[bytes]) -> Iterator[Entry]:
    """Give each entry, once it is a statement of this log that follows its issuer's last one."""
    batches: set[Digest] = set()
    last: dict[str, tuple[int, Digest | None]] = {}
    for index, data in enumerate(entries):
        where = f"log entry {index}"
        signed = SignedStatement.parse(load(data, where, max_size=MAX_ENTRY).value, where)
        statement, name = signed.statement, signed.id
        if signed.entry() != data:
            raise Malformed(where, expected="a statement's RFC 8785 bytes", actual="another spelling")
        if statement.log != origin:
            raise Mismatch(f"{where} is of another log", expected=origin, actual=shorten(statement.log))
        seq, previous = last.get(statement.issuer, (0, None))
        if (statement.seq, statement.previous) != (seq + 1, previous):
            raise Mismatch(
                f"{where} does not follow the last statement of {statement.issuer}",
                expected=f"number {seq + 1}",
                actual=f"number {statement.seq}",
            )
        last[statement.issuer] = (statement.seq, name)
        if isinstance(statement, BatchStatement):
            batches.add(name)
            yield Entry(data, signed, name)
        elif statement.batch in batches:
            yield Entry(data, signed, statement.batch)
        else:
            raise Mismatch(f"{where} is about a batch that is not before it", actual=to_digest_text(statement.batch))


def _check_snapshots(manifests: Sequence[Manifest], entries: Sequence[Entry]) -> None:
    """Compute every manifest's snapshot again: whoever has the wallet could have anchored a false one."""
    leaves: list[Digest] = []
    places: dict[Digest, int] = {}
    builder = TreeBuilder()
    for manifest in manifests:
        stale = False
        for index in range(len(leaves), manifest.size):
            entry = entries[index]
            if entry.batch is not None:
                places[entry.about] = index
                leaves.append(leaf_hash(snapshot_entry(entry.about, None)))
            else:
                stale = True
                leaves.append(leaf_hash(b""))
                leaves[places[entry.about]] = leaf_hash(snapshot_entry(entry.about, entry.signed.id))
        if stale:
            builder = TreeBuilder()
        builder.extend(leaves[builder.size :])
        if builder.root() != manifest.snapshot:
            raise Mismatch(
                f"the snapshot of the manifest over {manifest.size} entries is not the log's",
                expected=to_digest_text(builder.root()),
                actual=to_digest_text(manifest.snapshot),
            )
