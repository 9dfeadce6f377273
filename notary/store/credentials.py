"""What was submitted, in bulk: 100,000 rows come in, are sealed and go out, and never stand in memory at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from notary.core.digest import Digest, TreeSize
from notary.core.errors import OperatorError
from notary.core.leaf import Form
from notary.ports.ledger import BatchId, CredentialId, CredentialRow, LeafRow, NameRow, NewCredential, id_of
from notary.store.rows import columns, insert_many, known_digests, stream, waiting_leaves, wiping
from notary.store.tables import credential, credential_content, credential_waiting, place
from notary.store.tables import link as further_link
from notary.store.types import UtcTime

_CHUNK = 5000
"""Rows of a few hundred bytes in memory at once."""
_CONTENTS = 64
"""Contents in memory at once: each may have 4 MiB."""
_ASKED = 1000
"""Digests in one question."""
_LINKS = 20
"""Further links of one credential."""

ERASED = "erased"
"""An erased credential's source: files are named after people."""

_LEAF = columns(LeafRow, credential)
_LEAF_OF = func.coalesce(place.c.leaf, credential_waiting.c.leaf, type_=place.c.leaf.type)
_WHOLE = tuple(
    _LEAF_OF if column is place.c.leaf else column
    for column in columns(CredentialRow, credential, credential_content, place)
)
_JOINED = (
    credential.outerjoin(credential_content, credential.c.number == credential_content.c.number)
    .outerjoin(place, credential.c.number == place.c.number)
    .outerjoin(
        credential_waiting,
        (credential_waiting.c.institution == credential.c.institution)
        & (credential_waiting.c.number == credential.c.number),
    )
)


class SqlCredentials:
    """The credentials of one unit of work."""

    def __init__(self, connection: Connection, added: dict[str, int]) -> None:
        self._connection, self._added = connection, added

    def add(self, credentials: Sequence[NewCredential]) -> None:
        dialect, time = self._connection.dialect, UtcTime()
        times = {moment: time.process_bind_param(moment, dialect) for moment in {new.accepted for new in credentials}}
        last = self._connection.scalar(select(func.max(credential.c.number))) or 0
        numbered = [(number, id_of(new.link), new) for number, new in enumerate(credentials, last + 1)]
        self._added.update((name, number) for number, name, _ in numbered)
        insert_many(
            self._connection,
            credential,
            [
                (
                    number,
                    name,
                    new.institution,
                    int(new.form),
                    new.salt,
                    new.digest,
                    new.evidence,
                    new.learner,
                    new.title,
                    new.source,
                    new.line,
                    new.link,
                    times[new.accepted],
                )
                for number, name, new in numbered
            ],
        )
        contents = [(number, new.content) for number, _, new in numbered if new.content is not None]
        insert_many(self._connection, credential_content, contents)
        waiting = [
            (
                new.institution,
                number,
                new.leaf,
                new.issuer,
                None if new.until is None else time.process_bind_param(new.until, dialect),
                new.again,
                new.achievement,
            )
            for number, _, new in numbered
        ]
        insert_many(self._connection, credential_waiting, waiting)

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

    def unsealed_leaves(self, institution: str) -> Iterator[Digest]:
        return map(Digest, waiting_leaves(self._connection, institution, page=_CHUNK))

    def unsealed_notable(
        self, institution: str, *, issuers: Sequence[str], at: datetime, programmes: Sequence[str] = ()
    ) -> Iterator[tuple[CredentialRow, bool]]:
        waiting = credential_waiting.c
        nameless = or_(credential.c.learner.is_(None), credential.c.title.is_(None))
        beyond = or_(waiting.achievement.is_(None), waiting.achievement.not_in(programmes))
        notable = or_(
            and_(credential.c.form != Form.FILE, nameless),
            waiting.again,
            waiting.issuer.not_in([institution, *issuers]),
            waiting.until <= at,
            beyond if programmes else false(),
        )
        # From what waits to the credentials: the other way round all that were ever submitted would be looked at.
        joined = credential_waiting.join(credential, waiting.number == credential.c.number)
        joined = joined.outerjoin(credential_content, waiting.number == credential_content.c.number)
        joined = joined.outerjoin(place, waiting.number == place.c.number)
        found = select(*_WHOLE, waiting.again).select_from(joined)
        statement = found.where(waiting.institution == institution, notable)
        for *row, again in stream(self._connection, statement, waiting.number, page=_CONTENTS):
            yield CredentialRow(*row), again

    def unsealed_evidence(self, institution: str) -> set[Digest]:
        statement = (
            select(credential.c.evidence)
            .distinct()
            .join_from(credential_waiting, credential, credential_waiting.c.number == credential.c.number)
            .where(credential_waiting.c.institution == institution, credential.c.evidence.is_not(None))
        )
        return set(self._connection.scalars(statement))

    def place(self, batch: BatchId, institution: str) -> TreeSize:
        waiting = credential_waiting.c
        first, last, size = self._connection.execute(
            select(func.min(waiting.number), func.max(waiting.number), func.count()).where(
                waiting.institution == institution
            )
        ).one()
        if not size:
            raise OperatorError(f"batch {batch}", expected="credentials that wait for one", actual="nothing")
        position: ColumnElement[int] = waiting.number - first
        if last - first + 1 != size:  # others' stand between them: counting costs a third more
            position = func.row_number().over(order_by=waiting.number) - 1
        found = select(literal(batch), position, waiting.number, waiting.leaf).where(waiting.institution == institution)
        placing = insert(place).from_select(["batch", "index", "number", "leaf"], found)
        self._connection.execute(placing)
        self._connection.execute(delete(credential_waiting).where(waiting.institution == institution))
        return TreeSize(size)

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

    def of_institution(self, institution: str) -> Iterator[CredentialRow]:
        statement = _whole().where(credential.c.institution == institution)
        for row in stream(self._connection, statement, credential.c.number, page=_CONTENTS):
            yield CredentialRow(*row)

    def names(self, institution: str) -> Iterator[NameRow]:
        named = (credential.c.id, credential.c.learner, credential.c.title, credential.c.source, credential.c.line)
        joined = credential.outerjoin(place, place.c.number == credential.c.number)
        statement = select(*named, place.c.batch).select_from(joined)
        statement = statement.where(credential.c.institution == institution, credential.c.digest.is_not(None))
        for row in stream(self._connection, statement, credential.c.number, page=_CHUNK):
            yield NameRow(*row)

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
        found = self._one(_whole().where(credential.c.id == id_of(link), credential.c.link == link))
        if found is not None:
            return found
        further = select(further_link.c.credential).where(further_link.c.hash == link)
        return self._one(_whole().where(credential.c.number == further.scalar_subquery()))

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

    def relink(self, name: CredentialId, link: Digest, made: datetime) -> None:
        number = self._connection.scalar(select(credential.c.number).where(credential.c.id == name))
        if number is None:
            return
        self._connection.execute(delete(further_link).where(further_link.c.credential == number))
        # Its id is that of its first link, so this one is found among the further ones.
        self._connection.execute(insert(further_link).values(hash=link, credential=number, made=made))
        self._connection.execute(update(credential).where(credential.c.number == number).values(link=link))

    def link_also(self, links: Sequence[tuple[CredentialId, Digest]], made: datetime) -> None:
        for name, hashed in links:
            named = select(credential.c.number, credential.c.link).where(credential.c.id == name)
            found = self._connection.execute(named).one_or_none()
            if found is None:
                continue
            self._connection.execute(insert(further_link).values(hash=hashed, credential=found.number, made=made))
            beside = and_(further_link.c.credential == found.number, further_link.c.hash != found.link)
            newest = select(further_link.c.hash).where(beside).order_by(further_link.c.made.desc()).limit(_LINKS)
            self._connection.execute(delete(further_link).where(beside, further_link.c.hash.not_in(newest)))

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
