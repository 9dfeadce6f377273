"""The one hash of every commitment: SHA-256, with RFC 9162 §2.1.1 domain separation.

Changes here break every receipt ever issued.

An untagged tree is forgeable: an interior node (64 bytes) can be shown as a
document. Hence every document is hashed as a leaf (0x00) and every pair of
nodes as a node (0x01); nothing else in this project hashes into a tree.
"""

from __future__ import annotations

from hashlib import sha256 as _sha256
from typing import NewType, Self

from notary.core.errors import Malformed

SIZE = 32

LeafIndex = NewType("LeafIndex", int)
"""Position of a leaf in its tree, from 0."""
TreeSize = NewType("TreeSize", int)
"""Number of leaves of a tree, from 1."""


class Digest(bytes):
    """Exactly 32 bytes: a SHA-256 value or a Merkle node."""

    __slots__ = ()

    def __new__(cls, value: bytes) -> Self:
        if len(value) != SIZE:
            raise Malformed("digest", expected=f"{SIZE} bytes", actual=f"{len(value)} bytes")
        return bytes.__new__(cls, value)


ZERO = Digest(bytes(SIZE))
"""32 zero bytes: "no evidence", "no legacy tree". Never a hash of anything."""


def sha256(data: bytes) -> Digest:
    """Return H(data)."""
    return bytes.__new__(Digest, _sha256(data).digest())  # 32 bytes: what `Digest` would check


def leaf_hash(data: bytes) -> Digest:
    """Return H(0x00 ‖ data) (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> Digest:
    """Return H(0x01 ‖ left ‖ right); both children are exactly 32 bytes (RFC 9162 §2.1.1)."""
    if len(left) != SIZE or len(right) != SIZE:
        raise Malformed("Merkle node", expected="two children of 32 bytes each")
    return sha256(b"\x01" + left + right)
