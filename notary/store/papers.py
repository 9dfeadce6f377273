"""What lies on institutions' desks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select

from notary.ports.ledger import PaperId, PaperKind, PaperRow
from notary.store.rows import columns, values, wiping
from notary.store.tables import paper


class SqlPapers:
    """The papers of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: PaperRow) -> None:
        last = self._connection.scalar(select(func.max(paper.c.number))) or 0
        self._connection.execute(insert(paper), {**values(row), "number": last + 1})

    def get(self, institution: str, name: PaperId) -> PaperRow | None:
        return next(iter(self._where(paper.c.institution == institution, paper.c.id == name)), None)

    def all(self, institution: str, kind: PaperKind) -> tuple[PaperRow, ...]:
        return self._where(paper.c.institution == institution, paper.c.kind == kind)

    def about(self, institution: str, name: PaperId) -> tuple[PaperRow, ...]:
        return self._where(paper.c.institution == institution, paper.c.about == name)

    def size(self, institution: str) -> int:
        bytes_ = func.sum(func.length(paper.c.data))
        return int(self._connection.scalar(select(bytes_).where(paper.c.institution == institution)) or 0)

    def forget(self, institution: str, name: PaperId) -> None:
        with wiping(self._connection):
            # In one statement, for they refer to each other: a template, its tables, their evidence.
            tables = select(paper.c.id).where(paper.c.about == name).scalar_subquery()
            named = or_(paper.c.id == name, paper.c.about == name, paper.c.about.in_(tables))
            self._connection.execute(delete(paper).where(paper.c.institution == institution, named))

    def sweep(self, before: datetime) -> None:
        gone = select(paper.c.id).where(paper.c.expires <= before).scalar_subquery()
        with wiping(self._connection):
            self._connection.execute(delete(paper).where(or_(paper.c.expires <= before, paper.c.about.in_(gone))))

    def _where(self, *conditions: ColumnElement[bool]) -> tuple[PaperRow, ...]:
        statement = select(*columns(PaperRow, paper)).where(*conditions).order_by(paper.c.number)
        return tuple(PaperRow(*row) for row in self._connection.execute(statement))
