"""Endorsements of credentials."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from notary.ports.ledger import CredentialId, EndorsementRow
from notary.store.contacts import number_of
from notary.store.rows import values, wiping
from notary.store.tables import credential, endorsement


class SqlEndorsements:
    """The endorsements of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: EndorsementRow) -> None:
        if row.digest not in {known.digest for known in self.of(row.credential)}:
            number = self._connection.scalar(number_of(row.credential))
            self._connection.execute(insert(endorsement), {**values(row), "credential": number})

    def of(self, name: CredentialId) -> tuple[EndorsementRow, ...]:
        statement = (
            select(credential.c.id, endorsement.c.digest, endorsement.c.data, endorsement.c.added)
            .join_from(endorsement, credential, endorsement.c.credential == credential.c.number)
            .where(credential.c.id == name)
            .order_by(endorsement.c.added, endorsement.c.digest)
        )
        return tuple(EndorsementRow(*row) for row in self._connection.execute(statement))

    def forget(self, name: CredentialId) -> None:
        with wiping(self._connection):
            self._connection.execute(delete(endorsement).where(endorsement.c.credential.in_(number_of(name))))
