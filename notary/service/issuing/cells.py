"""A cell's text as a value: names, addresses, dates and numbers as people write them in spreadsheets.

What is no value raises `Unread`, in words that follow the column's name. Nothing is
run: a formula is text, and mark-up is text; escaping is the page's.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Literal, TypeAlias

from notary.service.issuing.finding import quoted

MAX_LINE, MAX_TEXT = 500, 20_000
"""Characters of the longest name, and of the longest text with paragraphs."""
MAX_EMAIL, MAX_LOCAL = 254, 64
"""Characters of an address and of what stands before its @ (RFC 5321 §4.5.3.1)."""
FIRST, LAST = date(1900, 1, 1), date(2200, 12, 31)

Order: TypeAlias = Literal["dmy", "mdy"]
"""Which comes first in a date with slashes: the day, or the month."""

_MARKS = frozenset("\u200c\u200d\u200e\u200f\u061c\ufeff")
"""Joiners and direction marks that Arabic, Persian and Indic names need; a byte order mark is taken off."""
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]+@(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_DID = re.compile(r"did:[a-z0-9]+(?::[A-Za-z0-9._%-]+)+", re.ASCII)
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})", re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,6})?", re.ASCII)
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Controls, formats, surrogates, private use. What Unicode has not named here may be a newer release's letter."""
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!"})


class Unread(ValueError):
    """A cell that does not hold what its column is for; the message follows the column's name."""


def read_line(text: str) -> str:
    """Return a one-line text: NFC, white space and line breaks made single spaces."""
    return " ".join(read_text(text, most=MAX_LINE).split())


def read_text(text: str, *, most: int = MAX_TEXT) -> str:
    """Return a text with its line breaks: NFC, without white space around it."""
    plain = text.isascii() and text.isprintable()
    found = text if plain else unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    found = found.replace("\ufeff", "").strip()
    if len(found) > most:
        raise Unread(f"it has {len(found):,} characters; the most is {most:,}")
    if found in _ERRORS:
        raise Unread(f"{quoted(found)} is an error of the spreadsheet: mend the formula")
    if plain:
        return found
    for one in found:
        if one not in "\n\t" and one not in _MARKS and unicodedata.category(one) in _UNSEEN:
            raise Unread(f"{quoted(found)} holds a character that nobody sees (U+{ord(one):04X})")
    return found


def read_email(text: str) -> str:
    """Return an address in lower case: one, bare, fit for a mail's header."""
    found = read_line(text)
    local = found.partition("@")[0]
    whole = len(found) <= MAX_EMAIL and len(local) <= MAX_LOCAL and ".." not in found
    if not whole or not _EMAIL.fullmatch(found) or local.startswith(".") or local.endswith("."):
        raise Unread(f"{quoted(found)} is no e-mail address")
    return found.lower()


def read_did(text: str) -> str:
    """Return a learner's DID."""
    found = read_line(text)
    if not _DID.fullmatch(found):
        raise Unread(f"{quoted(found)} is no DID, like did:key:z6Mk…")
    return found


def read_date(text: str, order: Order | None = None) -> date:
    """Return a date: 2026-02-28, 28.02.2026, or with slashes, where `order` decides what 03/04/2026 is."""
    found = read_line(text)
    if match := _ISO.fullmatch(found):
        return _date(found, match[1], match[2], match[3])
    if match := _DOTTED.fullmatch(found):
        return _date(found, match[3], match[2], match[1])
    if match := _SLASHED.fullmatch(found):
        return _slashed(found, int(match[1]), int(match[3]), match[4], order)
    if _SHORT_YEAR.fullmatch(found):
        raise Unread(f"{quoted(found)} has a short year: write all four digits")
    if found.isascii() and found.isdigit() and len(found) == 5:
        raise Unread(f"{quoted(found)} is a spreadsheet's day number: format the column as a date")
    raise Unread(f"{quoted(found)} is no date")


def read_number(text: str) -> int | float:
    """Return a number that is not negative, with a comma or a point before its decimals; whole ones as integers."""
    found = read_line(text)
    if not _NUMBER.fullmatch(found):
        raise Unread(f"{quoted(found)} is no number")
    value = float(found.replace(",", "."))
    return int(value) if value.is_integer() else value


def _slashed(found: str, first: int, second: int, year: str, order: Order | None) -> date:
    if order is None and first != second and first <= 12 and second <= 12:
        raise Unread(f"{quoted(found)} can be read in two ways: say which with --dates dmy or --dates mdy")
    day_first = order == "dmy" if order else second <= 12
    day, month = (first, second) if day_first else (second, first)
    return _date(found, year, str(month), str(day))


def _date(found: str, year: str, month: str, day: str) -> date:
    try:
        value = date(int(year), int(month), int(day))
    except ValueError:
        raise Unread(f"{quoted(found)} is no date") from None
    if not FIRST <= value <= LAST:
        raise Unread(f"{quoted(found)} is no date between {FIRST.year} and {LAST.year}")
    return value
