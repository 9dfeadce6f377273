"""What each institution has set for itself here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """An institution's choices here: `retain` its credentials, answer look-ups by digest."""

    did: str
    retain: bool = True
    lookup: bool = True


class Institutions(Protocol):
    """Choices of institutions."""

    def get(self, did: str) -> InstitutionRow | None:
        """Return one."""
        ...

    def save(self, row: InstitutionRow) -> None:
        """Add an institution, or replace its row."""
        ...
