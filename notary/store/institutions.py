"""What institutions chose."""

from __future__ import annotations

from sqlalchemy import Connection, select

from notary.ports.ledger import InstitutionRow
from notary.store.rows import columns, save, values
from notary.store.tables import institution


class SqlInstitutions:
    """The institutions of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, did: str) -> InstitutionRow | None:
        statement = select(*columns(InstitutionRow, institution)).where(institution.c.did == did)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else InstitutionRow(*row)

    def save(self, row: InstitutionRow) -> None:
        save(self._connection, institution, values(row))
