"""The log: taking in what institutions signed, and serving it.

Nothing is logged that would not verify: steps 3, 4 and 9 run here against the
registry in force, before the entry exists.
"""

from __future__ import annotations

from dataclasses import replace

from notary.core.canonical import load
from notary.core.digest import Digest, LeafIndex, TreeSize, leaf_hash
from notary.core.encoding import shorten, to_digest_text
from notary.core.errors import IssuerError, NotaryError
from notary.core.mandate import check_key, check_recognition, check_uncompromised
from notary.core.merkle import TreeBuilder
from notary.core.statement import MAX_ENTRY, BatchStatement, SignedStatement, Statement
from notary.ports.ledger import BatchRow, BatchState, EntryRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.members.registry import Members, members_in_force
from notary.service.notary import Notary


def log_batch(notary: Notary, signed: SignedStatement) -> BatchRow:
    """Append a signed batch statement to the log; the same statement again changes nothing.

    IssuerError, with what to do, for a statement of another log, root or batch,
    by the wrong key, of a stale predecessor, or claiming too much.
    """
    statement = signed.statement
    if not isinstance(statement, BatchStatement):
        raise IssuerError("a batch statement is expected here", actual="a status statement")
    with notary.ledger.read() as work:
        batch = _logged(work, signed)
    if batch is not None:
        return batch
    check_signed(notary, signed)
    with notary.ledger.begin() as work:
        batch = _logged(work, signed)
        if batch is not None:
            return batch  # handed in twice at once
        batch = _batch_of(work, statement)
        check_place(notary, work, statement)
        entry = append(work, signed, about=signed.id)
        done = replace(
            batch,
            state=BatchState.LOGGED,
            statement=signed.entry(),
            statement_id=signed.id,
            entry=entry,
            held=None,
            logged=notary.clock.now(),
        )
        work.batches.save(done)
        record(notary, work, Action.LOG, done.institution, [f"batch {done.id}"])
    return done


def check_signed(notary: Notary, signed: SignedStatement, members: Members | None = None) -> None:
    """Check a statement's key and claim against the registry in force; IssuerError where it would not verify.

    `members`: those in force, where they are at hand already.
    """
    check_word(members or members_in_force(notary.ledger), signed, int(notary.clock.now().timestamp()))


def check_word(members: Members, signed: SignedStatement, time: int) -> None:
    """Check a statement's key and claim against some members at a time; IssuerError where it would not verify."""
    statement = signed.statement
    record = members.find(statement.issuer)
    if record is None:
        raise IssuerError(f"{statement.issuer} is no member", hint="Add it: notary member add FILE")
    try:
        check_uncompromised(check_key(record, signed, time), time, [members.state])
        if isinstance(statement, BatchStatement):
            check_recognition(record, statement.recognition)
    except NotaryError as error:
        raise IssuerError(f"needs a new signature: {error}") from error


def append(work: UnitOfWork, signed: SignedStatement, *, about: Digest) -> LeafIndex:
    """Add the log's next entry; `about`: id of the batch statement it is or changes."""
    size = work.log.size()
    tree = TreeBuilder.resume(TreeSize(size), work.log.node) if size else TreeBuilder()
    data = signed.entry()
    made = tree.append(leaf_hash(data))
    nodes = [(level, size >> level, node) for level, node in enumerate(made)]
    statement = signed.statement
    row = EntryRow(
        index=LeafIndex(size),
        id=signed.id,
        issuer=statement.issuer,
        seq=statement.seq,
        about=about,
        is_batch=isinstance(statement, BatchStatement),
        data=data,
    )
    work.log.append(row, nodes)
    return row.index


def read_statement(data: bytes) -> SignedStatement:
    """Read a signed statement, as an institution hands it in and as it stands in log and ledger."""
    return SignedStatement.parse(load(data, "statement", max_size=MAX_ENTRY).value)


def _logged(work: UnitOfWork, signed: SignedStatement) -> BatchRow | None:
    logged = work.log.by_id(signed.id)
    return work.batches.by_entry(logged.index) if logged else None


def _batch_of(work: UnitOfWork, statement: BatchStatement) -> BatchRow:
    """Return the sealed batch a statement commits: the issuer's, with this root and size."""
    batches = work.batches.all(statement.issuer)
    for batch in batches:
        if batch.state is BatchState.SEALED and (batch.root, batch.size) == (statement.root, statement.size):
            if batch.recognition is not statement.recognition or batch.joint_with != statement.joint_with:
                raise IssuerError(
                    f"the statement is not the one of batch {batch.id}",
                    expected=f"{batch.recognition}, with {', '.join(batch.joint_with) or 'nobody'}",
                    actual=f"{statement.recognition}, with {', '.join(statement.joint_with) or 'nobody'}",
                )
            return batch
    if any(batch.state is BatchState.LOGGED and batch.root == statement.root for batch in batches):
        raise IssuerError("this batch is logged already, by another statement", hint="See: notary batches")
    raise IssuerError(
        "the statement commits none of the sealed batches of its issuer",
        expected="; ".join(f"batch {batch.id}: {to_digest_text(batch.root)}" for batch in batches) or "a sealed batch",
        actual=to_digest_text(statement.root),
        hint="Seal first, or ask for the statement again: notary seal",
    )


def next_place(work: UnitOfWork, issuer: str) -> tuple[int, Digest | None]:
    """Return `seq` and `previous` of the next statement of an issuer: it follows the newest one in the log."""
    last = work.log.last_of(issuer)
    return (last.seq + 1, last.id) if last else (1, None)


def check_place(notary: Notary, work: UnitOfWork, statement: Statement) -> None:
    """Check that the statement is for this log, and follows its issuer's newest one there."""
    if statement.log != notary.origin:
        raise IssuerError("the statement is for another log", expected=notary.origin, actual=shorten(statement.log))
    expected = next_place(work, statement.issuer)
    if (statement.seq, statement.previous) != expected:
        raise IssuerError(
            "the statement does not follow the newest one of its issuer",
            expected=f"number {expected[0]}",
            actual=f"number {statement.seq}",
            hint="Another statement was logged meanwhile: ask for the statement again and sign it: notary sign",
        )
