"""Contacts, in a table of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, select

from notary.ports.ledger import ContactRow, CredentialId
from notary.store.rows import insert_many, numbers_of, wiping
from notary.store.tables import contact, credential

_ASKED = 500
"""Credentials in one question."""


class SqlContacts:
    """The contacts of one unit of work."""

    def __init__(self, connection: Connection, added: Mapping[str, int]) -> None:
        self._connection, self._added = connection, added

    def add(self, rows: Sequence[ContactRow]) -> None:
        numbers = numbers_of(self._connection, [row.credential for row in rows], self._added)
        insert_many(self._connection, contact, [(numbers[row.credential], row.email, row.name) for row in rows])

    def get(self, name: CredentialId) -> ContactRow | None:
        row = self._connection.execute(_whole().where(credential.c.id == name)).one_or_none()
        return None if row is None else ContactRow(*row)

    def emails(self, names: Sequence[CredentialId]) -> dict[CredentialId, str]:
        found: dict[CredentialId, str] = {}
        for at in range(0, len(names), _ASKED):
            asked = _whole().where(credential.c.id.in_(names[at : at + _ASKED]))
            found.update((name, email) for name, email, _ in self._connection.execute(asked))
        return found

    def by_email(self, email: str) -> tuple[ContactRow, ...]:
        statement = _whole().where(contact.c.email == email).order_by(contact.c.credential)
        return tuple(ContactRow(*row) for row in self._connection.execute(statement))

    def forget(self, name: CredentialId) -> None:
        with wiping(self._connection):
            self._connection.execute(delete(contact).where(contact.c.credential.in_(number_of(name))))


def number_of(name: CredentialId) -> Select[tuple[Any]]:
    """Return the query for a credential's number."""
    return select(credential.c.number).where(credential.c.id == name)


def _whole() -> Select[Any]:
    return select(credential.c.id, contact.c.email, contact.c.name).join_from(
        contact, credential, contact.c.credential == credential.c.number
    )
