"""Mail over SMTP (RFC 5321): the port `Mailer`, and what the settings say of the server.

TLS is taken wherever the server offers it, and its certificate checked; a password
is never sent without. What a server says may quote an address, so that its codes
alone (RFC 3463) go into errors, ledger and log.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import formatdate
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from api.key_files import read_secret
from api.settings import Settings
from notary.core.encoding import shorten
from notary.core.errors import OperatorError
from notary.ports.mailer import Mail, Undeliverable
from notary.service.issuing.cells import Unread, read_email

PASSWORD = "NOTARY_SMTP_PASSWORD"  # noqa: S105  # a variable's name
PASSWORD_FILE = "smtp-password"  # noqa: S105  # a file's name
_SECONDS = 20.0
_GREETING = "localhost"
"""This machine's own name is nobody's business, and need not resolve."""
_SENDER = re.compile(r"(?:(?P<name>[^<>\"]*)<)?(?P<email>[^<>\s]+)>?")
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. `password` is asked for when it is needed, so that a changed file counts at once."""

    server: SplitResult
    sender: Address
    data: Path
    environment: Mapping[str, str]

    @classmethod
    def of(cls, settings: Settings, environment: Mapping[str, str] = os.environ) -> Smtp | None:
        """Return the server that the settings name, None for none; OperatorError for one that is off."""
        if not settings.smtp:
            return None
        return cls(_server(settings.smtp), _sender(settings.mail_from), settings.data, environment)

    @contextmanager
    def session(self) -> Iterator[SmtpSession]:
        host = self.server.hostname or ""
        try:
            opened = self._open(host)
        except (OSError, smtplib.SMTPException) as error:
            raise OperatorError(
                f"the mail server {host} is not reached",
                actual=_code(error),
                hint="Check the setting smtp, and that the server runs; mails wait and are tried again",
            ) from None
        try:
            yield SmtpSession(opened, self.sender, host)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                opened.quit()

    def check(self) -> None:
        """Reach for the server and say who we are; OperatorError where it lets nobody in."""
        with self.session():
            pass

    def _open(self, host: str) -> smtplib.SMTP:
        tls = ssl.create_default_context()
        if self.server.scheme == "smtps":
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                host, self.server.port or 465, _GREETING, timeout=_SECONDS, context=tls
            )
        else:
            session = smtplib.SMTP(host, self.server.port or 25, _GREETING, timeout=_SECONDS)
        try:
            session.ehlo()
            if self.server.scheme == "smtp" and (session.has_extn("starttls") or self.server.username):
                session.starttls(context=tls)
                session.ehlo()
            if self.server.username:
                session.login(self.server.username, self._password())
        except BaseException:
            session.close()
            raise
        return session

    def _password(self) -> str:
        given = self.environment.get(PASSWORD)
        return given or read_secret(self.data / "keys" / PASSWORD_FILE).decode().rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class SmtpSession:
    """A connection that mails go through one after another."""

    connection: smtplib.SMTP
    sender: Address
    host: str

    def send(self, mail: Mail) -> None:
        try:
            message = compose(mail, self.sender)
        except (MessageError, ValueError, UnicodeError):
            raise Undeliverable("no mail can be addressed so") from None
        try:
            self.connection.send_message(message, self.sender.addr_spec, [mail_address(mail.to).addr_spec])
        except smtplib.SMTPRecipientsRefused as error:
            (reply,) = error.recipients.values()
            if reply[0] >= _PERMANENT:
                raise Undeliverable("the address was refused", actual=_code(error)) from None
            raise OperatorError(f"the mail server {self.host} put the mail off", actual=_code(error)) from None
        except smtplib.SMTPNotSupportedError:
            raise Undeliverable("the mail server takes no address of these letters") from None
        except (OSError, smtplib.SMTPException) as error:
            raise OperatorError(f"the mail server {self.host} did not take the mail", actual=_code(error)) from None


def compose(mail: Mail, sender: Address) -> EmailMessage:
    """Write the message: whatever is no single address or line is an error of `email`'s own, never a second header."""
    to = mail_address(read_email(mail.to))
    message = EmailMessage(policy=SMTP if to.addr_spec.isascii() else SMTPUTF8)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = mail.subject
    message["Date"] = formatdate()
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answering machine answers
    message.set_content(mail.text)
    return message


def mail_address(text: str) -> Address:
    """Return an address, its domain as mail servers write it (IDNA)."""
    local, _, domain = text.rpartition("@")
    return Address(username=local, domain=domain if domain.isascii() else domain.encode("idna").decode())


def _server(url: str) -> SplitResult:
    parts = urlsplit(url)
    try:
        usable = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and not parts.password and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise OperatorError(
            "the setting smtp",
            expected="smtp://user@host:587 or smtps://user@host, without a password",
            actual=shorten(parts.scheme or url),
            hint=f"The password stands in keys/{PASSWORD_FILE} in the data folder",
        )
    return parts


def _sender(text: str) -> Address:
    found = _SENDER.fullmatch(text.strip())
    try:
        if found is None:
            raise Unread
        address = mail_address(read_email(found["email"]))
        return Address((found["name"] or "").strip(), address.username, address.domain)
    except (Unread, ValueError, MessageError):
        raise OperatorError(
            "the setting mail_from", expected="Registrar <registrar@college.example>", actual=shorten(text or "nothing")
        ) from None


def _code(error: Exception) -> str:
    """Return what a server answered, as codes; of its words and of addresses nothing."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        ((number, said),) = error.recipients.values()
    elif isinstance(error, smtplib.SMTPResponseException):
        number = error.smtp_code
        said = error.smtp_error if isinstance(error.smtp_error, bytes) else error.smtp_error.encode()
    else:
        return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
    enhanced = _ENHANCED.search(said)
    return f"{number} {enhanced[0].decode()}" if enhanced else str(number)
