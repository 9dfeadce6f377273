"""The ledger's tables, and the triggers that keep the log append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(32).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
APPEND_ONLY = ("log_entry", "log_node")


def digest(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(32), nullable=nullable)


def sized(table: str, **sizes: int) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(f"length({name}) = {size}", f"ck_{table}_{name}") for name, size in sizes.items()]


def upgrade() -> None:
    op.create_table(
        "evidence_manifest",
        digest("digest"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_evidence_manifest"),
        *sized("evidence_manifest", digest=32),
    )
    op.create_table(
        "evidence_key",
        digest("manifest"),
        digest("item"),
        sa.Column("key", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("manifest", "item", name="pk_evidence_key"),
        sa.ForeignKeyConstraint(
            ["manifest"], ["evidence_manifest.digest"], "fk_evidence_key_manifest", ondelete="CASCADE"
        ),
        *sized("evidence_key", item=32),
    )
    op.create_table(
        "log_entry",
        sa.Column("position", NUMBER, nullable=False, autoincrement=False),
        digest("id"),
        sa.Column("issuer", sa.Text, nullable=False),
        sa.Column("seq", NUMBER, nullable=False),
        digest("about"),
        sa.Column("is_batch", sa.Boolean, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_log_entry"),
        sa.UniqueConstraint("id", name="uq_log_entry_id"),
        sa.UniqueConstraint("issuer", "seq", name="uq_log_entry_issuer"),
        *sized("log_entry", id=32, about=32),
        sa.CheckConstraint("position >= 0 AND seq >= 1", "ck_log_entry_numbers"),
    )
    op.create_table(
        "log_node",
        sa.Column("level", NUMBER, nullable=False, autoincrement=False),
        sa.Column("position", NUMBER, nullable=False, autoincrement=False),
        digest("hash"),
        sa.PrimaryKeyConstraint("level", "position", name="pk_log_node"),
        *sized("log_node", hash=32),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "batch",
        sa.Column("id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        digest("root"),
        sa.Column("recognition", sa.Text, nullable=False),
        sa.Column("joint_with", sa.Text, nullable=False),
        sa.Column("sealed", TIME, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("statement", sa.LargeBinary),
        digest("statement_id", nullable=True),
        sa.Column("entry", NUMBER),
        sa.Column("held", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_batch"),
        sa.UniqueConstraint("statement_id", name="uq_batch_statement_id"),
        sa.UniqueConstraint("entry", name="uq_batch_entry"),
        sa.ForeignKeyConstraint(
            ["entry"], ["log_entry.position"], "fk_batch_entry", deferrable=True, initially="DEFERRED"
        ),
        *sized("batch", root=32, statement_id=32),
        sa.CheckConstraint("size >= 1", "ck_batch_size"),
        sa.CheckConstraint("(state = 'logged') = (entry IS NOT NULL)", "ck_batch_state"),
    )
    op.create_index("ix_batch_institution", "batch", ["institution"])
    _make_credentials()
    op.create_table(
        "manifest",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        digest("digest"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("tree_size", NUMBER, nullable=False),
        sa.Column("pinned", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_manifest"),
        sa.UniqueConstraint("digest", name="uq_manifest_digest"),
        *sized("manifest", digest=32),
    )
    op.create_table(
        "anchor",
        sa.Column("manifest", NUMBER, nullable=False, autoincrement=False),
        sa.Column("chain", sa.Text, nullable=False),
        sa.Column("contract", sa.LargeBinary(20), nullable=False),
        sa.Column("sender", sa.LargeBinary(20), nullable=False),
        digest("root"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        digest("tx_hash"),
        sa.Column("nonce", NUMBER, nullable=False),
        sa.Column("gas", NUMBER, nullable=False),
        sa.Column("fee_per_gas", NUMBER, nullable=False),
        sa.Column("tip_per_gas", NUMBER, nullable=False),
        sa.Column("submitted", TIME, nullable=False),
        sa.Column("block", NUMBER),
        digest("block_hash", nullable=True),
        sa.Column("block_time", NUMBER),
        sa.Column("transaction", NUMBER),
        sa.Column("log", NUMBER),
        digest("registry", nullable=True),
        sa.Column("proof", sa.LargeBinary),
        sa.PrimaryKeyConstraint("manifest", "chain", name="pk_anchor"),
        sa.ForeignKeyConstraint(["manifest"], ["manifest.number"], "fk_anchor_manifest"),
        *sized("anchor", contract=20, sender=20, root=32, tx_hash=32, block_hash=32, registry=32),
    )
    _make_registry()
    _make_append_only()


def _make_credentials() -> None:
    op.create_table(
        "credential",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("form", sa.SmallInteger, nullable=False),
        digest("salt", nullable=True),
        digest("digest", nullable=True),
        digest("evidence", nullable=True),
        sa.Column("learner", sa.Text),
        sa.Column("title", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("line", NUMBER),
        digest("link"),
        sa.Column("accepted", TIME, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_credential"),
        sa.UniqueConstraint("id", name="uq_credential_id"),
        *sized("credential", salt=32, digest=32, evidence=32, link=32),
    )
    op.create_index("ix_credential_digest", "credential", ["digest"])
    op.create_table(
        "credential_content",
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_credential_content"),
        sa.ForeignKeyConstraint(["number"], ["credential.number"], "fk_credential_content_number", ondelete="CASCADE"),
    )
    op.create_table(
        "credential_waiting",
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("number", NUMBER, nullable=False, autoincrement=False),
        digest("leaf"),
        sa.Column("issuer", sa.Text),
        sa.Column("until", TIME),
        sa.Column("again", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("institution", "number", name="pk_credential_waiting"),
        sa.ForeignKeyConstraint(["number"], ["credential.number"], "fk_credential_waiting_number"),
        *sized("credential_waiting", leaf=32),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "place",
        sa.Column("batch", NUMBER, nullable=False, autoincrement=False),
        sa.Column("position", NUMBER, nullable=False, autoincrement=False),
        sa.Column("number", NUMBER, nullable=False),
        digest("leaf"),
        sa.PrimaryKeyConstraint("batch", "position", name="pk_place"),
        sa.UniqueConstraint("number", name="uq_place_number"),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], "fk_place_batch", deferrable=True, initially="DEFERRED"),
        sa.ForeignKeyConstraint(["number"], ["credential.number"], "fk_place_number"),
        *sized("place", leaf=32),
        sqlite_with_rowid=False,
    )


def _make_registry() -> None:
    op.create_table(
        "registry_state",
        digest("digest"),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("in_force", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_registry_state"),
        *sized("registry_state", digest=32),
    )
    in_force = sa.text("in_force")
    op.create_index(
        "uq_registry_state_in_force",
        "registry_state",
        ["in_force"],
        unique=True,
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_table(
        "registry_record",
        digest("state"),
        sa.Column("position", NUMBER, nullable=False, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("state", "position", name="pk_registry_record"),
        sa.ForeignKeyConstraint(["state"], ["registry_state.digest"], "fk_registry_record_state", ondelete="CASCADE"),
    )
    op.create_table(
        "institution",
        sa.Column("did", sa.Text, nullable=False),
        sa.Column("retain", sa.Boolean, nullable=False),
        sa.Column("lookup", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("did", name="pk_institution"),
    )
    op.create_table(
        "api_key",
        digest("hash"),
        sa.Column("institution", sa.Text, nullable=False),
        sa.Column("position", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_api_key"),
        sa.UniqueConstraint("institution", "position", name="uq_api_key_institution"),
        sa.ForeignKeyConstraint(["institution"], ["institution.did"], "fk_api_key_institution", ondelete="CASCADE"),
        *sized("api_key", hash=32),
    )


def _make_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_append_only() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$"
        )
        for table in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_append_only()"
            )
        return
    for table in APPEND_ONLY:
        for action in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
            )


def downgrade() -> None:
    for table in (
        *("api_key", "institution", "registry_record", "registry_state", "anchor", "manifest"),
        *("place", "credential_waiting", "credential_content", "credential", "batch"),
        *("log_node", "log_entry", "evidence_key", "evidence_manifest"),
    ):
        op.drop_table(table)  # its indexes and triggers go with it
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_append_only()")
