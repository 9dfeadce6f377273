"""Reading a template's tables: closed, and all that is wrong is found at once, in words.

Unlike `Closed` of the core, which refuses a hashed format at its first fault, this
is for somebody who writes by hand: it goes on, and guesses which name was meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, TypeVar

from notary.service.issuing.cells import MAX_LINE, Unread, read_date, read_text
from notary.service.issuing.finding import Finding, quoted

T = TypeVar("T")

_URI = re.compile(
    r"(?:https?://[^\s/<>\"]+[^\s<>\"]*|urn:[a-z0-9][a-z0-9-]+:[^\s<>\"]+|did:[a-z0-9]+:[^\s<>\"]+)", re.IGNORECASE
)
_WEB = re.compile(r"https?://[^\s/<>\"]+[^\s<>\"]*", re.IGNORECASE)
_MAX_URI = 2000


@dataclass(slots=True)
class Fields:
    """The members of one table of a template; what is read is ticked off, the rest is unknown.

    A reader that finds a fault notes it and returns None, so that the others are read too.
    """

    members: dict[str, Any]
    where: str
    findings: list[Finding]
    _read: set[str] = field(default_factory=set)

    def path(self, name: str) -> str:
        """Name a member, as findings do."""
        return f"{self.where}.{name}" if self.where else name

    def fault(self, name: str, what: str, hint: str | None = None) -> None:
        """Note that a member is wrong."""
        self.findings.append(Finding(what, field=self.path(name) if name else self.where, hint=hint))

    def line(self, name: str, *, needed: bool = False, most: int = MAX_LINE) -> str | None:
        """Return a text of one line."""
        found = self.text(name, needed=needed, most=most)
        return None if found is None else " ".join(found.split())

    def text(self, name: str, *, needed: bool = False, most: int = 20_000, why: str | None = None) -> str | None:
        """Return a text."""
        value = self._take(name, str, "a text", needed=needed, why=why)
        if value is None:
            return None
        try:
            found = read_text(value, most=most)
        except Unread as error:
            self.fault(name, str(error))
            return None
        if not found:
            self._missing(name, needed=needed, why=why)
        return found or None

    def uri(self, name: str, *, needed: bool = False, web: bool = False, why: str | None = None) -> str | None:
        """Return an id: a web address, or (unless `web`) a urn: or DID."""
        found = self.text(name, needed=needed, most=_MAX_URI, why=why)
        if found is None or (_WEB if web else _URI).fullmatch(found):
            return found
        self.fault(name, f"{quoted(found)} is no {'web address' if web else 'web address, urn: or DID'}")
        return None

    def choice(self, name: str, choices: tuple[str, ...], *, needed: bool = False) -> str | None:
        """Return one of some words."""
        found = self.line(name, needed=needed)
        if found is None or found in choices:
            return found
        self.fault(name, f"{quoted(found)} is none of {', '.join(choices)}")
        return None

    def number(self, name: str) -> int | float | None:
        """Return a number that is not negative; a whole one as an integer."""
        value = self._take(name, (int, float), "a number")
        if value is None:
            return None
        if not 0 <= value <= 10**9:
            self.fault(name, f"{value} is beyond what it can be: 0 to 1,000,000,000")
            return None
        return int(value) if float(value).is_integer() else float(value)

    def flag(self, name: str) -> bool | None:
        """Return true or false."""
        found: bool | None = self._take(name, bool, "true or false")
        return found

    def day(self, name: str) -> date | None:
        """Return a date: as TOML writes it, or 2026-02-28 as text."""
        value = self._take(name, (str, date), "a date like 2026-02-28")
        try:
            if isinstance(value, datetime):
                value = value.date()
            return value if value is None or isinstance(value, date) else read_date(value)
        except Unread as error:
            self.fault(name, str(error))
            return None

    def lines(self, name: str, *, most: int = 100) -> tuple[str, ...]:
        """Return a list of short texts; none where it is missing."""
        value = self._take(name, list, "a list of texts") or []
        if len(value) > most or not all(isinstance(each, str) and each.strip() for each in value):
            self.fault(name, f"it is no list of at most {most} texts")
            return ()
        return tuple(" ".join(each.split()) for each in value)

    def table(
        self, name: str, read: Callable[[Fields], T], *, needed: bool = False, why: str | None = None
    ) -> T | None:
        """Return a table, read with its own path."""
        value = self._take(name, dict, "a table", needed=needed, why=why)
        return None if value is None else self._inner(value, self.path(name), read)

    def tables(self, name: str, read: Callable[[Fields], T], *, most: int = 100) -> tuple[T, ...]:
        """Return a list of tables, each read with its own path; none where it is missing."""
        value = self._take(name, list, "a list of tables") or []
        if len(value) > most or not all(isinstance(each, dict) for each in value):
            self.fault(name, f"it is no list of at most {most} tables")
            return ()
        return tuple(self._inner(each, f"{self.path(name)}[{at}]", read) for at, each in enumerate(value, 1))

    def close(self) -> None:
        """Note every member that nobody asked for, with the one that may be meant."""
        for name in self.members.keys() - self._read:
            near = get_close_matches(str(name), self._read, n=1)
            self.fault("", f"{quoted(name)} is no field of it", f"Perhaps {near[0]} is meant" if near else None)

    def _inner(self, members: dict[str, Any], where: str, read: Callable[[Fields], T]) -> T:
        inner = Fields(members, where, self.findings)
        found = read(inner)
        inner.close()
        return found

    def _take(self, name: str, kind: Any, expected: str, *, needed: bool = False, why: str | None = None) -> Any:
        self._read.add(name)
        value = self.members.get(name)
        if value is None:
            self._missing(name, needed=needed, why=why)
            return None
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.fault(name, f"it is no {expected.removeprefix('a ')}")
            return None
        return value

    def _missing(self, name: str, *, needed: bool, why: str | None) -> None:
        if needed:
            self.fault(name, "it is missing", why)
