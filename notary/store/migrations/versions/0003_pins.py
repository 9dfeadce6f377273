"""What is pinned where, when it was last fetched back, and what is tried again."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
