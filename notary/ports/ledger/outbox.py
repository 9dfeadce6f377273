"""Mail that is to go to learners: which credential, why, and how far it is. No address, no link and no text of a mail.

Address and link are looked up and made when a mail leaves, so that nothing here
opens anything, and a learner who is forgotten in between gets none.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from notary.core.digest import Digest
from notary.ports.ledger.credentials import CredentialId


class MailKind(StrEnum):
    """Why somebody is written to."""

    AWARD = "award"
    """The institution delivers a credential."""
    LOST = "lost"
    """Somebody said that a link was lost."""


class MailState(StrEnum):
    """How far a mail is."""

    WAITING = "waiting"
    SENT = "sent"
    """The mail server took it."""
    HANDED = "handed"
    """The institution was given the link for a mailer of its own."""
    FAILED = "failed"
    """It is not tried any more."""


@dataclass(frozen=True, slots=True)
class MailRow:
    """The newest mail of a kind about a credential; one each, so nobody is mailed twice by asking twice.

    `due`: when it is tried next, None unless it waits. `template`: digest of the
    institution's own text, None for ours. `trouble`: why the last try failed, a
    mail server's code without its words.
    """

    credential: CredentialId
    kind: MailKind
    state: MailState
    queued: datetime
    due: datetime | None
    tries: int = 0
    template: Digest | None = None
    sent: datetime | None = None
    trouble: str | None = None

    def __post_init__(self) -> None:
        if (self.state is MailState.WAITING) != (self.due is not None):
            raise ValueError("a mail that waits is due, and no other")


@dataclass(frozen=True, slots=True)
class MailTally:
    """How many mails are how far. `troubled`: waiting ones of which a try has failed; `oldest`: of those that wait."""

    waiting: int = 0
    troubled: int = 0
    sent: int = 0
    handed: int = 0
    failed: int = 0
    bounced: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class BounceRow:
    """An address, in lower case, that took no mail, and why: a status code (RFC 3463), or what the file said."""

    email: str
    since: datetime
    why: str


class Outbox(Protocol):
    """The mails, and the addresses that take none."""

    def save(self, rows: Sequence[MailRow]) -> None:
        """Add mails about credentials that are there, or replace the rows of their credential and kind."""
        ...

    def get(self, name: CredentialId, kind: MailKind) -> MailRow | None:
        """Return a credential's mail of a kind."""
        ...

    def known(self, names: Sequence[CredentialId], kind: MailKind) -> set[CredentialId]:
        """Return those of these credentials that have a mail of a kind, however far it is."""
        ...

    def due(self, now: datetime, limit: int) -> tuple[MailRow, ...]:
        """Return at most `limit` mails that are due, the longest due first."""
        ...

    def put_off(self, now: datetime, until: datetime, trouble: str) -> int:
        """Let every mail that is due wait until later, as one try more that failed; return how many."""
        ...

    def failed(self, institution: str | None, limit: int) -> tuple[MailRow, ...]:
        """Return at most `limit` mails that are not tried any more, of one institution or all, the newest first."""
        ...

    def tally(self, institution: str | None = None) -> MailTally:
        """Count the mails of one institution or all."""
        ...

    def keep_template(self, digest: Digest, text: str) -> None:
        """Keep an institution's text by its digest; safe to repeat."""
        ...

    def template(self, digest: Digest) -> str | None:
        """Return a text that was kept."""
        ...

    def add_bounces(self, rows: Sequence[BounceRow]) -> None:
        """Mark addresses; one that was marked before keeps its row."""
        ...

    def bounced(self, email: str) -> BounceRow | None:
        """Return why an address (in lower case) is not mailed."""
        ...

    def refusing(self, emails: Collection[str]) -> set[str]:
        """Return those addresses that are known to take no mail."""
        ...

    def bounces(self, institution: str | None = None) -> tuple[tuple[CredentialId, BounceRow], ...]:
        """Return every credential whose contact is a marked address, in the order of submission."""
        ...

    def forget(self, name: CredentialId) -> None:
        """Forget a credential's mails, and marks of addresses that are nobody's contact any more."""
        ...
