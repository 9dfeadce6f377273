"""The databases a ledger is tested on: SQLite, and a PostgreSQL that the tests start themselves."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from notary.store.ledger import SqlLedger
from tests.conftest import lacking
from tests.parts import PartMissingError, free_port
from tests.ports.ledger_lab import Database, digest

START_SECONDS = 30


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """One PostgreSQL for the session."""
    try:
        with running_postgres() as url:
            yield url
    except PartMissingError as error:
        lacking(str(error))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.node)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database."""
    if request.param == "sqlite":
        yield Database(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
        return
    server: str = request.getfixturevalue("postgres")
    name = f"notary_{digest(tmp_path).hex()[:16]}"
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield Database(f"{server.rpartition('/')[0]}/{name}")
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def ledger(database: Database) -> Iterator[SqlLedger]:
    """A ledger of an empty database."""
    with database.ledger() as opened:
        yield opened


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL: the URL of its maintenance database, and a way to restart it as a crash would."""

    url: str
    restart: Callable[[], None]


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server for this block; yields the URL of its maintenance database."""
    with postgres_server() as server:
        yield server.url


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Run a server in a folder of its own, on a free loopback port."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="notary-postgres-"))
    # The server refuses to run as root: there the account of Debian's package runs it.
    owner = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    port = free_port()
    common = {"user": owner.pw_uid, "group": owner.pw_gid, "cwd": folder, "stdin": subprocess.DEVNULL}

    def run(name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(programs / name), "-D", str(folder / "data"), *arguments],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
            **common,  # type: ignore[call-overload]  # the same for both programs
        )
        if done.returncode:
            raise RuntimeError(f"{name} failed: {done.stderr or done.stdout}")

    try:
        run("initdb", "--no-sync", "--auth=trust", "--username=notary", "--encoding=UTF8", "--locale=C")
        settings = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c fsync=off"
        start = ("-w", "-l", str(folder / "log"), "-o", settings, "start")
        run("pg_ctl", *start)

        def restart() -> None:
            run("pg_ctl", "-m", "immediate", "stop")
            run("pg_ctl", *start)

        try:
            yield Server(f"postgresql://notary@127.0.0.1:{port}/postgres", restart)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    for folder in (*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.get_exec_path())):
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    raise PartMissingError("PostgreSQL's server is not installed; scripts/nodes provides it")
