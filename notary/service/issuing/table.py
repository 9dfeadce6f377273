"""A table of learners, row by row, as it comes: CSV in any encoding and separator, or a workbook's first sheet.

Everything in it is hostile and is text. A whole table never stands in memory, and
what is read twice is the same twice: it is copied first, out of reach of an editor.
"""

from __future__ import annotations

import codecs
import csv
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO, Protocol

from notary.core.errors import IssuerError
from notary.service.issuing.finding import quoted, visible

MAX_FILE = 256 << 20
"""Bytes of the largest table."""
MAX_ROWS = 1_000_000
MAX_COLUMNS = 200
MAX_HEADING = 200
MAX_CELL = 100_000
"""Characters of the longest cell."""
SEPARATORS = ",;\t|"
_PIECE = 1 << 20
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class Table(Protocol):
    """Rows under headings."""

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        ...

    @property
    def headings(self) -> tuple[str, ...]:
        """The columns' names; one may be empty or stand twice."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What had to be guessed or was left out."""
        ...

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yield each row that is not empty with its number, as a spreadsheet counts; the same each time.

        There are cells for all headings; more where a row has more that are not empty.
        IssuerError where the file breaks off or holds too much.
        """
        ...


@contextmanager
def open_table(stream: BinaryIO, name: str) -> Iterator[Table]:
    """Open a table: a workbook (.xlsx) is known by its first bytes, everything else is CSV."""
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(_Bounded(stream, name), copy, _PIECE)
        copy.seek(0)
        start = copy.read(8)
        if start.startswith(b"PK\x03\x04"):
            from notary.service.issuing.workbook import open_workbook

            with open_workbook(copy, name) as workbook:
                yield workbook
        elif start.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
            raise IssuerError(f"{name} is an old or an encrypted workbook", hint="Save it as .xlsx without a password")
        else:
            yield CsvTable.open(copy, name)


class _Bounded:
    """A stream that ends in an error beyond the largest table's size."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name, self._size = stream, name, 0

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._stream.read(size)
        self._size += len(data)
        if self._size > MAX_FILE:
            raise IssuerError(f"{self._name} is too large", expected=f"at most {MAX_FILE >> 20} MiB")
        return data


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A text file of rows (RFC 4180, and what spreadsheets make of it)."""

    name: str
    headings: tuple[str, ...]
    notes: tuple[str, ...]
    _file: BinaryIO
    _encoding: str
    _separator: str
    _head: int
    """Records before the first row of learners, Excel's `sep=` line not counted."""

    @classmethod
    def open(cls, file: BinaryIO, name: str) -> CsvTable:
        """Find out encoding and separator, and read the headings."""
        encoding, notes = _encoding(file)
        with _text(file, encoding) as text:
            line = text.readline(_PIECE)
            announced = line[4:5] if line.lower().startswith("sep=") else ""
            line = text.readline(_PIECE) if announced else line
            while line and not line.strip():
                line = text.readline(_PIECE)
        separator = announced or _separator(line)
        for head, record in enumerate(_records(file, name, encoding, separator), 1):
            if any(cell.strip() for cell in record):
                return cls(name, check_headings(record, name), notes, file, encoding, separator, head)
        raise IssuerError(f"{name} is empty", expected="a first row that names the columns")

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        for number, record in enumerate(_records(self._file, self.name, self._encoding, self._separator), 1):
            if number > self._head and any(cell.strip() for cell in record):
                check_row(self.name, number)
                yield number, fit(record, len(self.headings))


def check_headings(cells: list[str], name: str) -> tuple[str, ...]:
    """Return a table's headings; empty ones at the end are dropped."""
    headings = [visible(" ".join(cell.split())[:MAX_HEADING]) for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MAX_COLUMNS:
        raise IssuerError(f"{name} has too many columns", expected=f"at most {MAX_COLUMNS}", actual=len(headings))
    return tuple(headings)


def check_row(name: str, number: int) -> None:
    """Refuse what is beyond the most rows."""
    if number > MAX_ROWS:
        raise IssuerError(f"{name} has too many rows", expected=f"at most {MAX_ROWS:,}", hint="Split it")


def fit(record: list[str], width: int) -> tuple[str, ...]:
    """Return cells for all headings, and those beyond up to the last that holds something."""
    while len(record) > width and not record[-1].strip():
        record.pop()
    return (*record, *("",) * (width - len(record)))


def _records(file: BinaryIO, name: str, encoding: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(MAX_CELL)
    with _text(file, encoding) as text:
        if not (first := text.readline(_PIECE)).lower().startswith("sep="):
            text.seek(0)
            if first.startswith("\ufeff"):
                text.read(1)
        number = 0
        try:
            for number, record in enumerate(csv.reader(text, delimiter=separator, strict=True), 1):  # noqa: B007
                yield record
        except csv.Error as error:
            quote = "unexpected end" in str(error) or "field larger" in str(error)
            raise IssuerError(
                f"{name} cannot be read beyond row {number}",
                actual="a quotation mark that is opened and never closed" if quote else str(error),
                hint="Look at the next row's quotation marks; one inside a text is written twice",
            ) from error


@contextmanager
def _text(file: BinaryIO, encoding: str) -> Iterator[TextIOWrapper]:
    file.seek(0)
    # Undecodable bytes become U+FFFD, which the encoding's check has noticed before.
    text = TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _encoding(file: BinaryIO) -> tuple[str, tuple[str, ...]]:
    """Return the encoding, and a note where it had to be guessed."""
    file.seek(0)
    start = file.read(4096)
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig", ()
    if start[:2] in _UTF_16:
        return _UTF_16[start[:2]], ()
    if start.count(0) * 3 > len(start):
        guessed = "utf-16-le" if start[1::2].count(0) > start[::2].count(0) else "utf-16-be"
        return guessed, (_guessed("UTF-16"),)
    if _decodes(file, "utf-8"):
        return "utf-8", ()
    if _decodes(file, "cp1252"):
        return "cp1252", (_guessed("Windows-1252"),)
    return "latin-1", (_guessed("ISO 8859-1"),)


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guessed(encoding: str) -> str:
    return f"The file does not say how its letters are written; it is read as {encoding}. Look at the names below"


def _separator(line: str) -> str:
    """Return the separator that stands most often outside quotation marks in the first row."""
    outside = "".join(line.split('"')[::2])
    best = max(SEPARATORS, key=outside.count)
    if any(one == "\ufffd" or (unicodedata.category(one) == "Cc" and one not in "\t\r\n") for one in outside):
        raise IssuerError("the table is no text", actual=quoted(line), hint="Save it as CSV UTF-8 or .xlsx")
    return best if best in outside else ","
