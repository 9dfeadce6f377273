"""Real workers: a notary founded on anvil, and `notary worker` processes that a test starts and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from anchoring.dev_faucet import fund
from api.demo.institutions import PROFILES
from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import ChainSetting, Settings
from api.wiring import make_keys, open_notary
from notary.core.verdict import Result
from notary.ports.ledger import AnchorRow, AttemptRow, BatchRow
from tests.parts import EvmNode
from tests.service.lab import _PASSPHRASE, SINCE, Lab, _institutions

PATIENCE = 60.0
DEPTH = 4
"""Blocks on top of a final one: a few seconds in which a test can kill whoever waits for it."""


@dataclass
class Process:
    """One `notary worker`, with its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """End it as an operator would; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)

    def lines(self) -> list[dict[str, Any]]:
        """Return what it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def has_in_hand(self, manifest: int) -> bool:
        """Say whether it was this worker that carried a manifest."""
        return any(line["message"] == "anchor" and line["manifest"] == manifest for line in self.lines())


@dataclass
class Site:
    """A founded notary on a real chain, and its workers."""

    folder: Path
    lab: Lab
    every: int = 1
    workers: list[Process] = field(default_factory=list)

    def start(self, count: int = 1) -> None:
        """Start workers, and wait until each says that it works."""
        for _ in range(count):
            log = self.folder / f"worker-{len(self.workers)}.log"
            command = [sys.executable, "-c", "from api.command_line import main; main()", "worker"]
            environment = {
                **{name: text for name, text in os.environ.items() if not name.startswith("NOTARY_")},
                "NOTARY_DATA": str(self.lab.settings.data),
                "NOTARY_ANCHOR_EVERY": str(self.every),
            }
            with log.open("wb") as err:
                process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=err)
            self.workers.append(Process(process, log))
        until(lambda: all(b'"working"' in worker.log.read_bytes() for worker in self.workers), "the workers start")

    def rows(self) -> tuple[AnchorRow, ...]:
        with self.lab.notary.ledger.read() as work:
            return work.anchors.anchors()

    def attempts(self) -> tuple[AttemptRow, ...]:
        """Return every anchor transaction that was ever signed."""
        site = self.lab.notary.sites[0]
        with self.lab.notary.ledger.read() as work:
            every = work.attempts.since(site.chain.id, site.wallet.address, 0)
        return tuple(row for row in every if row.manifest is not None)

    def is_final(self) -> bool:
        """Say whether everything logged is final."""
        with self.lab.notary.ledger.read() as work:
            newest = work.anchors.newest()
            open_ones = work.anchors.unfinished(self.lab.notary.sites[0].chain.id)
            return newest is not None and newest.tree_size == work.log.size() and not open_ones

    def check(self, *batches: BatchRow) -> None:
        """Check, by the chain itself, that every manifest is there once and every receipt verifies."""
        until(self.is_final, "all is final")
        site = self.lab.notary.sites[0]
        times = Counter(bytes(seen.root) for seen in site.chain.sightings(site.contract))
        assert times == Counter(bytes(row.root) for row in self.rows())
        for batch in batches:
            assert set(self.lab.verdicts(batch)) == {Result.VERIFIED}

    def end(self) -> None:
        """Kill what still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()


@contextmanager
def on_anvil(node: EvmNode, folder: Path, database: str = "embedded") -> Iterator[Site]:
    """Found a notary of three institutions on a chain with a block a second; end its workers with the block."""
    for profile in PROFILES:
        KeyFile.create(folder / f"{profile.folder}.pem", _PASSPHRASE)
    data = folder / "notary"
    data.mkdir()
    (data / "chains.toml").write_text(f'["{node.chain}"]\nfinality = "depth:{DEPTH}"\nwait = {DEPTH + 1}\n')
    fund(node.url, make_keys(data).wallet.address)
    settings = replace(Settings.load(data, {}), name="anvil", origin="anvil.example/log", database=database)
    records = [institution.record(SINCE) for institution in _institutions(folder)]
    found_notary(replace(settings, chains=(ChainSetting(node.url),)), records)
    settings = Settings.load(data, {})
    with open_notary(settings) as notary:
        site = Site(folder, Lab(settings, notary, _institutions(folder)))
        try:
            yield site
        finally:
            site.end()


def until(happened: Callable[[], bool], what: str, patience: float = PATIENCE, *, pause: float = 0.05) -> float:
    """Wait for something; return the seconds it took."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > patience:
            raise AssertionError(f"waited {patience:.0f} s until {what}")
        time.sleep(pause)
    return time.monotonic() - began
