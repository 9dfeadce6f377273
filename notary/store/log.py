"""The append-only log and the complete nodes of its tree (RFC 9162 §2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from notary.core.digest import Digest, LeafIndex
from notary.core.errors import IssuerError, OperatorError
from notary.ports.ledger import EntryRow
from notary.store.rows import columns, stream, values
from notary.store.tables import log_entry, log_node

_PAGE = 64
"""Entries in memory at once: each may have 64 KiB."""
_AGAIN = "Another statement was logged meanwhile: ask for the statement again and sign it."


class SqlLog:
    """The log in one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def size(self) -> int:
        last = self._connection.scalar(select(func.max(log_entry.c.index)))
        return 0 if last is None else last + 1

    def append(self, row: EntryRow, nodes: Iterable[tuple[int, int, Digest]]) -> None:
        size = self.size()
        if row.index != size:
            raise IssuerError("log entry", expected=f"index {size}", actual=f"index {row.index}", hint=_AGAIN)
        if self.by_id(row.id) is not None:
            raise IssuerError("this statement is in the log already")
        if self._one((log_entry.c.issuer == row.issuer) & (log_entry.c.seq == row.seq)) is not None:
            raise IssuerError(f"{row.issuer} has a statement number {row.seq} in the log", hint=_AGAIN)
        self._connection.execute(insert(log_entry), values(row))
        self._connection.execute(
            insert(log_node), [{"level": level, "index": index, "hash": node} for level, index, node in nodes]
        )

    def entry(self, index: LeafIndex) -> EntryRow | None:
        return self._one(log_entry.c.index == index)

    def by_id(self, statement: Digest) -> EntryRow | None:
        return self._one(log_entry.c.id == statement)

    def last_of(self, issuer: str) -> EntryRow | None:
        return self._one(log_entry.c.issuer == issuer)

    def newest_status(self, batch: Digest, below: int | None = None) -> EntryRow | None:
        about = (log_entry.c.about == batch) & ~log_entry.c.is_batch
        if below is not None:
            about &= log_entry.c.index < below
        statement = select(*columns(EntryRow, log_entry)).where(about).order_by(log_entry.c.index.desc()).limit(1)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else EntryRow(*row)

    def entries(self, start: int, end: int) -> Iterator[EntryRow]:
        statement = select(*columns(EntryRow, log_entry)).where(log_entry.c.index < end)
        for row in stream(self._connection, statement, log_entry.c.index, start=start, page=_PAGE):
            yield EntryRow(*row)

    def node(self, level: int, index: int) -> Digest:
        wanted = (log_node.c.level == level) & (log_node.c.index == index)
        found: Digest | None = self._connection.scalar(select(log_node.c.hash).where(wanted))
        if found is None:
            raise OperatorError(f"the ledger lacks node {index} of level {level} of the log's tree")
        return found

    def _one(self, condition: ColumnElement[Any]) -> EntryRow | None:
        statement = select(*columns(EntryRow, log_entry)).where(condition).order_by(log_entry.c.seq.desc()).limit(1)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else EntryRow(*row)
