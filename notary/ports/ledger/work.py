"""One unit of work, and the database that gives it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from notary.ports.ledger.access import ApiKeys
from notary.ports.ledger.anchors import Anchors
from notary.ports.ledger.attempts import Attempts, Held
from notary.ports.ledger.awards import Awards
from notary.ports.ledger.batches import Batches
from notary.ports.ledger.contacts import Contacts
from notary.ports.ledger.credentials import Credentials
from notary.ports.ledger.endorsements import Endorsements
from notary.ports.ledger.evidence import Evidence
from notary.ports.ledger.institutions import Institutions
from notary.ports.ledger.journal import Journal
from notary.ports.ledger.log import Log
from notary.ports.ledger.outbox import Outbox
from notary.ports.ledger.papers import Papers
from notary.ports.ledger.pins import Pins
from notary.ports.ledger.registry import Registry
from notary.ports.ledger.sessions import Sessions
from notary.ports.ledger.shares import Shares
from notary.ports.ledger.statuses import Statuses
from notary.ports.ledger.workers import Workers


class UnitOfWork(Protocol):
    """Everything read and written together."""

    credentials: Credentials
    evidence: Evidence
    batches: Batches
    log: Log
    anchors: Anchors
    attempts: Attempts
    held: Held
    pins: Pins
    registry: Registry
    institutions: Institutions
    statuses: Statuses
    contacts: Contacts
    awards: Awards
    outbox: Outbox
    shares: Shares
    endorsements: Endorsements
    workers: Workers
    keys: ApiKeys
    sessions: Sessions
    papers: Papers
    journal: Journal


class Ledger(Protocol):
    """The database."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work: committed and durable when the block ends, undone when it raises.

        One at a time, across all processes: what was read in it is still so when
        it writes. So it holds nothing slow: no chain, no store, no client.
        OperatorError where the database cannot be reached, refuses a row, or
        another unit takes longer than a minute: nothing of this one is kept.
        """
        ...

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit of work that only reads: the ledger as it was when it was first asked.

        It neither waits for others nor makes them wait. Writing in it is an OperatorError.
        """
        ...

    def check(self) -> None:
        """Reach for the database: OperatorError where it does not answer, or its tables are not this release's."""
        ...
