"""Connections: how each database is reached, and what its units of work begin with.

Writers run one after another, in both databases, so that what a unit of work has
read is still so when it writes. Readers neither wait nor are waited for: they see
the ledger as it was when they began.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from notary.core.digest import Digest
from notary.core.errors import OperatorError

WRITER_SECONDS = 60
"""How long a writer waits for the one before it."""
_WRITER_LOCK = 0x63726564_6E6F7461
"""Key of PostgreSQL's advisory lock: "crednota"."""
_PRAGMAS = (
    "page_size = 8192",  # three contents of 2.5 KB fill a page; at 4096 each would leave a third of one empty
    "journal_mode = WAL",
    "synchronous = FULL",  # NORMAL would lose the newest units when the power fails
    "foreign_keys = ON",
    "cache_size = -32768",  # 32 MiB: a bulk insert meets every page of the indexes over random values
    "wal_autocheckpoint = 8000",  # 64 MiB
    "journal_size_limit = 67108864",
    "temp_store = MEMORY",  # of each statement of many rows SQLite keeps what it would need to take it back
)

_ADAPTED: Mapping[type, Callable[[Any], Any]] = {bytes: bytes, Digest: bytes, bool: int, NoneType: lambda none: none}
"""What the driver is given for values of these types; else it would look for a way to adapt each of them anew."""


def make_engine(url: str) -> Engine:
    """Return an engine for the URL; it connects when first used."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _unusable() from error
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return _sqlite(parsed, Path(parsed.database))
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        return _postgresql(parsed)
    raise _unusable()


def reading(engine: Engine) -> Engine:
    """Return the engine for units of work that only read: one snapshot each."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return engine


def writing(engine: Engine) -> Engine:
    """Return the engine for units of work that may write: one at a time."""
    return engine.execution_options(ledger_writer=True)


def _is_writer(connection: Connection) -> bool:
    return bool(connection.get_execution_options().get("ledger_writer"))


def _sqlite(url: URL, path: Path) -> Engine:
    try:
        # Before SQLite makes it, with everyone's rights; its journals take over the file's own.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise OperatorError(
            f"the ledger {path} cannot be opened", actual=error.strerror, hint="Check the folder and its rights."
        ) from error
    for kind, adapted in _ADAPTED.items():
        sqlite3.register_adapter(kind, adapted)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"), hide_parameters=True, connect_args={"timeout": WRITER_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # units begin and end by the statements below, DDL included
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that began to write later would fail at once where another had written since.
        writer = _is_writer(connection)
        connection.exec_driver_sql(f"PRAGMA query_only = {0 if writer else 1}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "options": f"-c lock_timeout={WRITER_SECONDS}s -c synchronous_commit=on",
        },
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if _is_writer(connection):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")

    return engine


def _unusable() -> OperatorError:
    return OperatorError(
        "the ledger's address cannot be used",  # not shown: it may hold a password
        expected="sqlite:///FILE or postgresql://USER@HOST/NAME",
    )
