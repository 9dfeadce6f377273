"""Marks, and the lists that were signed of them."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, false, text

from notary.core.status import Status
from notary.ports.ledger import Reason
from notary.store.tables.base import Number, metadata, sized
from notary.store.types import DigestBytes, OneOf, UtcTime

status_mark = Table(
    "status_mark",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("credential", Number, ForeignKey("credential.number"), nullable=False, index=True),
    Column("status", OneOf(Status), nullable=False),
    Column("reason", OneOf(Reason), nullable=False),
    Column("note", Text),
    Column("member", Text, nullable=False),
    Column("marked", UtcTime, nullable=False),
    Column("replacement", Number, ForeignKey("credential.number")),
    Column("statement", DigestBytes, ForeignKey("log_entry.id")),
    sized("statement", 32),
    CheckConstraint("status BETWEEN 0 AND 3", name="status"),
    CheckConstraint("replacement IS NULL OR status = 3", name="replacement"),
)
_pending = text("statement IS NULL")
Index(
    "uq_status_mark_pending",
    status_mark.c.credential,
    unique=True,
    sqlite_where=_pending,
    postgresql_where=_pending,
)

# The chunks of one status statement, joined: not a row for each credential.
status_list = Table(
    "status_list",
    metadata,
    Column("entry", Number, ForeignKey("log_entry.index"), primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    Column("fallen", Boolean, nullable=False, server_default=false()),
)
