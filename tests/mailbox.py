"""Mail in tests: a mailer that keeps what it is given, and one small SMTP server on the loopback."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from notary.core.errors import OperatorError
from notary.ports.mailer import Mail, Undeliverable

LINK = re.compile(r"https?://\S+/r/([A-Za-z0-9_-]{22})\b")


@dataclass
class Mailbox:
    """The port `Mailer` without a server. `down`: it is not reached; `lossy`: it takes a mail and the answer is lost.

    `closed` addresses take no mail; `greylisted` ones are put off.
    """

    mails: list[Mail] = field(default_factory=list)
    down: bool = False
    lossy: bool = False
    closed: set[str] = field(default_factory=set)
    greylisted: set[str] = field(default_factory=set)
    sessions: int = 0

    @contextmanager
    def session(self) -> Iterator[Mailbox]:
        self.sessions += 1
        if self.down:
            raise OperatorError("the mail server is not reached", actual="Connection refused")
        yield self

    def send(self, mail: Mail) -> None:
        if mail.to in self.closed:
            raise Undeliverable("the address was refused", actual="550 5.1.1")
        if mail.to in self.greylisted:
            raise OperatorError("the mail server put the mail off", actual="451 4.7.1")
        self.mails.append(mail)
        if self.lossy:
            raise OperatorError("the mail server did not take the mail", actual="timed out")

    def tokens(self, to: str) -> list[str]:
        """Every link's token that an address was sent, oldest first."""
        return [token for mail in self.mails if mail.to == to for token in LINK.findall(mail.text)]


class SmtpSink(socketserver.ThreadingTCPServer):
    """An SMTP server that takes everything (RFC 5321), but for addresses that begin with `nobody`."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[tuple[str, str, EmailMessage]] = []
        self.rude = False
        """Whether it refuses the text of every mail for now."""

    @property
    def url(self) -> str:
        """Where it listens, as the setting has it."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def tokens(self, to: str) -> list[str]:
        """Every link's token that an address was sent, oldest first."""
        texts = [message.get_content() for _, whom, message in self.mails if whom == to]
        return [token for text in texts for token in LINK.findall(text)]


class _Talk(socketserver.StreamRequestHandler):
    server: SmtpSink

    def handle(self) -> None:
        sender = to = ""
        self._say("220 sink")
        while line := self.rfile.readline(1000):
            verb = line[:4].upper()
            if verb == b"EHLO":
                self._say("250-sink", "250 SMTPUTF8")
            elif verb == b"MAIL":
                sender = _path(line)
                self._say("250 ok")
            elif verb == b"RCPT":
                to = _path(line)
                self._say(f"550 5.1.1 no such user {to}" if to.startswith("nobody") else "250 ok")
            elif verb == b"DATA":
                self._say("354 go on")
                data = b"".join(iter(self.rfile.readline, b".\r\n")).replace(b"\r\n..", b"\r\n.")
                if self.server.rude:
                    self._say(f"451 4.3.0 not now for {to}")
                    continue
                self.server.mails.append((sender, to, message_from_bytes(data, policy=policy.default)))
                self._say("250 taken")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


def _path(line: bytes) -> str:
    found = re.search(rb"<([^>]*)>", line)
    return found[1].decode() if found else ""


@contextmanager
def smtp_sink() -> Iterator[SmtpSink]:
    """Run one for the block."""
    with SmtpSink() as sink:
        thread = threading.Thread(target=sink.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield sink
        finally:
            sink.shutdown()
            thread.join()
