"""`notary worker` as processes: killed, stopped, two at once, the database restarted under them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from notary.service.rounds.advancing import advance
from tests.end_to_end.workers import Process, Site, on_anvil, until
from tests.parts import EvmNode, running_anvil
from tests.ports.databases import postgres_server

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EvmNode]:
    """An anvil of these tests' own: a block each second."""
    with running_anvil(tmp_path_factory.mktemp("anvil")) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, node: EvmNode, tmp_path: Path) -> Iterator[Site]:
    """A notary on each database."""
    if request.param == "sqlite":
        with on_anvil(node, tmp_path) as made:
            yield made
        return
    with postgres_server() as server, on_anvil(node, tmp_path, server.url) as made:
        yield made


@pytest.fixture
def alone(node: EvmNode, tmp_path: Path) -> Iterator[Site]:
    """A notary on a laptop."""
    with on_anvil(node, tmp_path) as made:
        yield made


def _holder(site: Site, manifest: int) -> Process:
    """The worker that carries a manifest, once it says so."""
    until(lambda: any(worker.has_in_hand(manifest) for worker in site.workers), f"{manifest} is carried")
    return next(worker for worker in site.workers if worker.has_in_hand(manifest))


def test_a_killed_workers_batch_is_carried_on_by_another_within_seconds(site: Site) -> None:
    """Killed while its transaction waits for a block or for finality: the other goes on with that very transaction."""
    site.start(2)
    batch = site.lab.logged(site.lab.institutions[0], "Ana", "Bo")
    holder = _holder(site, 1)
    holder.kill()
    assert until(site.is_final, "the other one has made it final") < 30
    (other,) = (worker for worker in site.workers if worker is not holder)
    until(lambda: other.has_in_hand(1), "it says so")
    assert len(site.attempts()) == 1
    site.check(batch)
    assert other.stop() == 0


def test_the_only_worker_killed_and_started_again_goes_on(alone: Site) -> None:
    """Recovery is what it does at every start: nothing is repaired by hand."""
    alone.start()
    batches = []
    for manifest, learner in enumerate(("Ana", "Bo"), 1):
        batches.append(alone.lab.logged(alone.lab.institutions[0], learner))
        _holder(alone, manifest)
        alone.workers.pop().kill()
        alone.start()
    alone.check(*batches)
    assert len(alone.attempts()) == 2


def test_a_worker_that_is_told_to_stop_leaves_its_work_to_the_next(alone: Site) -> None:
    """It ends in order within seconds though an anchor is on its way, and says nothing that is no line of JSON."""
    alone.start()
    batch = alone.lab.logged(alone.lab.institutions[0], "Ana")
    worker = _holder(alone, 1)
    assert worker.stop() == 0
    assert not [line for line in worker.lines() if line["level"] != "info"]
    with alone.lab.notary.ledger.read() as work:
        assert work.workers.all() == ()
    alone.start()
    alone.check(batch)
    assert len(alone.attempts()) == 1


def test_two_workers_and_a_person_on_one_wallet_never_race(site: Site) -> None:
    """Both workers and `notary anchor` at once, round after round: every nonce once, every root once."""
    site.start(2)
    batches = []
    for at in range(4):
        batches.append(site.lab.logged(site.lab.institutions[at % 3], f"learner {at}"))
        people = [threading.Thread(target=advance, args=(site.lab.notary,)) for _ in range(2)]
        for each in people:
            each.start()
        for each in people:
            each.join()
    site.check(*batches)
    nonces = [row.nonce for row in site.attempts()]
    assert nonces == list(range(nonces[0], nonces[0] + len(nonces)))
    assert len(nonces) == len(site.rows())


def test_postgresql_restarted_in_the_middle_loses_nobody_anything(node: EvmNode, tmp_path: Path) -> None:
    """The workers take their locks again, and after that one's work is still taken over when it is killed."""
    with postgres_server() as server, on_anvil(node, tmp_path, server.url) as site:
        site.start(2)
        first = site.lab.logged(site.lab.institutions[0], "Ana")
        _holder(site, 1)
        server.restart()
        until(site.is_final, "the first batch is final")
        second = site.lab.logged(site.lab.institutions[1], "Bo")
        holder = _holder(site, 2)
        holder.kill()
        until(site.is_final, "the second batch is final")
        (other,) = (worker for worker in site.workers if worker is not holder)
        assert any(line["message"].startswith("sweep: ") for line in other.lines() + holder.lines())
        server.restart()
        third = site.lab.logged(site.lab.institutions[2], "Cy")
        site.check(first, second, third)
        assert len(site.attempts()) == 3
        assert other.stop() == 0
