"""Merkle trees of RFC 9162 (docs/spec/README.md#trees)."""

from collections.abc import Sequence

from tests.independent.strict_json import Malformed, Mismatch, require, sha256


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf."""
    return sha256(b"\0", data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\1", left, right)


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves that are hashed already."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(root_of(leaves[:split]), root_of(leaves[split:]))


def root_of_path(leaf: bytes, index: int, size: int, path: bytes) -> bytes:
    """The root to which a path leads."""
    require(size >= 1 and 0 <= index < size, Malformed, "no such leaf")
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    require(len(path) == 32 * (inner + border), Malformed, "a path of another length")
    node = leaf
    for level in range(inner + border):
        sibling = path[32 * level : 32 * level + 32]
        from_left = level >= inner or index >> level & 1
        node = node_hash(sibling, node) if from_left else node_hash(node, sibling)
    return node


def verify_inclusion(leaf: bytes, index: int, size: int, path: bytes, root: bytes) -> None:
    """Mismatch unless the path leads to the root."""
    require(root_of_path(leaf, index, size, path) == root, Mismatch, "the path leads to another root")
