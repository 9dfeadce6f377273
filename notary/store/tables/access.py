"""Who may do what, who did what, and which workers there are."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, Integer, Table, Text

from notary.ports.ledger import Role
from notary.store.tables.base import Number, metadata, sized
from notary.store.types import Amounts, DigestBytes, OneOf, Texts, UtcTime

institution = Table(
    "institution",
    metadata,
    Column("did", Text, primary_key=True),
    Column("retain", Boolean, nullable=False),
    Column("lookup", Boolean, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", DigestBytes, nullable=False, unique=True),
    Column("role", OneOf(Role), nullable=False),
    Column("institution", Text),
    Column("made", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("revoked", UtcTime),
    Column("used", Date),
    sized("hash", 32),
    CheckConstraint("role != 'issuer' OR institution IS NOT NULL", name="issuer"),
    CheckConstraint("role != 'operator' OR institution IS NULL", name="operator"),
)

session = Table(
    "session",
    metadata,
    Column("hash", DigestBytes, primary_key=True),
    Column("key", Text, ForeignKey("api_key.id"), nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    sized("hash", 32),
)

# Append-only by triggers, which the migration makes.
journal = Table(
    "journal",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("time", UtcTime, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("institution", Text, index=True),
    Column("action", Text, nullable=False),
    Column("objects", Texts, nullable=False),
    Column("count", Number, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("previous", DigestBytes),
    Column("hash", DigestBytes, nullable=False, unique=True),
    sized("previous", 32),
    sized("hash", 32),
    CheckConstraint("number >= 1 AND (number = 1) = (previous IS NULL)", name="number"),
)

worker = Table(
    "worker",
    metadata,
    Column("name", Text, primary_key=True),
    Column("beat", UtcTime, nullable=False),
    Column("every", Integer, nullable=False),
    Column("last", UtcTime),
    Column("trouble", Text),
    Column("waits", Text),
    Column("balances", Amounts, nullable=False),
)
