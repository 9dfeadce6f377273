"""Opening a ledger: its tables are made or migrated once, by one process, or nothing is touched."""

import os
import re
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from notary.core.errors import OperatorError
from notary.ports.ledger import AttemptRow, InstitutionRow
from notary.store import open_ledger
from notary.store.engine import make_engine
from notary.store.ledger import SqlLedger
from notary.store.schema import bring_up_to_date, migrate, version, versions
from notary.store.tables import metadata
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import (
    COLLEGE,
    NOON,
    PROJECT,
    Database,
    Other,
    anchor,
    append,
    credential,
    entry,
    manifest,
    new,
    seal,
)

__all__ = ["database", "ledger", "postgres"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a SQLite ledger may come to be."""
    return tmp_path / "ledger.sqlite3"


def test_the_migrations_make_the_tables_that_the_code_expects(ledger: SqlLedger) -> None:
    """Alembic finds nothing to change."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger.connection(write=True) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_the_same_constraints(file: Path) -> None:
    """Table by table and index by index, the words of CREATE are the same, checks and all."""
    with Database(f"sqlite:///{file}").ledger() as ledger, ledger.connection(write=False) as connection:
        migrated = _definitions(connection)
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        metadata.create_all(connection)
        declared = _definitions(connection)
    migrated.pop("alembic_version")
    assert migrated == declared


def test_a_ledger_migrates_down_to_nothing_and_up_again(ledger: SqlLedger) -> None:
    """Step by step through every version there is; at the bottom only Alembic's own table is left."""
    known: list[str] = ["base", *versions()]
    for target in reversed(known[:-1]):
        with ledger.connection(write=True) as connection:
            migrate(connection, target)
            assert version(connection) == (None if target == "base" else target)
    with ledger.connection(write=False) as connection:
        tables = "SELECT name FROM sqlite_master WHERE type IN ('table', 'trigger')"
        if connection.dialect.name == "postgresql":
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        assert list(connection.scalars(text(tables))) == ["alembic_version"]
    bring_up_to_date(ledger)
    with ledger.begin() as work:
        append(work, entry(0))


def test_anchors_survive_the_way_down_and_up(ledger: SqlLedger) -> None:
    """Version 1 kept each anchor's transaction beside it: back there and up again it is the same attempt."""
    signed, bare = anchor(1), replace(anchor(2), gas=0, fee_per_gas=0, tip_per_gas=0)
    tried = AttemptRow(
        *(signed.tx_hash, signed.chain, signed.sender, 3, b"signed"),
        *(signed.gas, signed.fee_per_gas, signed.tip_per_gas, signed.submitted, signed.manifest),
    )
    with ledger.begin() as work:
        for number in (1, 2):
            work.anchors.save_manifest(manifest(number))
        for row in (signed, bare):
            work.anchors.save(row)
        work.attempts.add(tried)
    for target in ("0001", versions()[-1]):
        with ledger.connection(write=True) as connection:
            migrate(connection, target)
    with ledger.read() as work:
        assert work.anchors.anchors() == (signed, bare)
        assert work.attempts.since(tried.chain, tried.sender, 0) == (tried,)


def test_what_waits_survives_the_way_down_and_up(ledger: SqlLedger) -> None:
    """Version 13 makes its table anew: every column, and what is noted for the preflight, is the same."""
    noted = {"issuer": "https://college.example", "until": NOON, "again": True, "achievement": "urn:one"}
    with ledger.begin() as work:
        work.credentials.add([new(credential(1), **noted), new(credential(2))])
    seen = []
    for target in ("0012", versions()[-1], versions()[-1]):
        with ledger.connection(write=True) as connection:
            seen.append(connection.execute(text("SELECT * FROM credential_waiting ORDER BY number")).all())
            migrate(connection, target)
    assert seen[0] == seen[1] == seen[2]
    assert len(seen[0]) == 2
    with ledger.begin() as work:
        assert seal(work, 1) == [credential(1).leaf, credential(2).leaf]


def test_versions_stand_in_one_line() -> None:
    """Each migration follows the one before it, and its file's name begins with its version."""
    from alembic.script import ScriptDirectory

    from notary.store import migrations

    script = ScriptDirectory(str(next(iter(migrations.__path__))))
    assert [step.revision for step in reversed(list(script.walk_revisions()))] == versions()
    assert script.get_heads() == versions()[-1:]


def test_processes_that_open_a_new_ledger_at_once_all_get_it(database: Database) -> None:
    """One makes the tables, the others wait; nobody fails."""
    others = [Other(database, "with ledger.read() as work: say(work.log.size())") for _ in range(6)]
    assert [other.end() for other in others] == [["0"]] * 6


def test_a_migration_that_fails_leaves_what_was_there(file: Path) -> None:
    """As a crash would: the tables come all or not at all."""
    ledger = SqlLedger(make_engine(f"sqlite:///{file}"))

    def broken(connection: Connection) -> None:
        migrate(connection, versions()[-1])
        raise RuntimeError

    with pytest.raises(RuntimeError), ledger.connection(write=True) as connection:
        broken(connection)
    with ledger.connection(write=False) as connection:
        assert _definitions(connection) == {}
    bring_up_to_date(ledger)
    ledger.close()


def test_a_ledger_of_a_newer_release_is_left_alone(database: Database) -> None:
    """It is refused with both versions and with what to do."""
    with database.ledger() as ledger, ledger.connection(write=True) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OperatorError, match=rf"at most version {versions()[-1]}, found version 9999.*Install"):
        open_ledger(database.url)


def test_what_was_written_is_there_after_opening_again(database: Database) -> None:
    """The ledger outlives the process."""
    with database.ledger() as ledger, ledger.begin() as work:
        work.institutions.save(InstitutionRow(COLLEGE))
    with database.ledger() as ledger, ledger.read() as work:
        assert work.institutions.get(COLLEGE) == InstitutionRow(COLLEGE)


def test_only_its_owner_can_read_a_sqlite_ledger(file: Path) -> None:
    """The file and its journals, also where a file with wider rights stood before."""
    file.touch(mode=0o644)
    before = os.umask(0)
    try:
        with Database(f"sqlite:///{file}").ledger() as ledger, ledger.begin() as work:
            work.institutions.save(InstitutionRow(COLLEGE))
            made = list(file.parent.iterdir())
            assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
            assert len(made) == 3
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://notary:hunter2@127.0.0.1/notary",
        "/var/lib/notary/ledger.sqlite3",
        "sqlite:////nowhere/at/all/ledger.sqlite3",
    ],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    """The message says what is expected, and never shows a password."""
    with pytest.raises(OperatorError) as refused:
        open_ledger(url)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_no_database_is_left_alone(file: Path) -> None:
    """A wrong path is not written over."""
    file.write_bytes(b"Ada's thesis" * 100)
    with pytest.raises(OperatorError, match="not a database"):
        open_ledger(f"sqlite:///{file}")
    assert file.read_bytes() == b"Ada's thesis" * 100


@pytest.mark.loopback
def test_a_damaged_ledger_is_to_be_restored(file: Path) -> None:
    """Its pages overwritten, a disk's fault: the operator is told what to do, not asked whether it is reachable."""
    open_ledger(f"sqlite:///{file}").close()
    data = file.read_bytes()
    file.write_bytes(data[:8192] + bytes(b ^ 0xFF for b in data[8192:]))
    with (
        pytest.raises(OperatorError, match="notary restore FILE"),
        closing(open_ledger(f"sqlite:///{file}")) as ledger,
        ledger.read() as work,
    ):
        work.log.size()


def test_a_server_that_is_not_there_is_an_operators_error() -> None:
    """It says so within seconds, without the password."""
    with pytest.raises(OperatorError) as refused:
        open_ledger("postgresql://notary:hunter2@127.0.0.1:9/notary")
    assert "hunter2" not in str(refused.value)


def test_a_current_ledger_opens_without_alembic(file: Path) -> None:
    """Importing the store costs nothing, and opening only what it needs."""
    with Database(f"sqlite:///{file}").ledger():
        pass  # it is made
    lines = (
        "import sys, notary.store as store\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        f"store.open_ledger('sqlite:///{file}').close()\n"
        "assert 'sqlalchemy' in sys.modules and 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", lines], cwd=PROJECT, check=True)


_LINES = re.compile(r", (?=[a-z_]+ [A-Z])|\n")


def _definitions(connection: Connection) -> dict[str, str]:
    """Return what CREATE said of every table and index, its lines in order; SQLite adds a column to a line."""
    stored = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
    return {
        name: "\n".join(sorted(line.strip(" ,\t") for line in _LINES.split(sql)))
        for name, sql in connection.execute(text(stored))
    }
