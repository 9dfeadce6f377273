"""Addresses that take no mail: from a table, or from delivery status notifications (RFC 3464) as a mailbox has them."""

from __future__ import annotations

import csv
import email
import email.policy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage, Message
from io import StringIO

from notary.core.errors import IssuerError
from notary.ports.ledger import BounceRow
from notary.service.access.journal import Action, record
from notary.service.issuing.cells import Unread, read_email
from notary.service.notary import Notary

MAX_FILE = 16 << 20
MAX_WHY = 100
_FROM = b"\nFrom "
"""What separates the messages of an mbox file (RFC 4155)."""
_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Marked:
    """What marking did. `unknown`: addresses of the file that are nobody's contact here."""

    marked: int
    before: int
    unknown: int


def read_bounces(data: bytes, name: str) -> list[tuple[str, str]]:
    """Return the addresses that a file says take no mail, in lower case, each with why; IssuerError where it is none.

    A CSV has a column `email` and may have `reason`. A notification counts where its
    action is `failed` and its status begins with 5: what is delayed is tried again.
    """
    if len(data) > MAX_FILE:
        raise IssuerError(f"{name} is too large", expected=f"at most {MAX_FILE >> 20} MiB")
    head = data[:2000].lower()
    found = _of_mail(data) if b"\nreceived:" in head or b"content-type:" in head else _of_table(data, name)
    return list(dict(found).items())


def mark_bounces(notary: Notary, found: Sequence[tuple[str, str]]) -> Marked:
    """Mark addresses that are contacts here; they are not mailed again. Safe to repeat."""
    now = notary.clock.now()
    with notary.ledger.begin() as work:
        known = [(address, why) for address, why in found if work.contacts.by_email(address)]
        fresh = [BounceRow(address, now, why) for address, why in known if work.outbox.bounced(address) is None]
        work.outbox.add_bounces(fresh)
        if fresh:
            record(notary, work, Action.BOUNCE, None, count=len(fresh))
    return Marked(len(fresh), len(known) - len(fresh), len(found) - len(known))


def _of_table(data: bytes, name: str) -> Iterator[tuple[str, str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise IssuerError(f"{name} is no UTF-8 text", hint="Save it as CSV UTF-8") from error
    head = text.partition("\n")[0]
    rows = csv.reader(StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [cell.strip().lower() for cell in next(rows, [])]
    if "email" not in names:
        raise IssuerError(f"{name}: its first row names the columns", expected="email, and reason if you like")
    at, why = names.index("email"), names.index("reason") if "reason" in names else None
    try:
        for row in rows:
            address = _address(row[at]) if at < len(row) else None
            if address is not None:
                yield address, _short(row[why] if why is not None and why < len(row) else "") or "listed as bounced"
    except csv.Error as error:
        raise IssuerError(f"{name} is no CSV", actual=error) from error


def _of_mail(data: bytes) -> Iterator[tuple[str, str]]:
    first, *others = (b"\n" + data).split(_FROM)
    for piece in (first.removeprefix(b"\n"), *(other.partition(b"\n")[2] for other in others)):
        message = email.message_from_bytes(piece)
        for number, part in enumerate(message.walk()):
            if number >= _PARTS:
                break
            if part.get_content_type() == "message/delivery-status":
                yield from _of_notification(part)


def _of_notification(part: Message | EmailMessage) -> Iterator[tuple[str, str]]:
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        assert isinstance(block, Message)
        action, status = str(block.get("Action", "")).strip().lower(), str(block.get("Status", "")).strip()
        kind, _, address = str(block.get("Final-Recipient", "")).partition(";")
        found = _address(address)
        if action == "failed" and status.startswith("5") and kind.strip().lower() == "rfc822" and found:
            yield found, _short(status)


def _address(text: str) -> str | None:
    try:
        return read_email(text.strip().removeprefix("<").removesuffix(">"))
    except Unread:
        return None


def _short(text: str) -> str:
    return " ".join(text.split())[:MAX_WHY]
