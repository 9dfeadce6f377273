"""`notary journal` and `notary member export`, as an operator types them."""

from __future__ import annotations

import json
import os
import pwd
import sqlite3
from contextlib import closing

import pyrage
import pytest

from api.wiring import LEDGER
from tests.api.desk import ISSUER, Desk, badge, ndjson


@pytest.fixture
def busy_desk(founded_desk: Desk) -> Desk:
    """A college that has handed two credentials in and sealed them."""
    own = founded_desk.file("diplomas.ndjson", ndjson(badge(name) for name in ("Ana", "Bo")))
    founded_desk.run("submit", own)
    founded_desk.run("seal", "--out", "batches")
    return founded_desk


def test_the_journal_says_who_did_what_and_that_it_is_whole(busy_desk: Desk) -> None:
    """The account's name, what it did and to what; for people and as JSON; and a hash to keep."""
    found = busy_desk.json("journal")
    account = pwd.getpwuid(os.getuid()).pw_name
    assert [(entry["role"], entry["name"], entry["action"], entry["count"]) for entry in found["newest"]] == [
        ("command line", account, "found notary", 0),
        ("command line", account, "submit credentials", 2),
        ("command line", account, "seal batch", 2),
    ]
    assert (found["entries"], found["head"]) == (3, found["newest"][-1]["hash"])
    said = busy_desk.say("journal", "--issuer", ISSUER, "--newest", 1)
    assert said.startswith("The journal is whole: 3 entries, none changed or removed.")
    assert "batch 1, 2 in all" in said
    assert "submit credentials" not in said
    assert "Ana" not in said
    assert busy_desk.json("journal", "--seen", found["newest"][0]["hash"])["entries"] == 3


def test_a_journal_that_was_changed_is_no_success(busy_desk: Desk) -> None:
    """Exit code 1, the entry named; so is an end that was cut off, where a hash was kept."""
    kept = busy_desk.json("journal")["head"]
    with closing(sqlite3.connect(busy_desk.folder / "data" / LEDGER)) as file:
        file.execute("DROP TRIGGER journal_no_delete")
        file.execute("DELETE FROM journal WHERE number = 3")
        file.commit()
    assert busy_desk.json("journal")["entries"] == 2
    assert "an entry that was there is not there any more" in busy_desk.say("journal", "--seen", kept, code=1)
    with closing(sqlite3.connect(busy_desk.folder / "data" / LEDGER)) as file:
        file.execute("DROP TRIGGER journal_no_update")
        file.execute("UPDATE journal SET name = 'nobody'")
        file.commit()
    assert "entry 1 was changed" in busy_desk.say("journal", code=1)
    assert "--seen" in busy_desk.say("journal", "--seen", "abc", code=1)


def test_an_institutions_export_is_a_new_file_for_its_reader_alone(busy_desk: Desk) -> None:
    """Encrypted, its owner's, never over another file; the journal says that it was made."""
    identity = pyrage.x25519.Identity.generate()
    to = ("--to", str(identity.to_public()))
    found = busy_desk.json("member", "export", ISSUER, "--out", "college.age", *to)
    assert (found["credentials"], found["batches"], found["evidence"]) == (2, 1, 0)
    path = busy_desk.folder / "college.age"
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in pyrage.decrypt(path.read_bytes(), [identity]).splitlines()]
    assert [line.get("learner") for line in lines if line.get("kind") == "credential"] == ["Ana", "Bo"]
    assert "is there already" in busy_desk.say("member", "export", ISSUER, "--out", "college.age", *to, code=1)
    assert busy_desk.json("journal")["newest"][-1]["action"] == "export for hand-over"


def test_an_export_that_cannot_be_leaves_no_file(busy_desk: Desk) -> None:
    """A recipient that is none, an institution that is no member, a folder that is not there."""
    somebody = str(pyrage.x25519.Identity.generate().to_public())
    for words, says in (
        ((ISSUER, "--out", "x.age", "--to", "age1wrong"), "This is no age recipient"),
        (("did:web:no.one", "--out", "x.age", "--to", somebody), "is no member"),
        ((ISSUER, "--out", "nowhere/x.age", "--to", somebody), "cannot be written"),
    ):
        assert says in busy_desk.say("member", "export", *words, code=1)
    assert not list(busy_desk.folder.rglob("x.age"))


def test_a_restored_backup_says_so_in_its_journal(busy_desk: Desk) -> None:
    """Its journal goes on from the older end, so a hash kept since is missing, and the entry says why."""
    busy_desk.run("backup", "ledger.backup")
    busy_desk.run("api-key", "new", ISSUER)
    kept = busy_desk.json("journal")["head"]
    busy_desk.run("restore", "ledger.backup", "--replace")
    found = busy_desk.json("journal")
    assert [entry["action"] for entry in found["newest"]][-2:] == ["seal batch", "restore backup"]
    assert "an older backup was restored" in busy_desk.say("journal", "--seen", kept, code=1)
