"""`notary worker`: carries what is signed to its end, beside `notary serve --no-worker` or alone."""

from __future__ import annotations

import logging
import signal
import threading

from api.cli.spoken import Said, command
from api.settings import Settings

_log = logging.getLogger(__name__)


@command("worker", example="notary worker")
def worker(settings: Settings) -> Said:
    """Anchor what is signed, and do what comes round, until stopped. Any number of workers share one ledger.

    A worker that dies has its work taken over by another within seconds, or by the next one that is started.
    """
    from api.http.logs import log_as_json
    from api.wiring import open_notary, running_worker

    log_as_json()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with open_notary(settings) as notary, running_worker(settings, notary):
        _log.info("working", extra={"fields": {"anchor_every": settings.anchor_every}})
        stopped.wait()
    return Said(["Stopped; everything is kept."], {"stopped": True}, "notary worker")
