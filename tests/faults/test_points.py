"""Boundaries: a fault is acted out once, at its place, and a unit of work that failed has left nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notary.ports.ledger import ManifestNumber, ManifestRow
from tests.faults.points import AFTER, BEFORE, FAIL, PAUSE, Blocks, Fault, Faults, Injected, Ledger, Part
from tests.ports.ledger_lab import digest


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    return Faults(tmp_path / "faults")


class Store:
    def __init__(self) -> None:
        self.kept: list[str] = []

    def put(self, _: Any, *, pins: Any) -> None:
        self.kept += pins


class Table:
    """A ledger of one table, which is what was saved in units of work that ended."""

    def __init__(self) -> None:
        self.rows: list[Any] = []

    @contextmanager
    def begin(self) -> Iterator[Any]:
        before = list(self.rows)
        work = type("Work", (), {"anchors": self, "credentials": self, "log": self})()
        try:
            yield work
        except BaseException:
            self.rows = before
            raise

    def save_manifest(self, row: Any) -> None:
        self.rows.append(row)


def _row(*, pinned: bool) -> ManifestRow:
    return ManifestRow(ManifestNumber(1), digest("a manifest"), b"{}", "checkpoint", 1, pinned)


@pytest.mark.parametrize("moment, kept", [(BEFORE, []), (AFTER, ["tree", "preimage"])])
def test_a_write_fails_or_fails_and_happened_once(faults: Faults, moment: str, kept: list[str]) -> None:
    """The second time it goes through."""
    store = Store()
    wrapped = Blocks(store, faults)
    faults.arm(Fault("pin", moment, FAIL))
    with pytest.raises(Injected, match=f"{moment} pin"):
        wrapped.put([], pins=["tree", "preimage"])
    assert (store.kept, faults.happened) == (kept, True)
    wrapped.put([], pins=["tree", "preimage"])
    assert len(store.kept) == len(kept) + 2


def test_an_archive_is_another_boundary_than_a_tree(faults: Faults) -> None:
    """One root alone is an archive's."""
    faults.arm(Fault("archive", BEFORE, FAIL))
    wrapped = Blocks(Store(), faults)
    wrapped.put([], pins=["tree", "preimage"])
    with pytest.raises(Injected):
        wrapped.put([], pins=["archive"])


@pytest.mark.parametrize("moment, rows", [(BEFORE, 0), (AFTER, 1)])
def test_a_unit_of_work_is_named_by_what_it_writes(faults: Faults, moment: str, rows: int) -> None:
    """Before: written and undone. After: done, and not known to be."""
    table = Table()
    ledger = Ledger(table, faults)
    faults.arm(Fault("drawn", moment, FAIL))
    with pytest.raises(Injected), ledger.begin() as work:
        work.anchors.save_manifest(_row(pinned=False))
    assert len(table.rows) == rows
    faults.arm(Fault("pinned", moment, FAIL))
    with ledger.begin() as work:
        work.anchors.save_manifest(_row(pinned=False))
    assert not faults.happened


def test_what_is_paused_goes_on_when_it_is_told_to(faults: Faults) -> None:
    """Meanwhile it stands still, and the laboratory knows."""
    done: list[int] = []
    wrapped = Part(type("Wallet", (), {"sign": staticmethod(lambda: done.append(1))}), faults, {"sign": "sign"})
    faults.arm(Fault("sign", BEFORE, PAUSE))
    thread = threading.Thread(target=wrapped.sign)
    thread.start()
    while not faults.paused:
        assert thread.is_alive()
    assert done == []
    faults.disarm()
    thread.join(10)
    assert done == [1]


def test_the_clock_of_all_processes_is_moved(faults: Faults) -> None:
    """An hour back, and right again."""
    faults.set_clock(-3600)
    assert timedelta(minutes=59) < datetime.now(UTC) - faults.now() < timedelta(minutes=61)
    faults.set_clock(0)
    assert abs(datetime.now(UTC) - faults.now()) < timedelta(seconds=5)
