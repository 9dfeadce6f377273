"""A text file as a table: CSV in any encoding and with any separator, found out from the file itself."""

from __future__ import annotations

import codecs
import csv
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from typing import BinaryIO

from notary.core.errors import IssuerError
from notary.service.issuing.finding import quoted
from notary.service.issuing.table import check_headings, check_row, fit

MAX_CELL = 100_000
"""Characters of the longest cell."""
SEPARATORS = ",;\t|"
_PIECE = 1 << 20
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


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
