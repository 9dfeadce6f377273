"""When a worker looks at a chain again: at once for a block, in peace for finality, slowly where it stands."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from api.worker.carriage import LONGEST, Carriage
from api.worker.engine import Active, Engine
from notary.core.errors import OperatorError
from notary.ports import Inclusion
from notary.ports.ledger import AnchorState
from notary.service.rounds.drawing import draw
from tests.api.house import House, found_house, open_house


@pytest.fixture
def house_of_one(tmp_path: Path) -> Iterator[House]:
    """A house of the test's own, with one batch that is drawn."""
    settings, institutions = found_house(tmp_path)
    with open_house(settings, institutions) as opened:
        opened.submit("Ana")
        batch = opened.seal()
        opened.client.post(f"/v1/batches/{batch}/statement", content=opened.signature(batch), headers=opened.auth())
        draw(opened.notary)
        yield opened


@dataclass
class Slow:
    """The embedded chain as a slow one: a transaction shows when the test says so, and so does finality."""

    chain: Any
    head: int = 1
    shown: bool = False
    final: bool = False
    down: bool = False
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def latest(self) -> int:
        self.asked.append("latest")
        if self.down:
            raise OperatorError("the node does not answer")
        return self.head

    def check_id(self) -> None:
        if self.down:
            raise OperatorError("the node does not answer")

    def inclusion(self, tx_hash: bytes) -> Inclusion | None:
        self.asked.append("inclusion")
        return self.chain.inclusion(tx_hash) if self.shown else None

    def finalized(self) -> int:
        self.asked.append("finalized")
        return int(self.chain.finalized()) if self.final else -1

    def sightings(self, *args: Any, **options: Any) -> Any:
        return self.chain.sightings(*args, **options) if self.shown else iter(())


class Clock:
    """The process's seconds, moved by the test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = time.monotonic()
        patch.setattr("api.worker.carriage.time.monotonic", lambda: self.now)


@pytest.fixture
def slow(house_of_one: House) -> tuple[Slow, Carriage]:
    """A chain that waits for the test, and the carriage there."""
    site = house_of_one.notary.sites[0]
    chain = Slow(site.chain)
    made: Any = replace(site, chain=chain)
    return chain, Carriage(replace(house_of_one.notary, sites=(made,)), site.chain.id)


def row_state(house: House) -> AnchorState:
    with house.notary.ledger.read() as work:
        (row,) = work.anchors.anchors()
    return row.state


def test_a_transaction_is_looked_for_when_there_is_a_block_and_not_before(
    house_of_one: House, slow: tuple[Slow, Carriage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between blocks one small question is asked, often at first and more rarely the longer it takes."""
    chain, carriage = slow
    clock = Clock(monkeypatch)
    first = carriage.step()
    assert row_state(house_of_one) is AnchorState.SUBMITTED
    assert first is not None
    assert first <= 0.02
    chain.asked.clear()
    clock.now += 10
    later = carriage.step()
    assert chain.asked == ["latest"]
    assert later is not None
    assert 0.05 < later <= LONGEST
    chain.head, chain.shown = 2, True
    carriage.step()
    assert row_state(house_of_one) is AnchorState.CONFIRMED


def test_finality_is_asked_for_in_peace(
    house_of_one: House, slow: tuple[Slow, Carriage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once in a block no question for the newest block is asked; the anchor is looked at less and less often."""
    chain, carriage = slow
    clock = Clock(monkeypatch)
    chain.shown = True
    carriage.step()
    assert row_state(house_of_one) is AnchorState.CONFIRMED
    looks = 0
    chain.asked.clear()
    for _ in range(600):
        clock.now += 1
        before = len(chain.asked)
        assert (carriage.step() or 0) <= LONGEST
        looks += len(chain.asked) > before
    assert "latest" not in chain.asked
    assert 20 < looks < 90
    chain.final = True
    clock.now += 30
    assert carriage.step() == 0
    assert carriage.step() is None
    assert row_state(house_of_one) is AnchorState.FINAL


def test_a_chain_that_stands_still_is_tried_ever_more_slowly(
    house_of_one: House, slow: tuple[Slow, Carriage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to every thirty seconds; once it goes on, it is looked at as before."""
    chain, carriage = slow
    clock = Clock(monkeypatch)
    chain.down = True
    pauses = []
    for _ in range(7):
        pauses.append(carriage.step())
        clock.now += 30
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    chain.down, chain.shown, chain.final = False, True, True
    carriage.step()
    assert carriage.step() is None
    assert row_state(house_of_one) is AnchorState.FINAL


def test_a_task_whose_end_was_not_noted_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts as this worker's and is not in its hands: not at the first look, which may come too soon."""
    engine = Engine(f"sqlite:///{tmp_path / 'x'}", "me", print, 1)
    tasks = (Active("draw#1", "me"), Active("carry a:1#2", "another"), Active("job x#3", None))
    now = time.monotonic()
    assert engine.unclaimed(tasks) == ()
    monkeypatch.setattr("api.worker.engine.time.monotonic", lambda: now + 11)
    assert engine.unclaimed(tasks) == tasks[:1]
    assert engine.unclaimed(()) == ()
    assert engine.unclaimed(tasks) == ()
