"""What a table of learners is, whatever file it stands in: headings, rows as they come, and the most of each.

A whole table never stands in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from notary.core.errors import IssuerError
from notary.service.issuing.finding import visible

MAX_ROWS = 1_000_000
MAX_COLUMNS = 200
MAX_HEADING = 200


class Table(Protocol):
    """Rows under headings."""

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        ...

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns' names; one may be empty or stand twice."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be guessed or was left out."""
        ...

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield each row that is not empty with its number, as a spreadsheet counts; the same each time.

        There are cells for all headings; more where a row has more that are not empty.
        IssuerError where the file breaks off or holds too much.
        """
        ...


def check_headings(cells: list[str], name: str) -> tuple[str, ...]:
    """Return a table's headings; empty ones at the end are dropped."""
    headings = [visible(" ".join(cell.split())[:MAX_HEADING]) for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise IssuerError(f"{name} has too many columns", expected=f"at most {MAX_COLUMNS}", actual=len(headings))
    return tuple(headings)


def check_row(name: str, number: int) -> None:
    """Refuse what is beyond the most rows."""
    if number > MAX_ROWS:
        raise IssuerError(f"{name} has too many rows", expected=f"at most {MAX_ROWS:,}", hint="Split it")


def fit(record: list[str], width: int) -> tuple[str, ...]:
    """Return cells for all headings, and those beyond up to the last that holds something."""
    while len(record) > width and not record[-1].strip():
        record.pop()
    return (*record, *("",) * (width - len(record)))
