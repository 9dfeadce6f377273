"""The desk: sessions of people with an API key, and the papers of institutions."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "session",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("made", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_session"),
        sa.ForeignKeyConstraint(["key"], ["api_key.id"], "fk_session_key"),
        sa.CheckConstraint("length(hash) = 32", "ck_session_hash"),
    )
    op.create_table(
        "paper",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("made", TIME, nullable=False),
        sa.Column("expires", TIME),
        sa.Column("about", sa.Text),
        sa.Column("contact", sa.Text),
        sa.PrimaryKeyConstraint("number", name="pk_paper"),
        sa.UniqueConstraint("id", name="uq_paper_id"),
        sa.ForeignKeyConstraint(["about"], ["paper.id"], "fk_paper_about"),
    )
    op.create_index("ix_paper_institution", "paper", ["institution"])


def downgrade() -> None:
    for table in ("paper", "session"):
        op.drop_table(table)
