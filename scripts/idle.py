"""What a worker costs that has nothing to do: processor time in percent of the clock's, at most 3.

One `notary worker` on anvil, with a block a second and a look at what waits every second. It
anchors one batch first; what is measured begins once that is final.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from tests.end_to_end.workers import on_anvil, until
from tests.parts import running_anvil
from tests.ports.databases import running_postgres

PROMISED = 3.0
"""Percent of one processor."""


def main() -> None:
    """Measure on both databases, and print a table and one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=60)
    seconds = options.parse_args().seconds
    found = {"sqlite": _share("embedded", seconds)}
    with running_postgres() as url:
        found["postgresql"] = _share(url, seconds)
    for name, percent in found.items():
        print(f"{name:12}{percent:6.1f} %")
    kept = max(found.values()) < PROMISED
    print(json.dumps({"seconds": seconds, **found, "promised": PROMISED, "kept": kept}))


def _share(database: str, seconds: int) -> float:
    with tempfile.TemporaryDirectory() as name, running_anvil(Path(name) / "anvil") as node:
        folder = Path(name) / "lab"
        folder.mkdir()
        with on_anvil(node, folder, database) as site:
            site.start()
            site.lab.logged(site.lab.institutions[0], "Ada")
            until(site.is_final, "it is final")
            worker = site.workers[0].process.pid
            began, busy = time.monotonic(), _processor(worker)
            time.sleep(seconds)
            return round(100 * (_processor(worker) - busy) / (time.monotonic() - began), 2)


def _processor(pid: int) -> float:
    """Return the seconds of processor a process has had (proc(5): utime and stime, after the name in brackets)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
