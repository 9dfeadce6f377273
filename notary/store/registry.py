"""The consortium's states and their member records."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from notary.ports.ledger import StateRow
from notary.store.rows import save
from notary.store.tables import registry_record, registry_state


class SqlRegistry:
    """The registry's states in one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def states(self, *, records: bool = True) -> tuple[StateRow, ...]:
        lines = self._records() if records else {}
        statement = select(registry_state).order_by(registry_state.c.number, registry_state.c.digest)
        return tuple(
            StateRow(row.digest, row.number, row.data, tuple(lines.get(row.digest, ())), row.in_force)
            for row in self._connection.execute(statement)
        )

    def _records(self) -> dict[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        stored = select(registry_record).order_by(registry_record.c.state, registry_record.c.position)
        for row in self._connection.execute(stored):
            found.setdefault(row.state, []).append(row.data)
        return found

    def save(self, row: StateRow) -> None:
        if row.in_force:
            self._connection.execute(update(registry_state).values(in_force=False).where(registry_state.c.in_force))
        save(
            self._connection,
            registry_state,
            {"digest": row.digest, "number": row.number, "data": row.data, "in_force": row.in_force},
        )
        self._connection.execute(delete(registry_record).where(registry_record.c.state == row.digest))
        if row.records:
            self._connection.execute(
                insert(registry_record),
                [{"state": row.digest, "position": at, "data": data} for at, data in enumerate(row.records)],
            )
