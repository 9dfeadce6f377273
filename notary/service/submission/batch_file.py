"""The batch file: what an institution gets to sign, and its backup of the salts from then on.

It holds the statement to sign, and form, salt, digest and evidence digest of every
position, which the institution checks against its own credentials before it signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from notary.core.canonical import JSON, canonical, load
from notary.core.digest import ZERO
from notary.core.encoding import format_time, to_base64url, to_digest_text
from notary.core.errors import IssuerError, Malformed
from notary.core.leaf import Form, Leaf
from notary.core.shape import Closed
from notary.core.statement import BatchStatement
from notary.ports.ledger import BatchId, BatchRow, UnitOfWork
from notary.service.log.entries import next_place
from notary.service.notary import Notary
from notary.service.submission.seal import find_batch

BATCH_FILE = "credential-notary/batch-file/v1"
MAX_LINE = 4096


def statement_to_sign(notary: Notary, batch: BatchRow) -> BatchStatement:
    """Make the batch's statement now: it follows the newest statement its issuer has in the log."""
    with notary.ledger.read() as work:
        return _statement(notary, work, batch)


def _statement(notary: Notary, work: UnitOfWork, batch: BatchRow) -> BatchStatement:
    seq, previous = next_place(work, batch.institution)
    return BatchStatement(
        log=notary.origin,
        issuer=batch.institution,
        seq=seq,
        previous=previous,
        size=batch.size,
        root=batch.root,
        recognition=batch.recognition,
        legacy=None,
        joint_with=batch.joint_with,
        time=format_time(notary.clock.now()),
    )


@dataclass(frozen=True, slots=True)
class Position:
    """One line of a batch file."""

    leaf: Leaf
    source: str
    line: int | None

    def to_json(self) -> JSON:
        """Return the closed object."""
        return {
            "form": int(self.leaf.form),
            "salt": to_base64url(self.leaf.salt),
            "digest": to_digest_text(self.leaf.digest),
            "evidence": None if self.leaf.evidence == ZERO else to_digest_text(self.leaf.evidence),
            "source": self.source,
            "line": self.line,
        }

    @classmethod
    def parse(cls, value: JSON, where: str) -> Position:
        """Read a closed object."""
        fields = Closed.of(value, where, "form salt digest evidence source line")
        number = fields.count("form", 1)
        if number not in list(Form):
            raise Malformed(fields.path("form"), expected="1, 2 or 3", actual=number)
        leaf = Leaf(
            form=Form(number),
            salt=fields.digest("salt"),
            digest=fields.digest("digest"),
            evidence=fields.optional("evidence", fields.digest) or ZERO,
        )
        return cls(leaf, fields.text("source"), fields.optional("line", fields.count))


def write_batch_file(notary: Notary, batch_id: BatchId) -> Iterator[bytes]:
    """Yield a batch file's lines: the statement to sign, then every position in order.

    JSON lines, so that a batch of any size is written and read in little memory.
    """
    with notary.ledger.read() as work:
        statement = _statement(notary, work, find_batch(work, batch_id))
        head: JSON = {"type": BATCH_FILE, "batch": batch_id, "statement": statement.to_json()}
        yield canonical(head) + b"\n"
        for row in work.credentials.of_batch(batch_id):
            if row.salt is None or row.digest is None:
                raise IssuerError(f"credential {row.id} was erased: its salt is in earlier copies of this file only")
            leaf = Leaf(row.form, row.salt, row.digest, row.evidence or ZERO)
            yield canonical(Position(leaf, row.source, row.line).to_json()) + b"\n"


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A batch file as the institution reads it."""

    batch: BatchId
    statement: BatchStatement
    positions: tuple[Position, ...]

    @classmethod
    def parse(cls, lines: Iterable[bytes]) -> BatchFile:
        """Read a batch file; Malformed names the line."""
        numbered = enumerate(lines, 1)
        first = next(numbered, None)
        if first is None:
            raise Malformed("the batch file is empty")
        head = Closed.of(_load(first), "batch file, line 1", "type batch statement")
        head.kind(BATCH_FILE)
        statement = BatchStatement.parse(head.value("statement"), head.path("statement"))
        positions = tuple(Position.parse(_load(line), f"batch file, line {line[0]}") for line in numbered)
        return cls(BatchId(head.count("batch", 1)), statement, positions)


def _load(line: tuple[int, bytes]) -> JSON:
    return load(line[1], f"batch file, line {line[0]}", max_size=MAX_LINE).value
