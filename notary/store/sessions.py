"""Sessions at the desk, by their hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from notary.core.digest import Digest
from notary.ports.ledger import SessionRow
from notary.store.rows import columns, values
from notary.store.tables import session


class SqlSessions:
    """The sessions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: SessionRow) -> None:
        self._connection.execute(insert(session), values(row))

    def get(self, hashed: Digest) -> SessionRow | None:
        statement = select(*columns(SessionRow, session)).where(session.c.hash == hashed)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else SessionRow(*row)

    def end(self, hashed: Digest) -> None:
        self._connection.execute(delete(session).where(session.c.hash == hashed))

    def sweep(self, before: datetime) -> None:
        self._connection.execute(delete(session).where(session.c.expires <= before))
