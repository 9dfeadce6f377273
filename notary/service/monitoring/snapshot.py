"""The snapshot of every batch's newest status, as the log grows. Spec: docs/spec/manifest.md.

A change of one leaf costs a hash a level, so that following a log with a status
in every manifest stays linear.
"""

from __future__ import annotations

from notary.core.digest import Digest, TreeSize, leaf_hash, node_hash
from notary.core.manifest import snapshot_entry
from notary.core.merkle import tree_root

_EMPTY = leaf_hash(b"")


class GrowingSnapshot:
    """The snapshot over the entries so far; `statuses`: log indexes of each batch's status statements, oldest first."""

    def __init__(self) -> None:
        self._levels: list[list[Digest]] = [[]]
        self._places: dict[Digest, int] = {}
        self.statuses: dict[Digest, list[tuple[int, Digest]]] = {}

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self._levels[0])

    def append(self, name: Digest, about: Digest) -> None:
        """Take the log's next entry: its statement's id, and the batch it is (the same id) or changes."""
        at = self.size
        if name == about:
            self._places.setdefault(about, at)
            self._grow(leaf_hash(snapshot_entry(about, None)))
            return
        self._grow(_EMPTY)
        if about in self._places:  # a status of no batch changes nothing; following the log reports it
            self.statuses.setdefault(about, []).append((at, name))
            self._put(about, name)

    def root(self) -> Digest:
        """Return the snapshot's root."""
        return tree_root(TreeSize(self.size), lambda level, index: self._levels[level][index])

    def without(self, batch: Digest, status: Digest | None) -> Digest:
        """Return the root as it would be, were `status` this batch's newest status statement."""
        newest = self.statuses[batch][-1][1]
        self._put(batch, status)
        try:
            return self.root()
        finally:
            self._put(batch, newest)

    def _grow(self, leaf: Digest) -> None:
        node = leaf
        for level in range(len(self._levels) + 1):
            if level == len(self._levels):
                self._levels.append([])
            nodes = self._levels[level]
            nodes.append(node)
            if len(nodes) % 2:
                return
            node = node_hash(nodes[-2], nodes[-1])

    def _put(self, batch: Digest, status: Digest | None) -> None:
        index, node = self._places[batch], leaf_hash(snapshot_entry(batch, status))
        for nodes in self._levels:
            if index >= len(nodes):
                return  # above, no complete node covers it yet
            nodes[index] = node
            index, left = index >> 1, index & ~1
            if left + 1 >= len(nodes):
                return
            node = node_hash(nodes[left], nodes[left + 1])
