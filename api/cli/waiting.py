"""Waiting for an anchor: the same step again until it is final, with a bar for people."""

from __future__ import annotations

import time

from api.cli.spoken import progress
from notary.ports.ledger import AnchorState
from notary.service.notary import Notary
from notary.service.rounds.advancing import advance
from notary.service.rounds.standing import Round, rounds

_PATIENCE = 4
"""Typical waits after which waiting ends; the anchor goes on without it."""
_LEAST = 60.0


def settle(notary: Notary) -> tuple[Round, ...]:
    """Advance what waits until all of it is final, or stands still until somebody acts, or takes far too long.

    A worker elsewhere may carry the same rounds: what it brought to its end counts as well.
    """
    typical = max(site.chain.typical_wait for site in notary.sites)
    patience = max(_LEAST, _PATIENCE * typical)
    began = time.monotonic()
    touched = advance(notary)
    pause = 0.1
    with progress(f"Waiting for the chain, usually {typical} s", typical) as show:
        while not all(map(_settled, touched)) and (waited := time.monotonic() - began) < patience:
            show(int(waited))
            time.sleep(pause)
            pause = min(2 * pause, 5.0, max(0.1, typical / 20))
            touched = _as_they_stand(notary, (*touched, *advance(notary)))
    return touched


def _as_they_stand(notary: Notary, touched: tuple[Round, ...]) -> tuple[Round, ...]:
    """Read rounds anew: one that a worker finished meanwhile is no longer among those that `advance` returns."""
    numbers = {each.manifest.number for each in touched}
    return tuple(each for each in rounds(notary) if each.manifest.number in numbers)


def _settled(found: Round) -> bool:
    """Say whether waiting changes nothing any more: final, or held on every other chain for the operator to act."""
    if found.final:
        return True
    standing = {row.chain for row in found.held if not row.outage}
    on_their_way = {row.chain for row in found.anchors if row.state is not AnchorState.FINAL}
    return bool(standing) and on_their_way <= standing
