"""One worker by itself: what it finds to do, whose work it takes over, and what it tells."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.worker.engine import Active
from api.worker.jobs import JOBS, Job
from notary.core.errors import OperatorError
from notary.ports.ledger import AnchorState, WorkerRow
from notary.service.notary import Notary
from tests.api.house import House, found_house, open_house
from tests.api.worker_lab import Steps, by_hand, made


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    """A house of the test's own."""
    settings, institutions = found_house(tmp_path)
    with open_house(settings, institutions) as opened:
        yield opened


def logged(house: House, *learners: str, number: int = 1) -> int:
    """Take credentials as far as the institution's part goes."""
    house.submit(*learners, number=number)
    batch = house.seal()
    path = f"/v1/batches/{batch}/statement"
    assert house.client.post(path, content=house.signature(batch), headers=house.auth()).status_code == 200
    return batch


def state(house: House, batch: int) -> str:
    return str(house.client.get(f"/v1/batches/{batch}", headers=house.auth()).json()["state"])


def row_of(notary: Notary) -> WorkerRow:
    with notary.ledger.read() as work:
        return next(row for row in work.workers.all() if row.name == "by-hand")


def test_what_is_logged_is_drawn_and_then_carried(own_house: House) -> None:
    """The ledger alone says what there is to do; once all is final, nothing is."""
    batch = logged(own_house, "Ana")
    engine = by_hand(own_house.notary)
    assert [task.partition("#")[0] for task in engine.done] == ["draw"]
    engine = by_hand(own_house.notary)
    chain = own_house.notary.sites[0].chain.id
    assert [task.partition("#")[0] for task in engine.done] == [f"carry {chain}"]
    assert state(own_house, batch) == "final"
    assert by_hand(own_house.notary).done == []


def test_what_somebody_has_in_hand_is_not_queued_again(own_house: House) -> None:
    """However often it is swept meanwhile."""
    logged(own_house, "Ana")
    worker, engine = made(own_house.notary)
    engine.handed = (Active("draw#1", "another"),)
    worker.tick()
    assert engine.done == []


def test_a_dead_workers_task_is_taken_over_and_a_living_ones_is_not(own_house: House) -> None:
    """Whoever can take its lock knows that it is dead."""
    worker, engine = made(own_house.notary, live=Steps(dead=frozenset({"dead"})))
    engine.handed = (Active("draw#1", "dead"), Active("carry a:1#2", "living"), Active("job x#3", None))
    worker.tick()
    assert engine.resumed == ["draw"]


def test_a_worker_that_lost_its_lock_does_nothing_until_it_has_it_again(own_house: House) -> None:
    """Others may do its work: it neither sweeps nor carries, nor tells that it lives."""
    batch = logged(own_house, "Ana")
    live = Steps(steps=9)
    worker, engine = made(own_house.notary, live=live)
    live.lost = True
    worker.tick()
    assert engine.done == []
    worker.perform("draw")
    assert state(own_house, batch) == "logged"
    with own_house.notary.ledger.read() as work:
        assert work.workers.all() == ()
    live.lost = False
    worker.tick()
    assert state(own_house, batch) == "pinned"
    assert row_of(own_house.notary).trouble is None


def test_a_job_is_done_once_in_its_turn(own_house: House) -> None:
    """A second sweep in the same turn queues none; the turn names it, so that no second worker does either."""
    done: list[Notary] = []
    worker, engine = made(own_house.notary, Job("count", 3600, done.append))
    worker.tick()
    worker.tick()
    (task,) = engine.done
    assert task == f"job count#{int(own_house.notary.clock.now().timestamp() // 3600)}"
    assert len(done) == 1


def test_what_a_job_raises_ends_no_worker(own_house: House, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and it comes round again; what has to be carried is carried."""

    def fails(_: object) -> None:
        raise OperatorError("no room on the disk")

    with caplog.at_level(logging.WARNING):
        by_hand(own_house.notary, Job("full", 60, fails))
    assert "job full: no room on the disk" in caplog.text
    assert row_of(own_house.notary).trouble is None


@pytest.mark.parametrize("name, every", [("two words", 60), ("", 60), ("x", 0)])
def test_a_job_is_one_word_and_whole_seconds(name: str, every: int) -> None:
    """Its name stands in the engine's table."""
    with pytest.raises(ValueError, match="a job is"):
        Job(name, every, print)


def test_the_jobs_have_names_of_their_own() -> None:
    """Two of one name would be one."""
    assert len({job.name for job in JOBS}) == len(JOBS)


def test_what_ended_is_forgotten_but_not_a_turn_that_is_not_over(own_house: House) -> None:
    """The engine keeps what a daily job's turn is told by."""
    _, engine = made(own_house.notary, Job("daily", 86400, print))
    worker, engine = made(own_house.notary, Job("daily", 86400, print))
    worker.tick()
    (before,) = engine.tidied
    assert datetime.now(UTC) - before >= timedelta(days=2)


def test_a_step_that_fails_is_told_until_it_succeeds(own_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block store is down: the trouble stands in the worker's row, then goes."""
    batch = logged(own_house, "Ana")
    troubles: list[str | None] = []

    class Down:
        def put(self, *_: object, **__: object) -> None:
            raise OperatorError("the block store is down")

        def __getattr__(self, name: str) -> Any:
            return getattr(own_house.notary.blocks, name)

    blocks: Any = Down()
    worker, _ = made(replace(own_house.notary, blocks=blocks), live=Steps(steps=2))

    def waited(_: float) -> bool:
        worker.beat()
        troubles.append(row_of(own_house.notary).trouble)
        return False

    monkeypatch.setattr(worker, "_pause", waited)
    worker.perform("draw")
    assert troubles == ["the block store is down"]
    assert state(own_house, batch) == "logged"


def test_a_task_of_another_configuration_is_left_out(own_house: House, caplog: pytest.LogCaptureFixture) -> None:
    """A chain that was taken out of the settings, a job of a newer release: nothing is done, nothing raised."""
    worker, _ = made(own_house.notary)
    for task in ("carry eip155:404", "job unknown", "dance"):
        worker.perform(task)
    assert len(caplog.records) == 3


def test_the_beat_has_the_balances(own_house: House) -> None:
    """What serve, doctor and metrics read of a worker in another process."""
    worker, _ = made(own_house.notary)
    worker.weigh()
    worker.tick()
    row = row_of(own_house.notary)
    assert list(row.balances) == [own_house.notary.sites[0].chain.id]
    assert (row.last, row.waits) == (row.beat, None)


def test_a_worker_that_ends_says_farewell(own_house: House) -> None:
    """No beat of it is left to be taken for a stuck worker's."""
    worker, _ = made(own_house.notary)
    worker.start()
    worker.stop()
    with own_house.notary.ledger.read() as work:
        assert work.workers.all() == ()
        assert [row for row in work.anchors.anchors() if row.state is not AnchorState.FINAL] == []
