"""What a monitor reports: findings, each of one kind, and what it could not tell."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from notary.core.canonical import JSON

MOST = 1000
"""Findings kept one by one; a hostile log could make any number, and whoever reads them needs no more."""


class Kind(StrEnum):
    """What is wrong."""

    FOREIGN = "foreign"
    """Logged in the institution's name, and not submitted by it."""
    GAP = "gap"
    """A statement, an anchor or a manifest is missing between two that are there."""
    FORK = "fork"
    """Two things where there can be one: checkpoints of a size, statements of a number, successors of a manifest."""
    REWRITTEN = "rewritten"
    """What the log has now does not begin with what it had."""
    STRANGE = "strange"
    """An entry that is no statement of this log."""
    PREIMAGE = "preimage"
    """Anchored, and nobody can say what."""
    SNAPSHOT = "snapshot"
    """A manifest's snapshot of statuses is not the log's."""
    WITHHELD = "withheld"
    """Anchored, and not in the log as this mirror shows it."""
    LATE = "late"
    """Logged, and not anchored in the time allowed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them, in a sentence. `evidence`: signed notes that prove it to others."""

    kind: Kind
    says: str
    evidence: tuple[str, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        """Write it."""
        return {"kind": self.kind.value, "says": self.says, "evidence": list(self.evidence)}


@dataclass(slots=True)
class Findings:
    """Findings as they come up, each once, up to a number; beyond it they are counted."""

    items: list[Finding] = field(default_factory=list)
    more: int = 0

    def add(self, kind: Kind, says: str, *evidence: str) -> None:
        """Keep a finding."""
        finding = Finding(kind, says, evidence)
        if finding in self.items:
            return
        if len(self.items) == MOST:
            self.more += 1
        else:
            self.items.append(finding)


@dataclass(frozen=True, slots=True)
class Report:
    """What one look showed: how far the log goes, what is wrong, and what could not be told, with why.

    `lasting` are findings that stay true; the others go away once their cause does.
    `more` counts lasting ones beyond those listed.
    """

    origin: str
    size: int
    new: int
    own: int
    lasting: tuple[Finding, ...]
    current: tuple[Finding, ...]
    open: tuple[str, ...]
    more: int = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings."""
        return (*self.lasting, *self.current)

    def to_json(self) -> dict[str, JSON]:
        """Write it."""
        return {
            "origin": self.origin,
            "size": self.size,
            "new": self.new,
            "own": self.own,
            "findings": [finding.to_json() for finding in self.findings],
            "more": self.more,
            "open": list(self.open),
        }
