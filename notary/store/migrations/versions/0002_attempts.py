"""Attempts of their own, chains that are held, archives and block notes of final anchors."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
FEES = ("gas", "fee_per_gas", "tip_per_gas")
KEPT = (
    *("manifest", "chain", "contract", "sender", "root", "state", "tx_hash", *FEES, "submitted"),
    *("block", "block_hash", "block_time", "transaction", "log", "registry", "proof"),
)


def sized(table: str, **sizes: int) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(f"length({name}) = {size}", f"ck_{table}_{name}") for name, size in sizes.items()]


def upgrade() -> None:
    _make_attempts()
    op.create_table(
        "held",
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_held"),
    )
    anchors = _rows("anchor")
    op.drop_table("anchor")
    _make_anchor(
        after=[sa.Column("archive", sa.Text), sa.Column("notes", sa.Text, nullable=False)],
    )
    _fill("anchor", [{**_of(row, KEPT), "archive": None, "notes": "[]"} for row in anchors])
    shared = ("tx_hash", "chain", "sender", "nonce", "raw", *FEES, "manifest")
    signed = [row for row in anchors if len(row["raw"])]  # of an anchor that was recovered nobody has the bytes
    _fill("attempt", [{**_of(row, shared), "sent": row["submitted"]} for row in signed])


def downgrade() -> None:
    anchors = _rows("anchor")
    attempts = {bytes(row["tx_hash"]): row for row in _rows("attempt")}
    unsigned = {"raw": b"", "nonce": 0}
    op.drop_table("anchor")
    op.drop_table("held")
    op.drop_table("attempt")
    _make_anchor(
        before=[
            sa.Column("raw", sa.LargeBinary, nullable=False),
            sa.Column("nonce", NUMBER, nullable=False),
        ]
    )
    _fill(
        "anchor",
        [{**_of(row, KEPT), **_of(attempts.get(bytes(row["tx_hash"]), unsigned), ("raw", "nonce"))} for row in anchors],
    )


def _make_attempts() -> None:
    op.create_table(
        "attempt",
        sa.Column("tx_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("sender", sa.LargeBinary(20), nullable=False),
        sa.Column("nonce", NUMBER, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("gas", NUMBER, nullable=False),
        sa.Column("fee_per_gas", NUMBER, nullable=False),
        sa.Column("tip_per_gas", NUMBER, nullable=False),
        sa.Column("sent", TIME, nullable=False),
        sa.Column("manifest", NUMBER),
        sa.PrimaryKeyConstraint("tx_hash", name="pk_attempt"),
        sa.ForeignKeyConstraint(["manifest"], ["manifest.number"], "fk_attempt_manifest"),
        sa.UniqueConstraint("chain", "sender", "nonce", "fee_per_gas", "tip_per_gas", name="uq_attempt_chain"),
        *sized("attempt", tx_hash=32, sender=20),
    )


def _make_anchor(*, before: list[sa.Column[Any]] | None = None, after: list[sa.Column[Any]] | None = None) -> None:
    op.create_table(
        "anchor",
        sa.Column("manifest", NUMBER, nullable=False, autoincrement=False),
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("contract", sa.LargeBinary(20), nullable=False),
        sa.Column("sender", sa.LargeBinary(20), nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(32), nullable=False),
        *(before or ()),
        *(sa.Column(name, NUMBER, nullable=False) for name in FEES),
        sa.Column("submitted", TIME, nullable=False),
        sa.Column("block", NUMBER),
        sa.Column("block_hash", sa.LargeBinary(32)),
        sa.Column("block_time", NUMBER),
        sa.Column("transaction", NUMBER),
        sa.Column("log", NUMBER),
        sa.Column("registry", sa.LargeBinary(32)),
        sa.Column("proof", sa.LargeBinary),
        *(after or ()),
        sa.PrimaryKeyConstraint("manifest", "chain", name="pk_anchor"),
        sa.ForeignKeyConstraint(["manifest"], ["manifest.number"], "fk_anchor_manifest"),
        *sized("anchor", contract=20, sender=20, root=32, tx_hash=32, block_hash=32, registry=32),
    )


def _rows(table: str) -> list[Mapping[str, Any]]:
    rows = op.get_bind().execute(sa.text(f"SELECT * FROM {table}")).mappings()  # noqa: S608  # a name of this file's
    return [dict(row) for row in rows]


def _of(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _fill(table: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(sa.table(table, *map(sa.column, rows[0])).insert(), rows)
