"""Rows: what each says of a learner, and every fault named by row and column while the others go on."""

from __future__ import annotations

import unicodedata
from datetime import date
from pathlib import Path

import pytest

from notary.service.issuing import learner as learner_module
from notary.service.issuing.learner import Learner
from tests.service.issuing.desk import findings, learners, read, template

RUBRIC = template(
    more="""
[[result]]
name = "Grade"
allowed = ["C", "B", "A"]
required = "B"
[[result]]
name = "Score"
least = 0
most = 40
required = "20"
optional = true
[[result]]
name = "Level"
optional = true
[[result.level]]
name = "Emerging"
[[result.level]]
name = "Secure"
"""
)


def test_a_row_says_who_when_and_how_well() -> None:
    """Results are spelt as the template spells them."""
    (found,) = learners(
        "Name;Mail;Student number;Date;Valid until;Credits;Comment;Assessor;Grade;Score;Level\n"
        '"Ana\nPérez";ANA@x.example;17;3.5.2026;2029-05-03;2,5;"Well\ndone";Dr Okafor;a;36;secure\n',
        RUBRIC,
    )
    assert (found.row, found.name, found.email, found.number) == (2, "Ana Pérez", "ana@x.example", "17")
    assert (found.issued, found.until, found.credits) == (date(2026, 5, 3), date(2029, 5, 3), 2.5)
    assert (found.narrative, found.assessor, found.results) == ("Well\ndone", "Dr Okafor", ("A", "36", "Secure"))


def test_a_name_may_stand_in_two_columns_or_be_one_word() -> None:
    """Given name first; some people have one name."""
    found = learners("Vorname;Nachname;Mail\nAna;Pérez;a@x.example\nSuharto;;s@x.example\n;Mononym;m@x.example\n")
    assert [one.name for one in found] == ["Ana Pérez", "Suharto", "Mononym"]


def test_every_fault_is_named_by_row_and_column_and_the_others_go_on() -> None:
    """300 rows with two faults are 298 learners."""
    rows = [f"L {at},l{at}@x.example,2026-05-03" for at in range(2, 302)]
    rows[15] = "L 17,,2026-05-03"
    rows[38] = "L 40,l40@x.example,31.02.2026"
    found = read("\n".join(["Name,E-Mail,Issued on", *rows]))
    assert sum(isinstance(one, Learner) for one in found) == 298
    assert [str(one) for each in found if not isinstance(each, Learner) for one in each] == [
        "Row 17 has no e-mail",
        "Row 40, *Issued on*: `31.02.2026` is no date",
    ]


def test_all_faults_of_a_row_are_named_at_once() -> None:
    """Nobody mends a row three times."""
    assert findings("Name,Mail,Date,Grade\n,ana,soon,Z\n", RUBRIC) == [
        "Row 2, *Mail*: `ana` is no e-mail address",
        "Row 2, *Date*: `soon` is no date",
        "Row 2, *Grade*: `Z` is none of C, B, A",
        "Row 2 has no name",
    ]


@pytest.mark.parametrize(
    "grade, score, level, why",
    [
        ("", "", "", "Row 2 has no Grade"),
        ("C", "", "", "Row 2, *Grade*: C is below B, which is needed"),
        ("A", "41", "", "Row 2, *Score*: `41` is not within 0 to 40"),
        ("A", "19,5", "", "Row 2, *Score*: 19.5 is below 20, which is needed"),
        ("A", "many", "", "Row 2, *Score*: `many` is no number"),
        ("A", "", "Expert", "Row 2, *Level*: `Expert` is none of Emerging, Secure"),
    ],
)
def test_a_result_is_one_the_template_knows_and_enough(grade: str, score: str, level: str, why: str) -> None:
    """Nobody is given by mistake what was not reached."""
    data = f'Name,Mail,Grade,Score,Level\nAna,a@x.example,{grade},"{score}",{level}\n'
    assert findings(data, RUBRIC) == [why]


def test_the_same_learner_twice_is_a_finding() -> None:
    """The first row stands; a number counts more than an address, an address more than a name."""
    data = "Name,Mail,Number\nAna,a@x.example,1\nBen,b@x.example,2\nAna P.,A@x.example,1\nAna,c@x.example,3\n"
    assert findings(data) == [
        "Row 4 is about the same learner as row 2 (`1`, by number). Row 2 stands; take one of them out"
    ]
    assert findings("Name,Mail\nAna,a@x.example\nAna P.,A@X.example\n")[0].startswith("Row 3 is about the same")


def test_a_row_that_ends_before_it_begins_is_a_finding() -> None:
    """And one with more cells than columns."""
    assert findings("Name,Mail,Date,Expires\nAna,a@x.example,2026-05-03,2026-05-03\n") == [
        "Row 2, *Expires*: 2026-05-03 is not after 2026-05-03, when it begins"
    ]
    assert (
        findings("Name,Mail\nPérez, Ana,a@x.example\n")[0]
        == "Row 2 has 3 cells for 2 columns. Quote a text with a separator"
    )


def test_a_row_about_nobody_is_a_finding() -> None:
    """Where a table knows people by number and one has none."""
    given = template(more='[subject]\nby = ["name"]\n')
    assert findings("Name,Number\n,\n x,1\n,2\n", given) == ["Row 4 has no name"]


# --------------------------------------------------------------------- evidence


def test_evidence_lies_beside_the_table(tmp_path: Path) -> None:
    """Several files in one cell, also below folders, as Windows and a Mac write them."""
    (tmp_path / "work").mkdir()
    names = ("essay.pdf", "work/film.mp4", unicodedata.normalize("NFD", "Prüfung.png"))
    for name in names:
        (tmp_path / name).write_bytes(b"work")
    (found,) = learners(
        'Name,Mail,Evidence\nAna,a@x.example,"essay.pdf; work\\film.mp4\nPrüfung.png;essay.pdf"\n', folder=tmp_path
    )
    assert [path.name for path in found.evidence] == ["essay.pdf", "film.mp4", names[2]]


@pytest.mark.parametrize(
    "cell, why",
    [
        ("nope.pdf", "the file `nope.pdf` is not there"),
        ("../secret.txt", "`../secret.txt` is not in the table's folder"),
        ("/etc/hostname", "`/etc/hostname` is not in the table's folder"),
        ("link.txt", "`link.txt` is not in the table's folder"),
        ("folder", "`folder` is no file"),
        ("film.mov", "`film.mov` has 2.0 GiB; the most is 64 MiB"),
        ("a\x00b", "is not there"),
        (";".join(f"{at}.txt" for at in range(21)), "it names 21 files; the most is 20"),
    ],
)
def test_evidence_that_cannot_be_taken_is_a_finding(tmp_path: Path, cell: str, why: str) -> None:
    """Missing, elsewhere (also through a link), or too large, with the most it may be."""
    base = tmp_path / "class"
    (base / "folder").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (base / "link.txt").symlink_to(tmp_path / "secret.txt")
    with (base / "film.mov").open("wb") as film:
        film.truncate(2 << 30)
    (found,) = findings(f'Name,Mail,Evidence\nAna,a@x.example,"{cell}"\n', folder=base)
    assert found.startswith("Row 2, *Evidence*: ")
    assert why in found


def test_a_table_without_a_folder_has_no_evidence() -> None:
    """As one that came through a pipe."""
    assert "cannot be looked for" in findings("Name,Mail,Evidence\nAna,a@x.example,a.pdf\n")[0]


def test_who_it_is_about_changes_least() -> None:
    """A corrected name or address is still the same learner."""
    one = learners("Name,Mail,Number\nAna,a@x.example,17\n")[0]
    other = learners("Name,Mail,Number\nAna Pérez,ana@x.example,17\n")[0]
    assert one.identity == other.identity == "number:17"
    assert learner_module.Learner.called.fget(one) == "Ana"  # type: ignore[attr-defined]
