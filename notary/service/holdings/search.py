"""Looking an institution's credentials up by what a registrar has at hand: a name, an id, an address, a row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from notary.core.registry import MemberRecord
from notary.ports.ledger import BatchId, NameRow
from notary.service.notary import Notary

MOST = 100
"""Credentials that are listed; beyond them they are counted."""
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What was found; `more` were not listed."""

    rows: tuple[NameRow, ...]
    more: int


def find_credentials(notary: Notary, member: MemberRecord, text: str, batch: BatchId | None = None) -> Found:
    """Return an institution's credentials, of one batch or all, newest first; of those that match, where text is given.

    Every word has to stand in learner or title, whatever its case and accents; or the
    text is an id, a learner's address, or a row's number.
    """
    asked = text[:MAX_TEXT].strip()
    with notary.ledger.read() as work:
        known = {each.credential for each in work.contacts.by_email(asked.lower())} if "@" in asked else set()
        words, row = _plain(asked).split(), int(asked) if re.fullmatch(r"[0-9]{1,9}", asked) else None
        found = [
            each
            for each in work.credentials.names(member.id)
            if (batch is None or each.batch == batch)
            and (
                not asked
                or each.id == asked.lower()
                or each.id in known
                or (row is not None and each.line == row)
                or _has(each, words)
            )
        ]
    found.reverse()
    return Found(tuple(found[:MOST]), max(0, len(found) - MOST))


def _has(row: NameRow, words: list[str]) -> bool:
    text = _plain(f"{row.learner or ''} {row.title or ''}")
    return bool(words) and all(word in text for word in words)


def _plain(text: str) -> str:
    """Return text as it is compared: without case and accents."""
    return "".join(_letters(unicodedata.normalize("NFKD", text.casefold())))


def _letters(text: str) -> Iterator[str]:
    return (one for one in text if not unicodedata.combining(one))
