"""A workbook (.xlsx, ECMA-376) as a table: its first sheet, streamed; formulas are never run.

What counts of a formula is the value that the spreadsheet last saved. Sizes are
checked before anything is unpacked: `zipfile` never gives more than an entry declares.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from notary.core.errors import IssuerError, OperatorError
from notary.service.issuing.table import MAX_COLUMNS, Table, check_headings, check_row, fit

MAX_ENTRIES = 2000
MAX_UNPACKED = 256 << 20
"""Bytes of everything in a workbook, unpacked."""
MAX_WHOLE = 64 << 20
"""Bytes of a part that is held in memory whole: shared strings, styles, the list of sheets."""
_STREAMED = "xl/worksheets/"
_BLANK = 10_000
"""Empty rows after which a sheet has ended: formatting alone may reach a million."""


@contextmanager
def open_workbook(file: BinaryIO, name: str) -> Iterator[Table]:
    """Open the first sheet; IssuerError for what is no workbook, or a bomb."""
    _check_sizes(file, name)
    try:
        import defusedxml  # noqa: F401  # openpyxl reads XML with it where it is there, else entities expand
        from openpyxl import load_workbook
    except ModuleNotFoundError as error:
        hint = "Install the service: pip install 'credential-notary[service]'; or save the table as CSV UTF-8"
        raise OperatorError(f"workbooks need the package {error.name}", hint=hint) from error
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that no row depends on
            workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise IssuerError(f"{name} is no workbook that can be read", hint="Save it as .xlsx, or CSV UTF-8") from error
    try:
        yield SheetTable.open(workbook, name)
    finally:
        workbook.close()


@dataclass(frozen=True, slots=True)
class SheetTable:
    """The first visible sheet of a workbook."""

    name: str
    headings: tuple[str, ...]
    notes: tuple[str, ...]
    _sheet: Any
    _head: int

    @classmethod
    def open(cls, workbook: Any, name: str) -> SheetTable:
        """Choose the sheet and read its headings."""
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise IssuerError(f"{name} has no sheet", expected="a sheet whose first row names the columns")
        others = len(sheets) - 1
        notes = (f"Of {others + 1} sheets the first is read, {sheets[0].title!r}",) if others else ()
        for number, cells in _cells(sheets[0], name):
            if any(cells):
                return cls(name, check_headings(cells, name), notes, sheets[0], number)
        raise IssuerError(f"{name} is empty", expected="a first row that names the columns")

    def rows(self) -> Iterator[tuple[int, tuple[str, ...]]]:
        for number, cells in _cells(self._sheet, self.name):
            if number > self._head and any(cell.strip() for cell in cells):
                check_row(self.name, number)
                yield number, fit(cells, len(self.headings))


def _cells(sheet: Any, name: str) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # what the file says of its own size is not believed
    blank = number = 0
    try:
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1, values_only=True), 1):
            cells = list(map(_text, row))
            blank = 0 if any(cells) else blank + 1
            if blank > _BLANK:
                return
            yield number, cells
    except Exception as error:
        raise IssuerError(
            f"{name} cannot be read beyond row {number}", actual=type(error).__name__, hint="Save it again as .xlsx"
        ) from error


def _text(value: object) -> str:
    """Return a cell's value as a person would type it."""
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ", timespec="seconds")
        case date():
            return value.isoformat()
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        case _:
            return str(value)


def _check_sizes(file: BinaryIO, name: str) -> None:
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
    except (BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise IssuerError(f"{name} is no workbook", actual=str(error), hint="Save it as .xlsx, or CSV UTF-8") from error
    total = sum(entry.file_size for entry in entries)
    whole = max((entry.file_size for entry in entries if not entry.filename.startswith(_STREAMED)), default=0)
    if len(entries) > MAX_ENTRIES or total > MAX_UNPACKED or whole > MAX_WHOLE:
        raise IssuerError(
            f"{name} unpacks to more than a table needs",
            expected=f"at most {MAX_UNPACKED >> 20} MiB, {MAX_WHOLE >> 20} MiB in one part",
            actual=f"{total >> 20} MiB in {len(entries)} parts",
            hint="Save the sheet alone as CSV UTF-8",
        )
