"""The institution's side of statuses: the difference to the list it signed last, in its own words, before it signs.

Nothing of the notary is believed. What a statement would change follows from the
institution's last signed list (all valid, where it signed none) and from its own
batch file; whose credentials these are, from the credentials it holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from notary.core.credential import Credential
from notary.core.digest import SIZE, Digest, LeafIndex
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError, NotaryError
from notary.core.merkle import TreeBuilder
from notary.core.status import PER_CHUNK, Status, StatusList
from notary.core.summary import summarize
from notary.service.notary import Notary
from notary.service.status.lists import newest_list, newest_standing
from notary.service.status.statements import StatusDraft
from notary.service.submission.batch_file import BatchFile
from notary.service.submission.reading import place


@dataclass(frozen=True, slots=True)
class Changed:
    """One credential whose status the statement changes: where it came from, and whose it is."""

    index: LeafIndex
    source: str
    learner: str | None
    title: str | None
    before: Status
    after: Status


@dataclass(frozen=True, slots=True)
class Difference:
    """What signing a draft changes, and nothing else. `since`: number of the statement it was compared with."""

    draft: StatusDraft
    since: int | None
    changes: tuple[Changed, ...]

    @property
    def counts(self) -> Mapping[tuple[Status, Status], int]:
        """How many go from which status to which."""
        return Counter((change.before, change.after) for change in self.changes)


def differences(
    drafts: Iterable[StatusDraft],
    signed_before: Iterable[StatusDraft],
    batch_files: Iterable[BatchFile],
    own: Iterable[Credential],
) -> tuple[Difference, ...]:
    """Compare each draft with the list signed last of its batch; IssuerError where it is not the institution's batch.

    Every changed position must be one of the batch file's, of a credential that
    the institution holds. The list signed last may be asked for again, by another
    key: the one it was signed with fell before a chain had it.
    """
    last: dict[Digest, StatusDraft] = {}
    for draft in sorted(signed_before, key=lambda draft: draft.statement.seq):
        last[draft.statement.batch] = draft
    files = {_root(file): file for file in batch_files}
    found = [(draft, *_compare(draft, last.get(draft.statement.batch), files)) for draft in drafts]
    needed = {digest for _, _, moves in found for _, digest, *_ in moves}
    names = _names(own, needed)
    return tuple(
        Difference(draft, since, tuple(_named(names, *move) for move in moves)) for draft, since, moves in found
    )


_Move = tuple[LeafIndex, Digest, str, Status, Status]


def _compare(
    draft: StatusDraft, last: StatusDraft | None, files: Mapping[Digest, BatchFile]
) -> tuple[int | None, list[_Move]]:
    file = files.get(draft.of.root)
    if file is None or len(file.positions) != draft.of.size or file.statement.issuer != draft.of.issuer:
        raise IssuerError(
            f"the batch file of batch {draft.batch} is not here",
            expected=f"{draft.of.size} positions under {to_digest_text(draft.of.root)}",
            hint="Name the batch file you kept when you signed it: --batch-file FILE",
        )
    same = last is not None and last.statement.issuer == draft.statement.issuer
    if last is not None and same and last.statement.seq >= draft.statement.seq:
        raise IssuerError(
            f"you have signed a newer list of batch {draft.batch} than this one",
            expected=f"a number above {last.statement.seq}",
            actual=draft.statement.seq,
            hint="Do not sign. Ask the notary for the status file again",
        )
    before = StatusList(draft.of.size) if last is None else last.listed
    moves: list[_Move] = []
    for index in _changed(before, draft.listed):
        position = file.positions[index]
        where = place(position.source, position.line)
        moves.append((index, position.leaf.digest, where, before.get(index), draft.listed.get(index)))
    if not moves and last is None:
        raise IssuerError(f"the list of batch {draft.batch} changes nothing: all are valid in it")
    return None if last is None else last.statement.seq, moves


def _changed(before: StatusList, after: StatusList) -> Iterable[LeafIndex]:
    """Give the credentials whose bits differ; chunks that are the same are passed over whole."""
    for number, (old, new) in enumerate(zip(before.chunks(), after.chunks(), strict=True)):
        if old == new:
            continue
        for at in range(SIZE):
            if old[at] != new[at]:
                first = number * PER_CHUNK + at * 4
                for index in map(LeafIndex, range(first, first + 4)):
                    shift = 6 - 2 * (index % 4)
                    if (old[at] ^ new[at]) >> shift & 3:
                        yield index


def differences_here(notary: Notary, drafts: Iterable[StatusDraft]) -> tuple[Difference, ...]:
    """Compare each draft with the ledger's own list: where the ledger is, and believed."""
    found = []
    with notary.ledger.read() as work:
        for draft in drafts:
            batch = work.batches.get(draft.batch)
            assert batch is not None
            before, after = newest_list(work, batch), draft.listed
            marks = {pending.index: pending for pending in work.statuses.pending(batch.id)}
            moves = []
            for index in _changed(before, after):
                marked = marks[index]
                source = f"credential {marked.mark.credential}"
                moves.append(Changed(index, source, marked.learner, marked.title, before.get(index), after.get(index)))
            newest = newest_standing(work, batch)
            found.append(Difference(draft, newest.seq if newest else None, tuple(moves)))
    return tuple(found)


def _root(file: BatchFile) -> Digest:
    tree = TreeBuilder()
    tree.extend(position.leaf.hash() for position in file.positions)
    if not tree.size:
        raise IssuerError("a batch file holds no position")
    return tree.root()


def _names(own: Iterable[Credential], needed: set[Digest]) -> dict[Digest, tuple[str | None, str | None]]:
    """Return learner and title of those credentials that are needed."""
    names: dict[Digest, tuple[str | None, str | None]] = {}
    for credential in own:
        if credential.digest in needed and credential.digest not in names:
            try:
                summary = summarize(credential)
            except NotaryError:
                names[credential.digest] = None, None
            else:
                names[credential.digest] = ", ".join(summary.learners) or None, summary.title
    return names


def _named(
    names: Mapping[Digest, tuple[str | None, str | None]],
    index: LeafIndex,
    digest: Digest,
    source: str,
    before: Status,
    after: Status,
) -> Changed:
    if digest not in names:
        raise IssuerError(
            f"position {index + 1} of the batch ({source}), whose status changes, is not among your credentials",
            actual=to_digest_text(digest),
            hint="Do not sign before you know whose it is: --credentials PATH",
        )
    return Changed(index, source, *names[digest], before, after)
