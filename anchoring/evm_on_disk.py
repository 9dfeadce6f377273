"""py-evm through eth-tester, kept in one SQLite file: an EVM in this process that survives it.

A block and its state are one SQLite transaction, taken before anything is read,
so processes take turns and a kill at any moment leaves the last whole block.
The file also holds the chain's id and its faucet's key, both drawn at first use:
eth-tester's own are the same everywhere, and a replayed transaction would be valid.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any

from anchoring.pyevm import (
    AtomicDBWriteBatch,
    AtomicWriteBatchAPI,
    BaseAtomicDB,
    BlockNumber,
    CanonicalHeadNotFound,
    MiningChain,
    PragueVM,
    PrivateKey,
    PyEVMBackend,
    binary_gas_search,
    get_default_genesis_params,
)
from notary.core.errors import OperatorError

_GAS_TOLERANCE = 500
"""Units an estimate may be too high; eth-tester's own accepts 21,000."""
FAUCET_COINS = 10**9 * 10**18

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entry (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS identity (chain_id INTEGER NOT NULL, faucet BLOB NOT NULL);
"""


class _Entries(BaseAtomicDB):
    """py-evm's key-value database. Every write happens inside the unit of work of `EvmOnDisk`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __getitem__(self, key: bytes) -> bytes:
        row = self._connection.execute("SELECT value FROM entry WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        return bytes(row[0])

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO entry VALUES (?, ?)", (key, value))

    def __delitem__(self, key: bytes) -> None:
        self._connection.execute("DELETE FROM entry WHERE key = ?", (key,))

    def _exists(self, key: bytes) -> bool:
        return self._connection.execute("SELECT 1 FROM entry WHERE key = ?", (key,)).fetchone() is not None

    @contextmanager
    def atomic_batch(self) -> Iterator[AtomicWriteBatchAPI]:
        with AtomicDBWriteBatch._commit_unless_raises(self) as batch:  # noqa: SLF001 -- made for databases like this
            yield batch


class _Backend(PyEVMBackend):  # type: ignore[misc]  # eth-tester is untyped
    """eth-tester's backend over a chain that is there already."""

    def __init__(self, chain: MiningChain) -> None:
        self._given = chain
        super().__init__()

    def reset_to_genesis(self, *_: Any) -> None:
        self.account_keys, self.chain = (), self._given


class EvmOnDisk:
    """The chain in one file; threads and processes may share it. Durable once a unit of work has ended."""

    def __init__(self, path: Path, *, patience: float) -> None:
        self._path = path
        self._lock = RLock()
        with self._reporting():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Owner-only before SQLite writes the faucet's key; its side files take over the rights.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.executescript(_SCHEMA)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._open()
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[PyEVMBackend]:
        """Look at one consistent state of the chain."""
        with self._unit("BEGIN"):
            yield self._backend

    @contextmanager
    def writing(self) -> Iterator[PyEVMBackend]:
        """Change the chain, alone among all processes: all of it, durably, or nothing where the block raises."""
        with self._unit("BEGIN IMMEDIATE"):
            yield self._backend

    @contextmanager
    def _unit(self, begin: str) -> Iterator[None]:
        with self._lock, self._reporting():
            self._connection.execute(begin)
            try:
                # Another process may have added blocks, or a failed unit left its transaction in the pending header;
                # it also takes the current time.
                chain = self._backend.chain
                chain.header = chain.create_header_from_parent(chain.chaindb.get_canonical_head())
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise OperatorError(
                f"the embedded chain {self._path} cannot be used",
                actual=error,
                hint="Check the disk, the file's rights, and whether another process holds it.",
            ) from error

    def _open(self) -> None:
        """Resume the chain of this file, or draw one."""
        row = self._connection.execute("SELECT chain_id, faucet FROM identity").fetchone()
        if row is None:
            row = 2**47 + secrets.randbelow(2**47), secrets.token_bytes(32)
            self._connection.execute("INSERT INTO identity VALUES (?, ?)", row)
        self.chain_id: int = row[0]
        self.faucet: bytes = row[1]
        chain_class: Any = type("EmbeddedMiningChain", (_MiningChain,), {"chain_id": self.chain_id})
        entries = _Entries(self._connection)
        try:
            chain = chain_class(entries)
        except CanonicalHeadNotFound:
            owner = PrivateKey(self.faucet).public_key.to_canonical_address()
            account = {"balance": FAUCET_COINS, "nonce": 0, "code": b"", "storage": {}}
            chain = chain_class.from_genesis(entries, get_default_genesis_params(), {owner: account})
        self._backend = _Backend(chain)


class _MiningChain(MiningChain):
    """As eth-tester sets its chain up: Prague, no sealing, a constant gas limit."""

    vm_configuration = ((BlockNumber(0), PragueVM),)
    gas_estimator = staticmethod(partial(binary_gas_search, tolerance=_GAS_TOLERANCE))

    def create_header_from_parent(self, parent_header: Any, **parameters: Any) -> Any:
        return super().create_header_from_parent(parent_header, **{**parameters, "gas_limit": parent_header.gas_limit})

    def get_transaction_builder(self) -> Any:
        return self.get_vm().get_transaction_builder()
