"""Who is alive: a lock for each worker, held as long as its process is there, whatever it dies of.

The engine hands no dead worker's work to another: whoever can take a worker's
lock knows that it is dead. On PostgreSQL the locks belong to a connection, and on
a machine's files to an open file: both end with the process.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import make_url

from notary.core.errors import OperatorError

LEASE = 15.0
"""Seconds without news of its own lock after which a worker holds itself for dead: sooner than anybody else does."""
_CONNECTION: dict[str, Any] = {
    "connect_timeout": 5,
    # A machine that vanished says no farewell: this end sees it within seconds, and the server before LEASE doubled.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "options": "-c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3",
    "application_name": "notary worker",
}


class Live(Protocol):
    """The locks of one worker, named by it; used by one thread, but for `alive`."""

    @property
    def alive(self) -> bool:
        """Whether its own lock is surely held; else others may do its work by now."""
        ...

    def renew(self) -> bool:
        """Make sure of its own lock, or take it again where it was lost; return `alive`."""
        ...

    def take(self, name: str) -> bool:
        """Take another lock without waiting; False where somebody holds it."""
        ...

    def release(self, name: str) -> None:
        """Let a lock go that was taken."""
        ...

    def close(self) -> None:
        """Let all go, its own too."""
        ...


def open_live(name: str, *, database: str | None, folder: Path) -> Live:
    """Return the locks of a worker: in the PostgreSQL at this URL, or in files where `database` is None."""
    return FileLocks(name, folder) if database is None else PostgresLocks(name, database)


class FileLocks:
    """Locks of workers on one machine: flock of a file each."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name, self._folder = name, folder
        self._held: dict[str, int] = {}

    @property
    def alive(self) -> bool:
        return self._name in self._held

    def renew(self) -> bool:
        return self.alive or self.take(self._name)

    def take(self, name: str) -> bool:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path(name), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise OperatorError(f"{self._path(name)} cannot be opened", actual=error.strerror) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino == self._path(name).stat().st_ino:  # else its last holder took the file away
                self._held[name] = handle
                return True
        except OSError:  # held, or taken away
            pass
        os.close(handle)
        return False

    def release(self, name: str) -> None:
        handle = self._held.pop(name)
        with suppress(OSError):
            self._path(name).unlink()
        os.close(handle)

    def close(self) -> None:
        for name in list(self._held):
            self.release(name)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"


class PostgresLocks:
    """Advisory locks of one session, on a connection of its own: no pooler that shares sessions may stand before it."""

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._session: Any = None
        self._seen = -LEASE

    @property
    def alive(self) -> bool:
        return time.monotonic() - self._seen < LEASE

    def renew(self) -> bool:
        import psycopg

        if self._session is not None:
            mine = self._ask("SELECT true")
        else:
            with suppress(psycopg.Error):
                self._session = psycopg.connect(self._url, autocommit=True, **_CONNECTION)
            mine = self.take(self._name)  # not where somebody looks just now whether this worker is dead
        if mine:
            self._seen = time.monotonic()
        else:
            self._drop()
        return self.alive

    def take(self, name: str) -> bool:
        return self._ask("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", name)

    def release(self, name: str) -> None:
        self._ask("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", name)

    def close(self) -> None:
        self._ask("SELECT pg_advisory_unlock_all()")  # the server ends a session some time after its client has left
        self._drop()

    def _drop(self) -> None:
        """Leave the session, whatever state it is in; the server frees its locks."""
        import psycopg

        self._seen = time.monotonic() - LEASE
        if self._session is not None:
            with suppress(psycopg.Error):
                self._session.close()
            self._session = None

    def _ask(self, question: str, *values: str) -> bool:
        import psycopg

        if self._session is None:
            return False
        try:
            return bool(self._session.execute(question, values).fetchone()[0])
        except psycopg.Error:
            self._drop()
            return False
