"""A learner's first link is found by the credential's id; those of before, whose ids tell nothing of them, by a row."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute(
        "INSERT INTO link (hash, credential, made) SELECT link, number, accepted FROM credential"
        " WHERE NOT EXISTS (SELECT 1 FROM link AS same WHERE same.hash = credential.link)"
    )


def downgrade() -> None:
    op.execute("DELETE FROM link WHERE EXISTS (SELECT 1 FROM credential WHERE credential.link = link.hash)")
