"""Pins: what one store holds comes to every other, and whatever is lost is brought back without anybody's help."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from anchoring.embedded_blocks import FILE
from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.errors import OperatorError
from notary.core.verdict import Result
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.pins.queue import audit_pins, pin_due, stores
from notary.service.pins.stores import backoff
from notary.service.rounds.drawing import draw
from tests.service.lab import Failing, FailingLedger, Fault, Lab
from tests.service.stores_lab import Cluster, Node


def test_every_store_comes_to_hold_everything(cluster: Cluster) -> None:
    """State, records, manifest, preimage, tree, archive, evidence: on the first at once, then on each."""
    cluster.anchored("Ana", evidence=b"her thesis")
    assert {served.queue.waiting for served in stores(cluster.notary)} == {0, 5}
    pin_due(cluster.notary)
    assert {served.queue.waiting for served in stores(cluster.notary)} == {0}
    assert cluster.roots("folder") == cluster.roots("one") == cluster.roots("two")
    for node in cluster.nodes:
        cluster.whole(node)


def test_of_the_next_tree_only_what_changed_is_brought(cluster: Cluster) -> None:
    """A replica that has the tree before is sent new files and the directories above them."""
    for number in range(4):
        cluster.anchored(f"Learner {number}")
        pin_due(cluster.notary)
    before = cluster.nodes[1].given
    cluster.anchored("One more")
    pin_due(cluster.notary)
    with sqlite3.connect(cluster.nodes[1].folder / FILE) as database:
        blocks = database.execute("SELECT count(*) FROM block").fetchone()[0]
    database.close()
    assert cluster.nodes[1].given - before < blocks / 2
    cluster.whole(cluster.nodes[1])


def test_a_node_that_is_off_delays_nothing_and_catches_up(cluster: Cluster) -> None:
    """The anchor is final meanwhile; the node is asked again later and later, and has everything in the end."""
    node = cluster.nodes[2]
    node.off = True
    cluster.anchored("Ana", evidence=b"her thesis")
    for failures in (1, 2, 3):
        served = pin_due(cluster.notary)[2]
        assert (served.done, served.row.failures, served.row.trouble) == (0, failures, "the node is off")
        assert pin_due(cluster.notary)[2].row.failures == failures  # not asked again yet
        cluster.clock.pass_by(timedelta(minutes=20))
    waits = stores(cluster.notary)[2].queue
    assert (waits.waiting, waits.failed) == (5, 3)
    node.off = False
    served = pin_due(cluster.notary)[2]
    assert (served.done, served.queue.waiting, served.row.failures, served.row.trouble) == (5, 0, 0, None)
    cluster.whole(node)


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_pin_that_fails_is_made_later(cluster: Cluster, at: int, *, happens: bool) -> None:
    """Whether the node had done it or not."""
    cluster.anchored("Ana", evidence=b"her thesis")
    failing: Any = Failing(cluster.nodes[1], "put", at=at, happens=happens)
    named = tuple(replace(store, blocks=failing) if store.name == "one" else store for store in cluster.notary.stores)
    served = pin_due(replace(cluster.notary, stores=named))[1]
    assert (served.done, served.row.failures) == (at - 1, 1)
    assert served.queue.waiting == 6 - at
    cluster.clock.pass_by(timedelta(minutes=1))
    assert pin_due(cluster.notary)[1].queue.waiting == 0
    cluster.whole(cluster.nodes[1])


@pytest.mark.parametrize("happens", [False, True], ids=["undone", "done and not known to be"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_ledger_that_fails_while_pins_are_made_loses_none(cluster: Cluster, at: int, *, happens: bool) -> None:
    """What the store has and the ledger does not know is made again."""
    cluster.anchored("Ana", evidence=b"her thesis")
    failing: Any = FailingLedger(cluster.notary.ledger, at=at, happens=happens)
    with pytest.raises(Fault):
        pin_due(replace(cluster.notary, ledger=failing))
    pin_due(cluster.notary)
    for node in cluster.nodes:
        cluster.whole(node)
    assert {served.queue.waiting for served in stores(cluster.notary)} == {0}


def test_a_store_emptied_heals_by_itself(cluster: Cluster) -> None:
    """The audit sees what is gone and brings it all back from the others, evidence too; its row says so."""
    for name in ("Ana", "Bo"):
        cluster.anchored(name, evidence=b"a thesis")
    cluster.settle()
    for node in (cluster.nodes[1], cluster.nodes[0]):
        held = cluster.roots(node.folder.name)
        node.empty()
        row = next(row for row in audit_pins(cluster.notary) if row.name == node.folder.name)
        assert (row.missing, row.repaired) == (len(held), len(held))
        cluster.whole(node)
    assert [(row.missing, row.repaired) for row in audit_pins(cluster.notary)] == [(0, 0)] * 3


def test_a_store_that_came_back_empty_is_filled_at_the_next_round(cluster: Cluster) -> None:
    """Nobody waits for the next audit; one that is off is left alone for a while."""
    cluster.anchored("Ana", evidence=b"her thesis")
    pin_due(cluster.notary)
    node = cluster.nodes[1]
    node.off = True
    assert pin_due(cluster.notary)[1].row.failures == 1
    node.off = False
    node.empty()
    assert pin_due(cluster.notary)[1].row.failures == 1
    cluster.clock.pass_by(timedelta(minutes=1))
    assert pin_due(cluster.notary)[1].row.missing == len(cluster.roots("folder"))
    cluster.whole(node)


def test_what_all_stores_have_lost_the_ledger_gives_again(cluster: Cluster) -> None:
    """Everything but the evidence, whose ciphertext stood nowhere else: that waits, and the reason names it."""
    for name in ("Ana", "Bo", "Cy"):
        cluster.anchored(name)
    cluster.anchored("Di", evidence=b"her thesis")
    cluster.settle()
    held = cluster.roots("one")
    for node in cluster.nodes:
        node.empty()
    cluster.settle()
    for node in cluster.nodes:
        cluster.whole(node)
        (lost,) = held - cluster.roots(node.folder.name)
        with cluster.notary.ledger.read() as work:
            row = work.pins.get(node.folder.name, lost)
        assert row is not None
        assert row.trouble is not None
        assert "is in no store" in row.trouble
    batch = cluster.lab.logged(cluster.lab.institutions[1], "Ed")
    cluster.lab.anchor()
    assert cluster.lab.verdicts(batch) == [Result.VERIFIED]


def test_the_next_anchor_needs_nothing_of_the_old_tree(cluster: Cluster) -> None:
    """With every store empty the tree is written whole from the ledger, and names what it named before."""
    for name in ("Ana", "Bo"):
        cluster.anchored(name)
    before = cluster.newest_tree()
    for node in cluster.nodes:
        node.empty()
    batch = cluster.lab.logged(cluster.lab.institutions[1], "Cy")
    cluster.lab.anchor()
    assert cluster.lab.verdicts(batch) == [Result.VERIFIED]
    assert cluster.newest_tree() != before
    cluster.settle()
    for node in cluster.nodes:
        cluster.whole(node)


@pytest.mark.parametrize("data", [None, b"something else"], ids=["missing", "wrong"])
def test_a_block_of_one_store_that_is_missing_or_wrong_is_repaired(cluster: Cluster, data: bytes | None) -> None:
    """Small roots are all fetched back, of larger ones the samples; what is found is put right at once."""
    cluster.anchored("Ana")
    cluster.settle()
    small = next(root for root in sorted(cluster.roots("one")) if root.codec is Codec.RAW)
    tree = cluster.newest_tree()
    for cid in (small, tree):
        cluster.nodes[1].damage(cid, data)
        row = next(row for row in audit_pins(cluster.notary) if row.name == "one")
        assert row.missing == row.repaired >= 1  # a small root may stand in the tree too
        assert cluster.nodes[1].kept(cid) == cluster.nodes[2].kept(cid)
        assert row.audited == cluster.clock.now()
    cluster.whole(cluster.nodes[1])


def test_an_audit_of_a_store_that_is_off_says_so_and_forgets_nothing(cluster: Cluster) -> None:
    """An outage is not a loss."""
    held = cluster.roots("two")
    cluster.nodes[2].off = True
    row = audit_pins(cluster.notary)[2]
    assert row.trouble == "the node is off"
    assert row.missing == 0
    assert cluster.roots("two") == held


def test_a_store_that_joins_is_given_everything(cluster: Cluster) -> None:
    """Also what was pinned before it was there."""
    cluster.anchored("Ana", evidence=b"her thesis")
    cluster.settle()
    joined = Node(cluster.nodes[0].folder.parent / "joined")
    cluster.use(*cluster.notary.stores, joined.store)
    cluster.settle()
    assert cluster.roots("joined") == cluster.roots("folder")
    cluster.whole(joined)


def test_as_many_stores_as_are_asked_for_hold_it_before_it_counts(notary_lab: Lab, tmp_path: Path) -> None:
    """With two of three needed, one may be off; with two off nothing is said to be pinned."""
    cluster = Cluster(notary_lab, tmp_path, least=2)
    cluster.nodes[0].off = True
    cid = StoredBlock.of(b"something")
    cluster.notary.blocks.put([cid], pins=[cid.cid])
    assert [cid.cid in cluster.roots(name) for name in ("folder", "one", "two")] == [False, True, True]
    cluster.nodes[1].off = True
    other = StoredBlock.of(b"another thing")
    with pytest.raises(OperatorError, match="the node is off"):
        cluster.notary.blocks.put([other], pins=[other.cid])
    assert not any(other.cid in cluster.roots(name) for name in ("folder", "one", "two"))


def test_a_node_that_was_off_when_evidence_was_erased_lets_it_go_later(cluster: Cluster) -> None:
    """The erasure is done at once; the queue remembers the node, and no audit brings the evidence back."""
    (ana,) = cluster.anchored("Ana", evidence=b"her thesis")
    cluster.settle()
    cluster.nodes[2].off = True
    plan = plan_erasure(cluster.notary, [ana])
    left = erase(cluster.notary, plan)
    assert left == ("two",)
    (cid,) = plan.pins
    assert [cid in set(node.blocks.pins()) for node in cluster.nodes] == [False, False, True]
    assert cluster.nodes[0].kept(cid) is None
    audit_pins(cluster.notary)
    cluster.nodes[2].off = False
    cluster.settle()
    assert not any(cid in set(node.pins()) for node in cluster.nodes)
    assert not any(cid in cluster.roots(name) for name in ("folder", "one", "two"))


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
def test_a_pin_that_is_not_let_go_is_let_go_later(cluster: Cluster, *, happens: bool) -> None:
    """Whether the node had done it or not."""
    (ana,) = cluster.anchored("Ana", evidence=b"her thesis")
    cluster.settle()
    cluster.nodes[1].off = True
    plan = plan_erasure(cluster.notary, [ana])
    erase(cluster.notary, plan)
    cluster.nodes[1].off = False
    cluster.clock.pass_by(timedelta(minutes=20))
    failing: Any = Failing(cluster.nodes[1], "unpin", happens=happens)
    named = tuple(replace(store, blocks=failing) if store.name == "one" else store for store in cluster.notary.stores)
    assert pin_due(replace(cluster.notary, stores=named))[1].queue.waiting == 1
    cluster.clock.pass_by(timedelta(minutes=20))
    assert pin_due(cluster.notary)[1].queue.waiting == 0
    assert plan.pins[0] not in set(cluster.nodes[1].pins())


def test_what_is_erased_while_it_is_being_pinned_does_not_stay(cluster: Cluster) -> None:
    """The pin that was under way is let go again."""
    (ana,) = cluster.anchored("Ana", evidence=b"her thesis")
    (cid,) = plan_erasure(cluster.notary, [ana]).pins
    node = cluster.nodes[1]

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(node, name)

        def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
            pins = tuple(pins)
            if cid in pins:
                erase(cluster.notary, plan_erasure(cluster.notary, [ana]))
                blocks = kept
            node.put(blocks, pins=pins)

    data = cluster.nodes[0].kept(cid)
    assert data is not None
    kept = [StoredBlock(cid, data)]
    slow: Any = Slow()
    named = tuple(replace(store, blocks=slow) if store.name == "one" else store for store in cluster.notary.stores)
    pin_due(replace(cluster.notary, stores=named))
    assert cid in set(node.pins())
    pin_due(cluster.notary)
    assert cid not in set(node.pins())


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
def test_a_manifest_drawn_and_not_pinned_takes_in_what_came_meanwhile(notary_lab: Lab, *, happens: bool) -> None:
    """After a crash between drawing and pinning, an earlier anchor may have become final: it is drawn anew."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    with notary_lab.notary.ledger.read() as work:
        (final,) = work.anchors.anchors()
    with notary_lab.notary.ledger.begin() as work:
        work.anchors.save(replace(final, proof=None))
    batch = notary_lab.logged(notary_lab.institutions[1], "Bo")
    failing: Any = Failing(notary_lab.notary.blocks, "put", happens=happens)
    with pytest.raises(Fault):
        draw(replace(notary_lab.notary, blocks=failing))
    with notary_lab.notary.ledger.begin() as work:
        work.anchors.save(final)
    notary_lab.anchor()
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


def test_waiting_doubles_up_to_its_bound_and_never_for_all_at_once() -> None:
    """Half to half more of twice the time before."""
    for tries, seconds in ((0, 5.0), (1, 10.0), (3, 40.0), (60, 600.0)):
        waits = {backoff(tries, 5, 600, bytes([seed])).total_seconds() for seed in range(50)}
        assert len(waits) == 50
        assert seconds / 2 <= min(waits) < seconds < max(waits) <= seconds * 1.5
