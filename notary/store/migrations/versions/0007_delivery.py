"""Where learners are reached, and which row of a table became which credential."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "contact",
        sa.Column("credential", NUMBER, nullable=False, autoincrement=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.PrimaryKeyConstraint("credential", name="pk_contact"),
        sa.ForeignKeyConstraint(["credential"], ["credential.number"], "fk_contact_credential"),
    )
    op.create_index("ix_contact_email", "contact", ["email"])
    op.create_table(
        "award",
        sa.Column("credential", NUMBER, nullable=False, autoincrement=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("identity", sa.LargeBinary(32), nullable=False),
        sa.Column("substance", sa.LargeBinary(32), nullable=False),
        sa.Column("handed", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("credential", name="pk_award"),
        sa.ForeignKeyConstraint(["credential"], ["credential.number"], "fk_award_credential"),
        sa.CheckConstraint("length(identity) = 32", "ck_award_identity"),
        sa.CheckConstraint("length(substance) = 32", "ck_award_substance"),
        sa.UniqueConstraint("institution", "identity", name="uq_award_institution"),
    )


def downgrade() -> None:
    op.drop_table("award")
    op.drop_table("contact")
