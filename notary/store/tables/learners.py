"""What leads to learners and what they are given: contacts, mail, links, shares, endorsements."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from notary.ports.ledger import MailKind, MailState, PaperKind
from notary.store.tables.base import DUE, Number, metadata, sized
from notary.store.types import DigestBytes, Digests, OneOf, UtcTime

# Apart from the credentials: who works with these need not see where learners are reached.
contact = Table(
    "contact",
    metadata,
    Column("credential", Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("email", Text, nullable=False, index=True),
    Column("name", Text),
)

award = Table(
    "award",
    metadata,
    Column("credential", Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("institution", Text, nullable=False),
    Column("identity", DigestBytes, nullable=False),
    Column("substance", DigestBytes, nullable=False),
    Column("handed", Boolean, nullable=False),
    sized("identity", 32),
    sized("substance", 32),
    UniqueConstraint("institution", "identity"),
)

mail_text = Table(
    "mail_text",
    metadata,
    Column("digest", DigestBytes, primary_key=True),
    Column("text", Text, nullable=False),
    sized("digest", 32),
)

mail = Table(
    "mail",
    metadata,
    Column("credential", Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
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
Index("ix_mail_due", mail.c.due, sqlite_where=DUE, postgresql_where=DUE)

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
    Column("credential", Number, ForeignKey("credential.number"), nullable=False, index=True),
    Column("made", UtcTime, nullable=False),
    sized("hash", 32),
)

share = Table(
    "share",
    metadata,
    Column("hash", DigestBytes, primary_key=True),
    Column("id", Text, nullable=False),
    Column("credential", Number, ForeignKey("credential.number"), nullable=False, index=True),
    Column("made", UtcTime, nullable=False),
    Column("expires", UtcTime),
    Column("items", Digests, nullable=False),
    Column("named", Boolean, nullable=False),
    sized("hash", 32),
)

endorsement = Table(
    "endorsement",
    metadata,
    Column("credential", Number, ForeignKey("credential.number"), primary_key=True, autoincrement=False),
    Column("digest", DigestBytes, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    Column("added", UtcTime, nullable=False),
    sized("digest", 32),
)

paper = Table(
    "paper",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
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
