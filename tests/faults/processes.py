"""Processes of the notary's: born at once, killed without mercy, and started again as a supervisor would."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

PROJECT = Path(__file__).resolve().parents[2]
_FAREWELL = 40.0


class Process:
    """A running process, held by a descriptor of its own: never another one of the same number."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def ended(self, seconds: float = 0.0) -> bool:
        """Say whether it has ended, or does within so many seconds."""
        return bool(select.select([self._handle], [], [], seconds)[0])

    def kill(self) -> None:
        """Kill -9; nothing where it has ended by itself."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def end(self) -> None:
        """Kill it, and let go of it."""
        self.kill()
        self.ended(_FAREWELL)
        os.close(self._handle)


class Nursery:
    """Where processes come from: one that has imported everything, and forks (`tests.faults.entry`)."""

    def __init__(self, environment: dict[str, str], faults: Path) -> None:
        self._environment, self._faults = environment, faults
        self._alone = threading.Lock()
        self._mother = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.entry"],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def start(self, words: Sequence[str], log: Path, faults: Path | None = None) -> Process:
        """Start `notary` with these words."""
        request = {
            "faults": str(faults or self._faults),
            "words": list(words),
            "environment": self._environment,
            "log": str(log),
        }
        assert self._mother.stdin is not None and self._mother.stdout is not None  # noqa: PT018  # both are pipes
        with self._alone:
            self._mother.stdin.write(json.dumps(request).encode() + b"\n")
            self._mother.stdin.flush()
            return Process(int(self._mother.stdout.readline()))

    def close(self) -> None:
        """End it; its children are on their own."""
        self._mother.communicate(timeout=_FAREWELL)


class Looked(Protocol):
    """What is looked after."""

    def look(self) -> None:
        """Start it again where it has died."""


class Supervised:
    """A process that is started again whenever it has died."""

    def __init__(self, nursery: Nursery, words: Sequence[str], log: Path) -> None:
        self._nursery, self._words, self._log = nursery, words, log
        self._alone = threading.Lock()
        self._process: Process | None = nursery.start(words, log)

    @property
    def pid(self) -> int:
        """The process's number; 0 once it was ended for good."""
        return self._process.pid if self._process else 0

    def kill(self) -> None:
        """Kill -9, unless it is being started again just now."""
        with self._alone:
            if self._process is not None:
                self._process.kill()

    def look(self) -> None:
        """Start it again where it has died."""
        with self._alone:
            if self._process is not None and self._process.ended():
                self._process.end()
                self._process = self._nursery.start(self._words, self._log)

    def end(self) -> None:
        """End it for good."""
        with self._alone:
            if self._process is not None:
                self._process.end()
                self._process = None


@contextmanager
def supervised(processes: Sequence[Looked]) -> Iterator[None]:
    """Look after processes while the block runs."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            for process in processes:
                process.look()

    thread = threading.Thread(target=look, name="supervisor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
