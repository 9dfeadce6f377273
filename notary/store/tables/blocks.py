"""Which roots are to be pinned in which block store."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Table, Text

from notary.ports.ledger import PinState
from notary.store.tables.base import DUE, Number, metadata, sized
from notary.store.types import CidBytes, OneOf, UtcTime

# One root in one block store.
pin = Table(
    "pin",
    metadata,
    Column("store", Text, primary_key=True),
    Column("cid", CidBytes, primary_key=True, index=True),
    Column("number", Number, nullable=False, index=True),
    Column("state", OneOf(PinState), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("due", UtcTime),
    Column("tries", Integer, nullable=False),
    Column("trouble", Text),
    Column("whole", Boolean, nullable=False),
    sized("cid", 36),
    CheckConstraint("(state = 'held') = (due IS NULL)", name="due"),
)
Index("ix_pin_due", pin.c.store, pin.c.due, sqlite_where=DUE, postgresql_where=DUE)

block_store = Table(
    "block_store",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("due", UtcTime),
    Column("trouble", Text),
    Column("audited", UtcTime),
    Column("sampled", Number, nullable=False),
    Column("missing", Number, nullable=False),
    Column("repaired", Number, nullable=False),
)
