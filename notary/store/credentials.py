"""What was submitted, in bulk: 100,000 rows come in, are sealed and go out, and never stand in memory at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, literal, select, tuple_, update

from notary.core.digest import Digest
from notary.core.errors import OperatorError
from notary.ports.ledger import BatchId, CredentialId, CredentialRow, LeafRow
from notary.store.rows import columns, insert_many, known_digests, stream, temporary, wiping
from notary.store.tables import credential, credential_content, credential_waiting, place
from notary.store.types import UtcTime

_CHUNK = 5000
"""Rows of a few hundred bytes in memory at once."""
_CONTENTS = 64
"""Contents in memory at once: each may have 4 MiB."""
_ASKED = 1000
"""Digests in one question."""

ERASED = "erased"
"""An erased credential's source: files are named after people."""

_LEAF = columns(LeafRow, credential)
_WHOLE = columns(CredentialRow, credential, credential_content, place)
_JOINED = credential.outerjoin(credential_content, credential.c.number == credential_content.c.number).outerjoin(
    place, credential.c.number == place.c.number
)


class SqlCredentials:
    """The credentials of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rows: Sequence[CredentialRow]) -> None:
        if not rows:
            return
        if any(row.batch is not None for row in rows):
            raise ValueError("a credential gets its place once it is there")
        dialect, time = self._connection.dialect, UtcTime()
        times = {moment: time.process_bind_param(moment, dialect) for moment in {row.accepted for row in rows}}
        last = self._connection.scalar(select(func.max(credential.c.number))) or 0
        numbered = list(enumerate(rows, last + 1))
        insert_many(
            self._connection,
            credential,
            [
                (
                    number,
                    row.id,
                    row.institution,
                    row.form.value,
                    row.salt,
                    row.digest,
                    row.evidence,
                    row.learner,
                    row.title,
                    row.source,
                    row.line,
                    row.link,
                    times[row.accepted],
                )
                for number, row in numbered
            ],
        )
        contents = [(number, row.content) for number, row in numbered if row.content is not None]
        insert_many(self._connection, credential_content, contents)
        self._connection.execute(
            insert(credential_waiting).from_select(
                ["institution", "number"],
                select(credential.c.institution, credential.c.number).where(credential.c.number > last),
            )
        )

    def known(self, institution: str, digests: Sequence[Digest]) -> set[Digest]:
        found: set[Digest] = set()
        for at in range(0, len(digests), _ASKED):
            found.update(map(Digest, known_digests(self._connection, institution, digests[at : at + _ASKED])))
        return found

    def unsealed(self, institution: str) -> Iterator[LeafRow]:
        statement = (
            select(*_LEAF)
            .join_from(credential_waiting, credential, credential_waiting.c.number == credential.c.number)
            .where(credential_waiting.c.institution == institution)
        )
        for row in stream(self._connection, statement, credential_waiting.c.number, page=_CHUNK):
            yield LeafRow(*row)

    def place(self, batch: BatchId, leaves: Iterable[tuple[CredentialId, Digest]]) -> None:
        numbered, count = ((index, *leaf) for index, leaf in enumerate(leaves)), 0
        with temporary(self._connection, "arriving", place.c.index, credential.c.id, place.c.leaf) as arriving:
            while chunk := list(islice(numbered, _CHUNK)):
                insert_many(self._connection, arriving, chunk)
                count += len(chunk)
            found = (
                select(literal(batch), arriving.c.position, credential.c.number, arriving.c.leaf)
                .join_from(arriving, credential, arriving.c.id == credential.c.id)
                .join(credential_waiting, _same_as_waiting())
                .order_by(arriving.c.position)
            )
            placing = insert(place).from_select(["batch", "index", "number", "leaf"], found)
            placed = self._connection.execute(placing, execution_options={"preserve_rowcount": True}).rowcount
        if placed != count:
            raise OperatorError(f"batch {batch}", expected=f"{count} credentials that wait for one", actual=placed)
        gone = (
            select(credential.c.institution, credential.c.number)
            .join_from(place, credential, place.c.number == credential.c.number)
            .where(place.c.batch == batch)
        )
        waiting = tuple_(credential_waiting.c.institution, credential_waiting.c.number)
        self._connection.execute(delete(credential_waiting).where(waiting.in_(gone)))

    def positions(self, batch: BatchId) -> Iterator[LeafRow]:
        statement = (
            select(*_LEAF)
            .join_from(place, credential, place.c.number == credential.c.number)
            .where(place.c.batch == batch)
        )
        for row in stream(self._connection, statement, place.c.index, page=_CHUNK):
            yield LeafRow(*row)

    def of_batch(self, batch: BatchId) -> Iterator[CredentialRow]:
        statement = _whole().where(place.c.batch == batch)
        for row in stream(self._connection, statement, place.c.index, page=_CONTENTS):
            yield CredentialRow(*row)

    def leaves(self, batch: BatchId) -> Iterator[Digest]:
        statement = select(place.c.leaf).where(place.c.batch == batch)
        for (leaf,) in stream(self._connection, statement, place.c.index, page=_CHUNK):
            yield leaf

    def evidence(self, batch: BatchId) -> set[Digest]:
        statement = (
            select(credential.c.evidence)
            .distinct()
            .join_from(place, credential, place.c.number == credential.c.number)
            .where(place.c.batch == batch)
        )
        return {digest for digest in self._connection.scalars(statement) if digest is not None}

    def get(self, name: CredentialId) -> CredentialRow | None:
        return self._one(_whole().where(credential.c.id == name))

    def by_link(self, link: Digest) -> CredentialRow | None:
        return self._one(_whole().where(credential.c.link == link))

    def by_digest(self, digest: Digest) -> tuple[CredentialRow, ...]:
        statement = _whole().where(credential.c.digest == digest).order_by(credential.c.number)
        return tuple(CredentialRow(*row) for row in self._connection.execute(statement))

    def waiting(self) -> dict[str, int]:
        statement = select(credential_waiting.c.institution, func.count()).group_by(credential_waiting.c.institution)
        return dict(self._connection.execute(statement).all())

    def count(self) -> int:
        return self._connection.scalar(select(func.count()).select_from(credential)) or 0

    def sharing(self, evidence: Digest) -> int:
        having = select(func.count()).select_from(credential).where(credential.c.evidence == evidence)
        return self._connection.scalar(having) or 0

    def erase(self, name: CredentialId) -> None:
        number = self._connection.scalar(select(credential.c.number).where(credential.c.id == name))
        if number is None:
            return
        gone = dict.fromkeys(("salt", "digest", "evidence", "learner", "title", "line"))
        with wiping(self._connection):
            for table in (credential_content, credential_waiting):
                self._connection.execute(delete(table).where(table.c.number == number))
            self._connection.execute(
                update(credential).where(credential.c.number == number).values(source=ERASED, **gone)
            )

    def _one(self, statement: Select[Any]) -> CredentialRow | None:
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else CredentialRow(*row)


def _whole() -> Select[Any]:
    return select(*_WHOLE).select_from(_JOINED)


def _same_as_waiting() -> Any:
    return (credential_waiting.c.institution == credential.c.institution) & (
        credential_waiting.c.number == credential.c.number
    )
