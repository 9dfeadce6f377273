"""Sending mail: one message to one address."""

from __future__ import annotations

import unicodedata
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from notary.core.errors import IssuerError

MAX_SUBJECT = 200
"""Characters of a subject."""


class Undeliverable(IssuerError):
    """The address takes no mail, now or later. The message names neither address nor server's words."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A text for one person. `to`: a bare address; `id`: names the mail, the same at every try, letters and dots alone.

    What stands in a header holds no character that ends it (RFC 5322 §2.2).
    """

    to: str
    subject: str
    text: str
    id: str

    def __post_init__(self) -> None:
        heads = (self.to, self.subject, self.id)
        if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for head in heads for one in head):
            raise ValueError("a line break or a control character in a mail's header")
        if self.to.count("@") != 1 or len(self.subject) > MAX_SUBJECT:
            raise ValueError("one address, and a subject of one line")


class MailSession(Protocol):
    """An open way to a mail server."""

    def send(self, mail: Mail) -> None:
        """Hand a mail over; it is the server's on return.

        Undeliverable where the address is refused for good; OperatorError for all
        else: the mail may then have been taken all the same, and its id tells so.
        """
        ...


class Mailer(Protocol):
    """A mail server."""

    def session(self) -> AbstractContextManager[MailSession]:
        """Open one for several mails; OperatorError where the server is not reached, or lets nobody in."""
        ...
