"""Anchoring a log: draw a manifest, and carry it on every chain until it is final there.

`advance` does all of it, one step after another; workers call the parts. Each
step is durable before the next and safe to run again.
"""

from __future__ import annotations

from notary.ports.ledger import ManifestNumber
from notary.service.log.cosigning import cosign
from notary.service.notary import Notary
from notary.service.rounds.carrying import carry
from notary.service.rounds.drawing import draw
from notary.service.rounds.standing import Round, held, rounds, unfinished


def advance(notary: Notary) -> tuple[Round, ...]:
    """Take everything as far as it goes without waiting; return the rounds that are not final, or just became so.

    A chain that is down delays its own anchors alone: its rounds say why.
    OperatorError where ledger or block store fail, after all else that could be done.
    """
    waiting = unfinished(notary)
    touched = {number for number, _ in waiting}
    _carry_all(notary, waiting)
    drawn = draw(notary)
    cosign(notary)
    if drawn is not None:
        touched.add(drawn.number)
        _carry_all(notary, tuple(each for each in unfinished(notary) if each[0] == drawn.number))
    return tuple(found for found in rounds(notary) if found.manifest.number in touched)


def _carry_all(notary: Notary, waiting: tuple[tuple[ManifestNumber, str], ...]) -> None:
    """Carry in order; what comes after on a chain that just proved to be down waits for its next turn."""
    down: set[str] = set()
    for number, chain in waiting:
        if chain in down:
            continue
        carry(notary, number, chain)
        down |= {row.chain for row in held(notary)} & {chain}
