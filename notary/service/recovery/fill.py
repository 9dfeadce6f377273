"""What neither chain nor IPFS holds: salts, digests and credentials, from batch files and receipts.

Nothing is taken on their word: a position counts once its leaf is the one that the
log commits at that index.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from notary.core.canonical import canonical
from notary.core.credential import Credential
from notary.core.digest import Digest, LeafIndex
from notary.core.errors import Malformed, Mismatch, NotaryError
from notary.core.evidence import EvidenceManifest
from notary.core.keys import PublicKey
from notary.core.leaf import Leaf
from notary.core.manifest import Manifest
from notary.core.merkle import Tree
from notary.core.receipt import Receipt, Submission
from notary.core.statement import BatchStatement, statement_id
from notary.core.summary import summarize
from notary.ports.ledger import BatchId
from notary.service.recovery.history import check_checkpoint
from notary.service.status.statements import is_status_line, read_status_file
from notary.service.submission.batch_file import BatchFile


@dataclass(frozen=True, slots=True)
class Source:
    """A batch file or a receipt, by its name: its lines, which a receipt has one of."""

    name: str
    lines: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known again of one credential; `content` and what people call it only from a receipt."""

    leaf: Leaf
    source: str
    line: int | None = None
    content: bytes | None = None
    learner: str | None = None
    title: str | None = None


@dataclass(slots=True)
class LostBatch:
    """A batch as the log has it; `leaves` is empty where nobody has them any more."""

    statement: BatchStatement
    leaves: tuple[Digest, ...] = ()
    number: BatchId | None = None
    known: dict[LeafIndex, Known] = field(default_factory=dict)

    def set_leaves(self, leaves: tuple[Digest, ...]) -> None:
        """Take the leaves; Mismatch where they are not those the statement commits."""
        if len(leaves) != self.statement.size or Tree(leaves).root != self.statement.root:
            raise Mismatch("these leaves are not the batch's", expected=f"{self.statement.size}", actual=len(leaves))
        self.leaves = leaves

    def learn(self, index: LeafIndex, known: Known) -> None:
        """Take a credential that stands at an index; what a receipt says of it joins what a batch file says."""
        before = self.known.get(index)
        if before is None or before.content is None:
            self.known[index] = known if before is None else replace(known, source=before.source, line=before.line)


@dataclass(slots=True)
class Filling:
    """Everything read from batch files, status files and receipts.

    `signed`: manifests of receipts, signed by the log key. `lists`: chunks by the id of
    the status statement that commits them.
    """

    evidence: dict[Digest, tuple[bytes, dict[Digest, str]]] = field(default_factory=dict)
    signed: list[Manifest] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    lists: dict[Digest, bytes] = field(default_factory=dict)


def fill(
    batches: Mapping[Digest, LostBatch],
    batch_files: Iterable[Source],
    receipts: Iterable[Source],
    log_key: PublicKey,
) -> Filling:
    """Fill batches, by their statements' ids, from batch files first, then from receipts."""
    filling = Filling()
    by_root = {(batch.statement.issuer, batch.statement.root): batch for batch in batches.values()}
    for source in batch_files:
        try:
            _take_file(by_root, filling, source)
        except NotaryError as error:
            filling.unused.append(f"{source.name}: {error}")
    for source in receipts:
        try:
            _take_receipt(batches, filling, source, log_key)
        except NotaryError as error:
            filling.unused.append(f"{source.name}: {error}")
    return filling


def _take_file(by_root: Mapping[tuple[str, Digest], LostBatch], filling: Filling, source: Source) -> None:
    """Take a batch file, or a status file: an institution keeps both together."""
    lines = iter(source.lines)
    first = next(lines, b"")
    whole = Source(source.name, chain([first], lines) if first else lines)
    if is_status_line(first):
        filling.lists |= {statement_id(draft.statement): draft.data for draft in read_status_file(whole.lines)}
    else:
        _take_batch_file(by_root, whole)


def _take_batch_file(by_root: Mapping[tuple[str, Digest], LostBatch], source: Source) -> None:
    read = BatchFile.parse(source.lines)
    statement = read.statement
    batch = by_root.get((statement.issuer, statement.root))
    if batch is None:
        raise Malformed(
            f"its batch of {statement.size} credentials is not in the log",
            hint="Submit the credentials again: they were never anchored",
        )
    batch.set_leaves(tuple(position.leaf.hash() for position in read.positions))
    batch.number = read.batch
    for index, position in enumerate(read.positions):
        batch.learn(LeafIndex(index), Known(position.leaf, position.source, position.line))


def _take_receipt(batches: Mapping[Digest, LostBatch], filling: Filling, source: Source, log_key: PublicKey) -> None:
    receipt = Receipt.parse(b"".join(source.lines))
    for commitment in receipt.commitments:
        check_checkpoint(commitment.manifest, commitment.checkpoint.encode(), log_key)
        filling.signed.append(commitment.manifest)
    if receipt.content is None:
        raise Malformed("it leaves its credential out", hint="Its salt is in the institution's batch file")
    credential = Credential.of_content(receipt.form, receipt.content, "credential")
    for submission in receipt.submissions:
        _learn(batches, receipt, submission, credential, source.name)
    if isinstance(receipt.evidence, EvidenceManifest):
        _, keys = filling.evidence.get(receipt.evidence.digest(), (b"", {}))
        keys |= {key.digest: key.key for key in receipt.evidence_keys}
        filling.evidence[receipt.evidence.digest()] = canonical(receipt.evidence.to_json()), keys


def _learn(
    batches: Mapping[Digest, LostBatch], receipt: Receipt, submission: Submission, credential: Credential, name: str
) -> None:
    batch = batches.get(submission.signed.id)
    if batch is None:
        raise Malformed("its batch is not in the log that was found")
    if not batch.leaves:
        raise Malformed("the leaves of its batch are lost", hint="The institution's batch file has them")
    leaf = Leaf(receipt.form, submission.salt, credential.digest, receipt.evidence_digest())
    index = submission.index
    if index >= len(batch.leaves) or batch.leaves[index] != leaf.hash():
        raise Mismatch(f"it is not credential {index + 1} of its batch")
    learner, title = _people(credential)
    batch.learn(index, Known(leaf, name, None, credential.data, learner, title))


def _people(credential: Credential) -> tuple[str | None, str | None]:
    """Return whom and what a credential is about, as accepting it did."""
    try:
        summary = summarize(credential)
    except NotaryError:
        return None, None
    return ", ".join(summary.learners) or None, summary.title


def lacking(batches: Iterable[LostBatch]) -> Iterator[str]:
    """Say of which batches leaves or salts are still missing."""
    for batch in batches:
        statement = batch.statement
        named = f"batch {statement.seq} of {statement.issuer} ({statement.size} credentials)"
        if not batch.leaves:
            yield f"{named}: its leaves; no receipt can be made again"
        elif len(batch.known) < statement.size:
            yield f"{named}: the salts of {statement.size - len(batch.known)} credentials"
