"""A logged status statement whose key fell before a chain had it is known not to count."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("status_list", sa.Column("fallen", sa.Boolean, nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("status_list", "fallen")
