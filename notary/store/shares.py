"""What learners share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, delete, insert, select

from notary.core.digest import Digest
from notary.ports.ledger import CredentialId, ShareId, ShareRow
from notary.store.contacts import number_of
from notary.store.rows import values, wiping
from notary.store.tables import credential, share

_COLUMNS: tuple[Column[Any], ...] = (
    *(share.c.id, share.c.hash, credential.c.id, share.c.made),
    *(share.c.expires, share.c["items"], share.c.named),
)


class SqlShares:
    """The shares of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: ShareRow) -> None:
        number = self._connection.scalar(number_of(row.credential))
        self._connection.execute(insert(share), {**values(row), "credential": number})

    def by_hash(self, hashed: Digest) -> ShareRow | None:
        return next(iter(self._rows(_whole().where(share.c.hash == hashed))), None)

    def of(self, name: CredentialId) -> tuple[ShareRow, ...]:
        return self._rows(_whole().where(credential.c.id == name).order_by(share.c.made, share.c.id))

    def end(self, name: CredentialId, ended: ShareId) -> None:
        self._connection.execute(delete(share).where(share.c.id == ended, share.c.credential.in_(number_of(name))))

    def sweep(self, before: datetime) -> None:
        self._connection.execute(delete(share).where(share.c.expires <= before))

    def forget(self, name: CredentialId) -> None:
        with wiping(self._connection):
            self._connection.execute(delete(share).where(share.c.credential.in_(number_of(name))))

    def _rows(self, statement: Select[Any]) -> tuple[ShareRow, ...]:
        return tuple(ShareRow(*row) for row in self._connection.execute(statement))


def _whole() -> Select[Any]:
    return select(*_COLUMNS).join_from(share, credential, share.c.credential == credential.c.number)
