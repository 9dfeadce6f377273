"""A lost link: whoever asks learns nothing; the contact on file is mailed a new link to each of its credentials."""

from __future__ import annotations

from datetime import timedelta

from notary.ports.ledger import MailKind, MailRow, MailState
from notary.service.notary import Notary

PAUSE = timedelta(hours=1)
"""How long an address is not written to again, whoever asks."""


def ask_for_links(notary: Notary, email: str) -> None:
    """Queue a mail to an address (in lower case) that is a contact here; for any other, nothing happens.

    Nothing is returned, so that no caller can pass on whether there was one.
    """
    if notary.post is None:
        return
    now = notary.clock.now()
    with notary.ledger.begin() as work:
        contacts = work.contacts.by_email(email)
        if not contacts or work.outbox.bounced(email) is not None:
            return
        first = contacts[0].credential
        before = work.outbox.get(first, MailKind.LOST)
        if before is None or now - before.queued >= PAUSE:
            work.outbox.save([MailRow(first, MailKind.LOST, MailState.WAITING, now, now)])
