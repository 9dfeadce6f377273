"""What institutions submitted, where it stands in a batch, and its evidence."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, Table, Text

from notary.core.leaf import Form
from notary.store.tables.base import Number, metadata, sized
from notary.store.types import DigestBytes, OneOf, UtcTime

credential = Table(
    "credential",
    metadata,
    # The order of submission. Given by the writer, who is alone, so that contents can be written in bulk beside it.
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("institution", Text, nullable=False),
    Column("form", OneOf(Form), nullable=False),
    Column("salt", LargeBinary(32)),
    Column("digest", DigestBytes, index=True),
    Column("evidence", DigestBytes),
    Column("learner", Text),
    Column("title", Text),
    Column("source", Text, nullable=False),
    Column("line", Number),
    Column("link", DigestBytes, nullable=False),
    Column("accepted", UtcTime, nullable=False),
    sized("salt", 32),
    sized("digest", 32),
    sized("evidence", 32),
    sized("link", 32),
)

# Apart from its credential, so that sealing neither reads nor rewrites it.
credential_content = Table(
    "credential_content",
    metadata,
    Column(
        "number", Number, ForeignKey("credential.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("content", LargeBinary, nullable=False),
)

# Written with its credential in one unit of work. No foreign key says so: SQLite would look each up again, also when
# what waits is taken away, and sealing 100,000 would take half as long again.
credential_waiting = Table(
    "credential_waiting",
    metadata,
    Column("institution", Text, primary_key=True),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("leaf", DigestBytes, nullable=False),
    Column("issuer", Text),
    Column("until", UtcTime),
    Column("again", Boolean, nullable=False),
    Column("achievement", Text),
    sized("leaf", 32),
    sqlite_with_rowid=False,
)

# Outlives erasure: the tree stays.
place = Table(
    "place",
    metadata,
    Column(
        "batch",
        Number,
        ForeignKey("batch.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("position", Number, key="index", primary_key=True, autoincrement=False),
    Column("number", Number, ForeignKey("credential.number"), nullable=False, unique=True),
    Column("leaf", DigestBytes, nullable=False),
    sized("leaf", 32),
    sqlite_with_rowid=False,
)

evidence_manifest = Table(
    "evidence_manifest",
    metadata,
    Column("digest", DigestBytes, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    sized("digest", 32),
)

evidence_key = Table(
    "evidence_key",
    metadata,
    Column("manifest", DigestBytes, ForeignKey("evidence_manifest.digest", ondelete="CASCADE"), primary_key=True),
    Column("item", DigestBytes, primary_key=True),
    Column("key", Text, nullable=False),
    sized("item", 32),
)
