"""How far things are, in the words of DESIGN's life of a batch, and what is to be done next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from notary.ports.ledger import AnchorState, BatchRow, BatchState
from notary.service.anchoring import Round, read_manifest, rounds
from notary.service.notary import Notary


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch's state, the next step for a person (None: it goes on by itself or is done), and when it may be final."""

    batch: BatchRow
    state: str
    next_step: str | None
    expected: datetime | None


def progress(notary: Notary, institution: str | None = None) -> tuple[Progress, ...]:
    """Return every batch's progress, of one institution or all, by number."""
    known = rounds(notary)
    with notary.ledger.begin() as work:
        batches = work.batches.all(institution)
    return tuple(_progress(notary, batch, known) for batch in batches)


def progress_of(notary: Notary, batch: BatchRow) -> Progress:
    """Return one batch's progress."""
    return _progress(notary, batch, rounds(notary))


def waiting(notary: Notary) -> dict[str, int]:
    """Return how many credentials wait for a batch, by institution."""
    with notary.ledger.begin() as work:
        return work.credentials.waiting()


def _progress(notary: Notary, batch: BatchRow, known: tuple[Round, ...]) -> Progress:
    entry = batch.entry
    if batch.state is BatchState.SEALED or entry is None:
        return Progress(batch, "sealed", f"notary sign {batch.id}", None)
    judging = next((found for found in known if read_manifest(found.manifest).judges(entry)), None)
    if judging is None:
        return Progress(batch, "logged", "notary anchor", None)
    if not judging.manifest.pinned or not judging.anchors:
        return Progress(batch, "pinned" if judging.manifest.pinned else "logged", "notary anchor", None)
    if any(anchor.state is AnchorState.FINAL for anchor in judging.anchors):
        return Progress(batch, "final", None, None)
    first = min(judging.anchors, key=lambda anchor: (anchor.state is not AnchorState.CONFIRMED, anchor.submitted))
    expected = first.submitted + timedelta(seconds=notary.site(first.chain).chain.typical_wait)
    return Progress(batch, first.state.value, None, expected)
