"""What lies on an institution's desk: templates it keeps, tables that wait for a yes, claims that wait for a look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

PaperId = NewType("PaperId", str)
"""How a page names a paper: 12 random characters."""


class PaperKind(StrEnum):
    """What a paper is."""

    TEMPLATE = "template"
    """What is awarded; kept until it is taken away."""
    TABLE = "table"
    """Who is given it, between preview and confirmation."""
    CLAIM = "claim"
    """What a learner claims, until it is validated or declined."""
    EVIDENCE = "evidence"
    """A file that belongs to a table or a claim, and goes with it."""


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A file on the desk. `about`: the paper it belongs to. `contact`: the address of who handed it in, in lower case.

    `expires` (exclusive): None where it is kept.
    """

    id: PaperId
    institution: str
    kind: PaperKind
    name: str
    data: bytes
    made: datetime
    expires: datetime | None = None
    about: PaperId | None = None
    contact: str | None = None


class Papers(Protocol):
    """The papers. Each is its institution's, and is there for no other."""

    def add(self, row: PaperRow) -> None:
        """Add a paper."""
        ...

    def get(self, institution: str, name: PaperId) -> PaperRow | None:
        """Return one of an institution's."""
        ...

    def all(self, institution: str, kind: PaperKind) -> tuple[PaperRow, ...]:
        """Return an institution's papers of a kind, oldest first."""
        ...

    def about(self, institution: str, name: PaperId) -> tuple[PaperRow, ...]:
        """Return what belongs to one of an institution's papers, in the order it was added."""
        ...

    def size(self, institution: str) -> int:
        """Return how many bytes an institution's papers have."""
        ...

    def forget(self, institution: str, name: PaperId) -> None:
        """Forget one and all that belongs to it; one that is not there is no error."""
        ...

    def sweep(self, before: datetime) -> None:
        """Forget what expired before a moment, of every institution."""
        ...
