"""What waits for a batch refers to its credential without a foreign key, which SQLite looked up at every row."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
KEY = "fk_credential_waiting_number"
COLUMNS = "institution, number, leaf, issuer, until, again, achievement"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(KEY, "credential_waiting", type_="foreignkey")
    else:
        _make_again()


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key(KEY, "credential_waiting", "credential", ["number"], ["number"])
    else:
        _make_again(sa.ForeignKeyConstraint(["number"], ["credential.number"], KEY))


def _make_again(*constraints: sa.Constraint) -> None:
    """Make the table anew, as SQLite changes no constraint of one that stands."""
    op.rename_table("credential_waiting", "credential_waited")
    op.create_table(
        "credential_waiting",
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("leaf", sa.LargeBinary(32), nullable=False),
        sa.Column("issuer", sa.Text),
        sa.Column("until", TIME),
        sa.Column("again", sa.Boolean, nullable=False),
        sa.Column("achievement", sa.Text),
        sa.PrimaryKeyConstraint("institution", "number", name="pk_credential_waiting"),
        sa.CheckConstraint("length(leaf) = 32", "ck_credential_waiting_leaf"),
        *constraints,
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO credential_waiting ({COLUMNS}) SELECT {COLUMNS} FROM credential_waited")  # noqa: S608
    op.drop_table("credential_waited")
