"""The workers that carry batches, as each tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """What a worker noted at its newest beat; `every`: seconds between two beats.

    `last`: when everything last went as far as it goes, `trouble`: what stands in
    the way now, `waits`: why the next round is not drawn yet (each None: nothing).
    `balances`: what the wallet holds, in wei by chain, of those that are reached.
    """

    name: str
    beat: datetime
    every: int
    last: datetime | None = None
    trouble: str | None = None
    waits: str | None = None
    balances: Mapping[str, int] = field(default_factory=dict)


class Workers(Protocol):
    """Who carries batches. A worker that was killed stays here until its beat is too old to count."""

    def all(self) -> tuple[WorkerRow, ...]:
        """Return all, the newest beat first."""
        ...

    def save(self, row: WorkerRow) -> None:
        """Add a worker, or replace the row of its name."""
        ...

    def forget(self, before: datetime, name: str | None = None) -> None:
        """Forget those whose beat is older than `before`, and the one of this name."""
        ...
