"""Of what waits for a batch, the one achievement it is for, where that is known."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("credential_waiting", sa.Column("achievement", sa.Text))


def downgrade() -> None:
    op.drop_column("credential_waiting", "achievement")
