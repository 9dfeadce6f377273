"""What every table's code shares: rows as the port's values, saving, streaming, and writing in bulk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from itertools import chain
from typing import Any, cast

from sqlalchemy import Column, Connection, Select, Table, insert, update

_ASKED = 500
"""Names in one question."""
_INSERTED = 200
"""Rows in one statement: with fewer SQLite keeps more pages twice, with more it keeps larger ones in memory."""


def columns(kind: type, *tables: Table) -> tuple[Column[Any], ...]:
    """Return the columns that keep a dataclass's fields, in their order, each from the first table that has it.

    A row of them is the dataclass's arguments.
    """
    named = {column.key: column for table in reversed(tables) for column in table.c}
    return tuple(named[field.name] for field in fields(kind))


def values(row: Any) -> dict[str, Any]:
    """Return a dataclass's fields by name."""
    return {field.name: getattr(row, field.name) for field in fields(row)}


def save(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Add a row, or replace the one with its primary key; the writer is alone, so nothing comes between."""
    keys = [column.key for column in table.primary_key]
    same = [table.c[key] == row[key] for key in keys]
    rest = {name: value for name, value in row.items() if name not in keys}
    if not connection.execute(update(table).where(*same).values(rest)).rowcount:
        connection.execute(insert(table), row)


def stream(
    connection: Connection, statement: Select[Any], by: Column[Any], *, start: int = 0, page: int
) -> Iterator[tuple[Any, ...]]:
    """Yield rows in the order of a unique column, from `start` on, a page at a time.

    Pages hold memory down without an open cursor, so the unit of work may write
    while it reads, and a stream left unread leaves nothing behind.
    """
    paged = statement.add_columns(by).order_by(by).limit(page)
    while True:
        rows = connection.execute(paged.where(by >= start)).all()
        for row in rows:
            yield tuple(row)[:-1]
        if len(rows) < page:
            return
        start = rows[-1][-1] + 1


def insert_many(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert whole rows as the driver takes them: by COPY, or by statements of many rows.

    Python's threads go on while SQLite carries out a statement, and each has to wait for its
    turn after it: with a row a statement there would be more waiting than writing.
    """
    if not rows:
        return
    listed = ", ".join(column.name for column in table.c)
    if connection.dialect.name == "postgresql":
        cursor = cast("Any", connection.connection).cursor()
        with cursor, cursor.copy(f"COPY {table.name} ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = f"({', '.join('?' * len(table.c))})"
    for at in range(0, len(rows), _INSERTED):
        some = rows[at : at + _INSERTED]
        statement = f"INSERT INTO {table.name} ({listed}) VALUES {', '.join([marks] * len(some))}"  # noqa: S608  # marks alone
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(some)))


def numbers_of(connection: Connection, names: Sequence[str], added: Mapping[str, int]) -> Mapping[str, int]:
    """Return the ledger's number of each credential; written for the driver, as it is asked for each.

    Nothing is asked where this unit of work has `added` them all.
    """
    if all(name in added for name in names):
        return added
    found: dict[str, int] = {}
    for at in range(0, len(names), _ASKED):
        some = names[at : at + _ASKED]
        if connection.dialect.name == "postgresql":
            rows = connection.exec_driver_sql("SELECT id, number FROM credential WHERE id = ANY(%s)", (list(some),))
        else:
            marks = ", ".join("?" * len(some))
            asked = f"SELECT id, number FROM credential WHERE id IN ({marks})"  # noqa: S608  # marks alone
            rows = connection.exec_driver_sql(asked, tuple(some))
        found.update((name, number) for name, number in rows)
    return found


def known_digests(connection: Connection, institution: str, digests: Sequence[bytes]) -> Iterator[bytes]:
    """Give those digests that an institution has credentials of; written for the driver, as it is asked for each."""
    if connection.dialect.name == "postgresql":
        found = "SELECT digest FROM credential WHERE institution = %s AND digest = ANY(%s)"
        return iter(connection.exec_driver_sql(found, (institution, list(digests))).scalars())
    marks = ", ".join("?" * len(digests))
    found = f"SELECT digest FROM credential WHERE institution = ? AND digest IN ({marks})"  # noqa: S608  # marks alone
    return iter(connection.exec_driver_sql(found, (institution, *digests)).scalars())


def waiting_leaves(connection: Connection, institution: str, *, page: int) -> Iterator[bytes]:
    """Give an institution's leaves that wait for a batch, in order, a page at a time; written for the driver too."""
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    asked = (
        f"SELECT leaf, number FROM credential_waiting WHERE institution = {mark} AND number > {mark} "  # noqa: S608  # marks alone
        f"ORDER BY number LIMIT {page}"
    )
    cursor, last = cast("Any", connection.connection).cursor(), -1
    while rows := cursor.execute(asked, (institution, last)).fetchall():
        yield from (leaf for leaf, _ in rows)
        last = rows[-1][1]


@contextmanager
def wiping(connection: Connection) -> Iterator[None]:
    """Have what is deleted in this block overwritten in SQLite's file; PostgreSQL does so when it vacuums."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")
