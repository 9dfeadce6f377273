"""A class list as a school exports it: invented people, names in many scripts, and the mistakes that always happen."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import cycle, islice, product

HEADINGS = ("Student number", "Name", "E-Mail", "Issued on", "Grade", "Presentation", "Comment")
FIRST = 2
"""The number a spreadsheet gives to the first learner's row."""
LEAST = 30
NO_ADDRESS, NO_DATE = 17, 24
"""The rows that cannot be issued."""
_LONG = "Maximiliana Konstantina Theodora von Hohenburg-Lichtenfels de la Vega y Montemayor"


@dataclass(frozen=True, slots=True)
class People:
    """Names of one language: given and family names, and how they are put together."""

    language: str
    given: tuple[str, ...]
    family: tuple[str, ...]
    form: str = "{given} {family}"

    @property
    def letters(self) -> str:
        """Every name, to see whether they can be printed."""
        return " ".join((*self.given, *self.family))

    def names(self) -> list[str]:
        """Return every combination, neighbours with different family names."""
        pairs = product(range(len(self.given)), self.family)
        return [self.form.format(given=self.given[at], family=family) for at, family in pairs]


PEOPLE = (
    People(
        "Spanish",
        ("Ana", "Íñigo", "Lucía", "Joaquín", "Begoña", "Andrés"),
        ("Pérez", "Muñoz", "Echeverría", "Güell", "Sáenz", "López"),
    ),
    People(
        "Arabic",
        ("نور", "أمينة", "يوسف", "ليلى", "خالد", "سلمى"),
        ("الهادي", "بن علي", "المصري", "الحسيني", "حداد", "القاسم"),
    ),
    People(
        "Hindi",
        ("मीरा", "अर्जुन", "श्रेया", "कृष्ण", "लक्ष्मी", "ऋषि"),
        ("शर्मा", "त्रिपाठी", "वर्मा", "मिश्रा", "द्विवेदी", "सिंह"),
    ),
    People(
        "Chinese",
        ("美", "伟", "秀英", "志强", "晓明", "丽华"),
        ("林", "欧阳", "王", "陈", "赵", "司马"),
        "{family}{given}",
    ),
    People(
        "German",
        ("Jürgen", "Änne", "Jonas", "Käthe", "Björn", "Ömer"),
        ("Weber", "Groß", "Schäfer", "Müller-Lüdenscheidt", "Weiß", "Yıldız"),
    ),
    People(
        "Polish",
        ("Tomasz", "Łucja", "Święcisława", "Grażyna", "Zdzisław", "Małgorzata"),
        ("Nowak", "Wójcik", "Żółć", "Dąbrowski", "Szczęsny", "Brzęczyszczykiewicz"),
    ),
    People(
        "Vietnamese",
        ("Thị Hương", "Văn Đức", "Quỳnh Như", "Minh Thuận", "Ngọc Ánh", "Bảo Châu"),
        ("Nguyễn", "Trần", "Phạm", "Đặng", "Vũ", "Lê"),
        "{family} {given}",
    ),
    People(
        "Greek",
        ("Ελένη", "Γιώργος", "Ουρανία", "Μάξιμος", "Χρύσα", "Ιωάννης"),
        ("Παπαδοπούλου", "Νικολάου", "Θεοδωράκη", "Ξενάκη", "Ψαρρού", "Ρίτσου"),
    ),
    People(
        "Ukrainian",
        ("Оксана", "Її", "Григорій", "Соломія", "Юрій", "Ганна"),
        ("Шевченко", "Ґжицька", "Щербак", "Лук’яненко", "Кобилянська", "Франко"),
    ),
    People(
        "Yoruba",
        ("Adébáyọ̀", "Ọláyínká", "Títílayọ̀", "Fúnmiláyọ̀", "Ṣọlá", "Bísọ́lá"),
        ("Adéyẹmí", "Ògúnbánjọ", "Akínwándé", "Ọ̀ṣúndáre", "Ṣóyínká", "Òkéowó"),
    ),
    People(
        "Czech",
        ("Jiří", "Božena", "Zdeněk", "Růžena", "Oldřich", "Žofie"),
        ("Dvořák", "Černý", "Němcová", "Procházka", "Růžička", "Šťastný"),
    ),
    People(
        "Turkish",
        ("Ayşe", "İbrahim", "Gülşah", "Çağla", "Işık", "Özgür"),
        ("Yılmaz", "Öztürk", "Şahin", "Çelik", "Doğan", "Kılıç"),
    ),
)
"""Thirty-six names each: 300 also on a machine that has no fonts but ours, which lack three of these scripts."""


@dataclass(frozen=True, slots=True)
class Row:
    """One learner, as somebody typed them. `language`: of the name, which the table does not say."""

    number: str
    name: str
    email: str
    issued: str
    grade: str
    presentation: str
    comment: str
    language: str

    @property
    def cells(self) -> tuple[str, ...]:
        """Return the cells under `HEADINGS`."""
        return self.number, self.name, self.email, self.issued, self.grade, self.presentation, self.comment


def make_class(size: int, people: Sequence[People] = PEOPLE) -> tuple[Row, ...]:
    """Return so many rows; two of them are not ready, the others are however oddly they are typed."""
    named = zip(*(each.names() for each in people), strict=True)
    flat = [(name, each.language) for names in named for name, each in zip(names, people, strict=True)]
    if not LEAST <= size <= len(flat):
        raise ValueError(f"a class has {LEAST} to {len(flat)} learners, not {size}")
    grades, shown = cycle("ABCBADBC"), cycle(("Secure", "Convincing", "Secure", "Beginning"))
    rows = [
        Row(
            number=str(20_300 + at),
            name=name,
            email=f"s{20_300 + at}@students.fenwick.example",
            issued="2026-05-03",
            grade=grade,
            presentation=presentation,
            comment="",
            language=language,
        )
        for at, ((name, language), grade, presentation) in enumerate(zip(flat, grades, shown, strict=False), 1)
    ]
    return tuple(_mistyped(at, row) for at, row in enumerate(islice(rows, size), FIRST))


def _mistyped(number: int, row: Row) -> Row:
    match number:
        case 5:
            return replace(row, name=f"  {row.name.replace(' ', '   ')} ", grade="b")
        case 8:
            return replace(row, issued="03.05.2026", email=f" {row.email.upper()}")
        case 11:
            return replace(row, comment='=HYPERLINK("https://example.org";"Click, it is a formula")')
        case 16:
            return replace(row, name=f"<b>{row.name}</b>", comment="Typed into a form that showed mark-up.")
        case _ if number == NO_ADDRESS:
            return replace(row, email="")
        case 20:
            return replace(row, name=_LONG, comment='He asked; "and again",\nuntil it was clear.')
        case _ if number == NO_DATE:
            return replace(row, issued="31.02.2026")
        case _:
            return row


def write_class(rows: Sequence[Row]) -> bytes:
    """Return the table as a spreadsheet of Europe saves it: semicolons, UTF-8 with its mark, CRLF."""
    text = StringIO(newline="")
    table = csv.writer(text, delimiter=";")
    table.writerow(HEADINGS)
    table.writerows(row.cells for row in rows)
    return text.getvalue().encode("utf-8-sig")
