"""Public files of a log, from whoever keeps a copy, and single blocks. Nobody who is asked is believed."""

from __future__ import annotations

from typing import Protocol

from notary.core.cid import Cid
from notary.core.errors import OperatorError


class Missing(OperatorError):
    """Whoever was asked answers, and does not have it: asking again changes little, asking somebody else may."""


class Mirror(Protocol):
    """The files of c2sp.org/tlog-tiles below one prefix: `checkpoint`, `tile/…`. Reading changes nothing."""

    def read(self, path: str, *, max_size: int) -> bytes:
        """Return a file; Missing where the mirror has none, OperatorError where it cannot say or the file is larger.

        Bounded in time as well: a mirror that drips its answer is one that cannot be reached.
        """
        ...


class BlockReader(Protocol):
    """Blocks by CID, each checked against it before it is returned."""

    def get(self, cid: Cid) -> bytes:
        """Return the block; OperatorError where it cannot be had, Missing where whoever was asked says it has none."""
        ...
