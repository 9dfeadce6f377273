"""A worker whose engine does every task at once, in the test's own thread, and whose tasks end after one step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from api.worker.engine import Active
from api.worker.jobs import Job
from api.worker.worker import Worker
from notary.service.notary import Notary
from notary.service.rounds.schedule import Schedule

AT_ONCE = Schedule(every=0, max_wait=0)


class Inline:
    """An engine that hands a task to its only worker as soon as it is queued."""

    def __init__(self, perform: Callable[[str], None], live: Steps) -> None:
        self._perform, self._live = perform, live
        self.done: list[str] = []
        self.handed: tuple[Active, ...] = ()
        self.resumed: list[str] = []
        self.tidied: list[datetime] = []

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def active(self) -> tuple[Active, ...]:
        return self.handed

    def enqueue(self, task: str, turn: str) -> None:
        self.done.append(f"{task}#{turn}")
        self._live.refill()
        self._perform(task)
        self._live.refill()

    def again(self, tasks: list[Active]) -> None:
        self.resumed += [each.task for each in tasks]

    def unclaimed(self, _: tuple[Active, ...]) -> tuple[Active, ...]:
        return ()

    def tidy(self, before: datetime) -> None:
        self.tidied.append(before)


class Steps:
    """Locks of a worker that surely lives at the start of a task, for so many of its steps; others may be dead."""

    def __init__(self, steps: int = 1, dead: frozenset[str] = frozenset()) -> None:
        self._steps, self._left, self._dead = steps, steps, dead
        self.lost = False

    def refill(self) -> None:
        """Begin a task."""
        self._left = self._steps

    @property
    def alive(self) -> bool:
        self._left -= 1
        return self._left >= 0 and not self.lost

    def renew(self) -> bool:
        self.refill()
        return not self.lost

    def take(self, name: str) -> bool:
        return name == "sweep" or name in self._dead

    def release(self, name: str) -> None: ...

    def close(self) -> None: ...


def made(notary: Notary, *jobs: Job, schedule: Schedule = AT_ONCE, live: Steps | None = None) -> tuple[Worker, Inline]:
    """Make a worker that a test ticks."""
    engines: list[Inline] = []
    locks = live or Steps()

    def engine(_: str, perform: Callable[[str], None], __: int) -> Any:
        engines.append(Inline(perform, locks))
        return engines[-1]

    worker = Worker(notary, schedule, jobs, name="by-hand", live=locks, engine=engine)
    return worker, engines[0]


def by_hand(notary: Notary, *jobs: Job) -> Inline:
    """Tick once."""
    worker, engine = made(notary, *jobs)
    worker.tick()
    return engine
