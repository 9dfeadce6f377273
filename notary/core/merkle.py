"""Merkle trees of RFC 9162 §2.1: roots, inclusion proofs and consistency proofs.

Node (level, index) covers the leaves from index·2^level to (index + 1)·2^level,
or to the end of the tree; it is *complete* where it covers all 2^level. The
right edge of a tree hangs together from complete nodes only, so whoever can
read those makes every root and proof with O(log n) reads.

There is no empty tree: the root of nothing is an error. A size is never taken
from a proof; whoever checks one knows the size from what is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from hashlib import sha256
from itertools import islice
from typing import Self, TypeAlias

from notary.core.digest import SIZE, Digest, LeafIndex, TreeSize, node_hash
from notary.core.encoding import to_digest_text
from notary.core.errors import Malformed, Mismatch

_SUBTREE = 10
"""Level of the subtrees that many leaves are added by."""
NodeReader: TypeAlias = Callable[[int, int], Digest]
"""Gives the node at (level, index); it is asked for complete nodes only."""


def root_of_path(leaf: Digest, index: LeafIndex, size: TreeSize, path: Sequence[Digest]) -> Digest:
    """Return the root an inclusion proof leads to (RFC 9162 §2.1.3.2); `path` goes leaf to root.

    Malformed where a tree of this size has no such leaf, or its path another length.
    """
    _check_leaf(index, size)
    inner, border = _path_shape(index, size)
    _check_length("inclusion proof", path, inner + border)
    node = leaf
    for level, sibling in enumerate(path):
        sibling_is_left = level >= inner or index >> level & 1
        node = node_hash(sibling, node) if sibling_is_left else node_hash(node, sibling)
    return node


def verify_inclusion(leaf: Digest, index: LeafIndex, size: TreeSize, path: Sequence[Digest], root: Digest) -> None:
    """Check that the leaf stands at `index` in the tree of this size and root.

    Malformed as `root_of_path`; Mismatch where the path leads to another root.
    """
    _check_root("inclusion proof, root", root, root_of_path(leaf, index, size, path))


def roots_of_consistency(
    old_root: Digest, old_size: TreeSize, new_size: TreeSize, path: Sequence[Digest]
) -> tuple[Digest, Digest]:
    """Return the old and the new root a consistency proof leads to (RFC 9162 §2.1.4.2).

    The proof leaves out what the verifier has: `old_root` is used where the old
    tree is complete, and the proof between equal sizes is empty. Malformed for
    sizes out of order or a path of another length.
    """
    _check_growth(old_size, new_size)
    if old_size == new_size:
        _check_length("consistency proof", path, 0)
        return old_root, old_root
    base = _trailing_zeros(old_size)
    complete = old_size == 1 << base
    inner, border = _path_shape(old_size - 1, new_size)
    inner -= base
    _check_length("consistency proof", path, inner + border + (not complete))
    old, siblings = (old_root, path) if complete else (path[0], path[1:])
    new = old
    index = (old_size - 1) >> base
    for level, sibling in enumerate(siblings):
        if level >= inner or index >> level & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    return old, new


def verify_consistency(
    old_root: Digest,
    old_size: TreeSize,
    new_root: Digest,
    new_size: TreeSize,
    path: Sequence[Digest],
) -> None:
    """Check that the new tree begins with all leaves of the old one, in their order.

    Malformed as `roots_of_consistency`; Mismatch where the path leads to another root.
    """
    old, new = roots_of_consistency(old_root, old_size, new_size, path)
    _check_root("consistency proof, old root", old_root, old)
    _check_root("consistency proof, new root", new_root, new)


def tree_root(size: TreeSize, read: NodeReader) -> Digest:
    """Return the root over the first `size` leaves (RFC 9162 §2.1.1)."""
    _check_size(size)
    return _join(_right_edge(0, size, read))


def inclusion_path(index: LeafIndex, size: TreeSize, read: NodeReader) -> tuple[Digest, ...]:
    """Return the inclusion proof of a leaf in the first `size` leaves (RFC 9162 §2.1.3.1)."""
    _check_leaf(index, size)
    return tuple(_siblings(index, 0, size, read))


def consistency_path(old_size: TreeSize, new_size: TreeSize, read: NodeReader) -> tuple[Digest, ...]:
    """Return the proof that the first `new_size` leaves extend the first `old_size` ones.

    (RFC 9162 §2.1.4.1.) It is the way up from the old tree's last complete node.
    """
    _check_growth(old_size, new_size)
    if old_size == new_size:
        return ()
    base = _trailing_zeros(old_size)
    above = _siblings(old_size - 1, base, new_size, read)
    if old_size == 1 << base:
        return tuple(above)
    return (read(base, (old_size >> base) - 1), *above)


class TreeBuilder:
    """A growing tree of which only the right edge is kept: at most 64 nodes."""

    __slots__ = ("_edge", "_size")

    def __init__(self) -> None:
        self._edge: list[Digest] = []
        self._size = 0

    @classmethod
    def resume(cls, size: TreeSize, read: NodeReader) -> Self:
        """Take up a stored tree of this size."""
        _check_size(size)
        builder = cls()
        builder._edge = list(_right_edge(0, size, read))[::-1]
        builder._size = size
        return builder

    @property
    def size(self) -> int:
        """How many leaves were appended; 0 before the first."""
        return self._size

    def append(self, leaf: Digest) -> list[Digest]:
        """Add a leaf; return the nodes it completes: itself, then one a level upwards.

        The node of level L has index `leaf index >> L`: what a node store keeps.
        """
        return self._add(leaf, 0)

    def extend(self, leaves: Iterable[Digest]) -> None:
        """Add leaves of which no node is kept: complete subtrees at once, which costs half."""
        coming = iter(leaves)
        while some := list(islice(coming, 1 << _SUBTREE)):
            if len(some) == 1 << _SUBTREE and self._size % len(some) == 0:
                self._add(Tree(some).root, _SUBTREE)
            else:
                for leaf in some:
                    self._add(leaf, 0)

    def _add(self, node: Digest, level: int) -> list[Digest]:
        """Add a complete subtree by its root; return it and the nodes above that it completes."""
        completed = [node]
        ones = self._size >> level
        while ones & 1:
            node = node_hash(self._edge.pop(), node)
            completed.append(node)
            ones >>= 1
        self._edge.append(node)
        self._size += 1 << level
        return completed

    def root(self) -> Digest:
        """Return the root over the leaves so far; Malformed before the first."""
        _check_size(self._size)
        return _join(reversed(self._edge))


class Tree:
    """All nodes of one tree, at 64 bytes a leaf: for the proofs of a whole batch.

    A level is its nodes joined. A node without a sibling stands for itself one
    level up, which is RFC 9162's split seen from below.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[Digest]) -> None:
        nodes = b"".join(leaves)
        _check_size(len(nodes))
        self._levels = [nodes]
        while len(nodes) > SIZE:
            paired = len(nodes) // (2 * SIZE) * (2 * SIZE)
            parents = [sha256(b"\x01" + nodes[at : at + 2 * SIZE]).digest() for at in range(0, paired, 2 * SIZE)]
            nodes = b"".join(parents) + nodes[paired:]
            self._levels.append(nodes)

    @property
    def size(self) -> TreeSize:
        """How many leaves there are."""
        return TreeSize(len(self._levels[0]) // SIZE)

    @property
    def root(self) -> Digest:
        """The root."""
        return Digest(self._levels[-1])

    def node(self, level: int, index: int) -> Digest:
        """Return a node, complete or not: a NodeReader."""
        return Digest(self._levels[level][index * SIZE : (index + 1) * SIZE])

    def paths(self) -> Iterator[tuple[Digest, ...]]:
        """Yield the inclusion proof of every leaf, in leaf order, holding one at a time."""
        height = len(self._levels) - 1
        # above[L] is the path of the current leaf's ancestor at level L: neighbours
        # share all but the levels where their indexes differ.
        above: list[tuple[Digest, ...]] = [()] * (height + 1)
        for index in range(self.size):
            changed = (index ^ index - 1).bit_length() if index else height
            for level in reversed(range(changed)):
                at = (index >> level ^ 1) * SIZE
                sibling = self._levels[level][at : at + SIZE]
                above[level] = (Digest(sibling), *above[level + 1]) if sibling else above[level + 1]
            yield above[0]


def _path_shape(index: int, size: int) -> tuple[int, int]:
    """Return how many siblings stand below and on the right edge of the tree.

    Below, a sibling is left or right as the index's bit says; on the edge every
    sibling is a left one, and levels without a sibling are left out.
    """
    inner = (index ^ size - 1).bit_length()
    return inner, (index >> inner).bit_count()


def _siblings(index: int, base: int, size: int, read: NodeReader) -> Iterator[Digest]:
    """Yield the siblings on the way from the leaf's ancestor at level `base` to the root."""
    for level in range(base, (size - 1).bit_length()):
        start = (index >> level ^ 1) << level
        if start < size:
            yield _join(_right_edge(start, min(start + (1 << level), size), read))


def _right_edge(start: int, end: int, read: NodeReader) -> Iterator[Digest]:
    """Yield the complete nodes the subtree over [start, end) hangs together from, right to left."""
    width = end - start
    for level in range(width.bit_length()):
        if width >> level & 1:
            yield read(level, (end >> level) - 1)


def _join(edge: Iterable[Digest]) -> Digest:
    return reduce(lambda right, left: node_hash(left, right), edge)


def _trailing_zeros(size: int) -> int:
    return (size & -size).bit_length() - 1


def _check_size(size: int) -> None:
    if size < 1:
        raise Malformed("tree size", expected="at least 1 leaf", actual=size)


def _check_leaf(index: int, size: int) -> None:
    _check_size(size)
    if not 0 <= index < size:
        raise Malformed("leaf index", expected=f"0 to {size - 1}", actual=index)


def _check_growth(old_size: int, new_size: int) -> None:
    _check_size(old_size)
    if new_size < old_size:
        raise Malformed("tree size", expected=f"at least the old size {old_size}", actual=new_size)


def _check_length(what: str, path: Sequence[Digest], expected: int) -> None:
    if len(path) != expected:
        raise Malformed(what, expected=f"{expected} nodes", actual=len(path))


def _check_root(what: str, expected: Digest, actual: Digest) -> None:
    if actual != expected:
        raise Mismatch(what, expected=to_digest_text(expected), actual=to_digest_text(actual))
