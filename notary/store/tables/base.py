"""What all tables share."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Integer, MetaData, text

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

Number = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits in both; as SQLite's INTEGER a primary key is the row's own place."""
DUE = text("due IS NOT NULL")
"""What waits for a time: the part of a table that a worker asks for."""


def sized(name: str, size: int, *, of: str | None = None) -> CheckConstraint:
    """Return the constraint that a binary column has so many bytes."""
    return CheckConstraint(f"length({of or name}) = {size}", name=name)
