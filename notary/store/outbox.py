"""Mail to learners, and the addresses that take none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Select, case, delete, func, insert, select, update

from notary.core.digest import Digest
from notary.ports.ledger import BounceRow, CredentialId, MailKind, MailRow, MailState, MailTally
from notary.store.contacts import number_of
from notary.store.rows import numbers_of, save, values, wiping
from notary.store.tables import bounce, contact, credential, mail, mail_text

_ASKED = 500
"""Credentials in one question."""
_COLUMNS: tuple[Column[Any], ...] = (
    *(credential.c.id, mail.c.kind, mail.c.state, mail.c.queued, mail.c.due),
    *(mail.c.tries, mail.c.template, mail.c.sent, mail.c.trouble),
)


class SqlOutbox:
    """The mails of one unit of work."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, rows: Sequence[MailRow]) -> None:
        numbers = numbers_of(self._connection, [row.credential for row in rows], {})
        given = {
            (numbers[row.credential], row.kind): {**values(row), "credential": numbers[row.credential]}
            for row in rows
            if row.credential in numbers
        }
        there = self._there([number for number, _ in given])
        if fresh := [row for key, row in given.items() if key not in there]:
            self._connection.execute(insert(mail), fresh)
        for key in given.keys() & there:
            save(self._connection, mail, given[key])

    def _there(self, numbers: Sequence[int]) -> set[tuple[int, MailKind]]:
        found: set[tuple[int, MailKind]] = set()
        for at in range(0, len(numbers), _ASKED):
            asked = select(mail.c.credential, mail.c.kind).where(mail.c.credential.in_(numbers[at : at + _ASKED]))
            found.update((number, kind) for number, kind in self._connection.execute(asked))
        return found

    def get(self, name: CredentialId, kind: MailKind) -> MailRow | None:
        row = self._connection.execute(_whole().where(credential.c.id == name, mail.c.kind == kind)).one_or_none()
        return None if row is None else MailRow(*row)

    def known(self, names: Sequence[CredentialId], kind: MailKind) -> set[CredentialId]:
        found: set[CredentialId] = set()
        for at in range(0, len(names), _ASKED):
            asked = _whole().where(mail.c.kind == kind, credential.c.id.in_(names[at : at + _ASKED]))
            found.update(self._connection.scalars(asked))
        return found

    def due(self, now: datetime, limit: int) -> tuple[MailRow, ...]:
        statement = _whole().where(mail.c.due <= now).order_by(mail.c.due, mail.c.credential).limit(limit)
        return tuple(MailRow(*row) for row in self._connection.execute(statement))

    def put_off(self, now: datetime, until: datetime, trouble: str) -> int:
        later = update(mail).where(mail.c.due <= now).values(due=until, tries=mail.c.tries + 1, trouble=trouble)
        return self._connection.execute(later).rowcount

    def failed(self, institution: str | None, limit: int) -> tuple[MailRow, ...]:
        statement = _of(_whole(), institution).where(mail.c.state == MailState.FAILED)
        newest = statement.order_by(mail.c.queued.desc(), mail.c.credential).limit(limit)
        return tuple(MailRow(*row) for row in self._connection.execute(newest))

    def tally(self, institution: str | None = None) -> MailTally:
        waits = mail.c.state == MailState.WAITING
        counted = select(mail.c.state, func.count(), func.sum(case((mail.c.tries > 0, 1), else_=0))).join_from(
            mail, credential, mail.c.credential == credential.c.number
        )
        states = {
            state: (count, int(tried))
            for state, count, tried in self._connection.execute(_of(counted, institution).group_by(mail.c.state))
        }
        first = select(mail.c.queued).join_from(mail, credential, mail.c.credential == credential.c.number).where(waits)
        oldest = self._connection.scalar(_of(first, institution).order_by(mail.c.queued).limit(1))
        return MailTally(
            waiting=states.get(MailState.WAITING, (0, 0))[0],
            troubled=states.get(MailState.WAITING, (0, 0))[1],
            sent=states.get(MailState.SENT, (0, 0))[0],
            handed=states.get(MailState.HANDED, (0, 0))[0],
            failed=states.get(MailState.FAILED, (0, 0))[0],
            bounced=len(self.bounces(institution)),
            oldest=oldest,
        )

    def keep_template(self, digest: Digest, text: str) -> None:
        save(self._connection, mail_text, {"digest": digest, "text": text})

    def template(self, digest: Digest) -> str | None:
        return self._connection.scalar(select(mail_text.c.text).where(mail_text.c.digest == digest))

    def add_bounces(self, rows: Sequence[BounceRow]) -> None:
        for row in rows:
            if self.bounced(row.email) is None:
                self._connection.execute(insert(bounce), values(row))

    def bounced(self, email: str) -> BounceRow | None:
        row = self._connection.execute(select(bounce).where(bounce.c.email == email)).one_or_none()
        return None if row is None else BounceRow(*row)

    def refusing(self, emails: Collection[str]) -> set[str]:
        found: set[str] = set()
        listed = sorted(emails)
        for at in range(0, len(listed), _ASKED):
            asked = select(bounce.c.email).where(bounce.c.email.in_(listed[at : at + _ASKED]))
            found.update(self._connection.scalars(asked))
        return found

    def bounces(self, institution: str | None = None) -> tuple[tuple[CredentialId, BounceRow], ...]:
        statement = (
            select(credential.c.id, bounce.c.email, bounce.c.since, bounce.c.why)
            .join_from(bounce, contact, bounce.c.email == contact.c.email)
            .join(credential, contact.c.credential == credential.c.number)
            .order_by(credential.c.number)
        )
        return tuple((name, BounceRow(*row)) for name, *row in self._connection.execute(_of(statement, institution)))

    def forget(self, name: CredentialId) -> None:
        with wiping(self._connection):
            self._connection.execute(delete(mail).where(mail.c.credential.in_(number_of(name))))
            self._connection.execute(delete(bounce).where(bounce.c.email.not_in(select(contact.c.email))))


def _whole() -> Select[Any]:
    return select(*_COLUMNS).join_from(mail, credential, mail.c.credential == credential.c.number)


def _of(statement: Select[Any], institution: str | None) -> Select[Any]:
    return statement if institution is None else statement.where(credential.c.institution == institution)
