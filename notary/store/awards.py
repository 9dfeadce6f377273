"""What was issued from templates, by whom it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, select, update

from notary.core.digest import Digest
from notary.ports.ledger import AwardRow, CredentialId
from notary.store.contacts import number_of
from notary.store.rows import insert_many, numbers_of, wiping
from notary.store.tables import award, credential

_ASKED = 500
"""Identities in one question."""


class SqlAwards:
    """The awards of one unit of work."""

    def __init__(self, connection: Connection, added: Mapping[str, int]) -> None:
        self._connection, self._added = connection, added

    def add(self, rows: Sequence[AwardRow]) -> None:
        numbers = numbers_of(self._connection, [row.credential for row in rows], self._added)
        kept = [(numbers[row.credential], row.institution, row.identity, row.substance, row.handed) for row in rows]
        insert_many(self._connection, award, kept)

    def known(self, institution: str, identities: Sequence[Digest]) -> dict[Digest, AwardRow]:
        found: dict[Digest, AwardRow] = {}
        whole = select(
            credential.c.id, award.c.institution, award.c.identity, award.c.substance, award.c.handed
        ).join_from(award, credential, award.c.credential == credential.c.number)
        for at in range(0, len(identities), _ASKED):
            asked = whole.where(award.c.institution == institution, award.c.identity.in_(identities[at : at + _ASKED]))
            found |= {row.identity: AwardRow(*row) for row in self._connection.execute(asked)}
        return found

    def hand(self, credentials: Sequence[CredentialId]) -> None:
        for at in range(0, len(credentials), _ASKED):
            numbers = select(credential.c.number).where(credential.c.id.in_(credentials[at : at + _ASKED]))
            self._connection.execute(update(award).where(award.c.credential.in_(numbers)).values(handed=True))

    def forget(self, name: CredentialId) -> None:
        with wiping(self._connection):
            self._connection.execute(delete(award).where(award.c.credential.in_(number_of(name))))
