"""A row as what it says of a learner; everything that is wrong with it is found at once."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple, TypeVar

from notary.service.evidence.encryption import MAX_ITEM
from notary.service.issuing.cells import (
    Order,
    Unread,
    read_date,
    read_did,
    read_email,
    read_line,
    read_number,
    read_text,
)
from notary.service.issuing.columns import RESULT, Columns
from notary.service.issuing.finding import Finding, quoted
from notary.service.issuing.template import Result, Template

MAX_EVIDENCE = 20
"""Evidence files of one row."""

T = TypeVar("T")


class Learner(NamedTuple):
    """One row, read. `results` stand in the template's order, None where an optional one is empty.

    A tuple, for there are very many.
    """

    row: int
    name: str | None
    email: str | None
    did: str | None
    number: str | None
    issued: date | None
    until: date | None
    credits: int | float | None
    evidence: tuple[Path, ...]
    narrative: str | None
    assessor: str | None
    results: tuple[str | None, ...]

    @property
    def identity(self) -> str:
        """Who it is about, by what changes least: the institution's number, a DID, an address, a name."""
        for kind, value in (("number", self.number), ("did", self.did), ("email", self.email), ("name", self.name)):
            if value:
                return f"{kind}:{value.casefold()}"
        raise ValueError("a row that says nothing of a learner")

    @property
    def called(self) -> str:
        """How messages call the learner."""
        return self.name or self.email or self.did or self.number or ""


@dataclass(frozen=True, slots=True)
class RowReader:
    """What rows are read by. `folder`: where evidence files stand, None where none may."""

    template: Template
    columns: Columns
    folder: Path | None
    order: Order | None = None

    def read(self, number: int, cells: Sequence[str]) -> Learner | tuple[Finding, ...]:
        """Read one row; or all that is wrong with it."""
        row = _Row(self, number, cells, [])
        learner = row.learner()
        return tuple(row.findings) or learner


@dataclass(slots=True)
class _Row:
    reader: RowReader
    number: int
    cells: Sequence[str]
    findings: list[Finding]

    def learner(self) -> Learner:
        columns, template = self.reader.columns, self.reader.template
        if len(self.cells) > len(columns.all):
            self._note(
                f"has {len(self.cells)} cells for {len(columns.all)} columns", None, "Quote a text with a separator"
            )
        name = self._name()
        learner = Learner(
            row=self.number,
            name=name,
            email=self._cell("email", read_email),
            did=self._cell("did", read_did),
            number=self._cell("number", read_line),
            issued=self._cell("issued on", self._date),
            until=self._cell("valid until", self._date),
            credits=self._cell("credits", read_number),
            evidence=self._cell("evidence", self._evidence) or (),
            narrative=self._cell("narrative", read_text),
            assessor=self._cell("assessor", read_line),
            results=tuple(self._result(result) for result in template.results),
        )
        for field, says in (("name", "no name"), ("email", "no e-mail"), ("did", "no DID")):
            if field in template.by and getattr(learner, field) is None and not self._faulty(field):
                self._note(f"has {says}", None)
        if not self.findings and not (learner.number or learner.did or learner.email or learner.name):
            self._note("does not say who it is about", None)
        self._check_period(learner)
        return learner

    def _name(self) -> str | None:
        whole = self._cell("name", read_line)
        parts = (self._cell("given name", read_line), self._cell("family name", read_line))
        if not whole and self.reader.columns.find("family name") and None in parts and any(parts):
            column = self.reader.columns.find("family name" if parts[1] is None else "given name")
            if column and not self.findings:
                return " ".join(filter(None, parts))  # some people have one name
        return whole or " ".join(filter(None, parts)) or None

    def _date(self, text: str) -> date:
        return read_date(text, self.reader.order)

    def _evidence(self, text: str) -> tuple[Path, ...]:
        names = [name for part in re.split(r"[;|\n]", text) if (name := part.strip().strip("\"'"))]
        if len(names) > MAX_EVIDENCE:
            raise Unread(f"it names {len(names)} files; the most is {MAX_EVIDENCE}")
        return tuple(find_evidence(self.reader.folder, name) for name in dict.fromkeys(names))

    def _result(self, result: Result) -> str | None:
        def read(text: str) -> str:
            return read_result(result, text)

        found = self._cell(RESULT + result.column, read)
        if found is None and not result.optional and not self._faulty(RESULT + result.column):
            self._note(f"has no {result.column}", None)
        return found

    def _check_period(self, learner: Learner) -> None:
        start = learner.issued or self.reader.template.validity.start
        if learner.until and start and learner.until <= start and not self.findings:
            field = self.reader.columns.find("valid until")
            self._note(f"{learner.until} is not after {start}, when it begins", field.heading if field else None)

    def _cell(self, field: str, read: Callable[[str], T]) -> T | None:
        column = self.reader.columns.find(field)
        text = self.cells[column.at] if column else ""
        if column is None or not text.strip():
            return None
        try:
            found = read(text)
            return None if found == "" else found
        except Unread as error:
            self._note(str(error), column.heading or field)
            return None

    def _faulty(self, field: str) -> bool:
        column = self.reader.columns.find(field)
        return column is not None and any(one.field == (column.heading or field) for one in self.findings)

    def _note(self, what: str, field: str | None, hint: str | None = None) -> None:
        self.findings.append(Finding(what, self.number, field, hint))


def read_result(result: Result, text: str) -> str:
    """Return a result as the template spells it; Unread where it is none, or not enough."""
    found = read_line(text)
    known = result.allowed or tuple(level.name for level in result.levels)
    if known:
        alike = (one for one in known if one.casefold() == found.casefold())
        meant = found if found in known else next(alike, None)
        if meant is None:
            raise Unread(f"{quoted(found)} is none of {', '.join(known)}")
        if result.required is not None and known.index(meant) < known.index(result.required):
            raise Unread(f"{meant} is below {result.required}, which is needed")
        return meant
    if result.least is None and result.most is None and result.required is None:
        return found
    value = read_number(found)
    if (result.least is not None and value < result.least) or (result.most is not None and value > result.most):
        bounds = " to ".join(str(one) for one in (result.least, result.most) if one is not None)
        raise Unread(f"{quoted(found)} is not within {bounds}")
    if result.required is not None and value < float(result.required):
        raise Unread(f"{value} is below {result.required}, which is needed")
    return str(value)


def find_evidence(folder: Path | None, name: str) -> Path:
    """Return an evidence file below the table's folder; Unread where there is none, or it is too large."""
    if folder is None:
        raise Unread(f"{quoted(name)} cannot be looked for: the table is in no folder")
    base, plain = folder.resolve(), name.replace("\\", "/")
    # A Mac writes accents apart from their letters in file names; a spreadsheet does not.
    for form in ("NFC", "NFD"):
        try:
            path = (base / unicodedata.normalize(form, plain)).resolve()
            found = path.stat()
        except (OSError, ValueError, RuntimeError):
            continue
        if not path.is_relative_to(base):
            raise Unread(f"{quoted(name)} is not in the table's folder")
        if not stat.S_ISREG(found.st_mode):
            raise Unread(f"{quoted(name)} is no file")
        if found.st_size > MAX_ITEM:
            raise Unread(f"{quoted(name)} has {_size(found.st_size)}; the most is {_size(MAX_ITEM)}")
        return path
    raise Unread(f"the file {quoted(name)} is not there")


def _size(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MiB"
