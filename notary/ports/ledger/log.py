"""The append-only log of signed statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from notary.core.digest import Digest, LeafIndex


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One log entry: a signed statement. `batch_statement`: the id of the batch it is about (its own, for a batch)."""

    index: LeafIndex
    id: Digest
    issuer: str
    seq: int
    about: Digest
    is_batch: bool
    data: bytes


class Log(Protocol):
    """The append-only log and the complete nodes of its tree."""

    def size(self) -> int:
        """Return the number of entries."""
        ...

    def append(self, row: EntryRow, nodes: Iterable[tuple[int, int, Digest]]) -> None:
        """Add the next entry and the complete nodes (level, index, hash) it brings.

        IssuerError where its index is not the next, its id is logged, or its
        issuer has a statement with this seq: nothing is added then, and the unit
        of work can go on.
        """
        ...

    def entry(self, index: LeafIndex) -> EntryRow | None:
        """Return one entry."""
        ...

    def by_id(self, statement: Digest) -> EntryRow | None:
        """Return the entry of a statement id."""
        ...

    def last_of(self, issuer: str) -> EntryRow | None:
        """Return an issuer's newest entry: the one with its highest seq."""
        ...

    def newest_status(self, batch: Digest, below: int | None = None) -> EntryRow | None:
        """Return the newest status statement about a batch statement's id, among the entries before `below`."""
        ...

    def entries(self, start: int, end: int) -> Iterator[EntryRow]:
        """Yield entries start to end (exclusive), in order."""
        ...

    def node(self, level: int, index: int) -> Digest:
        """Return a complete node of the tree; OperatorError where the ledger lacks it."""
        ...
