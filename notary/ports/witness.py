"""Witnesses of a log: one that is asked, and what one remembers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from notary.core.log import Checkpoint
from notary.core.note import VerifierKey


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What `add-checkpoint` answers: an HTTP status, and a body (c2sp.org/tlog-witness)."""

    status: int
    body: bytes
    media_type: str = "text/plain"


class Witness(Protocol):
    """A witness that may be asked to cosign."""

    @property
    def key(self) -> VerifierKey:
        """The key it cosigns with, of type cosignature/v1."""
        ...

    def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        """Submit a checkpoint with its consistency proof. Safe to repeat; OperatorError where it does not answer."""
        ...


class WitnessMemory(Protocol):
    """The newest checkpoint that a witness cosigned of each log. To lose it is to lose the key: see docs/monitor.md."""

    def advance(self, origin: str, to_next: Callable[[Checkpoint | None], Checkpoint]) -> Checkpoint:
        """Replace a log's checkpoint by what `to_next` makes of it, and return that: durable on return.

        One at a time for all processes, so that what `to_next` was shown is what it replaces. Where it
        raises, nothing changes.
        """
        ...

    def keep_evidence(self, origin: str, note: str) -> None:
        """Keep a checkpoint that the log signed and that cannot be true beside the one remembered: the newest of it."""
        ...
