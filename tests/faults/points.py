"""Named boundaries in a notary's process, where a fault can be made to happen: around every write to the outside.

The laboratory arms one fault as a small file; the process under test reads it at
each boundary and, of several processes, the first to get there takes it away and
acts it out. Product code knows nothing of this: `tests.faults.entry` puts these
wrappers between the ports and the use cases.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from notary.core.errors import OperatorError

KILL, FAIL, PAUSE = "kill", "fail", "pause"
BEFORE, AFTER = "before", "after"

COMMITS = ("accepted", "sealed", "logged", "drawn", "pinned", "submitted", "confirmed", "final")
"""Units of work, by what they make durable; before: written and not committed."""
CALLS = ("pin", "sign", "broadcast", "archive")
"""Calls of a store, a key and a node."""
ANCHORING = ("drawn", "pin", "pinned", "sign", "submitted", "broadcast", "confirmed", "archive", "final")
"""The boundaries of the anchoring process, in their order."""
_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to happen at a boundary: `before` it did anything, or `after` it did all."""

    point: str
    moment: str
    action: str


class Injected(OperatorError):
    """A fault on purpose, in the dress of one that ports raise."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"a fault on purpose: {fault.moment} {fault.point}")


class Faults:
    """The folder over which laboratory and processes talk."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._armed, self._taken = folder / "armed", folder / "taken"
        self._reached, self._go_on = folder / "reached", folder / "go-on"
        self._clock = folder / "clock"

    # -------------------------------------------------------- the laboratory's

    def arm(self, fault: Fault) -> None:
        """Let the first process that comes to this boundary act the fault out, once."""
        self.disarm()
        new = self._armed.with_suffix(".new")
        new.write_text(json.dumps(asdict(fault)))
        new.replace(self._armed)

    def disarm(self) -> None:
        """Take a fault back; what is paused goes on."""
        for path in (self._armed, self._taken, self._reached):
            path.unlink(missing_ok=True)
        self._go_on.touch()

    @property
    def happened(self) -> bool:
        """Whether a process has taken the fault."""
        return self._taken.exists()

    @property
    def paused(self) -> bool:
        """Whether a process stands still at its boundary."""
        return self._reached.exists()

    def set_clock(self, seconds: float) -> None:
        """Move every process's clock against this machine's, now."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._clock)

    # ----------------------------------------------------------- the process's

    def at(self, point: str, moment: str) -> None:
        """Come to a boundary."""
        try:
            fault = Fault(**json.loads(self._armed.read_text()))
            if (fault.point, fault.moment) != (point, moment):
                return
            self._go_on.unlink(missing_ok=True)
            self._armed.replace(self._taken)
        except FileNotFoundError:
            return  # nothing is armed, or another process was first
        if fault.action == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault.action == FAIL:
            raise Injected(fault)
        self._stand_still()

    def now(self) -> datetime:
        """The time as this process sees it."""
        try:
            shift = float(self._clock.read_text())
        except FileNotFoundError:
            shift = 0.0
        return datetime.now(UTC) + timedelta(seconds=shift)

    def _stand_still(self) -> None:
        self._reached.touch()
        deadline = time.monotonic() + _PAUSE_SECONDS
        while not self._go_on.exists() and time.monotonic() < deadline:
            time.sleep(0.01)


class Part:
    """A port with boundaries around some of its methods: by method, the boundary's name."""

    def __init__(self, part: Any, faults: Faults, points: dict[str, str]) -> None:
        self._part, self._faults, self._points = part, faults, points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        point = self._points.get(name)
        if point is None:
            return found

        def call(*args: Any, **options: Any) -> Any:
            self._faults.at(point, BEFORE)
            answer = found(*args, **options)
            self._faults.at(point, AFTER)
            return answer

        return call


class Blocks:
    """A block store: a manifest is put with its tree and preimage, which is one boundary, and an archive alone."""

    def __init__(self, part: Any, faults: Faults) -> None:
        self._part, self._faults = part, faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._part, name)

    def put(self, blocks: Any, *, pins: Any) -> None:
        roots = tuple(pins)
        point = "archive" if len(roots) == 1 else "pin"
        self._faults.at(point, BEFORE)
        self._part.put(blocks, pins=roots)
        self._faults.at(point, AFTER)


class Ledger:
    """A ledger whose writing units of work are boundaries, named by what is written in them."""

    def __init__(self, ledger: Any, faults: Faults) -> None:
        self._ledger, self._faults = ledger, faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    @contextmanager
    def begin(self) -> Iterator[Any]:
        names: dict[str, None] = {}
        with self._ledger.begin() as work:
            yield _Work(work, names)
            for name in names:
                self._faults.at(name, BEFORE)
        for name in names:
            self._faults.at(name, AFTER)


class _Work:
    """A unit of work that notes what is written."""

    def __init__(self, work: Any, names: dict[str, None]) -> None:
        self._work = work
        self.credentials = _Noting(work.credentials, names, {"add": "accepted", "place": "sealed"})
        self.log = _Noting(work.log, names, {"append": "logged"})
        self.anchors = _Noting(work.anchors, names, {"save_manifest": "", "save": ""})

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)


class _Noting:
    def __init__(self, table: Any, names: dict[str, None], methods: dict[str, str]) -> None:
        self._table, self._names, self._methods = table, names, methods

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._table, name)
        if name not in self._methods:
            return found

        def write(*args: Any, **options: Any) -> Any:
            self._names[self._methods[name] or _what(args[0])] = None
            return found(*args, **options)

        return write


def _what(row: Any) -> str:
    """Name what a manifest's or an anchor's row says."""
    if hasattr(row, "pinned"):
        return "pinned" if row.pinned else "drawn"
    return str(row.state.value)
