"""What is pinned where, when it was last fetched back, and what is tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "pin",
        sa.Column("store", sa.Text, nullable=False),
        sa.Column("cid", sa.LargeBinary(36), nullable=False),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("due", TIME),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("trouble", sa.Text),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("store", "cid", name="pk_pin"),
        sa.CheckConstraint("length(cid) = 36", "ck_pin_cid"),
        sa.CheckConstraint("(state = 'held') = (due IS NULL)", "ck_pin_due"),
    )
    op.create_index("ix_pin_cid", "pin", ["cid"])
    op.create_index("ix_pin_number", "pin", ["number"])
    due = sa.text("due IS NOT NULL")
    op.create_index("ix_pin_due", "pin", ["store", "due"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "block_store",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("due", TIME),
        sa.Column("trouble", sa.Text),
        sa.Column("audited", TIME),
        sa.Column("sampled", NUMBER, nullable=False),
        sa.Column("missing", NUMBER, nullable=False),
        sa.Column("repaired", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_block_store"),
    )


def downgrade() -> None:
    op.drop_table("block_store")
    op.drop_table("pin")
