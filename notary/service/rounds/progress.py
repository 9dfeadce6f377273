"""How far things are, in the words of docs/life.md, and what is to be done next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from notary.ports.ledger import AnchorState, BatchRow, BatchState, HeldRow
from notary.service.notary import Notary
from notary.service.rounds.drawing import read_manifest
from notary.service.rounds.standing import Round, rounds


class Stage(StrEnum):
    """How far a credential or a batch is, in order."""

    OPEN = "open"
    SEALED = "sealed"
    LOGGED = "logged"
    PINNED = "pinned"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch's state, the next step for a person (None: it goes on by itself or is done), and when it may be final.

    `held`: the chains on which its anchor stands still, each with its reason.
    """

    batch: BatchRow
    state: Stage
    next_step: str | None
    expected: datetime | None
    held: tuple[HeldRow, ...] = ()


def progress(notary: Notary, institution: str | None = None) -> tuple[Progress, ...]:
    """Return every batch's progress, of one institution or all, by number."""
    known = rounds(notary)
    with notary.ledger.read() as work:
        batches = work.batches.all(institution)
    return tuple(_progress(notary, batch, known) for batch in batches)


def progress_of(notary: Notary, batch: BatchRow) -> Progress:
    """Return one batch's progress."""
    return _progress(notary, batch, rounds(notary))


def waiting(notary: Notary) -> dict[str, int]:
    """Return how many credentials wait for a batch, by institution."""
    with notary.ledger.read() as work:
        return work.credentials.waiting()


def _progress(notary: Notary, batch: BatchRow, known: tuple[Round, ...]) -> Progress:
    entry = batch.entry
    if batch.state is BatchState.SEALED or entry is None:
        return Progress(batch, Stage.SEALED, f"notary sign {batch.id}", None)
    judging = next((found for found in known if read_manifest(found.manifest).judges(entry)), None)
    if judging is not None and any(anchor.state is AnchorState.FINAL for anchor in judging.anchors):
        return Progress(batch, Stage.FINAL, None, None)  # also where a total loss left its tree unpinned
    if judging is None or not judging.manifest.pinned:
        return Progress(batch, Stage.LOGGED, "notary anchor", None)
    if not judging.anchors:
        return Progress(batch, Stage.PINNED, "notary anchor", None, judging.held)
    first = min(judging.anchors, key=lambda anchor: (anchor.state is not AnchorState.CONFIRMED, anchor.submitted))
    wait = next((site.chain.typical_wait for site in notary.sites if site.chain.id == first.chain), None)
    expected = None if wait is None else first.submitted + timedelta(seconds=wait)
    return Progress(batch, Stage(first.state.value), None, expected, judging.held)
