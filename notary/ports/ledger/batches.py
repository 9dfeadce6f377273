"""What was sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from notary.core.digest import Digest, LeafIndex, TreeSize
from notary.core.statement import Recognition

BatchId = NewType("BatchId", int)
"""Number of a batch in this ledger, from 1."""


class BatchState(StrEnum):
    """How far a batch is by itself; from `logged` on its manifest's anchors tell the rest."""

    SEALED = "sealed"
    LOGGED = "logged"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A sealed batch. `entry` is the log index of its statement, `statement` that statement's JCS bytes.

    `held`: why a handed-over signature was not taken (*needs a new signature*), or None.
    `logged`: when its statement joined the log; None also where only the public log is left to tell.
    """

    id: BatchId
    institution: str
    size: TreeSize
    root: Digest
    recognition: Recognition
    joint_with: tuple[str, ...]
    sealed: datetime
    state: BatchState = BatchState.SEALED
    statement: bytes | None = None
    statement_id: Digest | None = None
    entry: LeafIndex | None = None
    held: str | None = None
    logged: datetime | None = None


class Batches(Protocol):
    """What was sealed."""

    def next_id(self) -> BatchId:
        """Return the number the next batch gets in this unit of work."""
        ...

    def save(self, row: BatchRow) -> None:
        """Add a batch, or replace the row of its id."""
        ...

    def get(self, number: BatchId) -> BatchRow | None:
        """Return one."""
        ...

    def by_entry(self, entry: LeafIndex) -> BatchRow | None:
        """Return the batch whose statement is this log entry."""
        ...

    def since(self, entry: LeafIndex) -> tuple[BatchRow, ...]:
        """Return the batches whose statement is this log entry or a later one, by entry."""
        ...

    def all(self, institution: str | None = None) -> tuple[BatchRow, ...]:
        """Return every batch, of one institution or all, by id."""
        ...
