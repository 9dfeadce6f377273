"""The ledger's tables. Their constraints are the invariants that no code can break.

The migrations make them; a test compares the two. A column has the name of the
field it keeps, but for `position`, which is a field's `index`. `length` counts
the bytes of a binary value in both databases.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from notary.core.leaf import Form
from notary.core.statement import Recognition
from notary.core.status import Status
from notary.ports.ledger import AnchorState, BatchState, MailKind, MailState, PaperKind, PinState, Reason, Role
from notary.store.types import Amounts, CidBytes, DigestBytes, Digests, OneOf, Texts, UtcTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


_Number = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits in both; as SQLite's INTEGER a primary key is the row's own place."""


def _sized(name: str, size: int, *, of: str | None = None) -> CheckConstraint:
    return CheckConstraint(f"length({of or name}) = {size}", name=name)


credential = Table(
    "credential",
    metadata,
    # The order of submission. Given by the writer, who is alone, so that contents can be written in bulk beside it.
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("institution", Text, nullable=False),
    Column("form", OneOf(Form), nullable=False),
    Column("salt", LargeBinary(32)),
    Column("digest", DigestBytes, index=True),
    Column("evidence", DigestBytes),
    Column("learner", Text),
    Column("title", Text),
    Column("source", Text, nullable=False),
    Column("line", _Number),
    Column("link", DigestBytes, nullable=False),
    Column("accepted", UtcTime, nullable=False),
    _sized("salt", 32),
    _sized("digest", 32),
    _sized("evidence", 32),
    _sized("link", 32),
)

# Apart from its credential, so that sealing neither reads nor rewrites it.
credential_content = Table(
    "credential_content",
    metadata,
    Column(
        "number", _Number, ForeignKey("credential.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("content", LargeBinary, nullable=False),
)

credential_waiting = Table(
    "credential_waiting",
    metadata,
    Column("institution", Text, primary_key=True),
    Column("number", _Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("leaf", DigestBytes, nullable=False),
    Column("issuer", Text),
    Column("until", UtcTime),
    Column("again", Boolean, nullable=False),
    Column("achievement", Text),
    _sized("leaf", 32),
    sqlite_with_rowid=False,
)

# Outlives erasure: the tree stays.
place = Table(
    "place",
    metadata,
    Column(
        "batch",
        _Number,
        ForeignKey("batch.id", deferrable=True, initially="DEFERRED"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("position", _Number, key="index", primary_key=True, autoincrement=False),
    Column("number", _Number, ForeignKey("credential.number"), nullable=False, unique=True),
    Column("leaf", DigestBytes, nullable=False),
    _sized("leaf", 32),
    sqlite_with_rowid=False,
)

evidence_manifest = Table(
    "evidence_manifest",
    metadata,
    Column("digest", DigestBytes, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    _sized("digest", 32),
)

evidence_key = Table(
    "evidence_key",
    metadata,
    Column("manifest", DigestBytes, ForeignKey("evidence_manifest.digest", ondelete="CASCADE"), primary_key=True),
    Column("item", DigestBytes, primary_key=True),
    Column("key", Text, nullable=False),
    _sized("item", 32),
)

batch = Table(
    "batch",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=False),
    Column("institution", Text, nullable=False, index=True),
    Column("size", _Number, nullable=False),
    Column("root", DigestBytes, nullable=False),
    Column("recognition", OneOf(Recognition), nullable=False),
    Column("joint_with", Texts, nullable=False),
    Column("sealed", UtcTime, nullable=False),
    Column("state", OneOf(BatchState), nullable=False),
    Column("statement", LargeBinary),
    Column("statement_id", DigestBytes, unique=True),
    Column("entry", _Number, ForeignKey("log_entry.index", deferrable=True, initially="DEFERRED"), unique=True),
    Column("held", Text),
    Column("logged", UtcTime),
    _sized("root", 32),
    _sized("statement_id", 32),
    CheckConstraint("size >= 1", name="size"),
    CheckConstraint("(state = 'logged') = (entry IS NOT NULL)", name="state"),
)

# Append-only by triggers, which the migration makes, as is `log_node`.
log_entry = Table(
    "log_entry",
    metadata,
    Column("position", _Number, key="index", primary_key=True, autoincrement=False),
    Column("id", DigestBytes, nullable=False, unique=True),
    Column("issuer", Text, nullable=False),
    Column("seq", _Number, nullable=False),
    Column("about", DigestBytes, nullable=False, index=True),
    Column("is_batch", Boolean, nullable=False),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("issuer", "seq"),
    _sized("id", 32),
    _sized("about", 32),
    CheckConstraint("position >= 0 AND seq >= 1", name="numbers"),
)

log_node = Table(
    "log_node",
    metadata,
    Column("level", _Number, primary_key=True, autoincrement=False),
    Column("position", _Number, key="index", primary_key=True, autoincrement=False),
    Column("hash", DigestBytes, nullable=False),
    _sized("hash", 32),
    sqlite_with_rowid=False,
)

manifest = Table(
    "manifest",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("digest", DigestBytes, nullable=False, unique=True),
    Column("data", LargeBinary, nullable=False),
    Column("checkpoint", Text, nullable=False),
    Column("tree_size", _Number, nullable=False),
    Column("pinned", Boolean, nullable=False),
    _sized("digest", 32),
)

anchor = Table(
    "anchor",
    metadata,
    Column("manifest", _Number, ForeignKey("manifest.number"), primary_key=True, autoincrement=False),
    Column("chain", Text, primary_key=True),
    Column("contract", LargeBinary(20), nullable=False),
    Column("sender", LargeBinary(20), nullable=False),
    Column("root", DigestBytes, nullable=False),
    Column("state", OneOf(AnchorState), nullable=False),
    Column("tx_hash", LargeBinary(32), nullable=False),
    Column("gas", _Number, nullable=False),
    Column("fee_per_gas", _Number, nullable=False),
    Column("tip_per_gas", _Number, nullable=False),
    Column("submitted", UtcTime, nullable=False),
    Column("block", _Number),
    Column("block_hash", LargeBinary(32)),
    Column("block_time", _Number),
    Column("transaction", _Number),
    Column("log", _Number),
    Column("registry", DigestBytes),
    Column("proof", LargeBinary),
    Column("archive", Text),
    Column("notes", Texts, nullable=False),
    _sized("contract", 20),
    _sized("sender", 20),
    _sized("root", 32),
    _sized("tx_hash", 32),
    _sized("block_hash", 32),
    _sized("registry", 32),
)

attempt = Table(
    "attempt",
    metadata,
    Column("tx_hash", LargeBinary(32), primary_key=True),
    Column("chain", Text, nullable=False),
    Column("sender", LargeBinary(20), nullable=False),
    Column("nonce", _Number, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("gas", _Number, nullable=False),
    Column("fee_per_gas", _Number, nullable=False),
    Column("tip_per_gas", _Number, nullable=False),
    Column("sent", UtcTime, nullable=False),
    Column("manifest", _Number, ForeignKey("manifest.number")),
    # A replacement offers more, so two attempts never offer the same at one nonce.
    UniqueConstraint("chain", "sender", "nonce", "fee_per_gas", "tip_per_gas"),
    _sized("tx_hash", 32),
    _sized("sender", 20),
)

held = Table(
    "held",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("outage", Boolean, nullable=False, server_default=false()),
)

worker = Table(
    "worker",
    metadata,
    Column("name", Text, primary_key=True),
    Column("beat", UtcTime, nullable=False),
    Column("every", Integer, nullable=False),
    Column("last", UtcTime),
    Column("trouble", Text),
    Column("waits", Text),
    Column("balances", Amounts, nullable=False),
)

# One root in one block store.
pin = Table(
    "pin",
    metadata,
    Column("store", Text, primary_key=True),
    Column("cid", CidBytes, primary_key=True, index=True),
    Column("number", _Number, nullable=False, index=True),
    Column("state", OneOf(PinState), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("due", UtcTime),
    Column("tries", Integer, nullable=False),
    Column("trouble", Text),
    Column("whole", Boolean, nullable=False),
    _sized("cid", 36),
    CheckConstraint("(state = 'held') = (due IS NULL)", name="due"),
)
_due = text("due IS NOT NULL")
Index("ix_pin_due", pin.c.store, pin.c.due, sqlite_where=_due, postgresql_where=_due)

block_store = Table(
    "block_store",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("due", UtcTime),
    Column("trouble", Text),
    Column("audited", UtcTime),
    Column("sampled", _Number, nullable=False),
    Column("missing", _Number, nullable=False),
    Column("repaired", _Number, nullable=False),
)

registry_state = Table(
    "registry_state",
    metadata,
    Column("digest", DigestBytes, primary_key=True),
    Column("number", _Number, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("in_force", Boolean, nullable=False),
    _sized("digest", 32),
)
_in_force = text("in_force")
Index(
    "uq_registry_state_in_force",
    registry_state.c.in_force,
    unique=True,
    sqlite_where=_in_force,
    postgresql_where=_in_force,
)

registry_record = Table(
    "registry_record",
    metadata,
    Column("state", DigestBytes, ForeignKey("registry_state.digest", ondelete="CASCADE"), primary_key=True),
    Column("position", _Number, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

status_mark = Table(
    "status_mark",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("credential", _Number, ForeignKey("credential.number"), nullable=False, index=True),
    Column("status", OneOf(Status), nullable=False),
    Column("reason", OneOf(Reason), nullable=False),
    Column("note", Text),
    Column("member", Text, nullable=False),
    Column("marked", UtcTime, nullable=False),
    Column("replacement", _Number, ForeignKey("credential.number")),
    Column("statement", DigestBytes, ForeignKey("log_entry.id")),
    _sized("statement", 32),
    CheckConstraint("status BETWEEN 0 AND 3", name="status"),
    CheckConstraint("replacement IS NULL OR status = 3", name="replacement"),
)
_pending = text("statement IS NULL")
Index(
    "uq_status_mark_pending",
    status_mark.c.credential,
    unique=True,
    sqlite_where=_pending,
    postgresql_where=_pending,
)

# The chunks of one status statement, joined: not a row for each credential.
status_list = Table(
    "status_list",
    metadata,
    Column("entry", _Number, ForeignKey("log_entry.index"), primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
    Column("fallen", Boolean, nullable=False, server_default=false()),
)

# Apart from the credentials: who works with these need not see where learners are reached.
contact = Table(
    "contact",
    metadata,
    Column("credential", _Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("email", Text, nullable=False, index=True),
    Column("name", Text),
)

award = Table(
    "award",
    metadata,
    Column("credential", _Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("institution", Text, nullable=False),
    Column("identity", DigestBytes, nullable=False),
    Column("substance", DigestBytes, nullable=False),
    Column("handed", Boolean, nullable=False),
    _sized("identity", 32),
    _sized("substance", 32),
    UniqueConstraint("institution", "identity"),
)

mail_text = Table(
    "mail_text",
    metadata,
    Column("digest", DigestBytes, primary_key=True),
    Column("text", Text, nullable=False),
    _sized("digest", 32),
)

mail = Table(
    "mail",
    metadata,
    Column("credential", _Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("kind", OneOf(MailKind), primary_key=True),
    Column("state", OneOf(MailState), nullable=False),
    Column("queued", UtcTime, nullable=False),
    Column("due", UtcTime),
    Column("tries", Integer, nullable=False),
    Column("template", DigestBytes, ForeignKey("mail_text.digest")),
    Column("sent", UtcTime),
    Column("trouble", Text),
    CheckConstraint("(state = 'waiting') = (due IS NOT NULL)", name="due"),
)
Index("ix_mail_due", mail.c.due, sqlite_where=_due, postgresql_where=_due)

bounce = Table(
    "bounce",
    metadata,
    Column("email", Text, primary_key=True),
    Column("since", UtcTime, nullable=False),
    Column("why", Text, nullable=False),
)

# A learner's links beside the one the credential came with, whose hash its id is of.
link = Table(
    "link",
    metadata,
    Column("hash", DigestBytes, primary_key=True),
    Column("credential", _Number, ForeignKey("credential.number"), nullable=False, index=True),
    Column("made", UtcTime, nullable=False),
    _sized("hash", 32),
)

share = Table(
    "share",
    metadata,
    Column("hash", DigestBytes, primary_key=True),
    Column("id", Text, nullable=False),
    Column("credential", _Number, ForeignKey("credential.number"), nullable=False, index=True),
    Column("made", UtcTime, nullable=False),
    Column("expires", UtcTime),
    Column("items", Digests, nullable=False),
    Column("named", Boolean, nullable=False),
    _sized("hash", 32),
)

endorsement = Table(
    "endorsement",
    metadata,
    Column("credential", _Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("digest", DigestBytes, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("added", UtcTime, nullable=False),
    _sized("digest", 32),
)

institution = Table(
    "institution",
    metadata,
    Column("did", Text, primary_key=True),
    Column("retain", Boolean, nullable=False),
    Column("lookup", Boolean, nullable=False),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", DigestBytes, nullable=False, unique=True),
    Column("role", OneOf(Role), nullable=False),
    Column("institution", Text),
    Column("made", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    Column("revoked", UtcTime),
    Column("used", Date),
    _sized("hash", 32),
    CheckConstraint("role != 'issuer' OR institution IS NOT NULL", name="issuer"),
    CheckConstraint("role != 'operator' OR institution IS NULL", name="operator"),
)

session = Table(
    "session",
    metadata,
    Column("hash", DigestBytes, primary_key=True),
    Column("key", Text, ForeignKey("api_key.id"), nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("expires", UtcTime, nullable=False),
    _sized("hash", 32),
)

paper = Table(
    "paper",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("institution", Text, nullable=False, index=True),
    Column("kind", OneOf(PaperKind), nullable=False),
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("made", UtcTime, nullable=False),
    Column("expires", UtcTime),
    Column("about", Text, ForeignKey("paper.id")),
    Column("contact", Text),
)

# Append-only by triggers, which the migration makes.
journal = Table(
    "journal",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("time", UtcTime, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("institution", Text, index=True),
    Column("action", Text, nullable=False),
    Column("objects", Texts, nullable=False),
    Column("count", _Number, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("previous", DigestBytes),
    Column("hash", DigestBytes, nullable=False, unique=True),
    _sized("previous", 32),
    _sized("hash", 32),
    CheckConstraint("number >= 1 AND (number = 1) = (previous IS NULL)", name="number"),
)
