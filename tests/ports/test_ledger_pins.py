"""The port `Pins`: what is to be held where, in what order, and what a race leaves; the same in both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from notary.core.cid import Cid, Codec
from notary.core.errors import OperatorError
from notary.ports.ledger import PinRow, PinState, Queue, StoreRow
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import NOON

__all__ = ["database", "ledger", "postgres"]

A, B = "embedded", "/ip4/10.0.0.1/tcp/5001/http"
LATER = NOON + timedelta(minutes=1)


def cid(seed: int, codec: Codec = Codec.RAW) -> Cid:
    return Cid.of(b"%d" % seed, codec)


def test_a_root_that_is_wanted_waits_where_it_is_not_held(ledger: SqlLedger) -> None:
    """Both stores know it; only one has something to do."""
    with ledger.begin() as work:
        work.pins.want([cid(1), cid(2, Codec.DAG_PB)], [A, B], NOON, held=[A])
    with ledger.read() as work:
        assert (
            work.pins.roots(A, [PinState.HELD])
            == {cid(1), cid(2, Codec.DAG_PB)}
            == work.pins.roots(B, [PinState.QUEUED])
        )
        assert work.pins.due(A, LATER, 10) == ()
        assert [row.cid for row in work.pins.due(B, NOON, 10)] == [cid(1), cid(2, Codec.DAG_PB)]
        assert work.pins.due(B, NOON - timedelta(seconds=1), 10) == ()
        assert work.pins.get(B, cid(1)) == PinRow(B, cid(1), 1, PinState.QUEUED, NOON, NOON)
        assert work.pins.get(B, cid(9)) is None


def test_wanting_again_changes_nothing_but_what_is_held_now(ledger: SqlLedger) -> None:
    """A root that waits keeps its place and its tries; one that was put again is held."""
    with ledger.begin() as work:
        work.pins.want([cid(1)], [A, B], NOON)
        (row,) = work.pins.due(A, NOON, 1)
        work.pins.postpone(row, LATER, "no space")
        work.pins.want([cid(1)], [A, B], LATER, held=[B])
    with ledger.read() as work:
        assert work.pins.get(A, cid(1)) == replace(row, due=LATER, tries=1, trouble="no space")
        assert work.pins.get(B, cid(1)) == PinRow(B, cid(1), 1, PinState.HELD, LATER)
        assert work.pins.queue(A) == Queue(1, NOON, 1)
        assert work.pins.queue(B) == Queue(0, None, 0)


def test_what_failed_comes_last(ledger: SqlLedger) -> None:
    """Else one root that cannot be had would be tried for ever before all others."""
    with ledger.begin() as work:
        work.pins.want([cid(at) for at in range(4)], [A], NOON)
        first = work.pins.due(A, NOON, 1)[0]
        work.pins.postpone(first, NOON, "lost")
        assert [row.cid for row in work.pins.due(A, NOON, 3)] == [cid(1), cid(2), cid(3)]
        assert work.pins.due(A, NOON, 9)[-1].cid == first.cid


def test_a_root_that_left_is_known_no_more(ledger: SqlLedger) -> None:
    """In every store that has it, one that this notary uses no longer included."""
    with ledger.begin() as work:
        work.pins.want([cid(1)], [A, B], NOON, held=[A, B])
        work.pins.leave(cid(1), [A], LATER)
        leaving = [row for name in (A, B) for row in work.pins.due(name, LATER, 9)]
        assert [(row.store, row.state) for row in leaving] == [(A, PinState.LEAVING), (B, PinState.LEAVING)]
        for row in leaving:
            work.pins.done(row, LATER)
        assert work.pins.get(A, cid(1)) is work.pins.get(B, cid(1)) is None
        work.pins.done(leaving[0], LATER)  # twice is once


def test_what_is_wanted_again_while_it_leaves_stays(ledger: SqlLedger) -> None:
    """The worker that was about to let it go does not take the new wish along."""
    with ledger.begin() as work:
        work.pins.leave(cid(1), [A], NOON)
        (leaving,) = work.pins.due(A, NOON, 9)
        work.pins.want([cid(1)], [A], LATER)
        work.pins.done(leaving, LATER)
        work.pins.postpone(leaving, LATER + timedelta(days=1), "off")
        found = work.pins.get(A, cid(1))
    assert found is not None
    assert (found.state, found.due, found.tries) == (PinState.QUEUED, LATER, 0)


def test_what_left_while_it_was_being_pinned_leaves_again(ledger: SqlLedger) -> None:
    """Whether it is still leaving, or gone already: nothing stays pinned that nobody knows of."""
    with ledger.begin() as work:
        work.pins.want([cid(1), cid(2)], [A], NOON)
        one, two = work.pins.due(A, NOON, 9)
        for row in (one, two):
            work.pins.leave(row.cid, [A], NOON)
        work.pins.done(work.pins.due(A, NOON, 9)[1], NOON)
        for row in (one, two):
            work.pins.done(row, LATER)
        assert {row.cid for row in work.pins.due(A, LATER, 9) if row.state is PinState.LEAVING} == {cid(1), cid(2)}


def test_only_what_was_held_is_queued_again(ledger: SqlLedger) -> None:
    """In its old place, so that trees come in order; done, it is held as before."""
    with ledger.begin() as work:
        work.pins.want([cid(1), cid(2)], [A], NOON, held=[A])
        work.pins.leave(cid(2), [A], NOON)
        work.pins.again(A, [cid(1), cid(2), cid(3)], LATER, whole=True)
        leaving, queued = work.pins.due(A, LATER, 9)[::-1]
        assert (queued.number, queued.state, queued.since, queued.whole) == (1, PinState.QUEUED, LATER, True)
        assert leaving.state is PinState.LEAVING
        work.pins.done(queued, LATER)
        assert work.pins.get(A, cid(1)) == PinRow(A, cid(1), 1, PinState.HELD, LATER)


def test_how_a_store_does_is_kept(ledger: SqlLedger) -> None:
    """One that nothing is known of does well; then the newest word counts."""
    row = StoreRow(A, 3, LATER, "the node is off", NOON, 320, 2, 1)
    with ledger.begin() as work:
        assert work.pins.store(A) == StoreRow(A)
        work.pins.save_store(replace(row, failures=2))
        work.pins.save_store(row)
    with ledger.read() as work:
        assert work.pins.store(A) == row


def test_a_reading_unit_of_work_queues_nothing(ledger: SqlLedger) -> None:
    """It only reads."""
    with pytest.raises(OperatorError), ledger.read() as work:
        work.pins.want([cid(1)], [A], NOON)
