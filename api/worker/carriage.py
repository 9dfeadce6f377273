"""Carrying everything on one chain to its end: when to look again.

`carry` does the work and is safe to run at any moment; what is decided here is
the moment. A transaction that waits for a block is looked for as soon as there is
a new block, so that little time passes between a block and *confirmed*; finality
is far away and can be asked for in peace.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from notary.core.errors import NotaryError
from notary.ports.ledger import AnchorRow, AnchorState, ManifestNumber
from notary.service.notary import Notary
from notary.service.rounds.carrying import carry
from notary.service.rounds.reach import unfinished_on
from notary.service.rounds.standing import held

LONGEST = 1.0
"""Seconds after which a new manifest is noticed at the latest."""
_BLOCK = (0.01, 1 / 100, LONGEST)
"""Between two questions for a new block: a hundredth of what the transaction has waited for, within these."""
_FINAL = (0.2, 1 / 20, 30.0)
"""Between two questions whether a block is final: a twentieth of what the anchor has waited for, within these."""
_UNSEEN = 30.0
"""Seconds after which a transaction is looked at without a new block: it may have to be offered more."""
_HELD = (1.0, 30.0)
"""Seconds until a chain that stands still is tried again; each time twice as long."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Look:
    """An anchor as it was last seen, since when, and when it is to be looked at again; in the process's own seconds."""

    state: AnchorState | None
    since: float
    due: float


class Carriage:
    """One chain. Whoever takes it over begins with a new one: all that counts is in the ledger."""

    def __init__(self, notary: Notary, chain: str) -> None:
        self._notary, self._site = notary, notary.site(chain)
        self._looks: dict[ManifestNumber, _Look] = {}
        self._head = -1
        self._pause = 0.0

    def step(self) -> float | None:
        """Carry what is due now; return the seconds until something is again, None once all is final."""
        with self._notary.ledger.read() as work:
            numbers = unfinished_on(work, self._site)
        self._looks = {number: look for number, look in self._looks.items() if number in numbers}
        if not numbers:
            return None
        now = time.monotonic()
        a_block = self._new_block(numbers)
        for number in numbers:
            look = self._looks.get(number)
            if look is None or look.due <= now or (a_block and look.state is not AnchorState.CONFIRMED):
                row = carry(self._notary, number, self._site.chain.id)
                if any(standing.chain == self._site.chain.id for standing in held(self._notary)):
                    return self._stands_still()
                self._note(number, row, now)
        self._pause = 0.0
        return self._wait(time.monotonic())

    def _new_block(self, numbers: tuple[ManifestNumber, ...]) -> bool:
        """Say whether the chain has gone on since this was last asked; asked only while a transaction waits for it."""
        states = [look.state if (look := self._looks.get(number)) else None for number in numbers]
        if all(state is AnchorState.CONFIRMED for state in states):
            return False
        before = self._head
        try:
            self._head = self._site.chain.latest()
        except NotaryError:
            return True  # carrying keeps the reason
        return self._head != before  # a lower one too: a reorganisation

    def _note(self, number: ManifestNumber, row: AnchorRow | None, now: float) -> None:
        state = row.state if row else None
        look = self._looks.get(number)
        if look is None or look.state is not state:
            look = self._looks[number] = _Look(state, now, now)
            if row is not None:
                fields = {"manifest": number, "chain": row.chain, "state": row.state.value, "block": row.block}
                _log.info("anchor", extra={"fields": fields})
        look.due = now + (_within(_FINAL, now - look.since) if state is AnchorState.CONFIRMED else _UNSEEN)

    def _wait(self, now: float) -> float:
        open_ones = [look for look in self._looks.values() if look.state is not AnchorState.FINAL]
        if not open_ones:
            return 0.0  # there may be a new manifest by now
        waits = [LONGEST, *(look.due - now for look in open_ones)]
        waits += [_within(_BLOCK, now - look.since) for look in open_ones if look.state is not AnchorState.CONFIRMED]
        return max(0.0, min(waits))

    def _stands_still(self) -> float:
        shortest, longest = _HELD
        self._pause = min(max(2 * self._pause, shortest), longest)
        self._looks.clear()
        return self._pause


def _within(bounds: tuple[float, float, float], waited: float) -> float:
    shortest, share, longest = bounds
    return min(max(share * waited, shortest), longest)
