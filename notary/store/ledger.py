"""Units of work over one database, and its errors in the ledger's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from notary.core.errors import OperatorError
from notary.ports.ledger import (
    Anchors,
    ApiKeys,
    Attempts,
    Awards,
    Batches,
    Contacts,
    Credentials,
    Endorsements,
    Evidence,
    Held,
    Institutions,
    Journal,
    Log,
    Outbox,
    Papers,
    Pins,
    Registry,
    Sessions,
    Shares,
    Statuses,
    Workers,
)
from notary.store.access import SqlApiKeys
from notary.store.anchors import SqlAnchors
from notary.store.attempts import SqlAttempts, SqlHeld
from notary.store.awards import SqlAwards
from notary.store.batches import SqlBatches
from notary.store.contacts import SqlContacts
from notary.store.credentials import SqlCredentials
from notary.store.endorsements import SqlEndorsements
from notary.store.engine import WRITER_SECONDS, reading, writing
from notary.store.evidence import SqlEvidence
from notary.store.institutions import SqlInstitutions
from notary.store.journal import SqlJournal
from notary.store.log import SqlLog
from notary.store.outbox import SqlOutbox
from notary.store.papers import SqlPapers
from notary.store.pins import SqlPins
from notary.store.registry import SqlRegistry
from notary.store.schema import version, versions
from notary.store.sessions import SqlSessions
from notary.store.shares import SqlShares
from notary.store.statuses import SqlStatuses
from notary.store.workers import SqlWorkers


class SqlUnitOfWork:
    """One database transaction."""

    def __init__(self, connection: Connection) -> None:
        added: dict[str, int] = {}  # numbers of credentials: what belongs to them is added right after them
        self.credentials: Credentials = SqlCredentials(connection, added)
        self.evidence: Evidence = SqlEvidence(connection)
        self.batches: Batches = SqlBatches(connection)
        self.log: Log = SqlLog(connection)
        self.anchors: Anchors = SqlAnchors(connection)
        self.attempts: Attempts = SqlAttempts(connection)
        self.held: Held = SqlHeld(connection)
        self.pins: Pins = SqlPins(connection)
        self.registry: Registry = SqlRegistry(connection)
        self.institutions: Institutions = SqlInstitutions(connection)
        self.statuses: Statuses = SqlStatuses(connection)
        self.contacts: Contacts = SqlContacts(connection, added)
        self.awards: Awards = SqlAwards(connection, added)
        self.outbox: Outbox = SqlOutbox(connection)
        self.shares: Shares = SqlShares(connection)
        self.endorsements: Endorsements = SqlEndorsements(connection)
        self.keys: ApiKeys = SqlApiKeys(connection)
        self.sessions: Sessions = SqlSessions(connection)
        self.papers: Papers = SqlPapers(connection)
        self.journal: Journal = SqlJournal(connection)
        self.workers: Workers = SqlWorkers(connection)


class SqlLedger:
    """A ledger whose tables are there and current; made by `open_ledger`. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._reading, self._writing = engine, reading(engine), writing(engine)

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        with self.connection(write=True) as connection:
            yield SqlUnitOfWork(connection)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        with self.connection(write=False) as connection:
            yield SqlUnitOfWork(connection)

    def check(self) -> None:
        with self.connection(write=False) as connection:
            found = version(connection)
        if found != versions()[-1]:
            raise OperatorError(
                "the ledger's tables are not this release's", expected=f"version {versions()[-1]}", actual=found
            )

    def close(self) -> None:
        """Let the database go; a unit of work begun later opens it again."""
        self._engine.dispose()

    @contextmanager
    def connection(self, *, write: bool) -> Iterator[Connection]:
        """Open a unit of work on the database itself."""
        try:
            with (self._writing if write else self._reading).begin() as connection:
                yield connection
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as error:
            raise _in_words(error) from error


def _in_words(error: Exception) -> OperatorError:
    """Say what the database refused: its first line, for the others may hold values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = str(cause).partition("\n")[0].strip(" .") or type(cause).__name__
    if "locked" in said or "lock timeout" in said:
        return OperatorError(
            "the ledger is busy",
            expected=f"its writer to be done within {WRITER_SECONDS} s",
            actual=said,
            hint="Nothing of this unit of work was kept; try again.",
        )
    if "malformed" in said or "not a database" in said:  # SQLite's words for SQLITE_CORRUPT and SQLITE_NOTADB
        return OperatorError(
            "the ledger's file is damaged",
            actual=said,
            hint="Stop the notary, and put the newest backup in its place: notary restore FILE --replace.",
        )
    return OperatorError(
        "the ledger refused a unit of work", actual=said, hint="Nothing of it was kept. Is the database reachable?"
    )
