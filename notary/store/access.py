"""API keys, by their hashes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update

from notary.core.digest import Digest
from notary.ports.ledger import ApiKeyRow, KeyId
from notary.store.rows import columns, values
from notary.store.tables import api_key


class SqlApiKeys:
    """The API keys of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: ApiKeyRow) -> None:
        self._connection.execute(insert(api_key), values(row))

    def get(self, name: KeyId) -> ApiKeyRow | None:
        return next(iter(self._where(api_key.c.id == name)), None)

    def by_hash(self, key: Digest) -> ApiKeyRow | None:
        return next(iter(self._where(api_key.c.hash == key)), None)

    def all(self, institution: str | None = None) -> tuple[ApiKeyRow, ...]:
        return self._where() if institution is None else self._where(api_key.c.institution == institution)

    def revoke(self, name: KeyId, moment: datetime) -> None:
        still_good = (api_key.c.id == name) & api_key.c.revoked.is_(None)
        self._connection.execute(update(api_key).where(still_good).values(revoked=moment))

    def use(self, name: KeyId, day: date) -> None:
        self._connection.execute(update(api_key).where(api_key.c.id == name).values(used=day))

    def _where(self, *conditions: ColumnElement[bool]) -> tuple[ApiKeyRow, ...]:
        statement = select(*columns(ApiKeyRow, api_key)).where(*conditions).order_by(api_key.c.made, api_key.c.id)
        return tuple(ApiKeyRow(*row) for row in self._connection.execute(statement))
