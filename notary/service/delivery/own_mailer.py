"""Links for the institution's own mailer: made now, beside those that learners have, and given out once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from notary.ports.ledger import CredentialId, MailKind, MailRow, MailState
from notary.service.access.journal import Action, record
from notary.service.access.links import draw_token, link_hash
from notary.service.notary import Notary

_AT_ONCE = 1000


class Handed(NamedTuple):
    """One learner's line: the token is kept nowhere."""

    credential: CredentialId
    learner: str | None
    email: str
    title: str | None
    token: str


def make_links(notary: Notary, institution: str, names: Sequence[CredentialId]) -> Iterator[Handed]:
    """Make a link for each credential that has a contact, durable before it is given out."""
    for at in range(0, len(names), _AT_ONCE):
        made = []
        with notary.ledger.begin() as work:
            for name in names[at : at + _AT_ONCE]:
                row, contact = work.credentials.get(name), work.contacts.get(name)
                if row is not None and contact is not None and row.digest is not None:
                    token = draw_token(notary.random)
                    made.append(Handed(name, contact.name or row.learner, contact.email, row.title, token))
            links = [(each.credential, link_hash(each.token)) for each in made]
            work.credentials.link_also(links, notary.clock.now())
            record(notary, work, Action.LINK, institution, [each.credential for each in made])
        yield from made


def note_handed(notary: Notary, institution: str, names: Sequence[CredentialId]) -> None:
    """Note that the institution has the links for good, and writes to these learners itself."""
    now = notary.clock.now()
    for at in range(0, len(names), _AT_ONCE):
        some = names[at : at + _AT_ONCE]
        with notary.ledger.begin() as work:
            work.outbox.save([MailRow(name, MailKind.AWARD, MailState.HANDED, now, None, sent=now) for name in some])
            record(notary, work, Action.DELIVER, institution, count=len(some))
