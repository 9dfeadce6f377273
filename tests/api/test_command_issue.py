"""A registrar's day by commands: a template, a spreadsheet with its usual faults, and everybody's link."""

from __future__ import annotations

import csv
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from api.cli.link_file import LinkFile
from notary.core.errors import OperatorError
from notary.ports.ledger import CredentialId
from notary.service.issuing.issue import Issued
from tests.api.desk import Desk

KEY = ("--key", "college.working.pem", "--passphrase-file", "passphrase")
HEAD = "Name;E-Mail;Date;Test;File"


def school(desk: Desk) -> tuple[object, ...]:
    """A template for first aid; returns what names it on a command line."""
    desk.passphrase()
    desk.run("template", "new", "--example", "first-aid")
    return ("--template", "first-aid.toml")


def table(desk: Desk, rows: int = 300, faults: Mapping[int, tuple[str, ...]] | None = None) -> tuple[object, ...]:
    """A class list with faults in some rows."""
    given = {at: (f"Learner {at}", f"l{at}@x.example", "03.05.2026", "passed", "") for at in range(2, rows + 2)}
    lines = [HEAD, *(";".join(row) for row in {**given, **(faults or {})}.values())]
    return ("--learners", desk.file("class.csv", "\n".join(lines)))


def links(path: str | Path) -> list[dict[str, str]]:
    """Read a file of links."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_two_faulty_rows_leave_298_learners(founded_desk: Desk) -> None:
    """Both are named by row and column; count and price are shown; 298 links are written for their owner alone."""
    faults = {
        17: ("Learner 17", "", "03.05.2026", "passed", ""),
        40: ("L 40", "l40@x.example", "31.02.2026", "passed", ""),
    }
    words = ("issue", *school(founded_desk), *table(founded_desk, faults=faults), *KEY)
    said = founded_desk.say(*words, stdin="n\n", code=1)
    assert "298 credentials “First Aid at School” of College ready: first Learner 2, last Learner 301." in said
    assert "2 rows left out. The other 298 are ready." in said
    assert "Row 17 has no e-mail." in said
    assert "Row 40, *Date*: `31.02.2026` is no date." in said
    assert "Nothing is spent before `notary anchor`." in said
    assert "Sign and submit 298 credentials? [y/N]" in said
    assert not list(founded_desk.folder.glob("*.links*.csv"))
    found = founded_desk.json(*words, "--yes", code=1)
    assert (found["issued"], found["left_out"], found["next"]) == (298, 2, "notary seal")
    assert [one["says"] for one in found["findings"]] == [
        "Row 17 has no e-mail",
        "Row 40, *Date*: `31.02.2026` is no date",
    ]
    assert found["price"][0]["fee"].isdecimal()
    written = links(found["links"])
    assert len({row["link"] for row in written}) == 298
    assert stat.S_IMODE(Path(found["links"]).stat().st_mode) == 0o600
    assert written[0].keys() == {"row", "learner", "email", "credential", "link"}


def test_the_same_file_again_does_nothing_twice(founded_desk: Desk) -> None:
    """And with the faults mended it issues just those."""
    faults = {3: ("Ben", "", "2026-05-03", "passed", "")}
    template = school(founded_desk)
    words = ("issue", *template, *table(founded_desk, 3, faults), *KEY, "--yes")
    assert founded_desk.json(*words, code=1)["issued"] == 2
    again = founded_desk.json(*words, code=1)
    assert (again["issued"], again["issued_before"], again["links"]) == (0, 2, None)
    mended = founded_desk.json("issue", *template, *table(founded_desk, 3), *KEY, "--yes")
    assert (mended["issued"], mended["issued_before"]) == (1, 2)
    assert mended["links"].endswith("class.links-2.csv")
    assert [row["learner"] for row in links(mended["links"])] == ["Learner 3"]


def test_what_is_issued_is_sealed_signed_anchored_and_verified(founded_desk: Desk) -> None:
    """The next command each says, to the verdict."""
    words = ("issue", *school(founded_desk), *table(founded_desk, 2), *KEY, "--yes")
    assert founded_desk.json(*words)["next"] == "notary seal"
    founded_desk.run("seal")
    founded_desk.run("sign", "1", *KEY, "--yes")
    founded_desk.run("anchor", "--wait")
    founded_desk.run("receipt", "--batch", "1", "--out", "receipts")
    receipt = next((founded_desk.folder / "receipts").glob("*.receipt.json"))
    said = founded_desk.say("verify", receipt)
    assert "Verified." in said
    assert "Issued to Learner" in said


def test_columns_are_shown_before_anything_is_done(founded_desk: Desk) -> None:
    """With the first row beside them, and how the file's letters were guessed."""
    path = founded_desk.file("class.csv", "Name;Mail;Shoe;Test\nJürgen;j@x.example;44;passed\n".encode("cp1252"))
    said = founded_desk.say("issue", *school(founded_desk), "--learners", path, *KEY, "--dry-run")
    assert "it is read as Windows-1252. Look at the names below." in said
    lines = {line.split("  ")[0]: line.split()[1:] for line in said.splitlines() if "  " in line}
    assert lines["Name"] == ["name", "Jürgen"]
    assert lines["Shoe"] == ["not", "used", "44"]
    assert "Nothing was issued." in said


def test_a_missing_column_can_be_mapped(founded_desk: Desk) -> None:
    """The message says how, and then it is so."""
    path = founded_desk.file("class.csv", "Who;Mail;Outcome\nAna;a@x.example;passed\n")
    words = ("issue", *school(founded_desk), "--learners", path, *KEY, "--dry-run")
    said = founded_desk.say(*words, code=1)
    assert "class.csv has no column for name and test" in said
    assert "`Who`, `Outcome`" in said
    found = founded_desk.json(*words, "--map", "Who=name", "--map", "Outcome=test")
    assert (found["ready"], found["notes"]) == (1, [])
    assert [one["is"] for one in found["columns"]] == ["name", "email", "test"]
    assert "is no COLUMN=FIELD" in founded_desk.say(*words, "--map", "Who", code=2)


def test_formulas_and_markup_are_text_everywhere(founded_desk: Desk) -> None:
    """They go into the credential as written; in the file of links no cell is run."""
    rows = {
        2: ("=cmd|' /C calc'!A0", "a@x.example", "", "passed", ""),
        3: ("<script>alert(1)</script>", "b@x.example", "", "passed", ""),
        4: ("@SUM(1)", "+c@x.example", "", "passed", ""),
    }
    found = founded_desk.json("issue", *school(founded_desk), *table(founded_desk, 3, rows), *KEY, "--yes")
    written = links(found["links"])
    assert [row["learner"] for row in written] == ["'=cmd|' /C calc'!A0", "<script>alert(1)</script>", "'@SUM(1)"]
    assert written[2]["email"] == "'+c@x.example"


def test_evidence_beyond_the_cap_is_refused_with_the_cap(founded_desk: Desk) -> None:
    """2 GB: the row is left out, and how much may be."""
    with (founded_desk.folder / "film.mov").open("wb") as film:
        film.truncate(2 << 30)
    rows = {2: ("Ana", "a@x.example", "", "passed", "film.mov")}
    said = founded_desk.say("issue", *school(founded_desk), *table(founded_desk, 2, rows), *KEY, "--dry-run", code=1)
    assert "Row 2, *File*: `film.mov` has 2.0 GiB; the most is 64 MiB." in said


def test_a_key_that_is_not_the_institutions_signs_nothing(founded_desk: Desk) -> None:
    """Neither another one nor none."""
    founded_desk.apply("academy")
    words = ("issue", *school(founded_desk), *table(founded_desk, 2), "--yes")
    other = ("--key", "academy.working.pem", "--passphrase-file", "passphrase")
    assert "This key is not one College signs with" in founded_desk.say(*words, *other, code=1)
    assert "Name it: --key KEYFILE" in founded_desk.say(*words, code=1)


@pytest.mark.parametrize(
    "old, new, why",
    [
        ('recognition = "community"', 'recognition = "authorised"', "claims more than it is recognised for"),
        ("[achievement]", '[issuer]\nid = "https://other.example"\n[achievement]', "is no id of College"),
        ("[achievement.criteria]", '[achievement.criteria]\ncopy = "page.html"', "the file `page.html` is not there"),
        ('kind = "nano"', 'kind = "tiny"', "achievement.kind: `tiny` is none of nano, micro, macro."),
    ],
)
def test_a_template_that_cannot_be_honoured_is_refused(founded_desk: Desk, old: str, new: str, why: str) -> None:
    """Before any row is signed."""
    words = ("issue", *school(founded_desk), *table(founded_desk, 2), *KEY, "--yes")
    path = founded_desk.folder / "first-aid.toml"
    path.write_text(path.read_text().replace(old, new, 1))
    assert why in founded_desk.say(*words, code=1)


# ----------------------------------------------------------------- without a ledger


@pytest.mark.parametrize("form", ["json", "jwt"])
def test_credentials_can_be_written_as_files(desk: Desk, form: str) -> None:
    """On the institution's own machine: no ledger, no network; again, it leaves those that are there."""
    desk.run("key", "new", "college", "--passphrase-file", desk.passphrase())
    template = school(desk)
    path = desk.folder / "first-aid.toml"
    path.write_text(path.read_text().replace("[achievement]", '[issuer]\nname = "College"\n[achievement]', 1))
    words = ("issue", *template, *table(desk, 3), *KEY, "--no-submit", "--out", "own", "--as", form, "--yes")
    found = desk.json(*words)
    assert (found["issued"], found["next"]) == (3, "notary submit own")
    files = sorted((desk.folder / "own").glob(f"*.{form}"))
    assert len(files) == 3
    if form == "json":
        assert all(json.loads(file.read_bytes())["issuer"]["name"] == "College" for file in files)
    before = {file: file.read_bytes() for file in files}
    assert desk.json(*words)["issued"] == 0
    assert {file: file.read_bytes() for file in files} == before


def test_one_row_can_be_taken_alone(desk: Desk) -> None:
    """As for a credential that is to take another's place; the file is named."""
    desk.run("key", "new", "college", "--passphrase-file", desk.passphrase())
    template = school(desk)
    path = desk.folder / "first-aid.toml"
    path.write_text(path.read_text().replace("[achievement]", '[issuer]\nname = "College"\n[achievement]', 1))
    words = ("issue", *template, *table(desk, 30), *KEY, "--no-submit", "--out", "mended", "--row", 17, "--yes")
    found = desk.json(*words)
    assert (found["rows"], found["issued"]) == (1, 1)
    written = json.loads(Path(found["out"]).read_bytes())
    assert written["credentialSubject"]["identifier"][0]["identityHash"] == "Learner 17"


def test_files_written_so_can_be_submitted_by_their_institution(founded_desk: Desk) -> None:
    """Where a ledger lies, it says who issues: the same as when they are handed in at once."""
    template = school(founded_desk)
    founded_desk.run("issue", *template, *table(founded_desk, 3), *KEY, "--no-submit", "--out", "own", "--yes")
    assert len(founded_desk.json("submit", "own")["accepted"]) == 3


def test_without_a_ledger_somebody_has_to_say_who_issues(desk: Desk) -> None:
    """The template by name, and the key."""
    desk.run("key", "new", "college", "--passphrase-file", desk.passphrase())
    words = ("issue", *school(desk), *table(desk, 2), "--no-submit", "--out", "own", "--yes")
    assert "Name it: --key KEYFILE" in desk.say(*words, code=1)
    assert "issuer.name is missing" in desk.say(*words, *KEY, code=1)


def test_wrong_use_is_said(founded_desk: Desk) -> None:
    """Options that need each other, and a file of links that is there already."""
    words = ("issue", *school(founded_desk), *table(founded_desk, 2), *KEY)
    assert "--no-submit and --out DIR go together" in founded_desk.say(*words, "--no-submit", code=2)
    there = founded_desk.file("links.csv", "mine")
    assert "is there already" in founded_desk.say(*words, "--links", there, code=2)
    assert there.read_text() == "mine"


def test_a_file_of_links_is_never_written_over(tmp_path: Path) -> None:
    """Not even one that came in between."""
    path = tmp_path / "links.csv"
    made = LinkFile(path, "https://x.example/")
    path.write_text("somebody's")
    issued = Issued(2, "Ana", "a@x.example", CredentialId("abc"), "token")
    with pytest.raises(OperatorError, match=r"cannot be written.*made anew"):
        made.write([issued])
    made.close()
    assert path.read_text() == "somebody's"


# --------------------------------------------------------------------- templates


@pytest.mark.parametrize("name", ["data-literacy", "first-aid", "science-project"])
def test_a_worked_example_is_copied_with_its_table_and_issues(founded_desk: Desk, name: str) -> None:
    """Each with a series of its own, fit as it is, its table without a finding."""
    founded_desk.passphrase()
    made = founded_desk.json("template", "new", "--example", name)
    checked = founded_desk.json("template", "check", made["template"])
    assert checked["findings"] == []
    found = founded_desk.json("issue", "--template", made["template"], "--learners", made["learners"], *KEY, "--yes")
    assert (found["issued"], found["left_out"]) == (3, 0)
    assert "is there already" in founded_desk.say("template", "new", "--example", name, code=1)


def test_a_template_is_made_by_answering_questions(desk: Desk) -> None:
    """What was answered is what it says; a number is asked again."""
    answers = [
        *("Fire Safety", "https://x.example/a/fire", "Puts out small fires.", 'Put out a "small" fire.', "nano"),
        *("many", "8", "", "", "Test", "No, Yes", "Yes", "both", "2"),
    ]
    said = desk.say("template", "new", stdin="\n".join(answers) + "\n")
    assert "Wrote fire-safety.toml." in said
    assert stat.S_IMODE((desk.folder / "fire-safety.toml").stat().st_mode) == 0o600
    found = desk.say("template", "check", "fire-safety.toml")
    assert "is ready: its credentials are valid Open Badges 3.0." in found
    assert "Its table needs: name, email, Test." in found


@pytest.mark.parametrize(
    "answers, needed",
    [
        (["A", "urn:xy:a", "B", "C", "macro", "", "3", "EQF 7", "", "", "", "email", ""], "email"),
        (["A", "urn:xy:a", "B", "C", "micro", "1,5", "", "", "Score", "", "", "name", ""], "name, Score"),
    ],
)
def test_what_is_left_out_of_the_answers_is_left_out(desk: Desk, answers: list[str], needed: str) -> None:
    """A template without results, and one whose result is any text."""
    desk.say("template", "new", "mine.toml", stdin="\n".join(answers) + "\n")
    assert f"Its table needs: {needed}." in desk.say("template", "check", "mine.toml")


def test_a_template_that_is_not_fit_is_said_whole(desk: Desk) -> None:
    """Every finding a line, the same as JSON."""
    path = desk.file("mine.toml", 'type = "credential-notary/template/v1"\n[achievement]\nname = "A"\n')
    said = desk.say("template", "check", path, code=1)
    assert said.startswith("mine.toml cannot be used yet: 4 findings.")
    assert "  achievement.criteria: it is missing. Say how it is earned." in said
    found: dict[str, Any] = desk.json("template", "check", path, code=1)
    assert len(found["findings"]) == 4
