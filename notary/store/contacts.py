"""Contacts, in a table of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select

from notary.ports.ledger import ContactRow, CredentialId
from notary.store.rows import values, wiping
from notary.store.tables import contact, credential


class SqlContacts:
    """The contacts of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rows: Sequence[ContactRow]) -> None:
        if not rows:
            return
        found = select(credential.c.number, bindparam("email"), bindparam("name")).where(
            credential.c.id == bindparam("credential")
        )
        adding = insert(contact).from_select(["credential", "email", "name"], found)
        self._connection.execute(adding, [values(row) for row in rows])

    def get(self, name: CredentialId) -> ContactRow | None:
        row = self._connection.execute(_whole().where(credential.c.id == name)).one_or_none()
        return None if row is None else ContactRow(*row)

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
