"""Two bits for every credential of a batch, in 32-byte chunks under one root. Spec: docs/spec/statements.md.

The shape is that of a bitstring status list, but committed: a receipt carries
one chunk and its path, and so shows 127 neighbours' bits and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

from notary.core.digest import SIZE, Digest, LeafIndex, TreeSize, leaf_hash
from notary.core.errors import Malformed
from notary.core.merkle import TreeBuilder

PER_CHUNK = 128


class Status(IntEnum):
    """A credential's status; a joint award has the highest of its submissions'."""

    VALID = 0
    SUSPENDED = 1
    REVOKED = 2
    REPLACED = 3


def chunk_of(index: LeafIndex) -> LeafIndex:
    """Return which chunk holds a credential's bits."""
    return LeafIndex(index // PER_CHUNK)


def chunk_count(size: TreeSize) -> TreeSize:
    """Return the number of chunks of a batch: ceil(size / 128)."""
    return TreeSize(-(-size // PER_CHUNK))


def read_status(chunk: bytes, index: LeafIndex) -> Status:
    """Return credential `index`'s status from the chunk that holds it."""
    if len(chunk) != SIZE:
        raise Malformed("status chunk", expected=f"{SIZE} bytes", actual=f"{len(chunk)} bytes")
    within = index % PER_CHUNK
    return Status(chunk[within // 4] >> (6 - 2 * (within % 4)) & 3)


class StatusList:
    """The statuses of one batch, all valid at first."""

    def __init__(self, size: TreeSize, data: bytes | None = None) -> None:
        """Take a batch's size, and its chunks joined where there are some already."""
        self._size = size
        length = chunk_count(size) * SIZE
        self._data = bytearray(length) if data is None else bytearray(data)
        if len(self._data) != length:
            raise Malformed("status chunks", expected=f"{length} bytes", actual=f"{len(self._data)} bytes")
        if any(self._get(at) for at in range(size, length * 4)):
            raise Malformed("status chunks", expected="zero bits past the last credential")

    def get(self, index: LeafIndex) -> Status:
        """Return a credential's status."""
        self._check(index)
        return Status(self._get(index))

    def set(self, index: LeafIndex, status: Status) -> None:
        """Change a credential's status."""
        self._check(index)
        shift = 6 - 2 * (index % 4)
        self._data[index // 4] = self._data[index // 4] & ~(3 << shift) | status << shift

    def chunks(self) -> Iterator[bytes]:
        """Yield the 32-byte chunks in order."""
        for at in range(0, len(self._data), SIZE):
            yield bytes(self._data[at : at + SIZE])

    def root(self) -> Digest:
        """Return the root over the chunks."""
        builder = TreeBuilder()
        builder.extend(map(leaf_hash, self.chunks()))
        return builder.root()

    def __bytes__(self) -> bytes:
        return bytes(self._data)

    def _get(self, index: int) -> int:
        return self._data[index // 4] >> (6 - 2 * (index % 4)) & 3

    def _check(self, index: LeafIndex) -> None:
        if not 0 <= index < self._size:
            raise Malformed("credential index", expected=f"0 to {self._size - 1}", actual=index)
