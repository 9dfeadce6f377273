"""A mail server on the loopback that keeps what it is given: the learners' mailboxes, by aiosmtpd."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from importlib import import_module
from typing import Any

from notary.core.errors import OperatorError

_LINK = re.compile(r"https?://\S+/r/([A-Za-z0-9_-]{22})\b")
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Mailed:
    """A mail that arrived: to whom, and the tokens of the links in it."""

    to: str
    subject: str
    tokens: tuple[str, ...]


@dataclass
class Mailboxes:
    """What arrived so far, in its order."""

    mails: list[Mailed] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802  # aiosmtpd's
        """Take a mail (RFC 5321 §4.1.1.4)."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        tokens = tuple(_LINK.findall(message.get_content()))
        self.mails += [Mailed(to, message["Subject"], tokens) for to in envelope.rcpt_tos]
        return "250 taken"

    def to(self, address: str) -> list[Mailed]:
        """Return the mails to one address."""
        return [mail for mail in self.mails if mail.to == address]

    def wait(self, what: str, come: Callable[[], bool], seconds: float) -> None:
        """Wait until something has come; OperatorError where it does not."""
        until = time.monotonic() + seconds
        while not come():
            if time.monotonic() > until:
                raise OperatorError(
                    f"{what} did not arrive within {seconds:.0f} s", actual=f"{len(self.mails)} mails came"
                )
            time.sleep(_PAUSE)


def mail_server() -> Any:
    """Return aiosmtpd's server; OperatorError where it is not installed, as only the tests require it."""
    try:
        return import_module("aiosmtpd.controller").Controller
    except ModuleNotFoundError as error:
        raise OperatorError(
            "the demo's mail server needs the package aiosmtpd, which is not installed",
            hint="Install it: pip install aiosmtpd",
        ) from error


@contextmanager
def receiving(port: int) -> Iterator[Mailboxes]:
    """Take mail on a port of the loopback for the block."""
    found = Mailboxes()
    server = mail_server()(found, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield found
    finally:
        server.stop()
