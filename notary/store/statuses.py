"""Marks in bulk, and the chunks of status statements as one value each: a million statuses are 250 kB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, FromClause, Select, delete, func, insert, select, update

from notary.core.digest import Digest, LeafIndex
from notary.ports.ledger.batches import BatchId
from notary.ports.ledger.credentials import CredentialId
from notary.ports.ledger.statuses import MarkNumber, MarkRow, PendingMark, Position, WaitingMark
from notary.store.rows import insert_many, wiping
from notary.store.tables import batch as batches
from notary.store.tables import credential, place, status_list, status_mark
from notary.store.types import UtcTime

_ASKED = 500
"""Credentials in one question."""

_same = credential.alias("same")
_new = credential.alias("new")
_MARKED = (
    credential.c.id,
    status_mark.c.status,
    status_mark.c.reason,
    status_mark.c.note,
    status_mark.c.member,
    status_mark.c.marked,
    _new.c.id.label("replacement"),
    status_mark.c.statement,
)
_JOINED = status_mark.join(credential, status_mark.c.credential == credential.c.number).outerjoin(
    _new, status_mark.c.replacement == _new.c.number
)


def _positions(of: FromClause, found: FromClause) -> Select[Any]:
    """Ask for the positions of some credentials, found by those with the asked ids."""
    shown = (of.c.id, of.c.institution, of.c.learner, of.c.title, place.c.batch, place.c.index, batches.c.entry)
    places = found.outerjoin(place, place.c.number == of.c.number).outerjoin(batches, batches.c.id == place.c.batch)
    return select(credential.c.id.label("asked"), *shown).select_from(places)


_is_other = (_same.c.digest == credential.c.digest) & (_same.c.number != credential.c.number)
_is_its = _same.c.institution == credential.c.institution
_OWN = _positions(credential, credential)
_OTHERS = _positions(_same, credential.join(_same, _is_other & _is_its)).order_by(_same.c.number)


class SqlStatuses:
    """The statuses of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def positions(self, names: Sequence[CredentialId]) -> tuple[Position, ...]:
        found: dict[CredentialId, list[Position]] = {name: [] for name in names}
        for chunk in _chunks(sorted(self._numbers(names).values())):  # neighbours lie on one page
            asked = credential.c.number.in_(chunk)
            for wanted in (_OWN.where(asked), _OTHERS.where(asked)):
                for row in self._connection.execute(wanted).all():
                    found[row[0]].append(Position(*row))
        return tuple(chain.from_iterable(found.values()))

    def mark(self, rows: Sequence[MarkRow]) -> None:
        if not rows:
            return
        named = [name for row in rows for name in (row.credential, row.replacement) if name is not None]
        numbers = self._numbers(list(dict.fromkeys(named)))
        self._drop_pending([numbers[row.credential] for row in rows])
        last = self._connection.scalar(select(func.max(status_mark.c.number))) or 0
        dialect, time = self._connection.dialect, UtcTime()
        times = {moment: time.process_bind_param(moment, dialect) for moment in {row.marked for row in rows}}
        insert_many(
            self._connection,
            status_mark,
            [
                (
                    number,
                    numbers[row.credential],
                    row.status.value,
                    row.reason.value,
                    row.note,
                    row.member,
                    times[row.marked],
                    None if row.replacement is None else numbers[row.replacement],
                    row.statement,
                )
                for number, row in enumerate(rows, last + 1)
            ],
        )

    def withdraw(self, names: Sequence[CredentialId]) -> None:
        self._drop_pending(list(self._numbers(names).values()))

    def pending(self, batch: BatchId | None = None) -> tuple[PendingMark, ...]:
        shown = (place.c.batch, place.c.index, status_mark.c.number, credential.c.learner, credential.c.title)
        found = self._unsaid(select(*shown, *_MARKED).select_from(_JOINED), batch)
        return tuple(
            PendingMark(number, MarkRow(*rest), of, index, learner, title)
            for of, index, number, learner, title, *rest in found
        )

    def waiting(self, batch: BatchId | None = None) -> tuple[WaitingMark, ...]:
        shown = (place.c.batch, place.c.index, status_mark.c.number, status_mark.c.status, _new.c.id)
        marks = select(*shown).outerjoin_from(status_mark, _new, status_mark.c.replacement == _new.c.number)
        return tuple(WaitingMark(number, of, index, *rest) for of, index, number, *rest in self._unsaid(marks, batch))

    def _unsaid(self, marks: Select[Any], batch: BatchId | None) -> list[Any]:
        """Ask for marks that no statement says, by batch and index, which stand first.

        Ordered here: SQLite would walk through the places of whole batches, a million, to have them in order.
        """
        wanted = marks.join(place, place.c.number == status_mark.c.credential).where(status_mark.c.statement.is_(None))
        if batch is not None:
            wanted = wanted.where(place.c.batch + 0 == batch)
        return sorted(self._connection.execute(wanted).all(), key=itemgetter(0, 1))

    def settle(self, marks: Sequence[MarkNumber], statement: Digest) -> None:
        for chunk in _chunks(marks):
            self._connection.execute(
                update(status_mark).where(status_mark.c.number.in_(chunk)).values(statement=statement)
            )

    def history(self, name: CredentialId) -> tuple[MarkRow, ...]:
        return tuple(self._marks(select(*_MARKED).where(credential.c.id == name)))

    def forget(self, name: CredentialId) -> None:
        of = select(credential.c.number).where(credential.c.id == name).scalar_subquery()
        with wiping(self._connection):
            self._connection.execute(update(status_mark).where(status_mark.c.credential == of).values(note=None))

    def add_list(self, entry: LeafIndex, data: bytes) -> None:
        self._connection.execute(insert(status_list), {"entry": entry, "data": data})

    def fall(self, entry: LeafIndex, statement: Digest) -> None:
        self._connection.execute(update(status_list).where(status_list.c.entry == entry).values(fallen=True))
        said, newer = status_mark.c.statement == statement, status_mark.alias("newer")
        pending = select(newer.c.credential).where(newer.c.statement.is_(None))
        self._connection.execute(delete(status_mark).where(said, status_mark.c.credential.in_(pending)))
        self._connection.execute(update(status_mark).where(said).values(statement=None))

    def has_fallen(self, entry: LeafIndex) -> bool:
        return bool(self._connection.scalar(select(status_list.c.fallen).where(status_list.c.entry == entry)))

    def list_of(self, entry: LeafIndex) -> bytes | None:
        found: bytes | None = self._connection.scalar(select(status_list.c.data).where(status_list.c.entry == entry))
        return found

    def _marks(self, statement: Select[Any]) -> Iterator[MarkRow]:
        for row in self._connection.execute(statement.select_from(_JOINED).order_by(status_mark.c.number)):
            yield MarkRow(*row)

    def _drop_pending(self, numbers: Sequence[int]) -> None:
        for chunk in _chunks(numbers):
            gone = status_mark.c.credential.in_(chunk) & status_mark.c.statement.is_(None)
            self._connection.execute(delete(status_mark).where(gone))

    def _numbers(self, names: Sequence[CredentialId]) -> dict[CredentialId, int]:
        numbers: dict[CredentialId, int] = {}
        for chunk in _chunks(sorted(names)):
            found = select(credential.c.id, credential.c.number).where(credential.c.id.in_(chunk))
            numbers |= {CredentialId(name): number for name, number in self._connection.execute(found).all()}
        return numbers


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(values), _ASKED):
        yield values[at : at + _ASKED]
