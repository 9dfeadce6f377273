"""A round of runs: case after case in worlds that live on, audited after each, counted in a table."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from tests.faults.auditor import Audit
from tests.faults.catalogue import Case, Kind, NotHappenedError, kinds
from tests.faults.world import LostError, RefusedError, World, running_world

MENDING = 150.0
"""Seconds the notary is given to put back by itself what IPFS has lost."""
COLUMNS = ("runs", "accepted", "final", "lost", "twice", "wrong")

Say = Callable[[str], None]


@dataclass
class Tally:
    """What became of one kind's credentials. `broken`: runs whose fault could not be made to happen."""

    runs: int = 0
    accepted: int = 0
    final: int = 0
    lost: int = 0
    twice: int = 0
    wrong: int = 0
    broken: int = 0
    seconds: float = 0.0
    words: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether it is as it should be."""
        return not (self.lost or self.twice or self.wrong or self.broken) and self.final == self.accepted

    def counts(self) -> dict[str, int]:
        """Return the counts by column."""
        return {name: getattr(self, name) for name in COLUMNS}

    def add(self, other: Tally) -> None:
        """Add another kind's."""
        for name in (*COLUMNS, "broken", "seconds", "words"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Setting:
    """What the notary stands on, how many workers it has, and how many worlds there are beside each other."""

    chain: str
    database: str
    workers: int
    seed: int
    lanes: int = 1


class Campaign:
    """Several lanes, each with a world of its own, that share one list of runs."""

    def __init__(self, setting: Setting, say: Say) -> None:
        self._setting, self._say = setting, say
        self._alone = threading.Lock()
        self._left: list[tuple[Kind, Case]] = []
        self._ends = threading.Event()
        self.tallies: dict[str, Tally] = {}

    def run(self, runs: Sequence[tuple[Kind, Case]], deadline: float) -> int:
        """Do the runs; return how many were left out, for none begins after the deadline (of the monotonic clock)."""
        self._left = list(reversed(runs))
        for kind, _ in runs:
            self.tallies.setdefault(kind.name, Tally())
        lanes = min(self._setting.lanes, len(runs))
        with ThreadPoolExecutor(max(1, lanes), thread_name_prefix="lane") as pool:
            working = [pool.submit(self._lane, number, deadline) for number in range(lanes)]
            try:
                wait(working)
            finally:
                self._ends.set()  # an interrupt too lets every lane end what it started
        for lane in working:
            lane.result()
        return len(self._left)

    def _lane(self, number: int, deadline: float) -> None:
        with Lane(self._setting, self._setting.seed + 1000 * number, self._say) as lane:
            while not self._ends.is_set() and time.monotonic() < deadline:
                with self._alone:
                    if not self._left:
                        return
                    kind, case = self._left.pop()
                began = time.monotonic()
                found = lane.one(f"{kind.name}, {case.name}".rstrip(", "), case)
                found.seconds = time.monotonic() - began
                with self._alone:
                    self.tallies[kind.name].add(found)
                for words in found.words:
                    self._say(words)


class Lane:
    """Runs cases in a world; one that is damaged is left, and a new one founded."""

    def __init__(self, setting: Setting, seed: int, say: Say) -> None:
        self._setting, self._seed, self._say = setting, seed, say
        self._stack = ExitStack()
        self._world: World | None = None
        self._worlds = 0
        self._counted = Audit(0, 0, (), (), ())

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def one(self, name: str, case: Case) -> Tally:
        """Do one run, wait until everything is final, audit, and count."""
        world = self._here()
        known = set(world.acknowledged())
        stuck = ""
        try:
            case.act(world)
            world.settle()
        except NotHappenedError as error:
            self._leave()
            return Tally(runs=1, broken=1, words=[f"BROKEN {name}: {error} did not happen"])
        except (LostError, RefusedError) as error:
            stuck = str(error)
        world.faults.disarm()
        world.proxy.answers = {}
        found = _audited(world, [each for each in world.acknowledged() if each not in known])
        tally = self._count(name, found, stuck)
        if not tally.clean:
            world.keep_logs(name)
            self._leave()
        return tally

    def _count(self, name: str, found: Audit, stuck: str) -> Tally:
        """Count this run's credentials; every audit is of all that the world ever accepted."""
        words = [*([stuck] if stuck else []), *found.lost, *found.twice, *found.wrong]
        tally = Tally(
            runs=1,
            accepted=found.accepted - self._counted.accepted,
            final=found.final - self._counted.final,
            lost=len(found.lost) or int(bool(stuck)),
            twice=len(found.twice),
            wrong=len(found.wrong),
            words=[f"FOUND {name}: {each}" for each in words],
        )
        self._counted = found
        return tally

    def _here(self) -> World:
        if self._world is None:
            folder = Path(tempfile.mkdtemp(prefix="notary-faults-"))
            self._stack.callback(shutil.rmtree, folder)
            setting = self._setting
            self._worlds += 1
            self._world = self._stack.enter_context(
                running_world(
                    folder,
                    chain=setting.chain,
                    database=setting.database,
                    workers=setting.workers,
                    seed=self._seed + self._worlds,
                )
            )
            if not self._world.disk:
                self._say("NOTE no small tmpfs can be mounted here: a full disk is played by a limit of file sizes")
        return self._world

    def _leave(self) -> None:
        self._stack.close()
        self._world, self._counted = None, Audit(0, 0, (), (), ())


def runs_of(setting: Setting, *, quick: bool, only: str = "") -> list[tuple[Kind, Case]]:
    """Return what is to be run: every kind's cases in turn, so often; one of each kind before the second of any."""
    chosen = [kind for kind in kinds(setting.chain, setting.database) if only in kind.name]
    turns = [[(kind, case) for case in _in_turn(kind.cases, kind.quick if quick else kind.full)] for kind in chosen]
    return [run for turn in zip_longest(*turns) for run in turn if run is not None]


def table(tallies: dict[str, Tally]) -> list[str]:
    """Write the table, its sum last."""
    total = Tally()
    rows = []
    for name, tally in tallies.items():
        total.add(tally)
        rows.append((name, tally))
    width = max((len(name) for name, _ in rows), default=0) + 2

    def line(name: str, tally: Tally) -> str:
        numbers = "".join(f"{getattr(tally, column):>10}" for column in COLUMNS)
        broken = f"  {tally.broken} did not happen" if tally.broken else ""
        return f"{name:<{width}}{numbers}  {tally.seconds:6.0f} s{broken}"

    head = f"{'fault':<{width}}" + "".join(f"{column:>10}" for column in COLUMNS)
    return [head, *(line(*row) for row in rows), line("all", total)]


def _in_turn(cases: tuple[Case, ...], runs: int) -> Iterator[Case]:
    """Give cases, spread over all of them where there are fewer runs."""
    for at in range(runs):
        yield cases[at % len(cases) if runs >= len(cases) else at * len(cases) // runs]


def _audited(world: World, ids: list[str]) -> Audit:
    """Audit; what IPFS lacks is looked for again for a while. All else has to be so as soon as it is called final."""
    deadline = time.monotonic() + MENDING
    while True:
        found = world.audit(ids)
        if not found.unread or time.monotonic() > deadline:
            return found
        time.sleep(1)
