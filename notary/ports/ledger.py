"""The ledger: the notary's one database, as the use cases see it.

A unit of work is all or nothing and durable once it has ended. Rows are plain
values; what they mean stands in the use cases. Two databases pass the same port
suite: SQLite embedded, PostgreSQL in production.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from notary.core.digest import Digest, LeafIndex, TreeSize
from notary.core.leaf import Form
from notary.core.statement import Recognition

CredentialId = NewType("CredentialId", str)
"""How people name a submitted credential: 12 characters, unique in a ledger, unrelated to its contents."""
BatchId = NewType("BatchId", int)
"""Number of a batch in this ledger, from 1."""
ManifestNumber = NewType("ManifestNumber", int)
"""Number of an anchor manifest of this log, from 1."""


# --------------------------------------------------------------- credentials


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A submitted credential. Erased: `salt` and `digest` are None, and `content` too.

    `content` is what a receipt carries, in bytes, where the institution's policy
    retains it. `source` and `line` say where it came from. `link` is the hash of
    the learner's private link's token. `leaf` is set with batch and index, and
    outlives erasure: the tree stays.
    """

    id: CredentialId
    institution: str
    form: Form
    salt: bytes | None
    digest: Digest | None
    evidence: Digest | None
    content: bytes | None
    learner: str | None
    title: str | None
    source: str
    line: int | None
    link: Digest
    accepted: datetime
    batch: BatchId | None = None
    index: LeafIndex | None = None
    leaf: Digest | None = None


@dataclass(frozen=True, slots=True)
class LeafRow:
    """What a credential's leaf is made of, and where it came from: a `CredentialRow` without the credential."""

    id: CredentialId
    form: Form
    salt: bytes | None
    digest: Digest | None
    evidence: Digest | None
    source: str
    line: int | None


class Credentials(Protocol):
    """What was submitted."""

    def add(self, rows: Sequence[CredentialRow]) -> None:
        """Add rows in bulk."""
        ...

    def known(self, institution: str, digests: Sequence[Digest]) -> set[Digest]:
        """Return those digests this institution has submitted before."""
        ...

    def unsealed(self, institution: str) -> Iterator[LeafRow]:
        """Yield what waits for a batch, in the order of submission, streamed."""
        ...

    def place(self, batch: BatchId, leaves: Iterable[tuple[CredentialId, Digest]]) -> None:
        """Give credentials their batch, their leaf and, in this order, their index from 0.

        OperatorError where one is not there or has a place already.
        """
        ...

    def positions(self, batch: BatchId) -> Iterator[LeafRow]:
        """Yield what a batch's leaves are made of, by index, streamed."""
        ...

    def of_batch(self, batch: BatchId) -> Iterator[CredentialRow]:
        """Yield a batch's credentials by index, streamed."""
        ...

    def leaves(self, batch: BatchId) -> Iterator[Digest]:
        """Yield a batch's leaves by index, streamed."""
        ...

    def evidence(self, batch: BatchId) -> set[Digest]:
        """Return the digests of the evidence manifests that a batch's credentials have."""
        ...

    def get(self, name: CredentialId) -> CredentialRow | None:
        """Return one."""
        ...

    def by_link(self, link: Digest) -> CredentialRow | None:
        """Return the one behind a learner's link."""
        ...

    def by_digest(self, digest: Digest) -> tuple[CredentialRow, ...]:
        """Return every position of a digest, in the order of submission."""
        ...

    def waiting(self) -> dict[str, int]:
        """Return how many credentials wait for a batch, by institution."""
        ...

    def count(self) -> int:
        """Return how many credentials were accepted, erased ones too."""
        ...

    def sharing(self, evidence: Digest) -> int:
        """Return how many credentials have this evidence manifest."""
        ...

    def erase(self, name: CredentialId) -> None:
        """Forget a credential: content, salt, digest, evidence, learner, title and source; its place and leaf stay.

        One that waits for a batch waits no more. Safe to repeat; one that is not there is no error.
        """
        ...


# ------------------------------------------------------------------ evidence


class Evidence(Protocol):
    """Evidence manifests and the age identities of their items."""

    def add(self, digest: Digest, manifest: bytes, keys: dict[Digest, str]) -> None:
        """Keep a manifest's JCS bytes and its items' keys; the same again changes nothing."""
        ...

    def get(self, digest: Digest) -> tuple[bytes, dict[Digest, str]] | None:
        """Return a manifest's JCS bytes and keys."""
        ...

    def digests(self) -> tuple[Digest, ...]:
        """Return every manifest's digest."""
        ...

    def erase(self, digest: Digest) -> None:
        """Forget a manifest and its keys; one that is not there is no error."""
        ...


# ------------------------------------------------------------------- batches


class BatchState(StrEnum):
    """How far a batch is by itself; from `logged` on its manifest's anchors tell the rest."""

    SEALED = "sealed"
    LOGGED = "logged"


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A sealed batch. `entry` is the log index of its statement, `statement` that statement's JCS bytes.

    `held`: why a handed-over signature was not taken (*needs a new signature*), or None.
    """

    id: BatchId
    institution: str
    size: TreeSize
    root: Digest
    recognition: Recognition
    joint_with: tuple[str, ...]
    sealed: datetime
    state: BatchState = BatchState.SEALED
    statement: bytes | None = None
    statement_id: Digest | None = None
    entry: LeafIndex | None = None
    held: str | None = None


class Batches(Protocol):
    """What was sealed."""

    def next_id(self) -> BatchId:
        """Return the number the next batch gets in this unit of work."""
        ...

    def save(self, row: BatchRow) -> None:
        """Add a batch, or replace the row of its id."""
        ...

    def get(self, number: BatchId) -> BatchRow | None:
        """Return one."""
        ...

    def by_entry(self, entry: LeafIndex) -> BatchRow | None:
        """Return the batch whose statement is this log entry."""
        ...

    def all(self, institution: str | None = None) -> tuple[BatchRow, ...]:
        """Return every batch, of one institution or all, by id."""
        ...


# ----------------------------------------------------------------------- log


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One log entry: a signed statement. `batch_statement`: the id of the batch it is about (its own, for a batch)."""

    index: LeafIndex
    id: Digest
    issuer: str
    seq: int
    about: Digest
    is_batch: bool
    data: bytes


class Log(Protocol):
    """The append-only log and the complete nodes of its tree."""

    def size(self) -> int:
        """Return the number of entries."""
        ...

    def append(self, row: EntryRow, nodes: Iterable[tuple[int, int, Digest]]) -> None:
        """Add the next entry and the complete nodes (level, index, hash) it brings.

        IssuerError where its index is not the next, its id is logged, or its
        issuer has a statement with this seq: nothing is added then, and the unit
        of work can go on.
        """
        ...

    def entry(self, index: LeafIndex) -> EntryRow | None:
        """Return one entry."""
        ...

    def by_id(self, statement: Digest) -> EntryRow | None:
        """Return the entry of a statement id."""
        ...

    def last_of(self, issuer: str) -> EntryRow | None:
        """Return an issuer's newest entry: the one with its highest seq."""
        ...

    def entries(self, start: int, end: int) -> Iterator[EntryRow]:
        """Yield entries start to end (exclusive), in order."""
        ...

    def node(self, level: int, index: int) -> Digest:
        """Return a complete node of the tree; OperatorError where the ledger lacks it."""
        ...


# ------------------------------------------------------------------- anchors


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A drawn anchor manifest: its JCS bytes, the whole checkpoint note, and the pinned tree's size.

    `pinned`: tree and blocks are durable in the block store.
    """

    number: ManifestNumber
    digest: Digest
    data: bytes
    checkpoint: str
    tree_size: int
    pinned: bool


class AnchorState(StrEnum):
    """How far one manifest is on one chain."""

    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class AnchorRow:
    """One manifest on one chain. `tx_hash`: the transaction it is in, or the newest attempt at one.

    `gas` and fees are what that transaction offers, in wei; 0 where only the chain knows it.
    `block` to `registry` are set from `confirmed` on and go back to None in a
    reorg; `proof` (the receipt's anchor, JCS bytes) and `archive` (the CID of its
    block's header and transaction receipts) are set once, when final. `notes` are
    block notes gathered since.
    """

    manifest: ManifestNumber
    chain: str
    contract: bytes
    sender: bytes
    root: Digest
    state: AnchorState
    tx_hash: bytes
    gas: int
    fee_per_gas: int
    tip_per_gas: int
    submitted: datetime
    block: int | None = None
    block_hash: bytes | None = None
    block_time: int | None = None
    transaction: int | None = None
    log: int | None = None
    registry: Digest | None = None
    proof: bytes | None = None
    archive: str | None = None
    notes: tuple[str, ...] = ()


class Anchors(Protocol):
    """Manifests and what became of them on every chain."""

    def manifests(self) -> tuple[ManifestRow, ...]:
        """Return all, by number."""
        ...

    def save_manifest(self, row: ManifestRow) -> None:
        """Add a manifest, or replace the row of its number."""
        ...

    def anchors(self, manifest: ManifestNumber | None = None) -> tuple[AnchorRow, ...]:
        """Return anchors of one manifest or of all, by manifest and chain."""
        ...

    def save(self, row: AnchorRow) -> None:
        """Add an anchor, or replace the row of its manifest and chain."""
        ...


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One signed transaction, stored before it is broadcast; fees are in wei.

    Those that share a nonce replace each other: one of them at most is ever
    mined, and it may be any. `manifest`: the one it anchors, or None.
    """

    tx_hash: bytes
    chain: str
    sender: bytes
    nonce: int
    raw: bytes
    gas: int
    fee_per_gas: int
    tip_per_gas: int
    sent: datetime
    manifest: ManifestNumber | None = None


class Attempts(Protocol):
    """The nonce ledger: every transaction that a wallet of this notary has signed."""

    def add(self, row: AttemptRow) -> None:
        """Add an attempt; OperatorError where this transaction is there already."""
        ...

    def of(self, manifest: ManifestNumber, chain: str) -> tuple[AttemptRow, ...]:
        """Return the attempts at anchoring a manifest on a chain, by nonce and fee: the newest is the last."""
        ...

    def since(self, chain: str, sender: bytes, nonce: int) -> tuple[AttemptRow, ...]:
        """Return a sender's attempts from a nonce on, by nonce and fee."""
        ...

    def next_nonce(self, chain: str, sender: bytes) -> int:
        """Return the nonce after the highest this sender has signed with on a chain; 0 for none."""
        ...


@dataclass(frozen=True, slots=True)
class HeldRow:
    """Why anchoring on a chain stands still, in the operator's words, and since when."""

    chain: str
    reason: str
    since: datetime


class Held(Protocol):
    """The chains on which anchoring stands still; each goes on by itself when its reason is gone."""

    def all(self) -> tuple[HeldRow, ...]:
        """Return all, by chain."""
        ...

    def hold(self, row: HeldRow) -> None:
        """Add a chain, or give the one that is held another reason; it stays held since it first was."""
        ...

    def release(self, chain: str) -> None:
        """Let a chain go on; one that is not held is no error."""
        ...


# ------------------------------------------------------------------ registry


@dataclass(frozen=True, slots=True)
class StateRow:
    """A registry state: its JCS bytes and its member records' lines, in the state's order."""

    digest: Digest
    number: int
    data: bytes
    records: tuple[bytes, ...]
    in_force: bool


class Registry(Protocol):
    """The consortium's states, and what each institution has set for itself here."""

    def states(self) -> tuple[StateRow, ...]:
        """Return all, by number."""
        ...

    def save(self, row: StateRow) -> None:
        """Add a state, or replace the row of its digest; one in force takes that from every other."""
        ...


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """An institution's choices here: `retain` its credentials, answer look-ups by digest; its API keys' hashes."""

    did: str
    retain: bool = True
    lookup: bool = True
    api_keys: tuple[Digest, ...] = ()


class Institutions(Protocol):
    """Choices of institutions."""

    def get(self, did: str) -> InstitutionRow | None:
        """Return one."""
        ...

    def save(self, row: InstitutionRow) -> None:
        """Add an institution, or replace its row."""
        ...

    def by_api_key(self, key: Digest) -> InstitutionRow | None:
        """Return the institution an API key's hash belongs to."""
        ...


# -------------------------------------------------------------- unit of work


class UnitOfWork(Protocol):
    """Everything read and written together."""

    credentials: Credentials
    evidence: Evidence
    batches: Batches
    log: Log
    anchors: Anchors
    attempts: Attempts
    held: Held
    registry: Registry
    institutions: Institutions


class Ledger(Protocol):
    """The database."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work: committed and durable when the block ends, undone when it raises.

        One at a time, across all processes: what was read in it is still so when
        it writes. So it holds nothing slow: no chain, no store, no client.
        OperatorError where the database cannot be reached, refuses a row, or
        another unit takes longer than a minute: nothing of this one is kept.
        """
        ...

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work that only reads: the ledger as it was when it was first asked.

        It neither waits for others nor makes them wait. Writing in it is an OperatorError.
        """
        ...

    def check(self) -> None:
        """Reach for the database: OperatorError where it does not answer, or its tables are not this release's."""
        ...
