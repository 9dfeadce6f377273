"""A backup is whole while writers go on, and nothing unsound is ever put in the ledger's place."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from api.records import Backup, note_erasure
from api.restoring import Restored, ledger_file, restore
from api.settings import Settings
from api.wiring import LEDGER
from notary.core.errors import OperatorError
from notary.core.verdict import Result
from notary.ports.ledger import BatchId, CredentialId
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.recovery.soundness import check_ledger, unknown_anchors
from notary.store import open_ledger
from notary.store.backup import check_file, copy_ledger, take_alone
from notary.store.engine import make_engine
from notary.store.ledger import SqlLedger
from notary.store.schema import migrate, versions
from tests.service import lab
from tests.service.lab import Lab

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def folder(founded: Path, tmp_path: Path) -> Path:
    """A founded notary that nobody has open."""
    return Path(shutil.copytree(founded, tmp_path / "lab"))


def put_back(folder: Path, backup: Path, *, replacing: bool = True) -> Restored:
    return restore(Settings.load(folder / "notary", {}), backup, NOW, replacing=replacing)


def anchored(folder: Path, backup: Path, *learners: str) -> None:
    """Anchor a batch, and take a backup after it."""
    with lab.opened(folder) as opened:
        opened.logged(opened.institutions[0], *learners)
        opened.anchor()
        copy_ledger(ledger_file(opened.settings), backup)


def test_a_backup_taken_while_writers_write_is_whole(notary_lab: Lab, tmp_path: Path) -> None:
    """Every unit of work is in it wholly or not at all: contents as many as credentials, and what was there before."""
    college = notary_lab.institutions[0]
    data = [notary_lab.credentials(college, f"Learner {at}")[0] for at in range(60)]
    stop, failures = threading.Event(), []

    def write() -> None:
        for at in range(0, len(data), 3):
            notary_lab.submit(college, *data[at : at + 3])
        stop.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[int] = []
    while not stop.is_set() or not seen:
        backup = tmp_path / f"backup-{len(seen)}"
        copy_ledger(ledger_file(notary_lab.settings), backup)
        check_file(backup)
        with closing(sqlite3.connect(backup)) as file:
            counts = [
                file.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("credential", "credential_content")
            ]
        failures += [] if counts[0] == counts[1] and counts[0] % 3 == 0 else [counts]
        seen.append(counts[0])
    writer.join()
    assert not failures
    assert seen == sorted(seen)


def test_a_backup_is_one_file_that_only_its_owner_reads(notary_lab: Lab, tmp_path: Path) -> None:
    """No journal beside it, rights 0600, and the ledger's own journals are left alone."""
    backup = tmp_path / "to" / "ledger.sqlite3"
    backup.parent.mkdir()
    copy_ledger(ledger_file(notary_lab.settings), backup)
    assert list(backup.parent.iterdir()) == [backup]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    check_file(backup)
    assert list(backup.parent.iterdir()) == [backup]


def test_what_was_lost_comes_back(folder: Path, tmp_path: Path) -> None:
    """The ledger deleted, its backup restored: receipts verify, and a new batch is anchored."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana", "Bo")
    (folder / "notary" / LEDGER).unlink()
    done = put_back(folder, backup, replacing=False)
    assert (done.holdings.credentials, done.holdings.manifests, done.kept, done.uncompared) == (2, 1, None, None)
    with lab.opened(folder) as opened:
        batch = opened.logged(opened.institutions[1], "Cy")
        opened.anchor()
        assert opened.verdicts(batch) == [Result.VERIFIED]
        with opened.notary.ledger.read() as work:
            first = work.batches.get(BatchId(1))
        assert first is not None
        assert opened.verdicts(first) == [Result.VERIFIED] * 2


def test_a_ledger_with_credentials_is_replaced_only_on_purpose(folder: Path, tmp_path: Path) -> None:
    """It is refused first; replaced, the one before is kept beside."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana")
    with pytest.raises(OperatorError, match=r"has 1 credentials.*--replace"):
        put_back(folder, backup, replacing=False)
    done = put_back(folder, backup)
    assert done.kept is not None
    check_file(done.kept)
    assert sorted(path.name for path in (folder / "notary").glob("*.sqlite3*")) == [done.kept.name, LEDGER]


def test_a_ledger_in_use_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    """Whoever has it open would write into a file that is gone."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana")
    with lab.opened(folder) as opened:
        with opened.notary.ledger.read() as work:
            assert work.credentials.count() == 1
        with pytest.raises(OperatorError, match=r"in use.*Stop"):
            put_back(folder, backup)
        assert opened.submit(opened.institutions[0], *opened.credentials(opened.institutions[0], "Bo"))


def test_a_backup_older_than_the_newest_anchor_is_refused(folder: Path, tmp_path: Path) -> None:
    """A notary that went on from it would write a second history; the ledger that is there stays."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana")
    with lab.opened(folder) as opened:
        opened.logged(opened.institutions[1], "Bo")
        opened.anchor()
        assert list(unknown_anchors(opened.notary)) == []
    with pytest.raises(OperatorError, match=r"older than what is anchored.*1 more.*notary recover"):
        put_back(folder, backup)
    with lab.opened(folder) as opened, opened.notary.ledger.read() as work:
        assert work.credentials.count() == 2


def test_what_was_erased_since_the_backup_is_erased_again(folder: Path, tmp_path: Path) -> None:
    """The list of erasures in the data folder outlives the ledger."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana", "Bo")
    with lab.opened(folder) as opened:
        with opened.notary.ledger.read() as work:
            name = next(work.credentials.of_batch(BatchId(1))).id
        note_erasure(opened.settings.data, [name, CredentialId("laterthanthat")], "asked for", NOW)
        erase(opened.notary, plan_erasure(opened.notary, [name]))
    assert put_back(folder, backup).erased == 1
    with lab.opened(folder) as opened, opened.notary.ledger.read() as work:
        row = work.credentials.get(name)
        assert row is not None
        assert (row.digest, row.content, row.learner) == (None, None, None)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-20_000:-15_000] = os.urandom(5000)
    path.write_bytes(data)


def _rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as file:
        return list(file.iterdump())


def _alter(statement: str, path: Path) -> None:
    with closing(sqlite3.connect(path)) as file:
        for trigger in [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            file.execute(f"DROP TRIGGER {trigger}")
        file.execute(statement)
        file.commit()


HARMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "another file": (lambda path: path.write_bytes(b"no ledger at all" * 1000), "not a database"),
    "cut short": (lambda path: path.write_bytes(path.read_bytes()[:30_000]), "malformed|damaged"),
    "bytes changed": (_flip, "damaged|malformed|log entry|leaves|manifest"),
    "newer release": (partial(_alter, "UPDATE alembic_version SET version_num = '9999'"), "another release"),
    "a table gone": (partial(_alter, "DROP TABLE place"), "no such table"),
    "rows gone": (partial(_alter, "DELETE FROM manifest"), "rows that refer to rows"),
    "tree changed": (partial(_alter, "UPDATE log_node SET hash = zeroblob(32)"), "log entry 0"),
    "leaf changed": (partial(_alter, "UPDATE place SET leaf = zeroblob(32) WHERE position = 1"), "leaves of batch 1"),
    "size changed": (partial(_alter, "UPDATE manifest SET tree_size = 2"), "manifest 1"),
    "entry changed": (partial(_alter, "UPDATE log_entry SET id = zeroblob(32)"), "log entry 0"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_an_unsound_backup_is_refused_and_nothing_changes(folder: Path, tmp_path: Path, harm: str) -> None:
    """Cut, altered, of a newer release, or with a tree that its entries do not give."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana", "Bo")
    before = _rows(folder / "notary" / LEDGER)
    do_harm, says = HARMS[harm]
    do_harm(backup)
    with pytest.raises(OperatorError, match=says):
        put_back(folder, backup)
    assert _rows(folder / "notary" / LEDGER) == before
    assert not list((folder / "notary").glob("restoring*"))


def test_a_backup_of_an_older_release_is_migrated(folder: Path, tmp_path: Path) -> None:
    """The copy that is put in place is brought to this release's tables; the backup itself stays what it was."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana")
    older = SqlLedger(make_engine(f"sqlite:///{backup}"))
    with older.connection(write=True) as connection:
        migrate(connection, versions()[0])
    older.close()
    take_alone(backup)
    before = backup.read_bytes()
    put_back(folder, backup)
    assert backup.read_bytes() == before
    with lab.opened(folder) as opened:
        opened.notary.ledger.check()
        with opened.notary.ledger.read() as work:
            batch = work.batches.get(BatchId(1))
        assert batch is not None
        assert opened.verdicts(batch) == [Result.VERIFIED]


def test_a_backup_of_another_notary_is_refused(folder: Path, tmp_path: Path) -> None:
    """Its log has another origin."""
    backup = tmp_path / "backup"
    anchored(folder, backup, "Ana")
    settings = replace(Settings.load(folder / "notary", {}), origin="elsewhere.example/log")
    with pytest.raises(OperatorError, match=r"not a statement of elsewhere.example/log"):
        restore(settings, backup, NOW, replacing=True)


def test_a_sound_ledger_is_counted(notary_lab: Lab) -> None:
    """Credentials, batches, entries and manifests."""
    notary_lab.logged(notary_lab.institutions[0], "Ana", "Bo")
    notary_lab.anchor()
    held = check_ledger(notary_lab.notary.ledger, notary_lab.notary.origin)
    assert (held.credentials, held.batches, held.entries, held.manifests) == (2, 1, 1, 1)


def test_the_newest_backup_is_remembered(tmp_path: Path) -> None:
    """When and where; what nobody can read is as if there were none."""
    assert Backup.read(tmp_path) is None
    Backup(NOW, "/mnt/backup").write(tmp_path)
    assert Backup.read(tmp_path) == Backup(NOW, "/mnt/backup")
    (tmp_path / "backup.json").write_text("{}")
    assert Backup.read(tmp_path) is None


def test_a_backup_to_a_place_that_is_not_there_leaves_no_half(notary_lab: Lab, tmp_path: Path) -> None:
    """The message names the place; a source that is none is named too."""
    with pytest.raises(OperatorError, match="cannot be written"):
        copy_ledger(ledger_file(notary_lab.settings), tmp_path / "nowhere" / "backup")
    with pytest.raises(OperatorError, match="no file"):
        copy_ledger(tmp_path / "nothing", tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_a_backup_opens_as_a_ledger(notary_lab: Lab, tmp_path: Path) -> None:
    """It is a ledger's file like any other."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    copy_ledger(ledger_file(notary_lab.settings), tmp_path / "backup")
    opened = open_ledger(f"sqlite:///{tmp_path / 'backup'}")
    opened.check()
    opened.close()
