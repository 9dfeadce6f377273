"""The workers, and what each told of itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from notary.ports.ledger import WorkerRow
from notary.store.rows import columns, save, values
from notary.store.tables import worker


class SqlWorkers:
    """The workers of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[WorkerRow, ...]:
        statement = select(*columns(WorkerRow, worker)).order_by(worker.c.beat.desc())
        return tuple(WorkerRow(*row) for row in self._connection.execute(statement))

    def save(self, row: WorkerRow) -> None:
        save(self._connection, worker, values(row))

    def forget(self, before: datetime, name: str | None = None) -> None:
        self._connection.execute(delete(worker).where((worker.c.beat < before) | (worker.c.name == (name or ""))))
