"""`notary certificate` and `notary verify certificate.pdf`, as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.api.certificates.made import opened, words
from tests.api.desk import Desk, badge, ndjson
from tests.api.test_command_status import awarded

LEARNERS = ("Ana Pérez", "Jonas Weber")


@pytest.fixture
def award(founded_desk: Desk) -> dict[str, str]:
    """Two final credentials of the college; ids by learner."""
    return awarded(founded_desk, *LEARNERS)


def test_a_class_is_printed_and_each_file_verifies_offline(founded_desk: Desk, award: dict[str, str]) -> None:
    """A PDF and two badges for each; with the report each code holds its learner's own link."""
    desk = founded_desk
    desk.run("receipt", "--batch", 1, "--out", "receipts")
    report = desk.file(
        "report.json", json.dumps({"accepted": [{"id": award["Ana Pérez"], "link": "https://n.example/r/x"}]})
    )
    said = desk.say("certificate", "--batch", 1, "--out", "paper", "--badges", "--report", report)
    assert "Wrote 2 certificates to paper with their badges." in said
    for name in award.values():
        for kind in ("pdf", "png", "svg"):
            found = desk.json("verify", f"paper/{name}.{kind}", "--trust", "receipts/trust.json")
            assert found["result"] == "verified"
            assert "notice" in found
    assert "scan the code" in words(Path(f"paper/{award['Ana Pérez']}.pdf").read_bytes())
    assert "scan the code" not in words(Path(f"paper/{award['Jonas Weber']}.pdf").read_bytes())
    shown = desk.say("verify", f"paper/{award['Ana Pérez']}.pdf", "--trust", "receipts/trust.json")
    assert shown.startswith("✓ Verified.")
    assert "Believe this verdict, not the page" in shown


def test_the_table_of_links_that_issuing_writes_serves_as_report(founded_desk: Desk) -> None:
    """From a spreadsheet to paper: each code holds its learner's own link, whichever table of links is given."""
    desk = founded_desk
    desk.passphrase()
    desk.run("template", "new", "--example", "first-aid")
    key = ("--key", "college.working.pem", "--passphrase-file", "passphrase")
    desk.run("issue", "--template", "first-aid.toml", "--learners", "first-aid.csv", *key, "--yes")
    desk.run("seal")
    desk.run("sign", "1", *key, "--yes")
    desk.run("anchor", "--wait")
    desk.run("deliver", "1", "--csv", "handed.csv")
    for links in ("first-aid.links.csv", "handed.csv"):
        desk.run("certificate", "--batch", 1, "--out", "paper", "--report", links)
        printed = list(Path("paper").glob("*.pdf"))
        assert len(printed) == 3
        assert all("scan the code" in words(path.read_bytes()) for path in printed)


def test_one_is_printed_on_letter_with_the_institution_s_look(founded_desk: Desk, award: dict[str, str]) -> None:
    """The look lies in the data folder; a wrong one is said with its field."""
    desk = founded_desk
    did = desk.json("member", "list")["members"][0]["id"]
    look = 'type = "credential-notary/certificate-look/v1"\n' + f'issuer = "{did}"\n[words]\nheading = "Urkunde"\n'
    desk.file("data/certificates/college.toml", look)
    desk.run("certificate", award["Ana Pérez"], "--paper", "letter")
    pdf = Path(f"{award['Ana Pérez']}.pdf").read_bytes()
    assert "URKUNDE" in words(pdf).replace(" ", "").upper()
    assert float(opened(pdf).pages[0].mediabox.width) == 612
    desk.file("data/certificates/college.toml", look.replace("issuer", 'accent = "#ffee00"\nissuer'))
    assert "too pale to be read" in desk.say("certificate", award["Ana Pérez"], code=1)


def test_what_is_pending_is_printed_as_such_with_exit_code_3(founded_desk: Desk) -> None:
    """It says that it proves nothing yet, on paper and to whoever verifies it."""
    desk = founded_desk
    accepted = desk.json("submit", desk.file("one.ndjson", ndjson([badge("Ana Pérez")])))["accepted"][0]["id"]
    assert "proves nothing yet" in desk.say("certificate", accepted, code=3)
    assert "This is no proof yet." in words(Path(f"{accepted}.pdf").read_bytes())
    trust = desk.folder / "trust.json"
    desk.run("trust", "export", trust)
    said = desk.say("verify", f"{accepted}.pdf", "--trust", trust, code=3)
    assert "? Not known yet: this PDF carries no receipt." in said


def test_what_no_certificate_can_be_made_of_is_said(founded_desk: Desk) -> None:
    """No such id; both an id and a batch; a file, which names nobody."""
    desk = founded_desk
    assert "There is no credential nothing" in desk.say("certificate", "nothing", code=1)
    assert "--batch" in desk.say("certificate", code=2)
    letter = desk.file("letter.txt", "Dear all")
    accepted = desk.json("submit", "--as", "file", letter)["accepted"][0]["id"]
    assert "is a file: who made it" in desk.say("certificate", accepted, code=1)
