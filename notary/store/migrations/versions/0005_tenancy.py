"""API keys with roles and periods, and the journal, which a trigger keeps append-only."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
"""Every byte of a hash's beginning as one of 32 letters: the key's id."""


def upgrade() -> None:
    found = "SELECT hash, institution FROM api_key ORDER BY institution, position"
    before = op.get_bind().execute(sa.text(found)).all()
    op.drop_table("api_key")
    op.create_table(
        "api_key",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("institution", sa.Text),
        sa.Column("made", TIME, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.Column("revoked", TIME),
        sa.Column("used", sa.Date),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("hash", name="uq_api_key_hash"),
        sa.CheckConstraint("length(hash) = 32", "ck_api_key_hash"),
        sa.CheckConstraint("role != 'issuer' OR institution IS NOT NULL", "ck_api_key_issuer"),
        sa.CheckConstraint("role != 'operator' OR institution IS NULL", "ck_api_key_operator"),
    )
    _keep(before)
    op.create_table(
        "journal",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("institution", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("objects", sa.Text, nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("previous", sa.LargeBinary(32)),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_journal"),
        sa.UniqueConstraint("hash", name="uq_journal_hash"),
        sa.CheckConstraint("length(previous) = 32", "ck_journal_previous"),
        sa.CheckConstraint("length(hash) = 32", "ck_journal_hash"),
        sa.CheckConstraint("number >= 1 AND (number = 1) = (previous IS NULL)", "ck_journal_number"),
    )
    op.create_index("ix_journal_institution", "journal", ["institution"])
    _make_append_only()


def _keep(before: Sequence[Any]) -> None:
    """Take over keys that had neither role nor period: an issuer's each, good for a year from now."""
    made = datetime.now(UTC)
    moments = [made, made + timedelta(days=365)]
    if op.get_bind().dialect.name == "sqlite":
        moments = [moment.isoformat(timespec="microseconds") for moment in moments]  # type: ignore[misc]
    rows = [
        {
            "id": bytes(key)[:12].translate(LETTERS).decode(),
            "hash": bytes(key),
            "role": "issuer",
            "institution": institution,
            "made": moments[0],
            "expires": moments[1],
        }
        for key, institution in before
    ]
    if rows:
        op.get_bind().execute(sa.table("api_key", *map(sa.column, rows[0])).insert(), rows)


def _make_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_journal_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_journal_change()"
        )
        return
    for action in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER journal_no_{action.lower()} BEFORE {action} ON journal"
            " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        )


def downgrade() -> None:
    op.drop_table("journal")  # its triggers go with it
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_journal_change()")
    good = "SELECT hash, institution FROM api_key WHERE role = 'issuer' AND revoked IS NULL ORDER BY made, id"
    kept = op.get_bind().execute(sa.text(good)).all()
    op.drop_table("api_key")
    op.create_table(
        "api_key",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_api_key"),
        sa.UniqueConstraint("institution", "position", name="uq_api_key_institution"),
        sa.ForeignKeyConstraint(["institution"], ["institution.did"], "fk_api_key_institution", ondelete="CASCADE"),
        sa.CheckConstraint("length(hash) = 32", "ck_api_key_hash"),
    )
    for position, (key, institution) in enumerate(kept):
        values = {"hash": bytes(key), "did": institution, "position": position, "yes": True}
        op.get_bind().execute(
            sa.text(
                "INSERT INTO institution (did, retain, lookup) SELECT :did, :yes, :yes"
                " WHERE NOT EXISTS (SELECT 1 FROM institution WHERE did = :did)"
            ),
            values,
        )
        op.get_bind().execute(
            sa.text("INSERT INTO api_key (hash, institution, position) VALUES (:hash, :did, :position)"), values
        )
