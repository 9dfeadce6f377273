"""Following the log: its checkpoint, what was appended since the last one, and whether it only ever grew.

The new root is computed from the leaves seen before and the entries read now: where
it is the one the log signed, the log begins with everything it had.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notary.core.canonical import load
from notary.core.digest import SIZE, TreeSize
from notary.core.encoding import shorten, to_digest_text
from notary.core.errors import Malformed, Mismatch, NotaryError, OperatorError, Unsupported
from notary.core.log import (
    MAX_ENTRY,
    TILE_WIDTH,
    Checkpoint,
    Tile,
    decode_entries,
    entry_hash,
    tile_reader,
)
from notary.core.merkle import Tree, consistency_path, tree_root, verify_consistency
from notary.core.note import MAX_SIZE as MAX_NOTE
from notary.core.note import Note, VerifierKey
from notary.core.statement import BatchStatement, SignedStatement
from notary.ports.mirror import Mirror
from notary.service.monitoring.entries import Logged, read_logged
from notary.service.monitoring.findings import Kind
from notary.service.monitoring.seen import Mine, Seen

MOST_ENTRIES = 4_000_000
"""Entries of the longest log that is followed: its hashes are held in memory."""
MOST_ISSUERS = 10_000
_NO_STATEMENT, _NO_BATCH = bytes(SIZE), b"\xff" * SIZE
"""Stand for an entry that is no statement: its leaf in the snapshot is the empty string's."""
_BUNDLE = TILE_WIDTH * (2 + MAX_ENTRY)


@dataclass(frozen=True, slots=True)
class Followed:
    """How the look at the log went: entries that are new, and what could not be told."""

    new: int = 0
    open: tuple[str, ...] = ()


def follow(seen: Seen, mirror: Mirror, keys: tuple[VerifierKey, ...], now: int) -> tuple[Seen, Followed]:
    """Read the log on; return what is seen now, and how it went. A log that did not only grow is a finding.

    OperatorError where the mirror cannot be read.
    """
    data = mirror.read("checkpoint", max_size=MAX_NOTE)
    try:
        found = _signed(data, seen.origin, keys)
    except NotaryError as error:
        return seen, Followed(open=(f"the mirror's checkpoint is not the log's: {error}",))
    note = data.decode()
    if found.size <= seen.size:
        return seen, _compare(seen, found, note)
    if found.size > MOST_ENTRIES:
        return seen, Followed(open=(f"the log has {found.size} entries, and {MOST_ENTRIES} are followed at most",))
    draft = seen.draft()  # entries are read one bundle at a time, and count once all of them lead to the root
    taking = _Taking(draft)
    for entry in _read_entries(mirror, seen.size, found.size):
        taking.take(entry)
    if Tree(draft.digests(draft.leaves)).root != found.root:
        return seen, _not_grown(seen, mirror, found, note)
    draft.note = note
    draft.grown.append((found.size, now))
    return draft, Followed(draft.size - seen.size)


def _signed(data: bytes, origin: str, keys: tuple[VerifierKey, ...]) -> Checkpoint:
    note = Note.parse(data, "checkpoint")
    found = Checkpoint.parse(note.text)
    if found.origin != origin:
        raise Mismatch("it is another log's", expected=origin, actual=shorten(found.origin))
    if not note.verify(keys):
        raise Mismatch("no key of the log signed it", expected=", ".join(map(str, keys)))
    return found


def _compare(seen: Seen, found: Checkpoint, note: str) -> Followed:
    """Compare a checkpoint of what was seen already with what was seen."""
    if tree_root(found.size, Tree(seen.digests(seen.leaves)).node) != found.root:
        says = f"the log signed two roots: its checkpoint of {found.size} entries is not that of the entries seen"
        seen.lasting.add(Kind.FORK, says, seen.note, note)
    elif found.size < seen.size:
        return Followed(open=(f"the mirror is behind: it shows {found.size} entries of {seen.size} seen before",))
    return Followed()


def _not_grown(seen: Seen, mirror: Mirror, found: Checkpoint, note: str) -> Followed:
    """Say whose fault it is that the entries do not lead to the signed root: the log's, or this mirror's.

    The tiles of hashes may still prove that the log grew; then only the entries are wrong.
    """
    if not seen.size:
        return Followed(open=("the mirror's entries are not what the log's checkpoint commits: ask another mirror",))
    read = tile_reader(found.size, lambda tile: mirror.read(tile.path, max_size=TILE_WIDTH * SIZE))
    old = TreeSize(seen.size)
    try:
        before = Tree(seen.digests(seen.leaves)).root
        verify_consistency(before, old, found.root, found.size, consistency_path(old, found.size, read))
    except NotaryError:
        said = (finding.evidence[0] for finding in seen.lasting.items if finding.kind is Kind.REWRITTEN)
        if seen.note not in said:  # once: a rewritten log grows on, and would be reported at every size
            says = f"the log of {found.size} entries does not begin with the {seen.size} seen before"
            seen.lasting.add(Kind.REWRITTEN, says, seen.note, note)
        return Followed()
    return Followed(open=("the log grew as it must, and the mirror's entries are not the log's: ask another mirror",))


def _read_entries(mirror: Mirror, start: int, size: TreeSize) -> Iterator[bytes]:
    for index in range(start // TILE_WIDTH, (size - 1) // TILE_WIDTH + 1):
        tile = Tile.holding(0, index, size)
        data = mirror.read(tile.entries_path, max_size=_BUNDLE)
        try:
            entries = decode_entries(data, tile.width, tile.entries_path)
        except Malformed as error:
            raise OperatorError(
                "the mirror's entries cannot be read", actual=error, hint="Ask another mirror"
            ) from error
        yield from entries[max(0, start - index * TILE_WIDTH) :]


# ----------------------------------------------------------------- the log's rules


class _Taking:
    """Takes new entries into what is seen, each checked against the log's rules."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._add = seen.lasting.add
        ids, abouts = seen.digests(seen.ids), seen.digests(seen.abouts)
        self._batches = {name for name, about in zip(ids, abouts, strict=True) if name == about}

    def take(self, data: bytes) -> None:
        """Take the next entry."""
        seen = self._seen
        where = f"log entry {seen.size}"
        seen.leaves += entry_hash(data)
        logged = self._read(data, where)
        seen.ids += logged.id if logged else _NO_STATEMENT
        seen.abouts += logged.about if logged else _NO_BATCH
        if logged is None:
            return
        if logged.log != seen.origin:
            says = f"{where} is a statement for another log, {shorten(logged.log)}, by {logged.issuer}"
            self._add(Kind.STRANGE, says)
        if logged.is_batch:
            self._batches.add(logged.id)
        elif logged.about not in self._batches:
            self._add(Kind.STRANGE, f"{where} is a status of no batch before it, {to_digest_text(logged.about)}")
        self._check_sequence(logged, where)
        if logged.issuer == seen.issuer:
            self._keep(data, where)

    def _read(self, data: bytes, where: str) -> Logged | None:
        try:
            return read_logged(data, where)
        except Unsupported as error:
            self._add(Kind.STRANGE, f"{error}; a newer monitor may know it")
        except Malformed as error:
            self._add(Kind.STRANGE, str(error))
        return None

    def _check_sequence(self, logged: Logged, where: str) -> None:
        """Check that a statement follows its issuer's last one (docs/spec/statements.md)."""
        issuers = self._seen.issuers
        seq, last = issuers.get(logged.issuer, (0, None))
        this = f"{where}, statement {logged.seq} of {logged.issuer},"
        if logged.seq <= seq:
            self._add(Kind.FORK, f"{this} comes after its statement {seq}: two statements stand where one can")
            return
        if logged.seq > seq + 1:
            self._add(Kind.GAP, f"{this} comes after statement {seq}: those between are not in the log")
        elif logged.previous != last:
            self._add(Kind.FORK, f"{this} follows another statement {seq} than the one in the log")
        if logged.issuer in issuers or logged.issuer == self._seen.issuer or len(issuers) < MOST_ISSUERS:
            issuers[logged.issuer] = logged.seq, logged.id
        else:
            self._add(Kind.STRANGE, f"the log has statements of more than {MOST_ISSUERS} institutions")

    def _keep(self, data: bytes, where: str) -> None:
        """Keep a statement in the institution's name, to be compared with what it has itself."""
        seen = self._seen
        try:
            signed = SignedStatement.parse(load(data, where, max_size=MAX_ENTRY).value, where)
        except NotaryError as error:
            self._add(Kind.STRANGE, f"{error}; it is in your name")
            return
        statement, method = signed.statement, shorten(signed.proof.verification_method)
        batch = statement if isinstance(statement, BatchStatement) else None
        what = f"a batch of {batch.size}" if batch else "a change of statuses"
        says = f"{where}, {what}, statement {statement.seq} of {statement.time}, signed as {method}"
        seen.mine.append(
            Mine(seen.size - 1, signed.id, batch.root if batch else None, batch.size if batch else 0, says)
        )
