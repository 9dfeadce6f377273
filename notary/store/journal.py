"""The journal's entries; triggers keep them as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from notary.ports.ledger import Actor, JournalRow
from notary.store.rows import stream
from notary.store.tables import journal

_PAGE = 500
_COLUMNS = tuple(journal.c)


class SqlJournal:
    """The journal in one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, row: JournalRow) -> None:
        self._connection.execute(insert(journal), _to_columns(row))

    def last(self, institution: str | None = None) -> JournalRow | None:
        newest = _of(institution).order_by(journal.c.number.desc()).limit(1)
        row = self._connection.execute(newest).one_or_none()
        return None if row is None else _to_row(*row)

    def entries(self, after: int = 0, institution: str | None = None) -> Iterator[JournalRow]:
        for row in stream(self._connection, _of(institution), journal.c.number, start=after + 1, page=_PAGE):
            yield _to_row(*row)


def _of(institution: str | None) -> Select[Any]:
    every = select(*_COLUMNS)
    return every if institution is None else every.where(journal.c.institution == institution)


def _to_columns(row: JournalRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "time": row.time,
        "role": row.actor.role,
        "name": row.actor.name,
        "institution": row.institution,
        "action": row.action,
        "objects": row.objects,
        "count": row.count,
        "outcome": row.outcome,
        "previous": row.previous,
        "hash": row.hash,
    }


def _to_row(number: Any, time: Any, role: str, name: str, *rest: Any) -> JournalRow:
    return JournalRow(number, time, Actor(role, name), *rest)
