"""How the notary does, in numbers that anyone may see: no institution, learner or credential is named."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from notary.service.notary import Notary
from notary.service.rounds.advancing import Round, rounds
from notary.service.rounds.progress import Stage, progress, waiting

NEWEST = 10
"""Rounds of anchoring that are shown."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Credentials that wait for a batch, batches by stage, the size of the log, and the newest rounds, newest first."""

    waiting: int
    batches: Counter[Stage]
    log_size: int
    rounds: tuple[Round, ...]


def overview(notary: Notary) -> Overview:
    """Return how the notary does now."""
    with notary.ledger.read() as work:
        size = work.log.size()
    return Overview(
        waiting=sum(waiting(notary).values()),
        batches=Counter(found.state for found in progress(notary)),
        log_size=size,
        rounds=tuple(reversed(rounds(notary)[-NEWEST:])),
    )
