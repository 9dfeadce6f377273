"""The record: batches, the log over their statements, and what carries it to the chains."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, LargeBinary, Table, Text, UniqueConstraint, false

from notary.core.statement import Recognition
from notary.ports.ledger import AnchorState, BatchState
from notary.store.tables.base import Number, metadata, sized
from notary.store.types import DigestBytes, OneOf, Texts, UtcTime

batch = Table(
    "batch",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=False),
    Column("institution", Text, nullable=False, index=True),
    Column("size", Number, nullable=False),
    Column("root", DigestBytes, nullable=False),
    Column("recognition", OneOf(Recognition), nullable=False),
    Column("joint_with", Texts, nullable=False),
    Column("sealed", UtcTime, nullable=False),
    Column("state", OneOf(BatchState), nullable=False),
    Column("statement", LargeBinary),
    Column("statement_id", DigestBytes, unique=True),
    Column("entry", Number, ForeignKey("log_entry.index", deferrable=True, initially="DEFERRED"), unique=True),
    Column("held", Text),
    Column("logged", UtcTime),
    sized("root", 32),
    sized("statement_id", 32),
    CheckConstraint("size >= 1", name="size"),
    CheckConstraint("(state = 'logged') = (entry IS NOT NULL)", name="state"),
)

# Append-only by triggers, which the migration makes, as is `log_node`.
log_entry = Table(
    "log_entry",
    metadata,
    Column("position", Number, key="index", primary_key=True, autoincrement=False),
    Column("id", DigestBytes, nullable=False, unique=True),
    Column("issuer", Text, nullable=False),
    Column("seq", Number, nullable=False),
    Column("about", DigestBytes, nullable=False, index=True),
    Column("is_batch", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("issuer", "seq"),
    sized("id", 32),
    sized("about", 32),
    CheckConstraint("position >= 0 AND seq >= 1", name="numbers"),
)

log_node = Table(
    "log_node",
    metadata,
    Column("level", Number, primary_key=True, autoincrement=False),
    Column("position", Number, key="index", primary_key=True, autoincrement=False),
    Column("hash", DigestBytes, nullable=False),
    sized("hash", 32),
    sqlite_with_rowid=False,
)

manifest = Table(
    "manifest",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("digest", DigestBytes, nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("tree_size", Number, nullable=False),
    Column("pinned", Boolean, nullable=False),
    sized("digest", 32),
)

anchor = Table(
    "anchor",
    metadata,
    Column("manifest", Number, ForeignKey("manifest.number"), primary_key=True, autoincrement=False),
    Column("chain", Text, primary_key=True),
    Column("contract", LargeBinary(20), nullable=False),
    Column("sender", LargeBinary(20), nullable=False),
    Column("root", DigestBytes, nullable=False),
    Column("state", OneOf(AnchorState), nullable=False),
    Column("tx_hash", LargeBinary(32), nullable=False),
    Column("gas", Number, nullable=False),
    Column("fee_per_gas", Number, nullable=False),
    Column("tip_per_gas", Number, nullable=False),
    Column("submitted", UtcTime, nullable=False),
    Column("block", Number),
    Column("block_hash", LargeBinary(32)),
    Column("block_time", Number),
    Column("transaction", Number),
    Column("log", Number),
    Column("registry", DigestBytes),
    Column("proof", LargeBinary),
    Column("archive", Text),
    Column("notes", Texts, nullable=False),
    sized("contract", 20),
    sized("sender", 20),
    sized("root", 32),
    sized("tx_hash", 32),
    sized("block_hash", 32),
    sized("registry", 32),
)

attempt = Table(
    "attempt",
    metadata,
    Column("tx_hash", LargeBinary(32), primary_key=True),
    Column("chain", Text, nullable=False),
    Column("sender", LargeBinary(20), nullable=False),
    Column("nonce", Number, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("gas", Number, nullable=False),
    Column("fee_per_gas", Number, nullable=False),
    Column("tip_per_gas", Number, nullable=False),
    Column("sent", UtcTime, nullable=False),
    Column("manifest", Number, ForeignKey("manifest.number")),
    # A replacement offers more, so two attempts never offer the same at one nonce.
    UniqueConstraint("chain", "sender", "nonce", "fee_per_gas", "tip_per_gas"),
    sized("tx_hash", 32),
    sized("sender", 20),
)

held = Table(
    "held",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("outage", Boolean, nullable=False, server_default=false()),
)
