"""What the desk's pages show, in their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.http.context import Context
from api.stages import STAGES
from notary.service.rounds.progress import Progress, Stage

_TONES: Final = {Stage.SEALED: ("warn", "bang", "to be signed"), Stage.FINAL: ("good", "tick", "final")}
_UNDER_WAY: Final = ("open", "clock", "under way")


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A batch in a list: how far it is, and when it may be final. `why`: what it waits for, or stands still for."""

    number: int
    size: int
    sealed: datetime
    tone: str
    icon: str
    word: str
    why: str
    expected: datetime | None
    stage: Stage


def batch_lines(here: Context, found: Sequence[Progress]) -> list[BatchLine]:
    """Put batches into a page's words, the newest first."""
    return [_line(here, each) for each in reversed(found)]


def _line(here: Context, found: Progress) -> BatchLine:
    tone, icon, word = _TONES.get(found.state, _UNDER_WAY)
    standing = [f"stands still on {here.chains.get(row.chain, row.chain)}: {row.reason}" for row in found.held]
    why = found.batch.held or ", but ".join([STAGES[found.state], *standing])
    return BatchLine(
        number=found.batch.id,
        size=found.batch.size,
        sealed=found.batch.sealed,
        tone=tone if not standing else "warn",
        icon=icon,
        word=word,
        why=why,
        expected=here.anchoring.expected(found),
        stage=found.state,
    )
