"""The registry states: who may speak."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, Table, text

from notary.store.tables.base import Number, metadata, sized
from notary.store.types import DigestBytes

registry_state = Table(
    "registry_state",
    metadata,
    Column("digest", DigestBytes, primary_key=True),
    Column("number", Number, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("in_force", Boolean, nullable=False),
    sized("digest", 32),
)
_in_force = text("in_force")
Index(
    "uq_registry_state_in_force",
    registry_state.c.in_force,
    unique=True,
    sqlite_where=_in_force,
    postgresql_where=_in_force,
)

registry_record = Table(
    "registry_record",
    metadata,
    Column("state", DigestBytes, ForeignKey("registry_state.digest", ondelete="CASCADE"), primary_key=True),
    Column("position", Number, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)
