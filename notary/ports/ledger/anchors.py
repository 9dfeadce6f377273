"""Manifests, and what became of them on every chain."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from notary.core.digest import Digest

ManifestNumber = NewType("ManifestNumber", int)
"""Number of an anchor manifest of this log, from 1."""


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A drawn anchor manifest: its JCS bytes, the whole checkpoint note, and the pinned tree's size.

    `pinned`: tree and blocks are durable in the block store.
    """

    number: ManifestNumber
    digest: Digest
    data: bytes
    checkpoint: str
    tree_size: int
    pinned: bool


class AnchorState(StrEnum):
    """How far one manifest is on one chain."""

    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """One manifest on one chain. `tx_hash`: the transaction it is in, or the newest attempt at one.

    `gas` and fees are what that transaction offers, in wei; 0 where only the chain knows it.
    `block` to `registry` are set from `confirmed` on and go back to None in a
    reorg; `proof` (the receipt's anchor, JCS bytes) and `archive` (the CID of its
    block's header and transaction receipts) are set once, when final. `notes` are
    block notes gathered since.
    """

    manifest: ManifestNumber
    chain: str
    contract: bytes
    sender: bytes
    root: Digest
    state: AnchorState
    tx_hash: bytes
    gas: int
    fee_per_gas: int
    tip_per_gas: int
    submitted: datetime
    block: int | None = None
    block_hash: bytes | None = None
    block_time: int | None = None
    transaction: int | None = None
    log: int | None = None
    registry: Digest | None = None
    proof: bytes | None = None
    archive: str | None = None
    notes: tuple[str, ...] = ()


class Anchors(Protocol):
    """Manifests and what became of them on every chain."""

    def manifests(self) -> tuple[ManifestRow, ...]:
        """Return all, by number."""
        ...

    def manifest(self, number: ManifestNumber) -> ManifestRow | None:
        """Return one."""
        ...

    def newest(self) -> ManifestRow | None:
        """Return the one with the highest number."""
        ...

    def unfinished(self, chain: str, *, since: int = 1) -> tuple[ManifestNumber, ...]:
        """Return the numbers of those that are not final on a chain, in order: from `since` on, or begun there."""
        ...

    def newest_under(self, states: Collection[Digest]) -> ManifestNumber | None:
        """Return the newest manifest that is in a block of any chain while one of these states was in force there."""
        ...

    def save_manifest(self, row: ManifestRow) -> None:
        """Add a manifest, or replace the row of its number."""
        ...

    def anchors(self, manifest: ManifestNumber | None = None) -> tuple[AnchorRow, ...]:
        """Return anchors of one manifest or of all, by manifest and chain."""
        ...

    def save(self, row: AnchorRow) -> None:
        """Add an anchor, or replace the row of its manifest and chain."""
        ...
