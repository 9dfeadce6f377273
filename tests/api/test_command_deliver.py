"""From a spreadsheet to the learner's phone: commands, a mail server on the loopback, the pages; then mending."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.http.app import make_app
from api.settings import Settings
from api.wiring import open_notary, schedule_of
from api.worker.jobs import JOBS
from api.worker.outlook import Outlook
from tests.api.desk import ISSUER, Desk, badge
from tests.mailbox import SmtpSink, smtp_sink

pytestmark = pytest.mark.loopback
KEY = ("--key", "college.working.pem", "--passphrase-file", "passphrase")
FOR_PEOPLE = {"Accept": "text/html"}
ANA, BO = "ana@x.example", "bo@x.example"


@dataclass
class Campus:
    """A college's desk, its mail server, and the pages its learners see."""

    desk: Desk
    sink: SmtpSink
    pages: TestClient

    def work(self) -> None:
        """Let a worker do its mail once."""
        app: Any = self.pages.app
        next(job for job in JOBS if job.name == "mail").run(app.state.context.notary)

    def page(self, token: str) -> str:
        answer = self.pages.get(f"/r/{token}", headers=FOR_PEOPLE)
        assert answer.status_code == 200
        return str(answer.text)

    def issue(self, *rows: str) -> list[str]:
        """Issue from a table; return the credentials' ids."""
        table = self.desk.file("class.csv", "\n".join(["Name;E-Mail;Date;Test", *rows]))
        template = ("--template", "first-aid.toml")
        said = self.desk.json("issue", *template, "--learners", table, *KEY, "--yes")
        with Path(said["links"]).open(encoding="utf-8-sig", newline="") as file:
            return [row["credential"] for row in csv.DictReader(file)]

    def anchor(self) -> int:
        """Seal, sign and anchor what waits."""
        sealed = self.desk.json("seal")
        self.desk.run("sign", sealed["batch"], *KEY, "--yes")
        self.desk.run("anchor", "--wait")
        return int(sealed["batch"])


@pytest.fixture
def campus(founded_desk: Desk) -> Iterator[Campus]:
    """With a template, and a mail server in notary.toml."""
    founded_desk.passphrase()
    founded_desk.run("template", "new", "--example", "first-aid")
    with smtp_sink() as sink, _pages(founded_desk, sink.url) as pages:
        yield Campus(founded_desk, sink, pages)


@contextmanager
def _pages(desk: Desk, smtp: str) -> Iterator[TestClient]:
    chosen = replace(
        Settings.load(desk.folder / "data", {}),
        public_url="http://testserver",
        mail_from="College <registrar@college.example>",
        smtp=smtp,
    )
    chosen.save()
    with open_notary(chosen) as notary:
        yield TestClient(make_app(notary, chosen, Outlook(notary, schedule_of(chosen), inside=False)))


def test_from_a_spreadsheet_to_the_learner_and_back_again(campus: Campus) -> None:
    """Issued, mailed, pending, final; a lost link; a changed name: the first link ever mailed shows the newest."""
    desk = campus.desk
    ana, bo = campus.issue(f"Ana Pérez;{ANA};03.05.2026;passed", f"Bo;{BO};03.05.2026;passed")
    sealed = desk.json("seal")
    said = desk.say("deliver", sealed["batch"], stdin="y\n")
    assert "2 credentials to deliver." in said
    assert "Mail 2 learners? [y/N]" in said
    assert said.splitlines()[-1] == "Next: notary deliver --status"
    assert desk.json("deliver", "--status", code=3)["waiting"] == 2
    campus.work()
    assert desk.json("deliver", "--status")["sent"] == 2
    assert desk.json("deliver", sealed["batch"], "--yes")["queued"] == 0
    (token,) = campus.sink.tokens(ANA)
    assert "Pending" in campus.page(token)

    desk.run("sign", sealed["batch"], *KEY, "--yes")
    desk.run("anchor", "--wait")
    assert "Verified." in campus.page(token)
    assert "Ana Pérez" in campus.page(token)

    answer = campus.pages.post("/lost", data={"email": ANA}, headers=FOR_PEOPLE)
    assert "a mail with new links is on its way" in answer.text
    campus.work()
    fresh = campus.sink.tokens(ANA)[-1]
    assert fresh != token
    assert "Ana Pérez" in campus.page(fresh)

    new = desk.file("ana.json", badge("Ana Ruiz"))
    told = desk.json("reissue", ana, "--with", new, "--reason", "name-change", "--yes")
    sealed = desk.json("seal")
    desk.run("sign", "--deliver", desk.sign("college", sealed["batch_file"], new)["statement"])
    desk.run("anchor", "--wait")
    for each in (token, fresh):
        assert "Ana Ruiz" in campus.page(each)
        assert "Ana Pérez" not in campus.page(each)
    desk.run("deliver", "--resend", told["with"])
    campus.work()
    assert "Ana Ruiz" in campus.page(campus.sink.tokens(ANA)[-1])
    assert len(campus.sink.tokens(BO)) == 1
    renewed = desk.json("link", "renew", told["with"], "--yes")["link"]
    assert "Ana Ruiz" in campus.page(renewed.rpartition("/")[2])
    assert bo != ana


def test_who_is_not_reached_is_listed_for_the_registrar(campus: Campus) -> None:
    """A refused address, a bounce that came back later, none at all; the right address, and all is well."""
    desk = campus.desk
    gone, later, fine = campus.issue(
        "Ana;nobody@x.example;03.05.2026;passed", f"Bo;{BO};03.05.2026;passed", f"Cy;{ANA};03.05.2026;passed"
    )
    desk.run("deliver", "--issuer", ISSUER, "--yes")
    campus.work()
    bounces = desk.file("bounces.csv", f"email,reason\n{BO},mailbox full\nstranger@x.example,\n")
    said = desk.say("deliver", "--bounces", bounces)
    assert "Marked 1 address" in said
    assert "nobody's here" in said
    status = desk.json("deliver", "--status", code=1)
    assert [row["id"] for row in status["failed"]] == [gone]
    assert {row["id"]: row["why"] for row in status["bounced"]} == {
        gone: "the address was refused: 550 5.1.1",
        later: "mailbox full",
    }
    shown = desk.say("deliver", "--status", code=1)
    assert gone in shown
    assert "x.example" not in shown
    assert "takes no mail" in desk.say("deliver", "--resend", later, code=1)
    for name in (gone, later):
        desk.run("deliver", "--resend", name, "--to", f"{name}@y.example")
    campus.work()
    assert {to for _, to, _ in campus.sink.mails} == {BO, ANA, f"{gone}@y.example", f"{later}@y.example"}
    assert desk.json("deliver", "--status")["bounced"] == []
    assert fine


def test_an_outage_is_seen_by_the_operator_and_loses_nothing(campus: Campus) -> None:
    """The server takes nothing for a while: status and doctor say so, in codes; then everything arrives."""
    campus.issue(f"Ana;{ANA};03.05.2026;passed")
    campus.sink.rude = True
    campus.desk.run("deliver", "--issuer", ISSUER, "--yes")
    campus.work()
    assert "could not be sent yet" in campus.desk.say("deliver", "--status", code=3)
    assert campus.desk.json("deliver", "--status", code=3)["troubled"] == 1
    lines = campus.pages.get("/metrics").text
    assert "notary_mails_waiting 1\n" in lines
    assert "notary_mails_troubled 1\n" in lines
    mail = next(part for part in campus.desk.json("doctor", code=1)["parts"] if part["part"] == "mail")
    assert mail["good"]
    assert "1 mail waiting" in mail["says"]


def test_links_for_an_own_mailer_run_nothing(campus: Campus) -> None:
    """The table is its owner's alone, its cells are text, and delivering afterwards mails nobody."""
    campus.issue(f"=HYPERLINK(1);{ANA};03.05.2026;passed", f"Bo;{BO};03.05.2026;passed")
    said = campus.desk.json("deliver", "--issuer", ISSUER, "--csv", "mailer.csv")
    path = Path(said["links"])
    assert path.stat().st_mode & 0o077 == 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["learner"] == "'=HYPERLINK(1)"
    assert "Pending" in campus.page(rows[0]["link"].rpartition("/")[2])
    assert campus.desk.json("deliver", "--issuer", ISSUER, "--yes")["queued"] == 0
    campus.work()
    assert campus.sink.mails == []


def test_an_institutions_own_words(campus: Campus) -> None:
    """A text of their own, checked before anybody is written to."""
    campus.issue(f"Ana;{ANA};03.05.2026;passed")
    bad = campus.desk.file("bad.txt", "Subject: x\n\nno links")
    assert "has no links" in campus.desk.say("deliver", "--issuer", ISSUER, "--template", bad, "--yes", code=1)
    own = campus.desk.file("own.txt", "Subject: Well done, {learner}!\n\n{credentials}\n")
    campus.desk.run("deliver", "--issuer", ISSUER, "--template", own, "--yes")
    campus.work()
    ((_, _, message),) = campus.sink.mails
    assert message["Subject"] == "Well done, Ana!"
    assert message["From"] == "College <registrar@college.example>"


def test_links_that_nobody_else_can_open_are_pointed_out(founded_desk: Desk) -> None:
    """An address of this machine alone is said before anybody is written to."""
    said = founded_desk.say("deliver", "--issuer", ISSUER)
    assert "The links begin with http://127.0.0.1:8000, which opens on this machine alone: set public_url." in said


def test_wrong_use_says_what_to_write(founded_desk: Desk) -> None:
    """No batch, both, no server, a batch that is not there."""
    desk = founded_desk
    assert "Name a batch's number" in desk.say("deliver", code=2)
    assert "Name a batch's number" in desk.say("deliver", "1", "--issuer", ISSUER, code=2)
    assert "--to goes with one --resend" in desk.say("deliver", "--to", ANA, code=2)
    assert "there is no batch 9" in desk.say("deliver", "9", code=1).lower()
    assert "No mail server is set" in desk.say("deliver", "--resend", "abc", code=1)
    assert "there is no credential" in desk.say("link", "renew", "abc", "--yes", code=1).lower()


def test_a_claim_is_made_validated_and_endorsed_by_commands(founded_desk: Desk) -> None:
    """A learner's own key, a file of evidence; the college's key; a supervisor's words; one receipt shows it all."""
    desk = founded_desk
    secret = ("--passphrase-file", desk.passphrase())
    for name in ("ana", "marta"):
        desk.run("key", "new", name, *secret)
    desk.file("story.txt", "Forty species over two springs.")
    desk.file("birds.wav", b"forty birds")
    desk.file("look.txt", "We listened to all forty.")
    desk.file("words.txt", "She taught me to hear them.")
    desk.run(
        *("claim", "Field Recording", "--name", "Ana Pérez", "--narrative", "story.txt"),
        *("--evidence", "birds.wav", "--key", "ana.working.pem", *secret),
    )
    assert "is there already" in desk.say(
        *("claim", "X", "--name", "A", "--narrative", "story.txt", "--key", "ana.working.pem", *secret), code=1
    )
    words = ("validate", "claim.json", "--narrative", "look.txt", *KEY)
    assert "evidence that the claim names is not here" in desk.say(*words, "--yes", code=1).lower()
    said = desk.say(*words, "--evidence", "birds.wav", "--email", ANA, stdin="y\n")
    assert "College validates “Field Recording” of Ana Pérez" in said
    assert "Self-asserted until now; community then." in said
    assert said.splitlines()[-1] == "Next: notary seal"
    assert "validated this claim before" in desk.say(*words, "--evidence", "birds.wav", "--yes", code=1)
    sealed = desk.json("seal")
    desk.run("sign", sealed["batch"], *KEY, "--yes")
    desk.run("anchor", "--wait")
    name = _only(desk)
    desk.run("receipt", name)
    desk.run(
        *("endorse", "write", f"{name}.receipt.json", "--as", "supervisor", "--name", "Marta Gil"),
        *("--narrative", "words.txt", "--key", "marta.working.pem", *secret),
    )
    assert "Attached the supervisor endorsement of Marta Gil" in desk.say("endorse", "attach", name, "endorsement.json")
    desk.run("receipt", name)
    verdict = desk.json("verify", f"{name}.receipt.json", "--trust", "trust.json")
    assert verdict["result"] == "verified"
    assert "It validates a claim that was self-asserted before" in " ".join(verdict["facts"])
    assert [(each["by"], each["role"], each["signature"]) for each in verdict["endorsements"]] == [
        ("Marta Gil", "supervisor", "pass")
    ]
    said = desk.say("verify", f"{name}.receipt.json", "--trust", "trust.json")
    assert "Endorsed by Marta Gil (supervisor; their own signature holds): “She taught me to hear them.”" in said


def _only(desk: Desk) -> str:
    with open_notary(Settings.load(desk.folder / "data", {}), chains=False) as notary, notary.ledger.read() as work:
        (row,) = work.credentials.of_institution(work.batches.all()[0].institution)
    return str(row.id)
