"""The workers' locks: whoever can take another's knows that it is dead. The same for files and PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.worker.live import LEASE, FileLocks, Live, PostgresLocks, open_live
from notary.core.errors import OperatorError
from tests.parts import free_port
from tests.ports.databases import Server, postgres_server

Make = Callable[[str], Live]
_HOLDER = """
import sys, time
from pathlib import Path
from api.worker.live import open_live
live = open_live("dying", database=sys.argv[1] or None, folder=Path(sys.argv[2]))
print(live.renew(), flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A PostgreSQL that these tests restart."""
    with postgres_server() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.node)])
def database(request: pytest.FixtureRequest) -> str | None:
    """Where the locks are: None for files."""
    return request.getfixturevalue("server").url if request.param == "postgresql" else None


@pytest.fixture
def make(database: str | None, tmp_path: Path) -> Iterator[Make]:
    """Make a worker's locks; all are let go at the end."""
    all_of_them: list[Live] = []

    def opened(name: str) -> Live:
        all_of_them.append(open_live(name, database=database, folder=tmp_path))
        return all_of_them[-1]

    yield opened
    for each in all_of_them:
        each.close()


def test_a_living_workers_lock_is_taken_by_nobody(make: Make) -> None:
    """Until it says farewell."""
    one, other = make("one"), make("other")
    assert one.renew()
    assert other.renew()
    assert not other.take("one")
    one.close()
    assert not one.alive
    assert other.take("one")
    other.release("one")
    assert one.renew()


def test_a_lock_that_was_let_go_can_be_taken_again_by_anybody(make: Make) -> None:
    """The lock of the sweep goes round."""
    one, other = make("one"), make("other")
    assert one.renew()
    assert other.renew()
    for _ in range(3):
        for holder, asking in ((one, other), (other, one)):
            assert holder.take("sweep")
            assert not asking.take("sweep")
            holder.release("sweep")


def test_a_killed_processs_lock_is_free_at_once(make: Make, database: str | None, tmp_path: Path) -> None:
    """Whatever it dies of: nothing has to be cleaned up."""
    watcher = make("watcher")
    assert watcher.renew()
    command = [sys.executable, "-c", _HOLDER, database or "", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        assert not watcher.take("dying")
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    deadline = time.monotonic() + 5
    while not watcher.take("dying"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.node
def test_after_a_restart_of_postgresql_a_worker_takes_its_lock_again(server: Server) -> None:
    """With the connection the lock is gone: until it is taken on a new one, the worker does not count itself alive."""
    one, other = PostgresLocks("one", server.url), PostgresLocks("other", server.url)
    assert one.renew()
    assert other.renew()
    server.restart()
    assert (one.renew(), one.alive) == (False, False)
    assert (one.renew(), one.alive) == (True, True)
    assert (other.renew(), other.renew()) == (False, True)
    assert not other.take("one")
    one.close()
    other.close()


@pytest.mark.node
def test_while_another_looks_whether_a_worker_is_dead_it_has_no_lock_to_take(server: Server) -> None:
    """It lost its connection, and another holds its lock for the moment of taking over: it waits."""
    one, other = PostgresLocks("one", server.url), PostgresLocks("other", server.url)
    assert other.renew()
    assert other.take("one")
    assert not one.renew()
    other.release("one")
    assert one.renew()
    one.close()
    other.close()


@pytest.mark.node
def test_without_news_of_its_lock_a_worker_counts_itself_dead(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that hangs is no news: others may see it closed by now."""
    one = PostgresLocks("one", server.url)
    assert one.renew()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + LEASE)
    assert not one.alive
    monkeypatch.undo()
    one.close()


@pytest.mark.loopback
def test_a_connection_that_cannot_be_made_raises_nothing() -> None:
    """The worker tries again with its next tick."""
    gone = PostgresLocks("one", f"postgresql://notary@127.0.0.1:{free_port()}/x")
    assert not gone.renew()
    assert not gone.alive
    assert not gone.take("sweep")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The operator has to mend it."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OperatorError):
        FileLocks("one", tmp_path / "file" / "below").renew()
