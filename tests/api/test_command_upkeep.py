"""What an operator types to keep a notary for decades: backup, restore, erase, costs, doctor."""

from __future__ import annotations

import csv
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.csv_cells import cell
from api.records import BACKUP, ERASED
from api.settings import Settings
from api.wiring import open_notary
from notary.ports.ledger import WorkerRow
from tests.api.desk import Desk, badge, ndjson

LEARNERS = ("=HYPERLINK(1)", "Ana", "Bo")


@pytest.fixture
def busy_desk(founded_desk: Desk) -> Desk:
    """A notary with one final batch of three credentials; the report has their ids."""
    desk = founded_desk
    desk.run("submit", desk.file("class.ndjson", ndjson(map(badge, LEARNERS))), "--report", "report.json")
    sign(desk)
    return desk


def sign(desk: Desk) -> None:
    number = desk.json("seal")["batch"]
    desk.run("sign", number, "--key", "college.working.pem", "--passphrase-file", desk.passphrase(), "--yes")
    desk.run("anchor", "--wait")


def ids(desk: Desk) -> dict[str, str]:
    accepted = json.loads((desk.folder / "report.json").read_bytes())["accepted"]
    return {each["learner"]: each["id"] for each in accepted}


def months() -> tuple[str, str]:
    """This month and the one the tests cannot have anchored in."""
    return time.strftime("%Y-%m", time.gmtime()), "1999-12"


def test_backup_and_restore(busy_desk: Desk) -> None:
    """One file, what is not in it named; the ledger lost and back, every part well."""
    desk = busy_desk
    said = desk.say("backup", "ledger.backup")
    for name in ("data/keys", "log.pem", "wallet.json", "passphrase", "notary.toml", ERASED):
        assert name in said
    assert (desk.folder / "data" / BACKUP).exists()
    (desk.folder / "data" / "ledger.sqlite3").unlink()
    found = desk.json("restore", "ledger.backup")
    assert (found["credentials"], found["manifests"], found["compared"], found["kept"]) == (3, 1, True, None)
    assert desk.json("batches")["batches"][0]["state"] == "final"
    assert desk.json("doctor")["well"]


def test_restore_asks_for_replace(busy_desk: Desk) -> None:
    """A ledger with credentials is not overwritten by accident; replaced, it is kept beside."""
    desk = busy_desk
    desk.run("backup", "ledger.backup")
    assert "--replace" in desk.say("restore", "ledger.backup", code=1)
    assert "The ledger before is data/ledger.before-" in desk.say("restore", "ledger.backup", "--replace")


def test_restore_of_an_older_backup_is_refused(busy_desk: Desk) -> None:
    """Anchored since: the chain knows more, and the notary would write a second history; doctor sees it too."""
    desk = busy_desk
    desk.run("backup", "old.backup")
    desk.run("submit", desk.file("more.ndjson", ndjson([badge("Cy")])))
    sign(desk)
    desk.run("backup", "new.backup")
    assert "older than what is anchored" in desk.say("restore", "old.backup", "--replace", code=1)
    (desk.folder / "data" / "ledger.sqlite3").write_bytes((desk.folder / "old.backup").read_bytes())
    said = desk.say("doctor", code=1)
    assert "✗ ledger" in said
    assert "Do not anchor with it" in said
    desk.run("restore", "new.backup", "--replace")
    assert desk.json("doctor")["well"]


def test_restore_needs_the_settings_first(busy_desk: Desk) -> None:
    """On a new machine the copies of settings and keys come before the ledger."""
    busy_desk.run("backup", "ledger.backup")
    said = busy_desk.say("restore", "ledger.backup", "--data", "elsewhere", code=1)
    assert "notary.toml and keys/ there first" in said


def test_what_is_no_backup_is_refused(busy_desk: Desk) -> None:
    """The file is named; the ledger itself is no target."""
    assert "no-backup" in busy_desk.say("restore", busy_desk.file("no-backup", b"x" * 999), "--replace", code=1)
    busy_desk.run("backup", "data/ledger.sqlite3", code=2)
    assert "cannot be written" in busy_desk.say("backup", "nowhere/ledger", code=1)


def test_a_dump_of_postgresql_is_remembered(busy_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The embedded way is refused there with the one that works; pg_dump's file counts as a backup."""
    desk = busy_desk
    dump = desk.file("ledger.dump", b"PGDMP\x01\x0e")
    assert desk.json("backup", "ledger.dump", "--made")["file"] == str(dump)
    assert "no dump of PostgreSQL" in desk.say("backup", desk.file("other", b"x"), "--made", code=1)
    monkeypatch.setenv("NOTARY_DATABASE", "postgresql://nobody@127.0.0.1:9/none")
    for words in (("backup", "file"), ("restore", "ledger.dump")):
        assert "pg_dump --format=custom" in desk.say(*words, code=1)


def test_erase_shows_numbers_and_asks(busy_desk: Desk) -> None:
    """What goes, what stays, what cannot be taken back; no is no, and the list of erasures is for its owner alone."""
    desk, ana = busy_desk, ids(busy_desk)["Ana"]
    words = ("erase", ana, "--reason", "asked for")
    shown = desk.say(*words, stdin="n\n", code=1)
    for part in ("Erases 1 credential", "Cannot be taken back", "still verifies", "0 evidence files"):
        assert part in shown
    desk.run("receipt", ana)
    assert "Erased 1 credential" in desk.say(*words, stdin="y\n")
    assert "was erased" in desk.say("receipt", ana, code=1)
    notes = desk.folder / "data" / ERASED
    assert (ana in notes.read_text(), notes.stat().st_mode & 0o777) == (True, 0o600)
    assert "erased before" in desk.say(*words)
    assert "no credential nobody" in desk.say("erase", "nobody", "--reason", "x", "--yes", code=1)
    desk.run("erase", ana, code=2)


def test_costs_of_a_month(busy_desk: Desk) -> None:
    """What was paid, by institution, as a table that a spreadsheet opens without running it."""
    desk, (this, other) = busy_desk, months()
    found = desk.json("costs", "--month", this, "--csv", "costs.csv")
    (paid,) = found["anchors"]
    assert paid["certainty"] == "exact"
    (row,) = list(csv.DictReader((desk.folder / "costs.csv").open(encoding="utf-8-sig")))
    assert (row["credentials"], row["anchors"], row["fee_wei"]) == ("3", "1", paid["fee_wei"])
    assert row["certainty"] == "exact"
    assert "No anchor became final" in desk.say("costs", "--month", other)
    assert "no month" in desk.say("costs", "--month", "2026-13", code=2)


def test_no_cell_of_a_table_is_run() -> None:
    """An institution may have any name; what a spreadsheet would run gets an apostrophe."""
    assert [cell(text) for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "Ana")] == [
        *("'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\t=1"),
        "Ana",
    ]


def test_doctor_names_every_part_and_what_to_do(busy_desk: Desk) -> None:
    """No backup is a fault once there is something to lose; a batch file younger than a day is enough."""
    desk = busy_desk
    parts = {part["part"]: part for part in desk.json("doctor", code=1)["parts"]}
    assert list(parts) == [
        *("chain embedded", "IPFS embedded", "wallet on embedded", "keys", "clock", "ledger", "backup", "worker"),
        "mail",
    ]
    assert [name for name, part in parts.items() if not part["good"]] == ["backup"]
    assert "notary backup FILE" in parts["backup"]["says"]
    assert desk.json("doctor", "--batch-files", desk.folder)["well"]
    _age(desk.folder / "batch-1.ndjson", hours=25)
    assert "25 hours old" in desk.say("doctor", "--batch-files", desk.folder, code=1)


def test_doctor_misses_a_worker_when_something_waits(busy_desk: Desk) -> None:
    """A signed batch and nobody to anchor it; a beat within the last rounds is well."""
    desk = busy_desk
    desk.run("backup", "ledger.backup")
    desk.run("submit", desk.file("more.ndjson", ndjson([badge("Cy")])))
    number = desk.json("seal")["batch"]
    desk.run("sign", number, "--key", "college.working.pem", "--passphrase-file", desk.passphrase(), "--yes")
    assert "✗ worker: none runs, and 1 batch waits. Start one" in desk.say("doctor", code=1)
    now = datetime.now(UTC)
    with open_notary(Settings.load(desk.folder / "data"), chains=False) as notary:
        with notary.ledger.begin() as work:
            work.workers.save(WorkerRow("one", now, 10))
        assert "✓ worker: 1 worker, the last beat " in desk.say("doctor")
        with notary.ledger.begin() as work:
            work.workers.save(WorkerRow("one", now, 10, trouble="the block store is full"))
        assert "✗ worker: the block store is full" in desk.say("doctor", code=1)
        with notary.ledger.begin() as work:
            work.workers.save(WorkerRow("one", now - timedelta(hours=3), 10))
    assert "✗ worker: the last beat was 3 hours ago" in desk.say("doctor", code=1)


def test_doctor_of_a_broken_ledger(busy_desk: Desk) -> None:
    """The other parts are looked at all the same."""
    desk = busy_desk
    (desk.folder / "data" / "ledger.sqlite3").write_bytes(b"not a ledger" * 1000)
    for journal in (desk.folder / "data").glob("ledger.sqlite3-*"):
        journal.unlink()
    said = desk.say("doctor", code=1)
    assert "✗ ledger" in said
    assert "✓ chain embedded" in said


def _age(path: Path, *, hours: int) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))
