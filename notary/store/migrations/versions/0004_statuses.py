"""Statuses of credentials and the statements that change them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
PENDING = sa.text("statement IS NULL")


def upgrade() -> None:
    op.create_table(
        "status_mark",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("credential", NUMBER, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("member", sa.Text, nullable=False),
        sa.Column("marked", TIME, nullable=False),
        sa.Column("replacement", NUMBER),
        sa.Column("statement", sa.LargeBinary(32)),
        sa.PrimaryKeyConstraint("number", name="pk_status_mark"),
        sa.ForeignKeyConstraint(["credential"], ["credential.number"], "fk_status_mark_credential"),
        sa.ForeignKeyConstraint(["replacement"], ["credential.number"], "fk_status_mark_replacement"),
        sa.ForeignKeyConstraint(["statement"], ["log_entry.id"], "fk_status_mark_statement"),
        sa.CheckConstraint("length(statement) = 32", "ck_status_mark_statement"),
        sa.CheckConstraint("status BETWEEN 0 AND 3", "ck_status_mark_status"),
        sa.CheckConstraint("replacement IS NULL OR status = 3", "ck_status_mark_replacement"),
    )
    op.create_index("ix_status_mark_credential", "status_mark", ["credential"])
    op.create_index(
        "uq_status_mark_pending",
        "status_mark",
        ["credential"],
        unique=True,
        sqlite_where=PENDING,
        postgresql_where=PENDING,
    )
    op.create_table(
        "status_list",
        sa.Column("entry", NUMBER, nullable=False, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("entry", name="pk_status_list"),
        sa.ForeignKeyConstraint(["entry"], ["log_entry.position"], "fk_status_list_entry"),
    )
    op.create_index("ix_log_entry_about", "log_entry", ["about"])


def downgrade() -> None:
    op.drop_index("ix_log_entry_about", "log_entry")
    op.drop_table("status_list")
    op.drop_table("status_mark")
