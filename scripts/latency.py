"""From a block to *confirmed*: how long our own part takes, and how long the rest.

A `notary worker` anchors rounds on anvil with a block a second. Another process
asks the node every four milliseconds for its newest block, and the ledger for the
anchor's state; the clock is this machine's for both.

signed      from the batch's signature in the log to the broadcast: the tick, the queue, drawing and pinning
block       from there to the block: the chain's part
confirmed   from when the node shows the block to *confirmed*, durable in the ledger: ours, at most 50 ms
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

from anchoring.rpc import Node
from api.wiring import LEDGER
from notary.core.errors import OperatorError
from tests.end_to_end.workers import Site, on_anvil, until
from tests.parts import running_anvil

PROMISED = 50.0
_ASK = 0.004


class Blocks:
    """When each block was first seen."""

    def __init__(self, url: str) -> None:
        self._node = Node(url, timeout=5)
        self._stopped = threading.Event()
        self.seen: dict[int, float] = {}
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stopped.wait(_ASK):
            with suppress(OperatorError):  # a connection that is closed while it idles
                self.seen.setdefault(int(str(self._node.ask("eth_blockNumber")), 16), time.monotonic())

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        self._thread.join()


def main() -> None:
    """Measure, and print a table and one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=20)
    rounds = options.parse_args().rounds
    with tempfile.TemporaryDirectory() as name, running_anvil(Path(name) / "anvil") as node:
        folder = Path(name) / "lab"
        folder.mkdir()
        with on_anvil(node, folder) as site:
            site.start()
            blocks = Blocks(node.url)
            found = [_round(site, blocks, at) for at in range(rounds)]
            blocks.stop()
    print(f"{'':12}{'median':>10}{'90 %':>10}{'most':>10}")
    summary: dict[str, dict[str, float]] = {}
    for at, part in enumerate(("signed", "block", "confirmed")):
        values = sorted(1000 * each[at] for each in found)
        shown = (statistics.median(values), values[int(0.9 * (len(values) - 1))], values[-1])
        summary[part] = dict(zip(("median_ms", "p90_ms", "max_ms"), (round(one, 1) for one in shown), strict=True))
        print(f"{part:12}" + "".join(f"{one:8.1f}ms" for one in shown))
    kept = summary["confirmed"]["median_ms"] <= PROMISED
    print(json.dumps({"rounds": rounds, **summary, "promised_ms": PROMISED, "kept": kept}))


def _round(site: Site, blocks: Blocks, at: int) -> tuple[float, float, float]:
    """Return the seconds to the broadcast, to the block and to *confirmed*."""
    with closing(sqlite3.connect(site.lab.settings.data / LEDGER)) as ledger:  # directly: little beside the worker
        site.lab.logged(site.lab.institutions[at % 3], f"learner {at}")
        signed = time.monotonic()
        submitted = signed + until(lambda: _block_of(ledger, at + 1) is not None, "it is submitted", pause=_ASK)
        until(lambda: bool(_block_of(ledger, at + 1)), "it is confirmed", pause=_ASK)
        confirmed = time.monotonic()
        block = blocks.seen[_block_of(ledger, at + 1) or 0]
        until(site.is_final, "it is final")
    return submitted - signed, block - submitted, confirmed - block


def _block_of(ledger: sqlite3.Connection, manifest: int) -> int | None:
    """Return the block of an anchor, 0 while it waits for one; None where it is not submitted."""
    row = ledger.execute("SELECT coalesce(block, 0) FROM anchor WHERE manifest = ?", (manifest,)).fetchone()
    return None if row is None else int(row[0])


if __name__ == "__main__":
    main()
