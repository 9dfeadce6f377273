"""The consortium's states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from notary.core.digest import Digest


@dataclass(frozen=True, slots=True)
class StateRow:
    """A registry state: its JCS bytes and its member records' lines, in the state's order."""

    digest: Digest
    number: int
    data: bytes
    records: tuple[bytes, ...]
    in_force: bool


class Registry(Protocol):
    """The consortium's states."""

    def states(self, *, records: bool = True) -> tuple[StateRow, ...]:
        """Return all, by number; without their records (empty in each row) where those are not asked for."""
        ...

    def save(self, row: StateRow) -> None:
        """Add a state, or replace the row of its digest; one in force takes that from every other."""
        ...
