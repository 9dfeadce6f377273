"""Writing the ledger anew, in one unit of work: a crash leaves it empty, and recovery is run again."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from notary.core.canonical import canonical
from notary.core.digest import ZERO, Digest, LeafIndex, leaf_hash, sha256
from notary.core.encoding import parse_time
from notary.core.evm import Header
from notary.core.leaf import Form
from notary.core.manifest import Manifest
from notary.core.merkle import TreeBuilder
from notary.ports.ledger import (
    AnchorRow,
    AnchorState,
    BatchId,
    BatchRow,
    BatchState,
    CredentialId,
    CredentialRow,
    EntryRow,
    ManifestNumber,
    ManifestRow,
    StateRow,
    UnitOfWork,
)
from notary.service.recovery.events import Event
from notary.service.recovery.fill import Filling, LostBatch
from notary.service.recovery.history import Entry
from notary.service.registry import Members

_ID_BYTES = 7


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that goes into a new ledger, checked.

    `anchors` holds one proven event for each chain and manifest digest; `whole`
    says whether the newest tree is complete in the block store.
    """

    manifests: tuple[Manifest, ...]
    checkpoints: tuple[str, ...]
    whole: bool
    entries: tuple[Entry, ...]
    batches: Mapping[Digest, LostBatch]
    states: tuple[Members, ...]
    in_force: Digest | None
    anchors: Mapping[Digest, Sequence[Event]]
    filling: Filling


def rebuild(work: UnitOfWork, found: Found, random: Callable[[int], bytes]) -> None:
    """Write everything into an empty ledger."""
    for members in found.states:
        work.registry.save(state_row(members, in_force=members.state.digest() == found.in_force))
    for index, entry in enumerate(found.entries):
        _append(work, LeafIndex(index), entry)
    numbers = _numbers(found)
    for index, entry in enumerate(found.entries):
        if entry.batch is not None:
            batch = found.batches[entry.about]
            number = numbers[entry.about]
            work.batches.save(_batch_row(number, LeafIndex(index), entry, batch))
            work.credentials.add(list(_credential_rows(number, LeafIndex(index), batch, random)))
    for digest, (manifest, keys) in found.filling.evidence.items():
        work.evidence.add(digest, manifest, keys)
    for number, (manifest, checkpoint) in enumerate(zip(found.manifests, found.checkpoints, strict=True), 1):
        newest = number == len(found.manifests)
        work.anchors.save_manifest(_manifest_row(number, manifest, checkpoint, pinned=found.whole or not newest))
        for event in found.anchors.get(manifest.digest(), ()):
            work.anchors.save(_anchor_row(ManifestNumber(number), event))


def state_row(members: Members, *, in_force: bool) -> StateRow:
    """Return a state as the ledger keeps it."""
    return StateRow(
        digest=members.state.digest(),
        number=members.state.number,
        data=members.state.block(),
        records=tuple(record.line() for record in members.records),
        in_force=in_force,
    )


def _append(work: UnitOfWork, index: LeafIndex, entry: Entry) -> None:
    from notary.service.log import append

    append(work, entry.signed, about=entry.about)


def _numbers(found: Found) -> dict[Digest, BatchId]:
    """Give every batch the number its batch file knows it by, else the next that is free."""
    numbers: dict[Digest, BatchId] = {}
    for name, batch in found.batches.items():
        if batch.number is not None and batch.number not in numbers.values():
            numbers[name] = batch.number
    free = (BatchId(number) for number in count(1) if number not in set(numbers.values()))
    return {name: numbers.get(name) or next(free) for name in found.batches}
