"""Blocks in the data folder: one SQLite file, used by any number of processes.

A file of its own, so that copying the ledger does not copy the evidence. SQLite
rather than a file for each block: a put is one transaction, so a process that
is killed leaves all of it or none, with two syncs instead of two per block.

A pin promises that everything it reaches is there. To keep that cheap, a block
under which everything was once seen is marked whole; nothing under it is ever
deleted while it stays, so a later pin looks at new blocks only.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from anchoring.batches import batches
from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.errors import Malformed, Mismatch, OperatorError
from notary.core.unixfs import links
from notary.ports import Missing

FILE = "blocks.sqlite"

_PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS block (cid BLOB NOT NULL UNIQUE, data BLOB NOT NULL, whole INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE IF NOT EXISTS pin (cid BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID",
)
_PUT = """
INSERT INTO block (cid, data) VALUES (?, ?)
ON CONFLICT (cid) DO UPDATE SET data = excluded.data WHERE data IS NOT excluded.data
"""  # Putting a block again repairs one that the disk has damaged.


class EmbeddedBlocks:
    """The BlockStore of a notary without an IPFS node."""

    def __init__(self, folder: Path) -> None:
        """Open or make the store; the folder exists."""
        self._path = folder / FILE
        with self._writing() as database:
            for statement in _SCHEMA:
                database.execute(statement)

    def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
        """As the port says; what does not fit one transaction is written ahead, unpinned."""
        for batch, last in batches(blocks):
            roots = tuple(pins) if last else ()
            with self._writing() as database:
                database.executemany(_PUT, ((bytes(block.cid), block.data) for block in batch))
                for root in roots:
                    self._check_whole(database, root)
                    database.execute("INSERT OR IGNORE INTO pin VALUES (?)", (bytes(root),))

    def get(self, cid: Cid) -> bytes:
        """As the port says."""
        with self._open() as database:
            block = self._read(database, cid)
        if block is None:
            raise Missing(
                f"block {cid} is not in {self._path}", hint="Import an archive that holds it, or ask another node."
            )
        return block.data

    def kept(self, cid: Cid) -> bytes | None:
        """As the port says."""
        with self._open() as database:
            row = database.execute("SELECT data FROM block WHERE cid = ?", (bytes(cid),)).fetchone()
        return row[0] if row and _is(cid, row[0]) else None

    def unpin(self, cid: Cid) -> None:
        """As the port says; the space is freed by `sweep`."""
        with self._writing() as database:
            database.execute("DELETE FROM pin WHERE cid = ?", (bytes(cid),))

    def pins(self) -> Iterator[Cid]:
        """As the port says."""
        with self._open() as database:
            rows = database.execute("SELECT cid FROM pin").fetchall()
        return (Cid.from_bytes(data, f"pin in {self._path}") for (data,) in rows)

    def sweep(self) -> int:
        """As the port says, overwriting what is deleted: Kubo's `repo gc`."""
        with self._writing() as database:
            database.execute("PRAGMA secure_delete = ON")
            kept: set[Cid] = set()
            waiting = [Cid.from_bytes(data) for (data,) in database.execute("SELECT cid FROM pin")]
            while waiting:
                cid = waiting.pop()
                if cid in kept:
                    continue
                kept.add(cid)
                if cid.codec is not Codec.RAW and (block := self._read(database, cid)):
                    waiting.extend(links(block))
            database.execute("CREATE TEMP TABLE kept (cid BLOB PRIMARY KEY) WITHOUT ROWID")
            database.executemany("INSERT INTO kept VALUES (?)", ((bytes(cid),) for cid in kept))
            return database.execute("DELETE FROM block WHERE cid NOT IN (SELECT cid FROM kept)").rowcount

    def _check_whole(self, database: sqlite3.Connection, pin: Cid) -> None:
        """Refuse a pin under which a block is missing; mark what was found whole."""
        seen: set[Cid] = set()
        waiting = [pin]
        while waiting:
            cid = waiting.pop()
            row = database.execute("SELECT whole FROM block WHERE cid = ?", (bytes(cid),)).fetchone()
            if row is None:
                raise OperatorError(
                    f"cannot pin {pin}: block {cid} is not in {self._path}",
                    hint="Put the missing block together with the others; nothing new was pinned.",
                )
            if cid in seen or row[0] or cid.codec is Codec.RAW:
                continue
            seen.add(cid)
            block = self._read(database, cid)
            assert block is not None
            waiting.extend(links(block))
        database.executemany("UPDATE block SET whole = 1 WHERE cid = ?", ((bytes(cid),) for cid in seen))

    def _read(self, database: sqlite3.Connection, cid: Cid) -> StoredBlock | None:
        row = database.execute("SELECT data FROM block WHERE cid = ?", (bytes(cid),)).fetchone()
        if row is None:
            return None
        try:
            return StoredBlock(cid, row[0])
        except (Malformed, Mismatch) as error:
            raise OperatorError(
                f"block {cid} in {self._path} is damaged",
                actual=error,
                hint="Import an archive that holds it: putting a block again repairs it.",
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, which takes the write lock at once so that what it reads stays true.

        Left by an exception, or by a killed process, it is undone.
        """
        with self._open() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for one use: none is shared between threads, none survives a fork."""
        try:
            with closing(sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)) as database:
                database.execute("PRAGMA synchronous = EXTRA")
                yield database
        except sqlite3.Error as error:
            raise OperatorError(
                f"the block store {self._path} does not work", actual=error, hint="Check the disk's space and rights."
            ) from error


def _is(cid: Cid, data: bytes) -> bool:
    """Say whether bytes that the disk gave are the block of this name."""
    try:
        StoredBlock(cid, data)
    except (Malformed, Mismatch):
        return False
    return True
