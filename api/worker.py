"""Anchoring on an interval, in a thread of `notary serve`. An outage is kept for the status page and tried again."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notary.core.errors import NotaryError
from notary.service.anchoring import advance
from notary.service.notary import Notary
from notary.service.progress import Progress, Stage

_log = logging.getLogger(__name__)
_GRACE = 30.0
"""Seconds a round that is under way may take when the service is stopped; a step cut short is taken up again."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When the last round went through, and why the newest one did not (None: it did)."""

    last: datetime | None = None
    trouble: str | None = None


class Anchoring:
    """Takes everything as far as it goes, every `every` seconds."""

    def __init__(self, notary: Notary, every: float) -> None:
        self._notary = notary
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="anchoring", daemon=True)
        self.condition = Condition()

    def start(self) -> None:
        """Begin with a round at once."""
        self._thread.start()

    def stop(self) -> None:
        """Let the round under way end, and do no other."""
        self._stopped.set()
        self._thread.join(_GRACE)

    def expected(self, progress: Progress | None) -> datetime | None:
        """Return when a batch may be final; None where somebody has to act first, or it is."""
        if progress is None or progress.state not in (Stage.LOGGED, Stage.PINNED):
            return progress.expected if progress else None
        wait = max((site.chain.typical_wait for site in self._notary.sites), default=0)
        return self._notary.clock.now() + timedelta(seconds=self._every + wait)

    def round(self) -> None:
        """Do one round; never raises for what another round may mend."""
        try:
            advance(self._notary)
        except NotaryError as error:
            _log.warning("anchoring: %s", error)
            self.condition = replace(self.condition, trouble=str(error))
        except Exception:  # noqa: BLE001  # the thread must outlive a bug; it is logged whole
            _log.exception("anchoring failed for a reason nobody foresaw")
            self.condition = replace(self.condition, trouble="a reason nobody foresaw; the service's log has it")
        else:
            self.condition = Condition(last=self._notary.clock.now())

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.round()
            self._stopped.wait(self._every)
