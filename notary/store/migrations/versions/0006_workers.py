"""The workers' beats, when a batch joined the log, and which held chains may go on by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("beat", TIME, nullable=False),
        sa.Column("every", sa.Integer, nullable=False),
        sa.Column("last", TIME),
        sa.Column("trouble", sa.Text),
        sa.Column("waits", sa.Text),
        sa.Column("balances", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_worker"),
    )
    op.add_column("batch", sa.Column("logged", TIME))
    op.add_column("held", sa.Column("outage", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("held", "outage")
    op.drop_column("batch", "logged")
    op.drop_table("worker")
