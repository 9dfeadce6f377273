"""What was sealed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from notary.core.digest import LeafIndex
from notary.ports.ledger import BatchId, BatchRow
from notary.store.rows import columns, save, values
from notary.store.tables import batch


class SqlBatches:
    """The batches of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_id(self) -> BatchId:
        return BatchId((self._connection.scalar(select(func.max(batch.c.id))) or 0) + 1)

    def save(self, row: BatchRow) -> None:
        save(self._connection, batch, values(row))

    def get(self, number: BatchId) -> BatchRow | None:
        return next(iter(self._where(batch.c.id == number)), None)

    def by_entry(self, entry: LeafIndex) -> BatchRow | None:
        return next(iter(self._where(batch.c.entry == entry)), None)

    def since(self, entry: LeafIndex) -> tuple[BatchRow, ...]:
        return tuple(sorted(self._where(batch.c.entry >= entry), key=lambda row: row.entry or 0))

    def all(self, institution: str | None = None) -> tuple[BatchRow, ...]:
        return self._where() if institution is None else self._where(batch.c.institution == institution)

    def _where(self, *conditions: ColumnElement[Any]) -> tuple[BatchRow, ...]:
        statement = select(*columns(BatchRow, batch)).where(*conditions).order_by(batch.c.id)
        return tuple(BatchRow(*row) for row in self._connection.execute(statement))
