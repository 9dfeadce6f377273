"""IPFS blocks: kept and pinned, here or on a node."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from notary.core.cid import Cid, StoredBlock


class BlockStore(Protocol):
    """Content-addressed blocks, kept as long as a pin reaches them.

    Every block read is checked against its CID before it is returned. A store
    that cannot be reached raises OperatorError.
    """

    def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
        """Store blocks, in any order, and pin each CID of `pins` with all it reaches.

        `pins` is read after the last block, so that a file can be named once it
        has been taken. Durable on return; safe to repeat. OperatorError names a pin whose
        blocks are not all there, and then nothing new is pinned.
        """
        ...

    def get(self, cid: Cid) -> bytes:
        """The block's bytes, checked; OperatorError where it cannot be had."""
        ...

    def kept(self, cid: Cid) -> bytes | None:
        """The block's bytes as this store itself keeps them, asking no other; None where it has none, or others.

        OperatorError only where the store cannot be reached: what is lost can so be told from what is not known.
        """
        ...

    def unpin(self, cid: Cid) -> None:
        """Let a pin go; one that is not there is no error."""
        ...

    def sweep(self) -> int:
        """Forget every block that no pin reaches, where that is this project's to do; return how many.

        A node that others use collects its garbage when its operator says so. A put under
        way at the same time may be refused; it is safe to repeat.
        """
        ...

    def pins(self) -> Iterator[Cid]:
        """Every CID pinned here, in no order."""
        ...
