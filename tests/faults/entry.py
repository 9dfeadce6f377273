"""The processes under test: the installed command with boundaries and a clock of the laboratory's.

python -m tests.faults.entry reads requests from its standard input, one a line,
and becomes a new process for each: {faults, words, environment, log}, where
`words` are `notary`'s own. It has imported everything before, so that a process
that was killed is there again at once, and answers with the new one's id.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from api import wiring
from api.command_line import main as notary
from api.worker import jobs
from tests.faults.points import Blocks, Faults, Ledger, Part

_HEAVY = (
    *("alembic.command", "notary.store.schema", "psycopg"),
    *("anchoring.evm", "anchoring.kubo", "anchoring.wallet"),
    *("api.http.app", "api.worker.engine", "api.worker.live", "api.worker.worker"),
)
OFTEN = 5
"""Seconds between two runs of a job that may come round once an hour: audits of pins among them."""


def main() -> None:
    """Fork for each request; the child is `notary` from then on."""
    import_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not kept: the laboratory watches them by itself
    for line in sys.stdin.buffer:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            become(request)
            return
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def become(request: Any) -> None:
    """Be a process of its own: streams, environment, signals, randomness; then run the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(request["environment"])
    random.seed()
    put_wrappers(Faults(Path(request["faults"])))
    notary(request["words"], prog_name="notary")


def put_wrappers(faults: Faults) -> None:
    """Put boundaries and clock where parts are chosen."""
    ledger, store, chain = wiring.open_ledger, wiring.open_store, wiring.open_chain

    class Clock:
        def now(self) -> datetime:
            return faults.now()

    def open_chain(*args: Any, **options: Any) -> Any:
        reading, wallet = chain(*args, **options)
        return reading, Part(wallet, faults, {"sign": "sign", "broadcast": "broadcast"})

    def open_store(*args: Any, **options: Any) -> Any:
        opened = store(*args, **options)
        return replace(opened, blocks=Blocks(opened.blocks, faults))

    root: Any = wiring
    root.open_ledger = lambda *args, **options: Ledger(ledger(*args, **options), faults)
    root.open_store, root.open_chain, root.SystemClock = open_store, open_chain, Clock
    jobs.JOBS = tuple(replace(job, every=min(job.every, OFTEN)) for job in jobs.JOBS)


def import_all() -> None:
    """Import what the commands import when they run."""
    for name in _HEAVY:
        import_module(name)


if __name__ == "__main__":
    main()
