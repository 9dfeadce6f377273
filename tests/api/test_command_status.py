"""Statuses by commands: what a registrar types, on the notary's machine and on the institution's own."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.desk import ISSUER, Desk, badge, ndjson

LEARNERS = ("Ana Pérez", "Jonas Weber", "Mei Lin")


@pytest.fixture
def award(founded_desk: Desk) -> dict[str, str]:
    """Three final credentials of the college; ids by learner."""
    return awarded(founded_desk, *LEARNERS)


def awarded(desk: Desk, *learners: str, name: str = "class") -> dict[str, str]:
    """Submit, seal, sign and anchor; return ids by learner."""
    credentials = desk.file(f"{name}.ndjson", ndjson(badge(learner) for learner in learners))
    accepted = desk.json("submit", credentials)["accepted"]
    sealed = desk.json("seal")
    signed = desk.sign("college", sealed["batch_file"], credentials)
    desk.run("sign", "--deliver", signed["statement"])
    desk.run("anchor", "--wait")
    return {each["learner"]: each["id"] for each in accepted}


def results(desk: Desk, *ids: str) -> list[str]:
    """Write the newest receipts and verify them."""
    found = []
    for name in ids:
        desk.run("receipt", name, "--out", "receipts")
        path = Path("receipts") / f"{name}.receipt.json"
        said: dict[str, Any] = json.loads(_verify(desk, path))
        found.append(said["result"])
    return found


def _verify(desk: Desk, path: Path) -> str:
    from click.testing import CliRunner

    from api.command_line import main

    words = ["verify", str(path), "--trust", "receipts/trust.json", "--json"]
    return CliRunner().invoke(main, words, prog_name="notary").stdout


def test_one_credential_is_revoked_from_word_to_verdict(founded_desk: Desk, award: dict[str, str]) -> None:
    """Shown with names and numbers, marked, signed elsewhere by the difference to the own list, logged, anchored."""
    ana = award["Ana Pérez"]
    said = founded_desk.say("revoke", ana, "--reason", "issued-in-error", "--note", "private", stdin="y\n")
    assert "Revokes 1 credential of College in 1 batch." in said
    assert "Ana Pérez, “Harbour Pilot”" in said
    assert "private" not in said
    assert results(founded_desk, ana) == ["verified"]  # nothing is signed yet
    key = ("--key", "college.working.pem", "--passphrase-file", founded_desk.passphrase())
    said = founded_desk.say("sign", "statuses-2.ndjson", "--credentials", "class.ndjson", *key, stdin="y\n")
    assert "revokes 1: Ana Pérez (“Harbour Pilot”)" in said
    assert "nothing else changes; all were valid." in said
    founded_desk.run("sign", "--deliver", "statuses-2.statements.ndjson")
    founded_desk.run("anchor", "--wait")
    assert results(founded_desk, *award.values()) == ["revoked", "verified", "verified"]
    again = founded_desk.say("sign", "--deliver", "statuses-2.statements.ndjson")
    assert "1 status statement logged: entry 1." in again


def test_the_second_list_is_compared_with_the_first(founded_desk: Desk, award: dict[str, str]) -> None:
    """What was signed before lies beside; only what is new is shown, and a list that takes something back shows it."""
    ana, jonas, _ = award.values()
    said: dict[str, Any] = {}
    for name, reason in ((ana, "under-review"), (jonas, "disputed")):
        founded_desk.run("suspend", name, "--reason", reason, "--yes")
        newest = max(founded_desk.folder.glob("statuses-?.ndjson"))
        said = founded_desk.json("sign", newest.name, *_own(founded_desk), "--yes")
        founded_desk.run("sign", "--deliver", said["statements"])
    assert said["batches"][0]["since"] == 2
    assert [change["learner"] for change in said["batches"][0]["changes"]] == ["Jonas Weber"]
    founded_desk.run("reinstate", ana, "--reason", "cleared", "--yes")
    shown = founded_desk.say("sign", "statuses-4.ndjson", *_own(founded_desk), "--yes")
    assert "reinstates 1: Ana Pérez" in shown
    assert "compared with your list of statement 3." in shown


def _own(desk: Desk) -> tuple[object, ...]:
    key = ("--key", "college.working.pem", "--passphrase-file", desk.passphrase())
    return ("--credentials", "class.ndjson", *key)


def test_a_notary_that_slips_a_change_in_is_seen(founded_desk: Desk, award: dict[str, str]) -> None:
    """Whoever changes a list names what the institution does not hold, or a list its statement does not commit."""
    founded_desk.run("revoke", award["Mei Lin"], "--reason", "misconduct", "--yes")
    line = json.loads(Path("statuses-2.ndjson").read_text())
    key = ("--key", "college.working.pem", "--passphrase-file", founded_desk.passphrase())
    founded_desk.file("other.ndjson", json.dumps({**line, "chunks": "qA" + line["chunks"][2:]}, separators=(",", ":")))
    said = founded_desk.say("sign", "other.ndjson", "--credentials", "class.ndjson", *key, code=1)
    assert "not the one its statement commits" in said
    others = founded_desk.file("others.ndjson", ndjson([badge("Nobody")]))
    said = founded_desk.say("sign", "statuses-2.ndjson", "--credentials", others, *key, code=1)
    assert "is not among your credentials" in said
    Path("batch-1.ndjson").rename("kept.ndjson")
    said = founded_desk.say("sign", "statuses-2.ndjson", "--credentials", "class.ndjson", *key, code=1)
    assert "--batch-file" in said
    founded_desk.run(
        "sign", "statuses-2.ndjson", "--credentials", "class.ndjson", "--batch-file", "kept.ndjson", *key, "--yes"
    )


def test_many_by_csv(founded_desk: Desk, award: dict[str, str]) -> None:
    """Every finding names its row and column, and the good rows go on."""
    ana, jonas, mei = award.values()
    with Path("revoked.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(
            [
                ("ID", "Reason", "Note"),
                (ana, "issued-in-error", "a; b"),
                (jonas, "because", ""),
                ("", "misconduct", ""),
                ("nobody", "misconduct", ""),
                (ana, "misconduct", ""),
                (mei, "", ""),
                (jonas, "cleared", ""),
            ]
        )
    said = founded_desk.json("revoke", "--csv", "revoked.csv", "--reason", "holder-asked", "--yes", code=1)
    assert {(each["id"], each["reason"]) for each in said["marked"]} == {
        (ana, "issued-in-error"),
        (mei, "holder-asked"),
    }
    starts = [finding.partition(":")[0] for finding in said["left_out"]]
    assert starts == ["Row 3, reason", "Row 4, id", "Row 5, id", "Row 6, id", "Row 8, reason"]
    shown = founded_desk.say("revoke", "--csv", "revoked.csv", "--yes", code=1)
    assert "rows left out:" in shown
    assert "Nothing to mark." in shown


@pytest.mark.parametrize(
    "text, says",
    [
        ("name,reason\nx,y\n", "its first row names the columns"),
        ("id,id\nx,y\n", "its first row names the columns"),
        ("", "its first row names the columns"),
        ("id,why\nx,y\n", "its first row names the columns"),
    ],
)
def test_a_table_of_something_else_is_refused(founded_desk: Desk, text: str, says: str) -> None:
    """What columns there are, and which are expected."""
    founded_desk.file("table.csv", text)
    assert says in founded_desk.say("revoke", "--csv", "table.csv", code=1)


def test_a_table_that_is_no_text_is_refused(founded_desk: Desk) -> None:
    """A spreadsheet saved as itself: save it as CSV."""
    founded_desk.file("table.csv", b"PK\x03\x04\xff\xfe")
    assert "CSV UTF-8" in founded_desk.say("suspend", "--csv", "table.csv", code=1)


def test_nothing_is_marked_without_a_yes(founded_desk: Desk, award: dict[str, str]) -> None:
    """Whoever says no has marked nothing, and whoever names nothing or no reason is told so."""
    founded_desk.run("revoke", award["Mei Lin"], "--reason", "misconduct", stdin="n\n", code=1)
    assert founded_desk.json("reinstate", award["Mei Lin"], "--reason", "cleared", "--yes")["marked"] == []
    assert "--csv FILE" in founded_desk.say("revoke", code=2)
    assert "--reason CODE" in founded_desk.say("revoke", award["Mei Lin"], code=2)


def test_a_corrected_credential_takes_the_old_ones_place(founded_desk: Desk, award: dict[str, str]) -> None:
    """The new one is anchored first; only then can the old one's mark be signed."""
    ana = award["Ana Pérez"]
    new = founded_desk.file("new.json", badge("Ana Pérez Ruiz"))
    said = founded_desk.json("reissue", ana, "--with", new, "--reason", "correction", "--yes")
    assert said["status_file"] is None
    assert said["next"] == "notary seal"
    sealed = founded_desk.json("seal")
    signed = founded_desk.sign("college", sealed["batch_file"], new)
    founded_desk.run("sign", "--deliver", signed["statement"])
    key = ("--key", "college.working.pem", "--passphrase-file", founded_desk.passphrase())
    early = founded_desk.say("sign", "1", *key, "--yes")
    assert "nothing of it waits" in early
    founded_desk.run("anchor", "--wait")
    late = founded_desk.say("sign", "1", *key, "--yes")
    assert "marks as replaced 1: Ana Pérez (“Harbour Pilot”)" in late
    founded_desk.run("anchor", "--wait")
    assert results(founded_desk, ana, said["with"]) == ["replaced", "verified"]
    again = founded_desk.say("reissue", ana, "--with", new, "--reason", "correction", "--yes", code=1)
    assert "submitted before" in again


def test_of_several_institutions_one_speaks(founded_desk: Desk, award: dict[str, str]) -> None:
    """Another member asks for the college's credential: it has none of that name."""
    application = founded_desk.apply("academy", "--alias", "https://academy.example")
    founded_desk.run("member", "add", application, "--yes")
    ana = award["Ana Pérez"]
    words = ("revoke", ana, "--reason", "misconduct", "--yes")
    said = founded_desk.json(*words, "--issuer", "https://academy.example", code=1)
    assert "has no credential" in said["left_out"][0]
    assert said["marked"] == []
    assert founded_desk.json(*words)["marked"][0]["id"] == ana
    assert "say whose" in founded_desk.say("revoke", "nobody", "--reason", "misconduct", code=2)


def test_what_waits_is_looked_over_before_it_is_sealed(founded_desk: Desk) -> None:
    """A table row by row, the same as JSON; sealed once its warnings are accepted, never with an error."""
    old = badge("Bo", validUntil="2020-01-01T00:00:00Z")
    founded_desk.run("submit", founded_desk.file("class.ndjson", ndjson([badge("Ana"), old])))
    shown = founded_desk.say("seal", "--check", code=1)
    assert "2 credentials of College looked over: 0 errors, 1 warning." in shown
    assert "class.ndjson, line 2" in shown
    assert "--accept-warnings" in shown
    said = founded_desk.json("seal", "--check", code=1)
    assert [(each["grade"], each["code"]) for each in said["findings"]] == [("warning", "expired")]
    assert founded_desk.json("seal", code=1)["next"] == "notary seal --accept-warnings"
    above = founded_desk.say("seal", "--recognition", "authorised", "--accept-warnings", code=1)
    assert "expected at most community, found authorised" in above
    assert "errors are corrected first" in above
    assert founded_desk.json("seal", "--accept-warnings")["size"] == 2
    founded_desk.run("submit", founded_desk.file("more.ndjson", ndjson([badge("Cy")])))
    assert "0 errors, 0 warnings" in founded_desk.say("seal", "--check")


def test_what_waits_for_a_signature_is_listed(founded_desk: Desk, award: dict[str, str]) -> None:
    """`batches` says whose move it is, and what to type."""
    founded_desk.run("revoke", award["Mei Lin"], "--reason", "misconduct", "--yes")
    said = founded_desk.say("batches")
    assert "Statuses of batch 1: 1 mark to be signed." in said
    assert said.endswith("Next: notary sign 1\n")
    new = founded_desk.file("new.json", badge("Ana Pérez Ruiz"))
    founded_desk.run("reissue", award["Ana Pérez"], "--with", new, "--reason", "correction", "--yes")
    assert founded_desk.json("batches")["statuses"] == [{"batch": 1, "due": 1, "early": 1}]


def test_a_joint_award_by_commands(founded_desk: Desk) -> None:
    """Two institutions commit the college's credential, with one evidence: one receipt, verified."""
    academy = founded_desk.apply("academy", "--alias", "https://academy.example", "--recognition", "community")
    founded_desk.run("member", "add", academy, "--yes")
    award = founded_desk.file("joint.json", badge("Ana Pérez"))
    thesis = founded_desk.file("thesis.pdf", b"%PDF the thesis")
    parts = (("college", ISSUER, "https://academy.example"), ("academy", "https://academy.example", ISSUER))
    ids = []
    for name, own, other in parts:
        evidence = ("--evidence", thesis) if name == "college" else ()
        words = ("--issuer", own, "--joint-with", other)
        ids.append(founded_desk.json("submit", award, *words, *evidence)["accepted"][0]["id"])
        checked = founded_desk.json("seal", "--check", *words, code=0 if name == "academy" else 1)
        assert [each["code"] for each in checked["findings"]] == (["joint"] if name == "college" else [])
        sealed = founded_desk.json("seal", *words, "--accept-warnings")
        signed = founded_desk.sign(name, sealed["batch_file"], award)
        founded_desk.run("sign", "--deliver", signed["statement"])
        founded_desk.run("anchor", "--wait")
        if name == "college":
            assert "has not committed" in founded_desk.say("receipt", ids[0], code=3)
    assert results(founded_desk, *ids) == ["verified", "verified"]
    refused = founded_desk.say("submit", award, "--issuer", "https://academy.example", code=1)
    assert "its issuer is not Academy" in refused
