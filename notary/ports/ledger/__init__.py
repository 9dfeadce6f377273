"""The ledger: the notary's one database, as the use cases see it.

A unit of work is all or nothing and durable once it has ended. Rows are plain
values; what they mean stands in the use cases. Two databases pass the same port
suite: SQLite embedded, PostgreSQL in production.
"""

from notary.ports.ledger.access import ApiKeyRow, ApiKeys, KeyId, Role
from notary.ports.ledger.anchors import AnchorRow, Anchors, AnchorState, ManifestNumber, ManifestRow
from notary.ports.ledger.attempts import AttemptRow, Attempts, Held, HeldRow
from notary.ports.ledger.awards import AwardRow, Awards
from notary.ports.ledger.batches import Batches, BatchId, BatchRow, BatchState
from notary.ports.ledger.contacts import ContactRow, Contacts
from notary.ports.ledger.credentials import (
    CredentialId,
    CredentialRow,
    Credentials,
    LeafRow,
    NameRow,
    NewCredential,
    id_of,
)
from notary.ports.ledger.endorsements import EndorsementRow, Endorsements
from notary.ports.ledger.evidence import Evidence
from notary.ports.ledger.institutions import InstitutionRow, Institutions
from notary.ports.ledger.journal import ITSELF, Actor, Journal, JournalRow
from notary.ports.ledger.log import EntryRow, Log
from notary.ports.ledger.outbox import BounceRow, MailKind, MailRow, MailState, MailTally, Outbox
from notary.ports.ledger.papers import PaperId, PaperKind, PaperRow, Papers
from notary.ports.ledger.pins import PinRow, Pins, PinState, Queue, StoreRow
from notary.ports.ledger.registry import Registry, StateRow
from notary.ports.ledger.sessions import SessionRow, Sessions
from notary.ports.ledger.shares import ShareId, ShareRow, Shares
from notary.ports.ledger.statuses import (
    REASONS,
    MarkNumber,
    MarkRow,
    PendingMark,
    Position,
    Reason,
    Statuses,
    WaitingMark,
)
from notary.ports.ledger.work import Ledger, UnitOfWork
from notary.ports.ledger.workers import WorkerRow, Workers

__all__ = [
    "ITSELF",
    "REASONS",
    "Actor",
    "AnchorRow",
    "AnchorState",
    "Anchors",
    "ApiKeyRow",
    "ApiKeys",
    "AttemptRow",
    "Attempts",
    "AwardRow",
    "Awards",
    "BatchId",
    "BatchRow",
    "BatchState",
    "Batches",
    "BounceRow",
    "ContactRow",
    "Contacts",
    "CredentialId",
    "CredentialRow",
    "Credentials",
    "EndorsementRow",
    "Endorsements",
    "EntryRow",
    "Evidence",
    "Held",
    "HeldRow",
    "InstitutionRow",
    "Institutions",
    "Journal",
    "JournalRow",
    "KeyId",
    "LeafRow",
    "Ledger",
    "Log",
    "MailKind",
    "MailRow",
    "MailState",
    "MailTally",
    "ManifestNumber",
    "ManifestRow",
    "MarkNumber",
    "MarkRow",
    "NameRow",
    "NewCredential",
    "Outbox",
    "PaperId",
    "PaperKind",
    "PaperRow",
    "Papers",
    "PendingMark",
    "PinRow",
    "PinState",
    "Pins",
    "Position",
    "Queue",
    "Reason",
    "Registry",
    "Role",
    "SessionRow",
    "Sessions",
    "ShareId",
    "ShareRow",
    "Shares",
    "StateRow",
    "Statuses",
    "StoreRow",
    "UnitOfWork",
    "WaitingMark",
    "WorkerRow",
    "Workers",
    "id_of",
]
