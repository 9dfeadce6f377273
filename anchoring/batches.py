"""Blocks in portions that fit memory and one write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from notary.core.cid import StoredBlock

BATCH = 16 << 20
"""Bytes of a portion: an anchor's changes are one, an item of evidence five at most."""


def batches(blocks: Iterable[StoredBlock]) -> Iterator[tuple[list[StoredBlock], bool]]:
    """Give portions, and with each whether it is the last; no blocks are one empty portion."""
    batch: list[StoredBlock] = []
    size = 0
    for block in blocks:
        if size + len(block.data) > BATCH:
            yield batch, False
            batch, size = [], 0
        batch.append(block)
        size += len(block.data)
    yield batch, True
