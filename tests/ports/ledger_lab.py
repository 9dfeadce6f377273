"""What the ledger's tests are made of: databases, rows, and processes that use them."""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from notary.core.digest import Digest, LeafIndex, TreeSize, leaf_hash, sha256
from notary.core.leaf import Form
from notary.core.merkle import TreeBuilder
from notary.core.statement import Recognition
from notary.ports.ledger import (
    AnchorRow,
    AnchorState,
    AttemptRow,
    BatchId,
    BatchRow,
    CredentialRow,
    EntryRow,
    ManifestNumber,
    ManifestRow,
    NewCredential,
    UnitOfWork,
    id_of,
)
from notary.store import open_ledger
from notary.store.ledger import SqlLedger

COLLEGE, SCHOOL = "did:web:college.example", "did:web:school.example"
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
PROJECT = Path(__file__).resolve().parents[2]


def digest(seed: object) -> Digest:
    """Return 32 bytes that belong to a seed."""
    return sha256(repr(seed).encode())


def credential(
    seed: object, *, institution: str = COLLEGE, content: bytes | None = b"{}", of: object = None
) -> CredentialRow:
    """Return a credential; `of`: another one whose digest it shares."""
    return CredentialRow(
        id=id_of(digest(("link", seed))),
        institution=institution,
        form=Form.JSON,
        salt=digest(("salt", seed)),
        digest=digest(("digest", seed if of is None else of)),
        evidence=None,
        content=content,
        learner="Ada",
        title="Mathematics",
        source="class.ndjson",
        line=7,
        link=digest(("link", seed)),
        accepted=NOON,
        leaf=digest(("leaf", seed)),
    )


def new(row: CredentialRow, **noted: Any) -> NewCredential:
    """Return the credential that comes back as this row; `noted`: what is looked at again before it is sealed."""
    same = {name: getattr(row, name) for name in NewCredential._fields if hasattr(row, name)}
    return NewCredential(**same, **noted)


def submit(work: UnitOfWork, rows: Iterable[CredentialRow]) -> None:
    """Submit credentials that come back as these rows."""
    work.credentials.add([new(row) for row in rows])


def batch(number: int, size: int, *, institution: str = COLLEGE) -> BatchRow:
    """Return a sealed batch."""
    return BatchRow(
        id=BatchId(number),
        institution=institution,
        size=TreeSize(size),
        root=digest(("root", number)),
        recognition=Recognition.COMMUNITY,
        joint_with=(SCHOOL,),
        sealed=NOON,
    )


def seal(work: UnitOfWork, number: int, *, institution: str = COLLEGE) -> list[Digest]:
    """Give what waits a batch; returns its leaves."""
    leaves = list(work.credentials.unsealed_leaves(institution))
    work.batches.save(batch(number, len(leaves), institution=institution))
    assert work.credentials.place(BatchId(number), institution) == len(leaves)
    return leaves


def entry(index: int, *, issuer: str = COLLEGE, seq: int | None = None, id: Digest | None = None) -> EntryRow:  # noqa: A002
    """Return a log entry."""
    seq = index + 1 if seq is None else seq
    id = id or digest(("entry", index, issuer, seq))  # noqa: A001 -- the field's name
    return EntryRow(LeafIndex(index), id, issuer, seq, id, True, f"entry {index} of {issuer}".encode())


def append(work: UnitOfWork, row: EntryRow) -> None:
    """Append an entry with the nodes it completes."""
    tree = TreeBuilder.resume(TreeSize(row.index), work.log.node) if row.index else TreeBuilder()
    nodes = tree.append(leaf_hash(row.data))
    work.log.append(row, [(level, row.index >> level, node) for level, node in enumerate(nodes)])


def manifest(number: int) -> ManifestRow:
    """Return a manifest that is not pinned."""
    return ManifestRow(ManifestNumber(number), digest(("manifest", number)), b"{}", "note\n", 10, pinned=False)


def anchor(number: int, chain: str = "eip155:1") -> AnchorRow:
    """Return an anchor that was submitted."""
    return AnchorRow(
        manifest=ManifestNumber(number),
        chain=chain,
        contract=bytes(20),
        sender=b"\x01" * 20,
        root=digest(("anchor", number)),
        state=AnchorState.SUBMITTED,
        tx_hash=digest(("tx", number, chain)),
        gas=31_356,
        fee_per_gas=2**40,
        tip_per_gas=1,
        submitted=NOON,
    )


def attempt(nonce: int, *, fee: int = 2**40, of: int | None = None) -> AttemptRow:
    """Return a signed transaction; `of`: the manifest it anchors."""
    return AttemptRow(
        tx_hash=digest(("attempt", nonce, fee)),
        chain="eip155:1",
        sender=b"\x01" * 20,
        nonce=nonce,
        raw=b"signed",
        gas=31_356,
        fee_per_gas=fee,
        tip_per_gas=1,
        sent=NOON,
        manifest=None if of is None else ManifestNumber(of),
    )


@dataclass(frozen=True, slots=True)
class Database:
    """A database that a test has for itself."""

    url: str

    @contextmanager
    def ledger(self) -> Iterator[SqlLedger]:
        """Open its ledger for the block."""
        ledger = open_ledger(self.url)
        try:
            yield ledger
        finally:
            ledger.close()


class Other:
    """Another process with the database open: Python lines, which say what they are told to print.

    It has `ledger` and all of this module; `wait()` stands until `go` is called.
    """

    def __init__(self, database: Database, lines: str) -> None:
        before = (
            "import sys\nfrom tests.ports.ledger_lab import *\n"
            "def say(*words): print(*words, flush=True)\n"
            "def wait(): say('waits'); sys.stdin.readline()\n"
            f"with Database({database.url!r}).ledger() as ledger:\n"
        )
        body = "".join(f"    {line}\n" for line in lines.strip().splitlines())
        self.process = subprocess.Popen(
            [sys.executable, "-c", before + body], cwd=PROJECT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def line(self) -> str:
        """Return the next line it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def go(self) -> None:
        """Let it go on from `wait()`."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> list[str]:
        """Return what else it says until it ends by itself."""
        said, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        return said.splitlines()

    def kill(self) -> list[str]:
        """End it as a power cut would; returns what it had said."""
        self.process.kill()
        said, _ = self.process.communicate(timeout=60)
        return said.splitlines()


def seconds_since(began: float) -> float:
    """Return how long ago a moment of the monotonic clock was."""
    return time.monotonic() - began
