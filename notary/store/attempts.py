"""The nonce ledger, and the chains on which anchoring stands still."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from notary.ports.ledger import AttemptRow, HeldRow, ManifestNumber
from notary.store.rows import columns, values
from notary.store.tables import attempt, held


class SqlAttempts:
    """The signed transactions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: AttemptRow) -> None:
        self._connection.execute(insert(attempt), values(row))

    def of(self, manifest: ManifestNumber, chain: str) -> tuple[AttemptRow, ...]:
        return self._where((attempt.c.manifest == manifest) & (attempt.c.chain == chain))

    def since(self, chain: str, sender: bytes, nonce: int) -> tuple[AttemptRow, ...]:
        return self._where(_signed_by(chain, sender) & (attempt.c.nonce >= nonce))

    def next_nonce(self, chain: str, sender: bytes) -> int:
        highest = self._connection.scalar(select(func.max(attempt.c.nonce)).where(_signed_by(chain, sender)))
        return 0 if highest is None else highest + 1

    def _where(self, condition: ColumnElement[bool]) -> tuple[AttemptRow, ...]:
        order: tuple[Any, ...] = (attempt.c.nonce, attempt.c.fee_per_gas, attempt.c.tip_per_gas)
        statement = select(*columns(AttemptRow, attempt)).where(condition).order_by(*order)
        return tuple(AttemptRow(*row) for row in self._connection.execute(statement))


class SqlHeld:
    """The chains that stand still, in one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[HeldRow, ...]:
        statement = select(*columns(HeldRow, held)).order_by(held.c.chain)
        return tuple(HeldRow(*row) for row in self._connection.execute(statement))

    def hold(self, row: HeldRow) -> None:
        again = update(held).where(held.c.chain == row.chain).values(reason=row.reason, outage=row.outage)
        if not self._connection.execute(again).rowcount:
            self._connection.execute(insert(held), values(row))

    def release(self, chain: str) -> None:
        self._connection.execute(delete(held).where(held.c.chain == chain))


def _signed_by(chain: str, sender: bytes) -> ColumnElement[bool]:
    return (attempt.c.chain == chain) & (attempt.c.sender == sender)
