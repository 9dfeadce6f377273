"""A worker: finds what is unfinished, does its part of it, takes over from the dead, and says that it lives.

Everything here may be cut off at any point. What is unfinished is read from the
ledger; a task that is lost is found again within a tick.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import cast

from api.worker.carriage import Carriage
from api.worker.engine import Active, Engine
from api.worker.jobs import Job
from api.worker.live import Live
from notary.core.errors import NotaryError, OperatorError
from notary.ports.ledger import ITSELF, WorkerRow
from notary.service.log.cosigning import cosign
from notary.service.notary import Notary
from notary.service.rounds.drawing import draw
from notary.service.rounds.reach import unfinished_on
from notary.service.rounds.schedule import Schedule, cleared, next_round
from notary.service.rounds.standing import held

TICK = 2.0
"""Seconds between two sweeps: how long new work and a dead worker's may lie."""
BEAT = 10
"""Seconds between two beats."""
FORGOTTEN = timedelta(days=1)
"""After which a worker that never said farewell is forgotten."""
_GRACE = 30.0
"""Seconds a step that is under way may take when the worker is stopped; what is cut short is taken up again."""
_BALANCES = 60.0
_TIDY = 3600.0
_KEPT = 3600
"""Seconds for which the engine keeps what ended, at least."""
_FIRST, _LAST = 1.0, 30.0
"""Seconds until what failed is tried again; each time twice as long."""
_FEES = 15.0
"""Seconds between two looks at fees that make a round wait."""
_SWEEP = "sweep"
"""Lock of the one worker that sweeps now."""

_log = logging.getLogger(__name__)


class Worker:
    """One worker of a notary, in threads of its own."""

    def __init__(
        self,
        notary: Notary,
        schedule: Schedule,
        jobs: tuple[Job, ...],
        *,
        name: str,
        live: Live,
        engine: Callable[[str, Callable[[str], None], int], Engine],
    ) -> None:
        self._notary = replace(notary, by=ITSELF)
        self._schedule, self._live, self.name = schedule, live, name
        self._jobs = {job.name: job for job in jobs}
        self._engine = engine(name, self.perform, 4 + len(notary.sites) + len(jobs))
        self._stopped, self._wake = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._tick_on, name="worker", daemon=True),
            threading.Thread(target=self._weigh_on, name="balances", daemon=True),
        ]
        self._row = WorkerRow(name, notary.clock.now(), BEAT)
        self._waits: str | None = None
        self._balances: dict[str, int] = {}
        self._troubles: dict[str, str] = {}
        self._turns: dict[str, int] = {}
        self._next_beat = self._next_tidying = 0.0

    def start(self) -> None:
        """Begin; OperatorError where the engine's database refuses."""
        self._live.renew()
        self._engine.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the steps under way end, and do no other."""
        self._stopped.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(_GRACE)
        self._engine.stop()
        self._live.close()
        with suppress(NotaryError), self._notary.ledger.begin() as work:
            work.workers.forget(self._notary.clock.now() - FORGOTTEN, self.name)

    # ------------------------------------------------------------------ ticking

    def _tick_on(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            self.tick()
            self._wake.wait(TICK)

    def tick(self) -> None:
        """Sweep once; never raises for what another tick may mend."""
        with self._noting("sweep"):
            self._tick()
        if self._live.alive and time.monotonic() >= self._next_beat:
            with self._noting("beat"):
                self.beat()
                self._next_beat = time.monotonic() + BEAT

    def _tick(self) -> None:
        if not self._live.renew():
            raise OperatorError(
                "this worker's lock is lost, and others may do its work",
                hint="It goes on by itself once the database answers again",
            )
        wanted = dict(self._wanted())
        if self._live.take(_SWEEP):
            try:
                self._hand_out(wanted)
            finally:
                self._live.release(_SWEEP)

    def _wanted(self) -> Iterator[tuple[str, str]]:
        """Yield what is to be done now, by the ledger alone: tasks, each with what tells this turn from another."""
        fresh = secrets.token_hex(8)
        found = next_round(self._notary, self._schedule)
        if found is not None and found.waits is None:
            yield "draw", fresh
        for site in self._notary.sites:
            with self._notary.ledger.read() as work:
                unfinished = unfinished_on(work, site)
            if unfinished:
                yield f"carry {site.chain.id}", fresh
        now = self._notary.clock.now().timestamp()
        for job in self._jobs.values():
            turn = int(now // job.every)
            if self._turns.get(job.name) != turn:
                yield f"job {job.name}", str(turn)

    def _hand_out(self, wanted: dict[str, str]) -> None:
        """Take over from the dead, and queue what nobody has in hand."""
        active = self._engine.active()
        lost = [*self._of_the_dead(active), *self._engine.unclaimed(active)]
        if lost:
            _log.warning("taking over", extra={"fields": {"tasks": [each.task for each in lost]}})
            self._engine.again(lost)
        under_way = {each.task for each in active}
        for task, turn in wanted.items():
            if task not in under_way:
                self._engine.enqueue(task, turn)
                kind, _, subject = task.partition(" ")
                if kind == "job":
                    self._turns[subject] = int(turn)
        if time.monotonic() >= self._next_tidying:
            longest = max((job.every for job in self._jobs.values()), default=0)
            self._engine.tidy(self._notary.clock.now() - timedelta(seconds=max(_KEPT, 2 * longest)))
            self._next_tidying = time.monotonic() + _TIDY

    def _of_the_dead(self, active: tuple[Active, ...]) -> list[Active]:
        dead = set()
        for worker in {each.worker for each in active if each.worker} - {self.name}:
            if self._live.take(worker):
                dead.add(worker)
                self._live.release(worker)
        return [each for each in active if each.worker in dead]

    # --------------------------------------------------------------- performing

    def perform(self, task: str) -> None:
        """Do a task, as far as this worker may; raises nothing."""
        kind, _, subject = task.partition(" ")
        match kind:
            case "draw":
                self._until_done(task, self._draw)
                self._waits = None
            case "carry" if any(site.chain.id == subject for site in self._notary.sites):
                self._until_done(task, Carriage(self._notary, subject).step)
            case "job" if subject in self._jobs:
                with self._noting(task):
                    self._jobs[subject].run(self._notary)
                self._troubles.pop(task, None)
            case _:
                _log.warning("a task of another configuration was left out", extra={"fields": {"task": task}})

    def _draw(self) -> float | None:
        """Draw unless another has drawn since this was queued; then the chains are handed out at once.

        While it is too dear, the fees are asked for again and again: here, for a
        node that stalls must not stall the ticks.
        """
        found = next_round(self._notary, self._schedule)
        if found is not None and found.waits is None:
            self._waits = cleared(self._notary, self._schedule, found).waits
            if self._waits is not None:
                return _FEES
            drawn = draw(self._notary)
            if drawn is not None:
                fields = {"manifest": drawn.number, "log_size": drawn.tree_size, "credentials": found.credentials}
                _log.info("round", extra={"fields": fields})
                self._wake.set()
                cosign(self._notary)  # beside the carrying: a witness that is down holds nothing up
        self._wake.set()
        return None

    def _until_done(self, task: str, step: Callable[[], float | None]) -> None:
        """Repeat a step as it asks for it. While the worker cannot be sure to live, the task is somebody else's."""
        pause = _FIRST
        while not self._stopped.is_set() and self._live.alive:
            wait, failed = cast("float | None", pause), True
            with self._noting(task):
                wait, failed = step(), False
            if wait is None:
                break
            pause = min(2 * pause, _LAST) if failed else _FIRST
            self._pause(wait)
        self._troubles.pop(task, None)

    def _pause(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    @contextmanager
    def _noting(self, task: str) -> Iterator[None]:
        """Log what is raised, and keep it as trouble until a later try goes well: it may be mended by then."""
        try:
            yield
        except NotaryError as error:
            if self._troubles.get(task) != str(error):  # once is enough of an outage
                _log.warning("%s: %s", task, error)
            self._troubles[task] = str(error)
        except Exception:  # noqa: BLE001  # the thread must outlive a bug; it is logged whole
            _log.exception("%s failed for a reason nobody foresaw", task)
            self._troubles[task] = "a reason nobody foresaw; the worker's log has it"
        else:
            self._troubles.pop(task, None)

    # ------------------------------------------------------------------ telling

    def beat(self) -> None:
        """Tell in the ledger that this worker lives, and how it does."""
        standing = (f"{row.chain} is held: {row.reason}" for row in held(self._notary))
        trouble = "; ".join(dict.fromkeys((*self._troubles.copy().values(), *standing))) or None
        now = self._notary.clock.now()
        self._row = replace(
            self._row,
            beat=now,
            last=self._row.last if trouble else now,
            trouble=trouble,
            waits=self._waits,
            balances=self._balances,
        )
        with self._notary.ledger.begin() as work:
            work.workers.save(self._row)
            work.workers.forget(now - FORGOTTEN)

    def weigh(self) -> None:
        """Ask for the wallets' balances."""
        balances = {}
        for site in self._notary.sites:
            with suppress(NotaryError):
                balances[site.chain.id] = site.wallet.balance()
        self._balances = balances

    def _weigh_on(self) -> None:
        """Apart from the ticks: a node may take its time."""
        while not self._stopped.is_set():
            with self._noting("balances"):
                self.weigh()
            self._stopped.wait(_BALANCES)
