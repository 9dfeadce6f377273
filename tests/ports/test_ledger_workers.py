"""The port `Ledger`, what workers need of it: who lives, what is unfinished, what the next round takes."""

from dataclasses import replace
from datetime import timedelta

from notary.core.digest import Digest, LeafIndex
from notary.ports.ledger import AnchorState, BatchState, HeldRow, ManifestNumber, WorkerRow
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import NOON, anchor, append, batch, entry, manifest

__all__ = ["database", "ledger", "postgres"]

_COINS = {"eip155:1": 10**30}
"""More than 64 bits."""


def test_a_workers_newest_beat_counts(ledger: SqlLedger) -> None:
    """Each has one row, the newest beat first; balances are whole numbers of any size."""
    one = WorkerRow("one", NOON, 10, NOON, "a reason", "why it waits", _COINS)
    two = WorkerRow("two", NOON + timedelta(seconds=1), 10)
    with ledger.begin() as work:
        work.workers.save(one)
        work.workers.save(two)
        work.workers.save(replace(one, beat=NOON + timedelta(seconds=2)))
    with ledger.read() as work:
        assert work.workers.all() == (replace(one, beat=NOON + timedelta(seconds=2)), two)


def test_a_worker_is_forgotten_by_its_age_or_its_name(ledger: SqlLedger) -> None:
    """Who was killed and never came back, and who said farewell."""
    with ledger.begin() as work:
        for at, name in enumerate(("old", "leaving", "staying")):
            work.workers.save(WorkerRow(name, NOON + timedelta(hours=at), 10))
        work.workers.forget(NOON + timedelta(minutes=1), "leaving")
    with ledger.read() as work:
        assert [row.name for row in work.workers.all()] == ["staying"]


def test_what_is_unfinished_on_a_chain(ledger: SqlLedger) -> None:
    """Every manifest that is not final there, whatever it is elsewhere; and the newest of all."""
    with ledger.begin() as work:
        assert work.anchors.newest() is None
        for number in (1, 2, 3):
            work.anchors.save_manifest(manifest(number))
        work.anchors.save(replace(anchor(1), state=AnchorState.FINAL))
        work.anchors.save(anchor(2))
    chain = anchor(1).chain
    with ledger.read() as work:
        assert work.anchors.unfinished(chain) == (2, 3)
        assert work.anchors.unfinished("eip155:404") == (1, 2, 3)
        assert work.anchors.unfinished("eip155:404", since=3) == (3,)
        assert work.anchors.unfinished(chain, since=3) == (2, 3)  # what was begun there is ended there
        assert work.anchors.newest() == manifest(3) == work.anchors.manifest(ManifestNumber(3))
        assert work.anchors.manifest(ManifestNumber(4)) is None


def test_the_newest_manifest_under_a_state(ledger: SqlLedger) -> None:
    """By the states that were in force at its anchors; one in no block is under none."""
    states = [Digest(bytes([at]) * 32) for at in range(3)]
    with ledger.begin() as work:
        for number, state in enumerate((states[0], states[1], None), 1):
            work.anchors.save_manifest(manifest(number))
            work.anchors.save(replace(anchor(number), registry=state))
    with ledger.read() as work:
        assert work.anchors.newest_under(states[:1]) == 1
        assert work.anchors.newest_under(states) == 2
        assert work.anchors.newest_under(states[2:]) is None
        assert work.anchors.newest_under([]) is None


def test_the_batches_of_a_round_are_found_by_their_entries(ledger: SqlLedger) -> None:
    """From an entry of the log on, in the log's order; with the time at which each joined it."""
    with ledger.begin() as work:
        for index in range(3):
            append(work, entry(index))
        for number, index in ((1, 2), (2, 0), (3, 1)):
            row = replace(batch(number, 5), state=BatchState.LOGGED, entry=LeafIndex(index), logged=NOON)
            work.batches.save(row)
        work.batches.save(batch(4, 5))
    with ledger.read() as work:
        found = work.batches.since(LeafIndex(1))
        assert [(row.id, row.logged) for row in found] == [(3, NOON), (1, NOON)]


def test_a_chain_is_held_by_an_outage_until_something_worse_is_found(ledger: SqlLedger) -> None:
    """The newest reason counts, and whether it may pass by itself; it is held since it first was."""
    with ledger.begin() as work:
        work.held.hold(HeldRow("eip155:1", "not reached", NOON, outage=True))
        work.held.hold(HeldRow("eip155:1", "no coins", NOON + timedelta(hours=1)))
    with ledger.read() as work:
        assert work.held.all() == (HeldRow("eip155:1", "no coins", NOON, outage=False),)
