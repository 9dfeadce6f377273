"""Writing the ledger anew, in one unit of work: a crash leaves it empty, and recovery is run again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from notary.core.canonical import canonical
from notary.core.digest import ZERO, Digest, LeafIndex, sha256
from notary.core.encoding import parse_time
from notary.core.errors import IssuerError
from notary.core.evm import Header
from notary.core.leaf import Form
from notary.core.manifest import Manifest
from notary.core.statement import BatchStatement, SignedStatement
from notary.ports.ledger import (
    AnchorRow,
    AnchorState,
    BatchId,
    BatchRow,
    BatchState,
    ManifestNumber,
    ManifestRow,
    NewCredential,
    StateRow,
    UnitOfWork,
)
from notary.service.log.entries import append, check_word
from notary.service.members.registry import Members
from notary.service.recovery.events import Event
from notary.service.recovery.fill import Filling, LostBatch
from notary.service.recovery.history import Entry

_LINK_BYTES = 16


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that goes into a new ledger, checked.

    `anchors` holds one proven event for each chain and manifest digest, `lists` the
    chunks of status statements by log index; `whole` says whether the newest tree is
    complete in the block store.
    """

    manifests: tuple[Manifest, ...]
    checkpoints: tuple[str, ...]
    whole: bool
    entries: tuple[Entry, ...]
    batches: Mapping[Digest, LostBatch]
    lists: Mapping[LeafIndex, bytes]
    states: tuple[Members, ...]
    in_force: Digest
    anchors: Mapping[Digest, Sequence[Event]]
    filling: Filling


def rebuild(work: UnitOfWork, found: Found, random: Callable[[int], bytes]) -> None:
    """Write everything into an empty ledger."""
    for members in found.states:
        work.registry.save(state_row(members, in_force=members.state.digest() == found.in_force))
    numbers = _numbers(found.batches)
    for entry in found.entries:
        index = append(work, entry.signed, about=entry.about)
        if entry.batch is None:
            if index in found.lists:
                work.statuses.add_list(index, found.lists[index])
                if _has_fallen(found, index, entry.signed):
                    work.statuses.fall(index, entry.signed.id)
        else:
            batch = found.batches[entry.about]
            row = _batch_row(numbers[entry.about], index, entry.batch, entry)
            work.batches.save(row)
            credentials = list(_credentials(row, batch, random))
            if credentials:  # else its leaves are lost
                work.credentials.add(credentials)
                work.credentials.place(row.id, row.institution)
    for digest, (data, keys) in found.filling.evidence.items():
        work.evidence.add(digest, data, keys)
    for number, (manifest, checkpoint) in enumerate(zip(found.manifests, found.checkpoints, strict=True), 1):
        newest = number == len(found.manifests)
        work.anchors.save_manifest(_manifest_row(number, manifest, checkpoint, pinned=found.whole or not newest))
        for event in found.anchors.get(manifest.digest(), ()):
            work.anchors.save(_anchor_row(ManifestNumber(number), event))


def _has_fallen(found: Found, index: LeafIndex, signed: SignedStatement) -> bool:
    """Say whether a status statement's key had fallen by every anchor that judges it, and one does.

    An anchor whose registry state is lost is none of those found; the statement stands until it is judged.
    """
    members = {state.state.digest(): state for state in found.states}
    judging = [
        event
        for manifest in found.manifests
        if manifest.judges(index)
        for event in found.anchors.get(manifest.digest(), ())
    ]
    for event in judging:
        assert event.proof is not None
        with suppress(IssuerError):
            check_word(members[event.seen.registry], signed, Header.parse(event.proof.header).timestamp)
            return False
    return bool(judging)


def state_row(members: Members, *, in_force: bool) -> StateRow:
    """Return a state as the ledger keeps it."""
    return StateRow(
        digest=members.state.digest(),
        number=members.state.number,
        data=members.state.block(),
        records=tuple(record.line() for record in members.records),
        in_force=in_force,
    )


def _numbers(batches: Mapping[Digest, LostBatch]) -> dict[Digest, BatchId]:
    """Give every batch the number its batch file knows it by, else the next that is free."""
    numbers: dict[Digest, BatchId] = {}
    for name, batch in batches.items():
        if batch.number is not None and batch.number not in numbers.values():
            numbers[name] = batch.number
    taken = set(numbers.values())
    free = (BatchId(number) for number in count(1) if number not in taken)
    return {name: numbers.get(name) or next(free) for name in batches}


def _batch_row(number: BatchId, index: LeafIndex, statement: BatchStatement, entry: Entry) -> BatchRow:
    return BatchRow(
        id=number,
        institution=statement.issuer,
        size=statement.size,
        root=statement.root,
        recognition=statement.recognition,
        joint_with=statement.joint_with,
        sealed=parse_time(statement.time, "statement"),
        state=BatchState.LOGGED,
        statement=entry.data,
        statement_id=entry.signed.id,
        entry=index,
    )


def _credentials(row: BatchRow, batch: LostBatch, random: Callable[[int], bytes]) -> Iterator[NewCredential]:
    """Give a credential for every leaf; one whose salt nobody has is as if erased.

    Learners' links, and ids with them, are drawn anew: only the lost ledger had them.
    """
    for at in range(len(batch.leaves)):
        known = batch.known.get(LeafIndex(at))
        made = None if known is None else known.leaf
        yield NewCredential(
            institution=row.institution,
            form=Form.FILE if made is None else made.form,
            salt=None if made is None else made.salt,
            digest=None if made is None else made.digest,
            evidence=None if made is None or made.evidence == ZERO else made.evidence,
            content=None if known is None else known.content,
            learner=None if known is None else known.learner,
            title=None if known is None else known.title,
            source=f"log entry {row.entry}, position {at + 1}" if known is None else known.source,
            line=None if known is None else known.line,
            link=sha256(random(_LINK_BYTES)),
            accepted=row.sealed,
            leaf=batch.leaves[at],
        )


def _manifest_row(number: int, manifest: Manifest, checkpoint: str, *, pinned: bool) -> ManifestRow:
    return ManifestRow(
        number=ManifestNumber(number),
        digest=manifest.digest(),
        data=manifest.block(),
        checkpoint=checkpoint,
        tree_size=manifest.size,
        pinned=pinned,
    )


def _anchor_row(number: ManifestNumber, event: Event) -> AnchorRow:
    """Return a final anchor's row. The transaction itself is not needed any more, and is not there."""
    assert event.proof is not None
    header = Header.parse(event.proof.header)
    return AnchorRow(
        manifest=number,
        chain=event.chain,
        contract=event.contract,
        sender=event.seen.sender,
        root=event.seen.root,
        state=AnchorState.FINAL,
        tx_hash=event.seen.tx_hash,
        gas=0,
        fee_per_gas=0,
        tip_per_gas=0,
        submitted=datetime.fromtimestamp(header.timestamp, UTC),
        block=header.number,
        block_hash=header.hash,
        block_time=header.timestamp,
        transaction=event.seen.transaction,
        log=event.seen.log,
        registry=event.seen.registry,
        proof=canonical(event.proof.to_json()),
    )
