"""What a cell may hold, and in which words it is refused."""

from __future__ import annotations

from datetime import date

import pytest

from notary.service.issuing.cells import (
    MAX_LINE,
    Unread,
    read_date,
    read_did,
    read_email,
    read_line,
    read_number,
    read_text,
)


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-28",
        "28.02.2026",
        "28. 2. 2026",
        "28/02/2026",
        "02/28/2026",
        "28-2-2026",
        "2026/2/28",
        "2026-02-28 00:00:00",
    ],
)
def test_a_date_is_read_as_people_write_it(text: str) -> None:
    """ISO, with points, and with slashes where only one reading is a date."""
    assert read_date(text) == date(2026, 2, 28)


@pytest.mark.parametrize(
    "text, why",
    [
        ("31.02.2026", "`31.02.2026` is no date"),
        ("28.02.26", "short year"),
        ("46081", "day number: format the column as a date"),
        ("tomorrow", "`tomorrow` is no date"),
        ("=TODAY()", "is no date"),
        ("0001-01-01", "no date between 1900 and 2200"),
        ("٢٨.٠٢.٢٠٢٦", "is no date"),
        ("03/04/2026", "can be read in two ways: say which with --dates dmy or --dates mdy"),
    ],
)
def test_what_is_no_date_is_said(text: str, why: str) -> None:
    """With the text as it stands there."""
    with pytest.raises(Unread, match=why.replace("(", r"\(").replace(")", r"\)")):
        read_date(text)


def test_the_order_of_day_and_month_is_asked_once() -> None:
    """Said, it holds for every cell; the same number twice needs no saying."""
    assert read_date("03/04/2026", "dmy") == date(2026, 4, 3)
    assert read_date("03/04/2026", "mdy") == date(2026, 3, 4)
    assert read_date("03/03/2026") == date(2026, 3, 3)
    with pytest.raises(Unread, match="is no date"):
        read_date("12/31/2026", "dmy")


@pytest.mark.parametrize("text", ["Ana.Perez@X.example", "a+b@sub.x.example", "jürgen@müller.example", "a@b.co"])
def test_an_address_is_kept_in_lower_case(text: str) -> None:
    """So that the same one written twice is one learner."""
    assert read_email(f" {text} ") == text.lower()


@pytest.mark.parametrize(
    "text",
    [
        *("ana", "ana@", "@x.example", "ana@x", "a b@x.example", "ana@x.example, ben@x.example", "<ana@x.example>"),
        *("ana@x.example\r\nBcc: eve@x.example", "ana@x..example", ".ana@x.example", "a" * 65 + "@x.example"),
        *("ana@" + "x" * 300 + ".example", "ana@-x.example", 'ana"@x.example', "ana@x.example\u202e"),
    ],
)
def test_what_no_mail_can_be_sent_to_is_refused(text: str) -> None:
    """Nothing that could end a mail's header gets through, and nothing that hides what it is."""
    with pytest.raises(Unread):
        read_email(text)


@pytest.mark.parametrize("name", ["林美", "मीरा शर्मा", "نور الهادي", "O’Brien-Łukasz", "a" * 200, "\u200fنور", "क्‍ष"])
def test_a_name_in_any_script_is_a_name(name: str) -> None:
    """200 letters, joiners and direction marks too."""
    assert read_line(name) == name


def test_line_breaks_and_forms_of_letters_are_made_one() -> None:
    """A name is one line in NFC; a text keeps its lines; mark-up and formulas are text."""
    assert read_line("  Ana\r\n  Pe\u0301rez\ufeff ") == "Ana Pérez"
    assert read_text("One\r\nTwo\rThree ") == "One\nTwo\nThree"
    assert read_text("<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert read_line("=cmd|' /C calc'!A0") == "=cmd|' /C calc'!A0"


@pytest.mark.parametrize(
    "text, why",
    [
        ("Ana\x00", r"nobody sees \(U\+0000\)"),
        ("Ana\u202egnp.exe", r"nobody sees \(U\+202E\)"),
        ("#REF!", "error of the spreadsheet"),
        ("a" * (MAX_LINE + 1), "the most is 500"),
    ],
)
def test_what_a_page_should_not_show_is_refused(text: str, why: str) -> None:
    """Hidden characters, a formula's error, and what is far too long."""
    with pytest.raises(Unread, match=why):
        read_line(text)


def test_numbers_have_a_point_or_a_comma() -> None:
    """Whole ones are integers; thousands marks, signs and words are none."""
    assert (read_number("3"), read_number("2,5"), read_number("2.50"), read_number("4.0")) == (3, 2.5, 2.5, 4)
    for text in ("-1", "1.234,5", "1e9", "three", "NaN", "٣"):
        with pytest.raises(Unread, match="is no number"):
            read_number(text)


def test_a_did_is_a_did() -> None:
    """And an address is none."""
    assert read_did("did:key:z6Mkf2nR9f") == "did:key:z6Mkf2nR9f"
    with pytest.raises(Unread, match="is no DID"):
        read_did("https://x.example")
