"""Anchoring on an interval, in a thread of `notary serve`. An outage is kept for the status page and tried again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from api.records import beat
from notary.core.errors import NotaryError
from notary.service.anchoring import advance
from notary.service.notary import Notary
from notary.service.progress import Progress, Stage

_log = logging.getLogger(__name__)
_GRACE = 30.0
"""Seconds a round that is under way may take when the service is stopped; a step cut short is taken up again."""
_STALLED = 300.0
"""Seconds beyond three intervals after which a worker without an ended round counts as stuck."""


@dataclass(frozen=True, slots=True)
class Condition:
    """When the last round went through, and what stands in the way of the newest (None: nothing)."""

    last: datetime | None = None
    trouble: str | None = None


class Anchoring:
    """Takes everything as far as it goes, every `every` seconds."""

    def __init__(self, notary: Notary, every: float, data: Path | None = None) -> None:
        """`data`: the folder where each round's end is noted, for `notary doctor`."""
        self._notary = notary
        self._every = every
        self._data = data
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="anchoring", daemon=True)
        self.condition = Condition()
        self.beat: datetime | None = None
        self.balances: Mapping[str, int] = {}

    @property
    def beats(self) -> bool:
        """Whether a round has ended lately, well or not: a node may stall one, and then the next."""
        if self.beat is None:
            return False
        return self._notary.clock.now() - self.beat < patience(self._every)

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
            found = advance(self._notary)
        except NotaryError as error:
            _log.warning("anchoring: %s", error)
            self.condition = replace(self.condition, trouble=str(error))
        except Exception:  # noqa: BLE001  # the thread must outlive a bug; it is logged whole
            _log.exception("anchoring failed for a reason nobody foresaw")
            self.condition = replace(self.condition, trouble="a reason nobody foresaw; the service's log has it")
        else:
            held = {row.chain: row.reason for each in found for row in each.held}
            trouble = "; ".join(f"{chain} is held: {reason}" for chain, reason in held.items()) or None
            if trouble:
                _log.warning("anchoring: %s", trouble)
            self.condition = Condition(last=self._notary.clock.now(), trouble=trouble)
        self.beat = self._notary.clock.now()
        try:
            self.balances = dict(self._balances())
            if self._data is not None:
                beat(self._data)
        except Exception:  # noqa: BLE001  # a full disk or a bug here must not end the thread either
            _log.exception("the worker's beat or the wallets' balances could not be noted")

    def _balances(self) -> Iterator[tuple[str, int]]:
        for site in self._notary.sites:
            with suppress(NotaryError):
                yield site.chain.id, site.wallet.balance()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.round()
            self._stopped.wait(self._every)


def patience(every: float) -> timedelta:
    """Return the age of a worker's beat beyond which it counts as stuck."""
    return timedelta(seconds=3 * every + _STALLED)
