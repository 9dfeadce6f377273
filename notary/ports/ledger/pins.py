"""What is pinned where: every root that this notary keeps, in every block store it has, and the queue between them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from notary.core.cid import Cid


class PinState(StrEnum):
    """Where one root stands in one store."""

    QUEUED = "queued"
    HELD = "held"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class PinRow:
    """One root in one store, which is named without its password.

    `number`: roots wanted later have higher ones. `since`: when it came to this
    state. `due`: when it is tried next; None where it is held. `tries` have failed,
    the last for the reason `trouble`. `whole`: blocks below it were missing or
    wrong there, so nothing that the store has is built upon.
    """

    store: str
    cid: Cid
    number: int
    state: PinState
    since: datetime
    due: datetime | None = None
    tries: int = 0
    trouble: str | None = None
    whole: bool = False


@dataclass(frozen=True, slots=True)
class StoreRow:
    """How one store does: `failures` in a row, when it is asked again, and what its last audit found.

    `sampled` blocks and pins were asked for; `missing` were not there or not what
    their CIDs say; `repaired` of these were there at the audit's end.
    """

    name: str
    failures: int = 0
    due: datetime | None = None
    trouble: str | None = None
    audited: datetime | None = None
    sampled: int = 0
    missing: int = 0
    repaired: int = 0


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one store: how many roots, since when the oldest, and how many of them have failed."""

    waiting: int
    oldest: datetime | None
    failed: int


class Pins(Protocol):
    """The pins of every store, and what is to be done there."""

    def want(self, cids: Iterable[Cid], stores: Iterable[str], now: datetime, *, held: Collection[str] = ()) -> None:
        """Have roots kept by every store; those in `held` have them already.

        What is queued or held stays as it is, unless it is said to be held now. What was leaving is wanted again.
        """
        ...

    def leave(self, cid: Cid, stores: Iterable[str], now: datetime) -> None:
        """Have a root let go by every store, and by every other that has it."""
        ...

    def get(self, store: str, cid: Cid) -> PinRow | None:
        """Return one."""
        ...

    def due(self, store: str, now: datetime, limit: int) -> tuple[PinRow, ...]:
        """Return what is to be done in a store now: what failed least first, then in the order it was wanted."""
        ...

    def done(self, row: PinRow, now: datetime) -> None:
        """A queued root is held, a leaving one is gone.

        One that was let go while it was being pinned leaves again: nothing stays pinned that nobody knows of.
        """
        ...

    def postpone(self, row: PinRow, due: datetime, trouble: str) -> None:
        """One more try has failed; one that is no longer as the row says is left alone."""
        ...

    def again(self, store: str, cids: Iterable[Cid], now: datetime, *, whole: bool) -> None:
        """Queue what a store was said to hold, and does not; `whole` as in the row."""
        ...

    def roots(self, store: str, states: Collection[PinState]) -> frozenset[Cid]:
        """Return every root that is in one of these states in a store."""
        ...

    def queue(self, store: str) -> Queue:
        """Return what waits for a store."""
        ...

    def store(self, name: str) -> StoreRow:
        """Return how a store does; one that nothing is known of does well."""
        ...

    def save_store(self, row: StoreRow) -> None:
        """Add a store, or replace the row of its name."""
        ...
