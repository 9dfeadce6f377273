"""Status statements: drawn of what is marked, one for each batch, signed by the institution, logged.

The statements of one drawing follow each other in the issuer's chain, so that all
can be signed in one go; they are logged in that order. A list is taken only where
it says what is marked and nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from notary.core.canonical import JSON, canonical, load
from notary.core.encoding import format_time, from_base64url, to_base64url, to_digest_text
from notary.core.errors import IssuerError, Malformed
from notary.core.registry import MemberRecord
from notary.core.shape import Closed
from notary.core.statement import BatchStatement, SignedStatement, StatusStatement, statement_id
from notary.core.status import StatusList
from notary.ports.ledger import BatchId, BatchRow, EntryRow, UnitOfWork, WaitingMark
from notary.service.access.journal import Action, record
from notary.service.log.entries import append, check_place, check_signed, next_place, read_statement
from notary.service.members.registry import Members, members_in_force
from notary.service.notary import Notary
from notary.service.status.lists import due_marks, is_due, may_change, newest_list

STATUS_FILE = "credential-notary/status-file/v1"
MAX_LINE = 48 << 20
"""Bytes of a line: the list of a hundred million credentials."""


@dataclass(frozen=True, slots=True)
class StatusDraft:
    """One line of a status file: a batch's statement to sign, the list it commits, and the batch it is about."""

    batch: BatchId
    of: BatchStatement
    statement: StatusStatement
    data: bytes

    def __post_init__(self) -> None:
        if statement_id(self.of) != self.statement.batch:
            raise Malformed("the status file's batch statement is not the one its statement names")
        if self.listed.root() != self.statement.root:
            raise Malformed("the status file's list is not the one its statement commits")

    @property
    def listed(self) -> StatusList:
        """The statuses of the batch."""
        return StatusList(self.of.size, self.data)

    @classmethod
    def parse(cls, line: bytes, where: str) -> StatusDraft:
        """Read a line; Malformed where its parts do not belong together."""
        fields = Closed.of(load(line, where, max_size=MAX_LINE).value, where, "type batch of statement chunks")
        fields.kind(STATUS_FILE)
        return cls(
            BatchId(fields.count("batch", 1)),
            BatchStatement.parse(fields.value("of"), fields.path("of")),
            StatusStatement.parse(fields.value("statement"), fields.path("statement")),
            from_base64url(fields.text("chunks"), fields.path("chunks")),
        )

    def line(self) -> bytes:
        """Return the closed object as a line."""
        value: JSON = {
            "type": STATUS_FILE,
            "batch": self.batch,
            "of": self.of.to_json(),
            "statement": self.statement.to_json(),
            "chunks": to_base64url(self.data),
        }
        return canonical(value) + b"\n"


def is_status_line(line: bytes) -> bool:
    """Say whether a line is a status file's: the type stands at its end, for members are in order."""
    return line.rstrip().endswith(f'"type":"{STATUS_FILE}"}}'.encode())


def read_status_file(lines: Iterable[bytes]) -> tuple[StatusDraft, ...]:
    """Read a status file; Malformed names the line, and where it is empty."""
    drafts = tuple(StatusDraft.parse(line, f"status file, line {at}") for at, line in enumerate(lines, 1))
    if not drafts:
        raise Malformed("the status file is empty")
    return drafts


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A batch whose statuses wait: `marks` for a signature, `early` more for their replacement to be final."""

    batch: BatchRow
    marks: tuple[WaitingMark, ...]
    early: int

    @property
    def due(self) -> int:
        """How many wait for a signature."""
        return len(self.marks)


def unsigned_statuses(notary: Notary, member: MemberRecord | None = None) -> tuple[Unsigned, ...]:
    """Return the logged batches with pending marks, of all or of those a member may change, by number."""
    members = members_in_force(notary.ledger)
    with notary.ledger.read() as work:
        found = tuple(_unsigned(work))
    return tuple(each for each in found if member is None or may_change(members, each.batch.institution, member))


def _unsigned(work: UnitOfWork) -> Iterator[Unsigned]:
    marks: dict[BatchId, list[WaitingMark]] = {}
    for mark in work.statuses.waiting():
        marks.setdefault(mark.batch, []).append(mark)
    for number, pending in marks.items():
        batch = work.batches.get(number)
        if batch is not None and batch.entry is not None:
            due = tuple(mark for mark in pending if is_due(work, mark.replacement))
            yield Unsigned(batch, due, len(pending) - len(due))


def draw_statuses(
    notary: Notary, member: MemberRecord, batches: Collection[BatchId] | None = None
) -> tuple[StatusDraft, ...]:
    """Draw a statement for every batch with marks that are due and that the member may change; none: ().

    `batches`: only these. The statements follow each other in the member's chain.
    """
    members = members_in_force(notary.ledger)
    drafts: list[StatusDraft] = []
    with notary.ledger.read() as work:
        seq, previous = next_place(work, member.id)
        for found in _unsigned(work):
            batch = found.batch
            wanted = batches is None or batch.id in batches
            if not (wanted and found.due and may_change(members, batch.institution, member)):
                continue
            assert batch.statement is not None
            assert batch.statement_id is not None
            listed = _marked(work, batch, found.marks)
            of = read_statement(batch.statement).statement
            assert isinstance(of, BatchStatement)
            statement = StatusStatement(
                log=notary.origin,
                issuer=member.id,
                seq=seq,
                previous=previous,
                batch=batch.statement_id,
                root=listed.root(),
                time=format_time(notary.clock.now()),
            )
            seq, previous = seq + 1, statement_id(statement)
            drafts.append(StatusDraft(batch.id, of, statement, bytes(listed)))
    return tuple(drafts)


def _marked(work: UnitOfWork, batch: BatchRow, marks: Iterable[WaitingMark]) -> StatusList:
    """Return a batch's newest list with marks put into it."""
    listed = newest_list(work, batch)
    for pending in marks:
        listed.set(pending.index, pending.status)
    return listed


def log_status(notary: Notary, signed: SignedStatement) -> EntryRow:
    """Append a signed status statement to the log; the same statement again changes nothing.

    IssuerError, with what to do, for a statement of another log, about a batch that
    is not in it, by somebody else than its issuer or the successor, of a stale
    predecessor, or with another list than what is marked: the log stays as it is.
    """
    statement = signed.statement
    if not isinstance(statement, StatusStatement):
        raise IssuerError("a status statement is expected here", actual="a batch statement")
    with notary.ledger.read() as work:
        logged = work.log.by_id(signed.id)
        if logged is None:
            _batch_of(work, statement)
    if logged is not None:
        return logged
    check_signed(notary, signed)
    members = members_in_force(notary.ledger)
    with notary.ledger.begin() as work:
        logged = work.log.by_id(signed.id)
        if logged is not None:
            return logged  # handed in twice at once
        batch = _batch_of(work, statement)
        _check_entitled(members, batch, statement)
        check_place(notary, work, statement)
        marks = due_marks(work, batch)
        listed = _marked(work, batch, marks)
        if not marks or listed.root() != statement.root:
            raise IssuerError(
                f"the statement's list is not what is marked for batch {batch.id}",
                expected=to_digest_text(listed.root()) if marks else "something marked",
                actual=to_digest_text(statement.root),
                hint="Marks changed meanwhile: ask for the statement again and sign it: notary sign",
            )
        index = append(work, signed, about=statement.batch)
        work.statuses.add_list(index, bytes(listed))
        work.statuses.settle([pending.number for pending in marks], signed.id)
        record(notary, work, Action.LOG, statement.issuer, [f"entry {index}"])
        entry = work.log.entry(index)
    assert entry is not None
    return entry


def _batch_of(work: UnitOfWork, statement: StatusStatement) -> BatchRow:
    entry = work.log.by_id(statement.batch)
    batch = work.batches.by_entry(entry.index) if entry else None
    if batch is None:
        raise IssuerError(
            "the statement is about a batch that is not in this log",
            actual=to_digest_text(statement.batch),
            hint="A batch is signed and logged before its statuses: notary batches",
        )
    return batch


def _check_entitled(members: Members, batch: BatchRow, statement: StatusStatement) -> None:
    """Check that the issuer's own, or its successor's, is the word; step 10 of verification asks the same."""
    record = members.find(statement.issuer)
    if record is None or not may_change(members, batch.institution, record):
        issuer = members.find(batch.institution)
        raise IssuerError(
            "only a batch's issuer or its successor may change a status",
            expected=" or ".join(filter(None, (batch.institution, issuer.successor if issuer else None))),
            actual=statement.issuer,
        )
