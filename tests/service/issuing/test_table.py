"""Tables as they come from spreadsheets: encodings, separators, workbooks, and files made to do harm."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from notary.core.errors import IssuerError
from notary.service.issuing import spreadsheet
from notary.service.issuing import table as tables
from notary.service.issuing import workbook as workbooks
from tests.service.issuing.desk import table

ROWS = [(2, ("Jürgen Weiß", "j@x.example")), (3, ("林美", "m@x.example"))]
TEXT = "Name{0}E-Mail\nJürgen Weiß{0}j@x.example\n林美{0}m@x.example\n"


def rows(data: str | bytes, name: str = "class.csv") -> list[tuple[int, tuple[str, ...]]]:
    """Read all rows, twice: the same each time."""
    with table(data, name) as opened:
        found = list(opened.rows())
        assert found == list(opened.rows())
        return found


def workbook(*cells: tuple[Any, ...], more: bool = False) -> bytes:
    """A workbook of one sheet, or with a second."""
    made = Workbook()
    assert made.active is not None
    for row in cells:
        made.active.append(row)
    if more:
        made.create_sheet("Notes").append(("do not read",))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_unicode_encoding_and_separator_is_read(encoding: str, separator: str) -> None:
    """The same rows come out."""
    assert rows(TEXT.format(separator).encode(encoding)) == ROWS


@pytest.mark.parametrize(
    "encoding, said", [("cp1252", "Windows-1252"), ("latin-1", "Windows-1252"), ("utf-16-le", "UTF-16")]
)
def test_a_guess_is_said(encoding: str, said: str) -> None:
    """An old encoding names itself nowhere: names may be wrong, and somebody has to look."""
    with table("Name;E-Mail\nJürgen Weiß;j@x.example\n".encode(encoding)) as opened:
        assert list(opened.rows()) == ROWS[:1]
        assert said in " ".join(opened.notes)


def test_bytes_that_windows_does_not_have_are_latin_1() -> None:
    """0x81 is a letter nowhere else."""
    with table(b"Name;E-Mail\nJ\xfcrgen\x81;j@x.example\n") as opened:
        assert "ISO 8859-1" in opened.notes[0]


def test_a_file_that_says_its_encoding_is_not_guessed() -> None:
    """Nothing is said where nothing was guessed."""
    with table(TEXT.format(";").encode("utf-8-sig")) as opened:
        assert (opened.headings, opened.notes) == (("Name", "E-Mail"), ())


def test_rows_are_numbered_as_a_spreadsheet_does() -> None:
    """Empty rows count and are left out; a line break in a cell is none of the table; Excel's `sep=` line is hidden."""
    assert rows('Name,Mail\n\n"Ana\nPérez",a@x\n,\n  \nBen,b@x\n') == [(3, ("Ana\nPérez", "a@x")), (6, ("Ben", "b@x"))]
    assert rows("sep=;\r\nName;Mail\r\nAna;a,b\r\n") == [(2, ("Ana", "a,b"))]
    assert rows("\n\nName,Mail\nAna\n") == [(4, ("Ana", ""))]


def test_a_heading_cannot_command_a_terminal() -> None:
    """What nobody sees is shown as such, in messages too."""
    with table('Na\u202eme,"E-\x1b[31mMail"\nAna,a@x.example\n') as opened:
        assert opened.headings == ("Na\ufffdme", "E-\ufffd[31mMail")
    with pytest.raises(IssuerError, match="is no text"):
        rows("Na\x1b[31mme,E-Mail\n")


def test_a_row_keeps_cells_that_have_no_column() -> None:
    """So that somebody can be told; empty ones at its end are no cells."""
    assert rows("Name,Mail\nAna,a@x,,\nBen,b@x,,c\n") == [(2, ("Ana", "a@x")), (3, ("Ben", "b@x", "", "c"))]


@pytest.mark.parametrize(
    "data, why",
    [
        (b"", "is empty"),
        (b"\n ,\n", "is empty"),
        (b'Name,Mail\nAna,"a@x\nBen,b@x\n', "opened and never closed"),
        (b'Name,Mail\nAna,"a"b\n', "cannot be read beyond row 1"),
        (b"PK\x03\x04 and then nothing", "is no workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or an encrypted workbook"),
        pytest.param(b"\x00\x01" * 50, "is no text", id="bytes"),
        (b"a," * 300 + b"\n", "too many columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, why: str) -> None:
    """And nothing of it is used."""
    data = data.replace(b"a,", b"col,") if data.startswith(b"a,") else data
    with pytest.raises(IssuerError, match=why):
        rows(data)


def test_a_table_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By bytes, and by rows."""
    monkeypatch.setattr(spreadsheet, "MAX_FILE", 1000)
    with pytest.raises(IssuerError, match="too large"):
        rows("Name\n" + "x\n" * 1000)
    monkeypatch.setattr(tables, "MAX_ROWS", 10)
    with pytest.raises(IssuerError, match="too many rows"):
        rows("Name\n" + "x\n" * 10)


def test_a_long_table_never_stands_in_memory() -> None:
    """100,000 rows of 6 MB take less than a tenth of that."""
    data = "Name;E-Mail\n" + "".join(
        f"Somebody with a long name {at};s{at}@learners.x.example\n" for at in range(100_000)
    )
    with table(data) as opened:
        tracemalloc.start()
        count = sum(1 for _ in opened.rows())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == 100_000
    assert most < 600_000


# -------------------------------------------------------------------- workbooks


def test_a_workbooks_cells_are_what_a_person_would_type() -> None:
    """Dates as ISO, whole numbers without a point, formulas as the value last saved: here none."""
    data = workbook(
        ("Name", "When", "At", "Credits", "Formula", "Yes"),
        ("林美", date(2026, 5, 1), datetime(2026, 5, 1, 10, 30), 3.0, "=1+1", True),  # noqa: DTZ001  # as a workbook has it
        (),
        ("Ana", None, None, 2.5, None, None),
    )
    assert rows(data, "class.xlsx") == [
        (2, ("林美", "2026-05-01", "2026-05-01 10:30:00", "3", "", "True")),
        (4, ("Ana", "", "", "2.5", "", "")),
    ]


def test_only_the_first_sheet_is_read_and_it_is_said() -> None:
    """The others are named in a note."""
    with table(workbook(("Name",), ("Ana",), more=True), "class.xlsx") as opened:
        assert list(opened.rows()) == [(2, ("Ana",))]
        assert opened.notes == ("Of 2 sheets the first is read, 'Sheet'",)


def test_an_empty_workbook_is_refused() -> None:
    """It has no headings."""
    with pytest.raises(IssuerError, match="is empty"):
        rows(workbook(), "class.xlsx")


def test_a_sheet_that_claims_a_million_rows_ends_where_its_rows_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formatting reaches further than people wrote."""
    monkeypatch.setattr(workbooks, "_BLANK", 50)
    assert rows(workbook(("Name",), ("Ana",), *[()] * 60, ("Far",)), "class.xlsx") == [(2, ("Ana",))]


def bomb(name: str, size: int) -> bytes:
    """An archive with one entry of zeros."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(name, "w", force_zip64=True) as entry,
    ):
        for _ in range(size >> 20):
            entry.write(bytes(1 << 20))
    return file.getvalue()


@pytest.mark.parametrize("name, size", [("xl/sharedStrings.xml", 65 << 20), ("xl/worksheets/sheet1.xml", 257 << 20)])
def test_an_archive_bomb_is_refused_before_it_is_unpacked(name: str, size: int) -> None:
    """A few hundred kilobytes that would be hundreds of megabytes."""
    data = bomb(name, size)
    assert len(data) < 1 << 20
    with pytest.raises(IssuerError, match="unpacks to more than a table needs"):
        rows(data, "class.xlsx")


def test_entities_of_a_workbook_are_never_expanded() -> None:
    """A billion laughs is no workbook that can be read."""
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    source, target = zipfile.ZipFile(io.BytesIO(workbook(("Name",), ("Ana",)))), io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for entry in source.infolist():
            text = source.read(entry).decode()
            if entry.filename == "xl/worksheets/sheet1.xml":
                text = text.replace("<worksheet", f"{laughs}<worksheet", 1)
            archive.writestr(entry, text)
    with pytest.raises(IssuerError, match="is no workbook that can be read"):
        rows(target.getvalue(), "class.xlsx")
