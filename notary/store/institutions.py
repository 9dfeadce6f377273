"""What institutions chose, and the hashes of their API keys."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from notary.core.digest import Digest
from notary.ports.ledger import InstitutionRow
from notary.store.rows import save
from notary.store.tables import api_key, institution


class SqlInstitutions:
    """The institutions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, did: str) -> InstitutionRow | None:
        row = self._connection.execute(select(institution).where(institution.c.did == did)).one_or_none()
        if row is None:
            return None
        keys = select(api_key.c.hash).where(api_key.c.institution == did).order_by(api_key.c.position)
        return InstitutionRow(row.did, row.retain, row.lookup, tuple(self._connection.scalars(keys)))

    def save(self, row: InstitutionRow) -> None:
        save(self._connection, institution, {"did": row.did, "retain": row.retain, "lookup": row.lookup})
        self._connection.execute(delete(api_key).where(api_key.c.institution == row.did))
        if row.api_keys:
            self._connection.execute(
                insert(api_key),
                [{"hash": key, "institution": row.did, "position": at} for at, key in enumerate(row.api_keys)],
            )

    def by_api_key(self, key: Digest) -> InstitutionRow | None:
        did = self._connection.scalar(select(api_key.c.institution).where(api_key.c.hash == key))
        return None if did is None else self.get(did)
