"""What is known of the workers, wherever they run: from the ledger, where each leaves its beat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notary.ports.ledger import WorkerRow
from notary.service.notary import Notary
from notary.service.rounds.progress import Progress, Stage
from notary.service.rounds.schedule import NextRound, Schedule, next_round

_STALLED = timedelta(seconds=90)
"""Beyond three beats: a unit of work may wait a minute for the one before it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When everything last went as far as it goes, and what stands in the way now (None: nothing)."""

    last: datetime | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A notary's workers. `inside`: one of them is in this process, which is not ready without it."""

    notary: Notary
    schedule: Schedule
    inside: bool = True

    @property
    def workers(self) -> tuple[WorkerRow, ...]:
        """Those that live by their beat, the newest beat first."""
        now = self.notary.clock.now()
        return tuple(row for row in self._all() if now - row.beat < 3 * timedelta(seconds=row.every) + _STALLED)

    @property
    def beat(self) -> datetime | None:
        """When one of them last told that it lives, dead ones included."""
        return next((row.beat for row in self._all()), None)

    @property
    def beats(self) -> bool:
        """Whether one lives."""
        return bool(self.workers)

    @property
    def condition(self) -> Condition:
        """How anchoring does."""
        rows = self.workers
        troubles = dict.fromkeys(row.trouble for row in rows if row.trouble)
        return Condition(max((row.last for row in rows if row.last), default=None), "; ".join(troubles) or None)

    @property
    def balances(self) -> Mapping[str, int]:
        """What the wallet holds, in wei by chain, of those that are reached."""
        return self.workers[0].balances if self.workers else {}

    @property
    def next_round(self) -> NextRound | None:
        """The next round, with the reason for which a worker lets it wait; None where nothing new is logged."""
        found = next_round(self.notary, self.schedule)
        reason = next((row.waits for row in self.workers), None)
        return replace(found, waits=reason) if found and found.waits is None else found

    def expected(self, progress: Progress | None) -> datetime | None:
        """Return when a batch may be final; None where somebody has to act first, or it is."""
        if progress is None or progress.state not in (Stage.LOGGED, Stage.PINNED):
            return progress.expected if progress else None
        now = self.notary.clock.now()
        found = self.next_round
        due = found.due if found and progress.state is Stage.LOGGED else now
        wait = max((site.chain.typical_wait for site in self.notary.sites), default=0)
        return max(now, due) + timedelta(seconds=wait)

    def _all(self) -> tuple[WorkerRow, ...]:
        with self.notary.ledger.read() as work:
            return work.workers.all()
