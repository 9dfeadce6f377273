"""Kubo nodes as replicas: one is killed and started empty, and nothing has to be done by hand."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from anchoring.kubo import KuboBlocks
from notary.core.cid import Cid
from notary.core.verdict import Result
from notary.ports import BlockStore
from notary.service.notary import Store
from notary.service.pins.queue import audit_pins, pin_due, stores
from notary.service.pins.stores import reach
from tests.parts import KuboNode, free_port, running_kubo
from tests.service.stores_lab import Cluster

pytestmark = pytest.mark.node


class Place:
    """A port at which Kubo nodes run one after the other, each empty at first."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port, self._times = folder, free_port(), 0
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        self._times += 1
        self._node: KuboNode = self._running.enter_context(
            running_kubo(self._folder / str(self._times), api=self._port)
        )

    def kill(self) -> None:
        os.kill(self._node.pid, signal.SIGKILL)
        self.stop()

    def stop(self) -> None:
        self._running.close()

    @property
    def store(self) -> Store:
        blocks = KuboBlocks(f"http://127.0.0.1:{self._port}", timeout=5)
        return Store(blocks.name, blocks)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[list[Place]]:
    with ExitStack() as stack:
        both = []
        for name in ("a", "b"):
            both.append(Place(tmp_path / name))
            stack.callback(both[-1].stop)
        yield both


def check_whole(blocks: BlockStore, roots: frozenset[Cid]) -> int:
    """Read every block below every root from this node alone, and check it against its CID."""

    def own(cid: Cid) -> bytes:
        data = blocks.kept(cid)
        assert data is not None, cid
        return data

    assert roots <= set(blocks.pins())
    return sum(1 for _ in reach(sorted(roots), own))


def test_a_node_that_is_killed_and_starts_empty_is_filled_again(cluster: Cluster, places: list[Place]) -> None:
    """Anchors and evidence go on while it is gone; afterwards each node alone has every block."""
    a, b = (place.store for place in places)
    cluster.use(cluster.notary.stores[0], a, b)
    cluster.anchored("Ana", evidence=b"her thesis" * 100_000)
    cluster.settle()
    assert check_whole(a.blocks, cluster.roots(a.name)) == check_whole(b.blocks, cluster.roots(b.name)) > 20
    places[1].kill()
    cluster.anchored("Bo", evidence=b"his thesis")
    served = pin_due(cluster.notary)
    assert [each.queue.waiting for each in served] == [0, 0, 5]
    assert "cannot be reached" in (served[2].row.trouble or "")
    places[1].start()
    cluster.clock.pass_by(timedelta(minutes=20))
    row = audit_pins(cluster.notary)[2]
    assert row.missing == row.repaired > 5
    assert {each.queue.waiting for each in stores(cluster.notary)} == {0}
    assert cluster.roots(a.name) == cluster.roots(b.name)
    assert check_whole(a.blocks, cluster.roots(a.name)) == check_whole(b.blocks, cluster.roots(b.name))


def test_one_node_alone_that_lost_everything_gets_from_the_ledger_what_the_ledger_has(
    cluster: Cluster, places: list[Place]
) -> None:
    """With nothing kept in the data folder: log, batches, manifests, states and archives are back; evidence is not."""
    alone = places[0].store
    cluster.anchored("Ana")
    cluster.use(cluster.notary.stores[0], alone)
    cluster.settle()
    cluster.use(alone)
    cluster.anchored("Bo", evidence=b"his thesis")
    before = cluster.roots(alone.name)
    places[0].kill()
    places[0].start()
    batch = cluster.lab.logged(cluster.lab.institutions[1], "Cy")
    cluster.lab.anchor()
    assert cluster.lab.verdicts(batch) == [Result.VERIFIED]
    cluster.settle()
    after = cluster.roots(alone.name)
    (evidence,) = before - after
    with cluster.notary.ledger.read() as work:
        row = work.pins.get(alone.name, evidence)
    assert row is not None
    assert "is in no store" in (row.trouble or "")
    check_whole(alone.blocks, after)
