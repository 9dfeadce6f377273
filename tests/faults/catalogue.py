"""The catalogue of faults: what happens to a notary in one run, between signing and final.

Each kind lists its cases; a run is one case, in a world that lives on. A fault
that was to happen and did not is an error of the laboratory's, and said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

from tests.faults import lying
from tests.faults.nodes import file_size_limit, full_disk, restart_postgres
from tests.faults.points import AFTER, ANCHORING, BEFORE, FAIL, KILL, PAUSE, Fault
from tests.faults.world import Client, World

STATES = ("logged", "pinned", "submitted", "broadcast", "confirmed", "final")
"""Where a batch stands when something happens around it: just after it got there."""
INTAKE = ("accepted", "sealed", "logged")
DEPTHS = range(1, 6)

Act = Callable[[World], None]


class NotHappenedError(Exception):
    """A fault was armed, and nothing came to its boundary."""


@dataclass(frozen=True, slots=True)
class Case:
    """One run: what is done to the world while a batch is on its way."""

    name: str
    act: Act


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault with its cases. `quick`: how many of them in a minute's round; `full`: how many runs."""

    name: str
    cases: tuple[Case, ...]
    full: int
    quick: int = 1
    only: str = ""


def kinds(chain: str, database: str) -> tuple[Kind, ...]:
    """Return what can happen on this chain and database."""
    return tuple(kind for kind in CATALOGUE if kind.only in ("", chain, database))


# ------------------------------------------------------------------- the acts


def _at(point: str, moment: str, action: str) -> Act:
    """Arm a fault, let a batch run into it, and let the notary go on by itself."""

    def act(world: World) -> None:
        world.faults.arm(Fault(point, moment, action))
        world.issue()
        _has_happened(world, f"{action} {moment} {point}")

    return act


def _has_happened(world: World, what: str) -> None:
    deadline = time.monotonic() + 30
    while not world.faults.happened:
        if time.monotonic() > deadline:
            raise NotHappenedError(what)
        time.sleep(0.01)


@contextmanager
def _paused(world: World, point: str, moment: str = AFTER) -> Iterator[None]:
    """Hold a process at a boundary with a batch on its way; it goes on when the block ends."""
    world.faults.arm(Fault(point, moment, PAUSE))
    with ThreadPoolExecutor(1) as beside:  # where it is the service that stands still, its caller waits
        issued = beside.submit(world.issue)
        try:
            _has_happened(world, f"pause {moment} {point}")
            yield
        finally:
            world.faults.disarm()
        issued.result()


def _at_random(world: World) -> None:
    world.issue()
    time.sleep(world.rng.uniform(0, 2.5))
    world.rng.choice(world.processes).kill()


def _while_lying(lie: lying.Lie, seconds: float) -> Act:
    def act(world: World) -> None:
        with lying.instead(world.proxy, lie(world.proxy)):
            world.issue()
            time.sleep(seconds)

    return act


def _replaced_is_mined(world: World) -> None:
    """The node keeps a transaction until fees have risen and the notary offers more, and then mines the first."""
    holding = lying.Holding()
    with lying.instead(world.proxy, holding.answers(world.proxy)):
        world.issue()
        world.wait(lambda: len(holding.held) == 1, "a transaction")
        deadline = time.monotonic() + 30
        while len(holding.held) == 1:
            if time.monotonic() > deadline:
                raise NotHappenedError("a replacement")
            _base_fee(world, 20 * 10**9)
            time.sleep(0.5)
        _base_fee(world, 1)
        holding.let_go(world.rpc)


def _reorg(point: str, depth: int, *, back: bool) -> Act:
    """Replace the newest blocks, the anchor's among them if it is in one; `back`: the last new one holds it again."""

    def act(world: World) -> None:
        assert world.miner is not None
        with _paused(world, point), world.miner.stopped():
            block = world.auditor.unsettled_block()
            deep = world.rpc.number("eth_blockNumber") - block + 1 if block else 0
            if deep < depth:
                world.rpc.ask("anvil_mine", hex(depth - deep))
            raws = world.auditor.newest_attempt() if back else ()
            world.rpc.ask("anvil_reorg", depth, [[raw, depth - 1] for raw in raws])

    return act


def _fees(point: str, gwei: int) -> Act:
    """What gas costs jumps, with the transaction signed or about to be; it comes down an eighth a block."""

    def act(world: World) -> None:
        with _paused(world, point):
            _base_fee(world, gwei * 10**9)

    return act


def _base_fee(world: World, wei: int) -> None:
    """Let the next block ask so much for a unit of gas; each emptier one after it asks an eighth less."""
    assert world.miner is not None
    with world.miner.stopped():  # a block that came in between would have the fee for itself
        world.rpc.ask("anvil_setNextBlockBaseFeePerGas", hex(wei))
        world.rpc.ask("anvil_mine", "0x1")


def _kubo_lost(point: str) -> Act:
    def act(world: World) -> None:
        with _paused(world, point):
            world.kubo.empty()
        world.auditor.forget()

    return act


def _postgres_restarted(point: str, moment: str) -> Act:
    def act(world: World) -> None:
        with _paused(world, point, moment):
            restart_postgres(world.database)

    return act


def _disk_full(point: str) -> Act:
    """Nothing can be written for a while, nor can the institution hand anything in; then there is room again.

    Kubo ends itself where its database cannot write, and is started again once there is room.
    """

    def act(world: World) -> None:
        pids = [process.pid for process in world.processes]
        with _paused(world, point):
            filled = full_disk(world.data) if world.disk else file_size_limit(pids, 0)
            with filled:
                world.faults.disarm()
                time.sleep(2.5)

    return act


def _clock(seconds: float, then: float) -> Act:
    """The clock jumps while a batch is on its way, twice: NTP, a virtual machine that was asleep, a wrong time zone."""

    def act(world: World) -> None:
        try:
            with _paused(world, "submitted"):
                world.faults.set_clock(seconds)
            time.sleep(1)
            world.faults.set_clock(then)
            world.issue()
            world.settle()
        finally:
            world.faults.set_clock(0)

    return act


def _second_worker(point: str) -> Act:
    """One worker stands still in the middle; another does all the rest, and then the first goes on."""

    def act(world: World) -> None:
        with _paused(world, point):
            other = world.run_beside("anchor", "--wait")
            other.ended(40)
            other.end()

    return act


def _everybody_at_once(world: World) -> None:
    """All institutions submit, seal and sign in the same second."""

    def work(client: Client, seed: int) -> None:
        client.submit(3, Random(seed))
        client.sign_all()

    with ThreadPoolExecutor(len(world.clients)) as beside:
        running = [beside.submit(work, client, world.rng.getrandbits(30)) for client in world.clients]
    for done in running:
        done.result()


# --------------------------------------------------------------- the catalogue


_BOUNDARIES = [(point, moment) for point in (*INTAKE, *ANCHORING) for moment in (BEFORE, AFTER)]
_WRITES = ("pin", "broadcast", "archive")
_COMMITS = tuple(point for point in (*INTAKE, *ANCHORING) if point not in (*_WRITES, "sign"))

CATALOGUE: tuple[Kind, ...] = (
    Kind(
        "kill -9 at a boundary",
        tuple(Case(f"{moment} {point}", _at(point, moment, KILL)) for point, moment in _BOUNDARIES),
        full=96,
        quick=4,
    ),
    Kind("kill -9 at random", (Case("any process", _at_random),), full=110, quick=1),
    Kind(
        "write failed",
        tuple(Case(point, _at(point, BEFORE, FAIL)) for point in (*_WRITES, "sign")),
        full=4,
    ),
    Kind("write failed but happened", tuple(Case(point, _at(point, AFTER, FAIL)) for point in _WRITES), full=3),
    Kind("commit failed", tuple(Case(point, _at(point, BEFORE, FAIL)) for point in _COMMITS), full=8),
    Kind("commit failed but happened", tuple(Case(point, _at(point, AFTER, FAIL)) for point in _COMMITS), full=8),
    Kind(
        "node fails",
        tuple(Case(lie.__name__, _while_lying(lie, 2.5)) for lie in lying.FAILURES),
        full=5,
    ),
    Kind("node stalls", (Case("broadcast", _while_lying(lying.stalls, lying.STALL + 1)),), full=1, quick=0),
    Kind("node lies", tuple(Case(lie.__name__, _while_lying(lie, 2.5)) for lie in lying.LIES), full=5),
    Kind("node of another chain", (Case("mainnet", _while_lying(lying.another_chain, 2.5)),), full=1),
    Kind("node forgets the transaction", (Case("", _while_lying(lying.forgets, 3.0)),), full=1),
    Kind("node mines the replaced one", (Case("", _replaced_is_mined),), full=2, only="anvil"),
    Kind(
        "reorganisation",
        tuple(
            Case(f"depth {depth}, {point}{', back' if back else ''}", _reorg(point, depth, back=back))
            for point in STATES
            for depth in DEPTHS
            for back in ((False, True) if point in ("broadcast", "confirmed") else (False,))
        ),
        full=40,
        only="anvil",
    ),
    Kind(
        "fee spike",
        tuple(
            Case(f"{gwei} gwei, {point}", _fees(point, gwei))
            for gwei in (20, 150, 1000)
            for point in ("pinned", "submitted", "broadcast")
        ),
        full=9,
        only="anvil",
    ),
    Kind("Kubo lost, started empty", tuple(Case(point, _kubo_lost(point)) for point in STATES), full=6),
    Kind(
        "PostgreSQL restarted",
        tuple(
            Case(f"{moment} {point}", _postgres_restarted(point, moment))
            for point in (*INTAKE, *ANCHORING)
            for moment in (BEFORE, AFTER)
        ),
        full=24,
        quick=2,
        only="postgresql",
    ),
    Kind("disk full", tuple(Case(point, _disk_full(point)) for point in ("logged", "drawn", "submitted")), full=3),
    Kind(
        "clock jumps",
        (
            Case("an hour back", _clock(-3600, -3600)),
            Case("a day forward and back", _clock(86_400, 0)),
            Case("back and forward", _clock(-3600, 0)),
        ),
        full=3,
    ),
    Kind(
        "two workers on one batch",
        tuple(Case(point, _second_worker(point)) for point in ANCHORING),
        full=9,
        quick=1,
    ),
    Kind("20 institutions at once", (Case("", _everybody_at_once),), full=3),
)
