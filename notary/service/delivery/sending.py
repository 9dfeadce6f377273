"""Sending what is due. A link is made when its mail leaves, and exists in that mail alone: the ledger has its hash.

A mail is put off in the ledger before it is handed over, so two workers never
send one at once. A crash, or an answer that was lost, leaves it to be sent again
under the same Message-ID and with a link of its own; both links open.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

from notary.core.errors import NotaryError, OperatorError
from notary.core.status import Status
from notary.ports.ledger import (
    BatchState,
    BounceRow,
    ContactRow,
    CredentialId,
    CredentialRow,
    MailKind,
    MailRow,
    MailState,
    UnitOfWork,
)
from notary.ports.mailer import Mail, MailSession, Undeliverable
from notary.service.access.journal import Action, record
from notary.service.access.links import draw_token, link_hash
from notary.service.delivery.text import AWARD, LOST, Template, listed, one_line
from notary.service.members.registry import Members, members_in_force
from notary.service.notary import Notary, Post
from notary.service.status.lists import newest_list
from notary.service.status.reissue import newest_of

SECONDS = 60.0
"""How long one run sends at most; the next goes on."""
LEASE = timedelta(minutes=10)
"""After which a mail whose sending was cut short is due again."""
PATIENCE = timedelta(days=5)
"""How long a mail is tried (RFC 5321 §4.5.4.1)."""
MOST = 50
"""Credentials in one mail."""
_FIRST, _LAST = timedelta(minutes=1), timedelta(hours=4)
_OUTAGE = timedelta(minutes=15)
_CLAIMED = 20
_IN_A_ROW = 3
"""Mails that fail one after another until a run is given up: it is the server then."""


@dataclass(slots=True)
class Sent:
    """What a run did."""

    sent: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail, and the outbox's rows that it settles."""

    mail: Mail
    rows: tuple[MailRow, ...]


def send_due(notary: Notary, seconds: float = SECONDS) -> Sent:
    """Send what is due, for so long at most. An outage of the mail server is noted with the mails, and ends the run."""
    done = Sent()
    if notary.post is None or not _is_due(notary):
        return done
    until, in_a_row = time.monotonic() + seconds, 0
    with ExitStack() as stack:
        try:
            session = stack.enter_context(notary.post.mailer.session())
        except OperatorError as error:
            _put_off(notary, error)
            return done
        while time.monotonic() < until and in_a_row < _IN_A_ROW and (letters := _claim(notary, notary.post)):
            for letter in letters:
                in_a_row = 0 if _send(notary, session, letter, done) else in_a_row + 1
    return done


def backoff(tries: int) -> timedelta:
    """Return how long a mail waits after so many tries."""
    return min(_FIRST * (1 << min(tries, 10)), _LAST)


def _is_due(notary: Notary) -> bool:
    with notary.ledger.read() as work:
        return bool(work.outbox.due(notary.clock.now(), 1))


def _put_off(notary: Notary, error: OperatorError) -> None:
    now = notary.clock.now()
    with notary.ledger.begin() as work:
        first = next(iter(work.outbox.due(now, 1)), None)
        if first is not None:
            work.outbox.put_off(now, now + min(backoff(first.tries), _OUTAGE), _trouble(error))


def _claim(notary: Notary, post: Post) -> list[Letter]:
    """Take the next mails in hand: each with new links, and put off as if it had failed."""
    now = notary.clock.now()
    members = members_in_force(notary.ledger)
    with notary.ledger.begin() as work:
        writing = _Writing(notary, post, members, work)
        letters: list[Letter] = []
        while len(letters) < _CLAIMED and (row := next(iter(work.outbox.due(now, 1)), None)):
            letter = writing.letter(row)
            if letter is None:
                work.outbox.save([replace(row, state=MailState.FAILED, due=None, trouble=writing.why(row))])
                continue
            claimed = tuple(replace(each, due=now + LEASE, tries=each.tries + 1) for each in letter.rows)
            work.outbox.save(claimed)
            letters.append(replace(letter, rows=claimed))
        return letters


def _send(notary: Notary, session: MailSession, letter: Letter, done: Sent) -> bool:
    """Send one letter and note how it went; say whether the server did its part."""
    now = notary.clock.now()
    try:
        session.send(letter.mail)
    except Undeliverable as error:
        done.failed += 1
        with notary.ledger.begin() as work:
            work.outbox.add_bounces([BounceRow(letter.mail.to, now, _trouble(error))])
            work.outbox.save([_ended(row, error) for row in letter.rows])
        return True
    except OperatorError as error:
        done.failed += 1
        with notary.ledger.begin() as work:
            work.outbox.save(
                [
                    _ended(row, error)
                    if now - row.queued > PATIENCE
                    else replace(row, due=now + backoff(row.tries), trouble=_trouble(error))
                    for row in letter.rows
                ]
            )
        return False
    done.sent += 1
    with notary.ledger.begin() as work:
        work.outbox.save([replace(row, state=MailState.SENT, due=None, sent=now, trouble=None) for row in letter.rows])
    return True


def _ended(row: MailRow, error: NotaryError) -> MailRow:
    return replace(row, state=MailState.FAILED, due=None, trouble=_trouble(error))


def _trouble(error: NotaryError) -> str:
    return error.what if error.actual is None else f"{error.what}: {error.actual}"


@dataclass(frozen=True, slots=True)
class _Writing:
    """Writes letters in one unit of work."""

    notary: Notary
    post: Post
    members: Members
    work: UnitOfWork

    def letter(self, row: MailRow) -> Letter | None:
        """Write the mail of a row and of others to the same learner that go along; None where there is none to send."""
        contact = self.work.contacts.get(row.credential)
        if contact is None or self.work.outbox.bounced(contact.email) is not None:
            return None
        if row.kind is MailKind.LOST:
            credentials, rows = list(self._all(contact)), [row]
        else:
            pairs = list(self._along(row, contact))[:MOST]
            credentials, rows = [credential for credential, _ in pairs], [each for _, each in pairs]
        if not credentials:
            return None
        return Letter(self._mail(row, contact, credentials), tuple(rows))

    def why(self, row: MailRow) -> str:
        """Say why a row has no letter."""
        contact = self.work.contacts.get(row.credential)
        if contact is None:
            return "it has no contact any more"
        if self.work.outbox.bounced(contact.email) is not None:
            return "its address takes no mail"
        return "it was revoked, replaced or erased before its mail left"

    def _along(self, row: MailRow, contact: ContactRow) -> Iterator[tuple[CredentialRow, MailRow]]:
        """Give the credentials of this institution whose mails wait for the same learner, the asked one first."""
        first = self.work.credentials.get(row.credential)
        others = (each.credential for each in self.work.contacts.by_email(contact.email))
        for name in dict.fromkeys((row.credential, *others)):
            waiting = self.work.outbox.get(name, MailKind.AWARD)
            credential = self.work.credentials.get(name)
            if waiting is None or credential is None or first is None or not _is_good(self.work, credential):
                continue
            # Queued at once and waiting as long, so that no mail in another worker's hand is sent twice.
            same = (waiting.due, waiting.template) == (row.due, row.template)
            if same and credential.institution == first.institution:
                yield credential, waiting

    def _all(self, contact: ContactRow) -> Iterator[CredentialRow]:
        """Give the newest of every credential that an address is noted for."""
        seen: set[CredentialId] = set()
        for each in self.work.contacts.by_email(contact.email):
            credential = self.work.credentials.get(each.credential)
            newest = None if credential is None else newest_of(self.work, credential)
            if newest is not None and newest.digest is not None and newest.id not in seen and len(seen) < MOST:
                seen.add(newest.id)
                yield newest

    def _mail(self, row: MailRow, contact: ContactRow, credentials: list[CredentialRow]) -> Mail:
        tokens = [draw_token(self.notary.random) for _ in credentials]
        links = [(each.id, link_hash(token)) for each, token in zip(credentials, tokens, strict=True)]
        self.work.credentials.link_also(links, self.notary.clock.now())
        if row.kind is MailKind.LOST:
            record(self.notary, self.work, Action.LINK, credentials[0].institution, [each.id for each in credentials])
        titles = [each.title or "Credential" for each in credentials]
        member = self.members.find(credentials[0].institution)
        subject, text = self._template(row).fill(
            {
                # One line each: what others wrote never looks like words of the mail's own.
                "learner": one_line(contact.name or credentials[0].learner or ""),
                "title": one_line(titles[0]) if len(titles) == 1 else f"{len(titles)} credentials",
                "institution": one_line(member.name if member else credentials[0].institution),
                "consortium": self.post.name,
                "credentials": listed(list(zip(titles, map(self.post.link, tokens), strict=True))),
                "lost": f"{self.post.url.rstrip('/')}/lost",
            }
        )
        return Mail(contact.email, subject, text, f"{row.kind}.{row.credential}.{int(row.queued.timestamp())}")

    def _template(self, row: MailRow) -> Template:
        if row.kind is MailKind.LOST:
            return LOST
        own = None if row.template is None else self.work.outbox.template(row.template)
        return AWARD if own is None else Template.parse(own.encode(), "mail template")


def _is_good(work: UnitOfWork, row: CredentialRow) -> bool:
    """Say whether a credential is still to be delivered: neither erased nor revoked nor replaced."""
    if row.digest is None:
        return False
    batch = None if row.batch is None else work.batches.get(row.batch)
    if batch is None or batch.state is not BatchState.LOGGED or row.index is None:
        return True
    return newest_list(work, batch).get(row.index) not in (Status.REVOKED, Status.REPLACED)
