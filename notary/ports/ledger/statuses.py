"""Statuses: what is marked to change and why, and the chunks of every status statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from notary.core.digest import Digest, LeafIndex
from notary.core.status import Status
from notary.ports.ledger.batches import BatchId
from notary.ports.ledger.credentials import CredentialId

MarkNumber = NewType("MarkNumber", int)
"""Number of a mark in this ledger, from 1, in the order in which they were made."""


class Reason(StrEnum):
    """Why a status changed: the closed table that ledger and learner's page share. More is said privately."""

    UNDER_REVIEW = "under-review"
    DISPUTED = "disputed"
    CLEARED = "cleared"
    SUSPENDED_IN_ERROR = "suspended-in-error"
    ISSUED_IN_ERROR = "issued-in-error"
    REQUIREMENTS_NOT_MET = "requirements-not-met"
    MISCONDUCT = "misconduct"
    HOLDER_ASKED = "holder-asked"
    CORRECTION = "correction"
    NAME_CHANGE = "name-change"
    UPGRADE = "upgrade"


REASONS: Mapping[Status, tuple[Reason, ...]] = {
    Status.VALID: (Reason.CLEARED, Reason.SUSPENDED_IN_ERROR),
    Status.SUSPENDED: (Reason.UNDER_REVIEW, Reason.DISPUTED),
    Status.REVOKED: (
        Reason.ISSUED_IN_ERROR,
        Reason.REQUIREMENTS_NOT_MET,
        Reason.MISCONDUCT,
        Reason.HOLDER_ASKED,
    ),
    Status.REPLACED: (Reason.CORRECTION, Reason.NAME_CHANGE, Reason.UPGRADE),
}
"""Which reasons lead to which status."""


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A credential's status to be: by which member it was marked, when and why; `note` is private.

    `replacement`: the credential that takes its place; the mark waits until that one is final.
    `statement`: id of the status statement that says it in the log, or None while it is pending.
    """

    credential: CredentialId
    status: Status
    reason: Reason
    note: str | None
    member: str
    marked: datetime
    replacement: CredentialId | None = None
    statement: Digest | None = None


@dataclass(frozen=True, slots=True)
class PendingMark:
    """A mark that no statement says yet, of a credential that has a place in a batch, and whose credential it is."""

    number: MarkNumber
    mark: MarkRow
    batch: BatchId
    index: LeafIndex
    learner: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class WaitingMark:
    """Of a pending mark, what a statement says."""

    number: MarkNumber
    batch: BatchId
    index: LeafIndex
    status: Status
    replacement: CredentialId | None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a credential stands that was asked for as `asked`: itself, or another position of the same digest.

    `entry`: log index of its batch's statement, or None before that.
    """

    asked: CredentialId
    credential: CredentialId
    institution: str
    learner: str | None
    title: str | None
    batch: BatchId | None
    index: LeafIndex | None
    entry: LeafIndex | None


class Statuses(Protocol):
    """Marks, and the lists that were signed."""

    def positions(self, names: Sequence[CredentialId]) -> tuple[Position, ...]:
        """Return every position of these credentials' digests in their own institutions' batches.

        By the order asked, each with its own position first; one that is not there has none.
        """
        ...

    def mark(self, rows: Sequence[MarkRow]) -> None:
        """Add marks in bulk; a mark takes the place of the pending one its credential has."""
        ...

    def withdraw(self, names: Sequence[CredentialId]) -> None:
        """Drop the pending marks of these credentials; none is no error."""
        ...

    def pending(self, batch: BatchId | None = None) -> tuple[PendingMark, ...]:
        """Return the pending marks of one batch or all, by batch and index."""
        ...

    def waiting(self, batch: BatchId | None = None) -> tuple[WaitingMark, ...]:
        """Return the same marks, without whose credentials they are: not one of these is read."""
        ...

    def settle(self, marks: Sequence[MarkNumber], statement: Digest) -> None:
        """Note that a logged status statement says these marks."""
        ...

    def history(self, name: CredentialId) -> tuple[MarkRow, ...]:
        """Return a credential's marks, oldest first."""
        ...

    def forget(self, name: CredentialId) -> None:
        """Drop the notes of a credential's marks: what is personal goes with the credential."""
        ...

    def add_list(self, entry: LeafIndex, data: bytes) -> None:
        """Keep the chunks, joined, that the status statement at this log index commits."""
        ...

    def fall(self, entry: LeafIndex, statement: Digest) -> None:
        """Note that the status statement at a log index will not verify: its list counts no longer.

        What it said is marked again, except where a newer mark is pending.
        """
        ...

    def has_fallen(self, entry: LeafIndex) -> bool:
        """Say whether the status statement at a log index was found not to verify."""
        ...

    def list_of(self, entry: LeafIndex) -> bytes | None:
        """Return the chunks of the status statement at a log index; None where a total loss took them."""
        ...
