"""Pins: roots by store, and how each store does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from notary.core.cid import Cid
from notary.ports.ledger import PinRow, PinState, Queue, StoreRow
from notary.store.rows import columns, save, values
from notary.store.tables import block_store, pin


class SqlPins:
    """The pins of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def want(self, cids: Iterable[Cid], stores: Iterable[str], now: datetime, *, held: Collection[str] = ()) -> None:
        names, number = tuple(stores), self._next_number()
        for cid in cids:
            known = {row.store: row for row in self._where(pin.c.cid == cid)}
            for name in names:
                before = known.get(name)
                if before and before.state is not PinState.LEAVING and name not in held:
                    continue
                row = _wanted(name, cid, before.number if before else number, now, held=name in held)
                save(self._connection, pin, values(row))
            number += 1

    def leave(self, cid: Cid, stores: Iterable[str], now: datetime) -> None:
        number = self._next_number()
        for name in {*stores, *self._connection.scalars(select(pin.c.store).where(pin.c.cid == cid))}:
            save(self._connection, pin, values(PinRow(name, cid, number, PinState.LEAVING, now, now)))

    def get(self, store: str, cid: Cid) -> PinRow | None:
        return next(iter(self._where(_one(store, cid))), None)

    def due(self, store: str, now: datetime, limit: int) -> tuple[PinRow, ...]:
        return self._where((pin.c.store == store) & (pin.c.due <= now), limit)

    def done(self, row: PinRow, now: datetime) -> None:
        current = self.get(row.store, row.cid)
        if row.state is PinState.LEAVING:
            self._connection.execute(delete(pin).where(_one(row.store, row.cid) & (pin.c.state == PinState.LEAVING)))
        elif current is None or current.state is PinState.LEAVING:
            self.leave(row.cid, [row.store], now)
        else:
            save(self._connection, pin, values(_wanted(row.store, row.cid, current.number, now, held=True)))

    def postpone(self, row: PinRow, due: datetime, trouble: str) -> None:
        unchanged = _one(row.store, row.cid) & (pin.c.state == row.state)
        failed = update(pin).where(unchanged).values(due=due, tries=row.tries + 1, trouble=trouble)
        self._connection.execute(failed)

    def again(self, store: str, cids: Iterable[Cid], now: datetime, *, whole: bool) -> None:
        for cid in cids:
            wrongly = _one(store, cid) & (pin.c.state == PinState.HELD)
            queued = {"state": PinState.QUEUED, "since": now, "due": now, "whole": whole}
            self._connection.execute(update(pin).where(wrongly).values(queued))

    def roots(self, store: str, states: Collection[PinState]) -> frozenset[Cid]:
        statement = select(pin.c.cid).where((pin.c.store == store) & pin.c.state.in_(states))
        return frozenset(self._connection.scalars(statement))

    def queue(self, store: str) -> Queue:
        counted = select(func.count(), func.min(pin.c.since), func.count().filter(pin.c.tries > 0))
        return Queue(*self._connection.execute(counted.where((pin.c.store == store) & (pin.c.due.is_not(None)))).one())

    def store(self, name: str) -> StoreRow:
        statement = select(*columns(StoreRow, block_store)).where(block_store.c.name == name)
        row = self._connection.execute(statement).one_or_none()
        return StoreRow(*row) if row else StoreRow(name)

    def save_store(self, row: StoreRow) -> None:
        save(self._connection, block_store, values(row))

    def _next_number(self) -> int:
        return (self._connection.scalar(select(func.max(pin.c.number))) or 0) + 1

    def _where(self, condition: ColumnElement[bool], limit: int | None = None) -> tuple[PinRow, ...]:
        statement = select(*columns(PinRow, pin)).where(condition).order_by(pin.c.tries, pin.c.number, pin.c.cid)
        return tuple(PinRow(*row) for row in self._connection.execute(statement.limit(limit)))


def _wanted(store: str, cid: Cid, number: int, now: datetime, *, held: bool) -> PinRow:
    state, due = (PinState.HELD, None) if held else (PinState.QUEUED, now)
    return PinRow(store, cid, number, state, now, due)


def _one(store: str, cid: Cid) -> ColumnElement[bool]:
    return (pin.c.store == store) & (pin.c.cid == cid)
