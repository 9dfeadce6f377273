"""Mail to learners and who takes none, further links, what learners share, endorsements."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "mail_text",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_mail_text"),
        sa.CheckConstraint("length(digest) = 32", "ck_mail_text_digest"),
    )
    op.create_table(
        "mail",
        sa.Column("credential", NUMBER, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("queued", TIME, nullable=False),
        sa.Column("due", TIME),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("template", sa.LargeBinary(32)),
        sa.Column("sent", TIME),
        sa.Column("trouble", sa.Text),
        sa.PrimaryKeyConstraint("credential", "kind", name="pk_mail"),
        sa.ForeignKeyConstraint(["credential"], ["credential.number"], "fk_mail_credential"),
        sa.ForeignKeyConstraint(["template"], ["mail_text.digest"], "fk_mail_template"),
        sa.CheckConstraint("(state = 'waiting') = (due IS NOT NULL)", "ck_mail_due"),
    )
    due = sa.text("due IS NOT NULL")
    op.create_index("ix_mail_due", "mail", ["due"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "bounce",
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("email", name="pk_bounce"),
    )
    op.create_table(
        "link",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("credential", NUMBER, nullable=False),
        sa.Column("made", TIME, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_link"),
        sa.ForeignKeyConstraint(["credential"], ["credential.number"], "fk_link_credential"),
        sa.CheckConstraint("length(hash) = 32", "ck_link_hash"),
    )
    op.create_index("ix_link_credential", "link", ["credential"])
    op.create_table(
        "share",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("credential", NUMBER, nullable=False),
        sa.Column("made", TIME, nullable=False),
        sa.Column("expires", TIME),
        sa.Column("items", sa.Text, nullable=False),
        sa.Column("named", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_share"),
        sa.ForeignKeyConstraint(["credential"], ["credential.number"], "fk_share_credential"),
        sa.CheckConstraint("length(hash) = 32", "ck_share_hash"),
    )
    op.create_index("ix_share_credential", "share", ["credential"])
    op.create_table(
        "endorsement",
        sa.Column("credential", NUMBER, nullable=False, autoincrement=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("added", TIME, nullable=False),
        sa.PrimaryKeyConstraint("credential", "digest", name="pk_endorsement"),
        sa.ForeignKeyConstraint(["credential"], ["credential.number"], "fk_endorsement_credential"),
        sa.CheckConstraint("length(digest) = 32", "ck_endorsement_digest"),
    )


def downgrade() -> None:
    for table in ("endorsement", "share", "link", "bounce", "mail", "mail_text"):
        op.drop_table(table)
