"""Erasing credentials: what is personal goes, the tree stays, and the learner's own receipt still verifies.

A leaf is a salted hash: without salt and credential nobody can tell what it was.
The order is: unpin, then forget. A crash between the two leaves a credential that
is there, to be erased again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from notary.core.cid import Cid
from notary.core.digest import Digest
from notary.core.errors import Pending
from notary.ports.ledger import CredentialId, CredentialRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.errors import Absent
from notary.service.evidence.manifest import read_evidence
from notary.service.notary import Notary
from notary.service.rounds.drawing import read_manifest


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure would take away. `gone`: of those asked for, erased before.

    `manifests` and `pins` are those that no other credential needs; `shared` are the
    manifests that stay, since another one does. `unsigned`: batches that can be
    signed with a batch file made before, and with no other.
    """

    credentials: tuple[CredentialId, ...]
    gone: tuple[CredentialId, ...]
    institutions: tuple[str, ...]
    waiting: int
    retained: int
    manifests: tuple[Digest, ...]
    shared: int
    pins: tuple[Cid, ...]
    unsigned: tuple[int, ...]


def plan_erasure(notary: Notary, ids: Iterable[CredentialId]) -> Erasure:
    """Say what erasing these credentials takes away; Absent names one that is not there.

    Pending while a manifest that names their evidence is drawn and not pinned: it
    could not be put together again.
    """
    with notary.ledger.read() as work:
        rows = [_row(work, name) for name in dict.fromkeys(ids)]
        here = [row for row in rows if row.digest is not None]
        _check_no_half_pinned(work, here)
        asked = [row.evidence for row in here if row.evidence is not None]
        manifests = tuple(one for one in dict.fromkeys(asked) if work.credentials.sharing(one) == asked.count(one))
        return Erasure(
            credentials=tuple(row.id for row in here),
            gone=tuple(row.id for row in rows if row.digest is None),
            institutions=tuple(sorted({row.institution for row in here})),
            waiting=sum(row.batch is None for row in here),
            retained=sum(row.content is not None for row in here),
            manifests=manifests,
            shared=len(set(asked)) - len(manifests),
            pins=_pins(work, manifests),
            unsigned=tuple(sorted({row.batch for row in here if row.batch is not None and not _signed(work, row)})),
        )


def erase(notary: Notary, plan: Erasure) -> tuple[str, ...]:
    """Erase what was planned; safe to repeat. Return the stores that were not reached: the queue unpins there later.

    OperatorError where the store fails that this notary keeps itself: nothing is erased then.
    """
    for cid in plan.pins:
        notary.blocks.unpin(cid)
    if plan.pins:
        notary.blocks.sweep()
    with notary.ledger.begin() as work:
        erased: dict[str, list[CredentialId]] = {}
        for name in plan.credentials:
            erased.setdefault(_row(work, name).institution, []).append(name)
            work.credentials.erase(name)
            work.statuses.forget(name)
            work.contacts.forget(name)
            work.awards.forget(name)
            work.outbox.forget(name)
            work.shares.forget(name)
            work.endorsements.forget(name)
        for digest in plan.manifests:
            if not work.credentials.sharing(digest):
                work.evidence.erase(digest)
        for institution, names in erased.items():
            record(notary, work, Action.ERASE, institution, names)
        rows = [work.pins.get(store.name, cid) for store in notary.stores for cid in plan.pins]
    return tuple(dict.fromkeys(row.store for row in rows if row is not None))


def _row(work: UnitOfWork, name: CredentialId) -> CredentialRow:
    row = work.credentials.get(name)
    if row is None:
        raise Absent(f"there is no credential {name}", hint="See index.csv: notary receipt --batch")
    return row


def _pins(work: UnitOfWork, manifests: tuple[Digest, ...]) -> tuple[Cid, ...]:
    """Return what only these manifests name; public items may stand in several."""
    mine = _cids(work, manifests)
    if not mine:
        return ()
    others = (digest for digest in work.evidence.digests() if digest not in manifests)
    return tuple(sorted(mine - _cids(work, others), key=str))


def _cids(work: UnitOfWork, manifests: Iterable[Digest]) -> set[Cid]:
    found = (read_evidence(work, digest) for digest in manifests)
    return {item.cid for each in found if each for item in each[0].items}


def _signed(work: UnitOfWork, row: CredentialRow) -> bool:
    batch = None if row.batch is None else work.batches.get(row.batch)
    return batch is not None and batch.statement is not None


def _check_no_half_pinned(work: UnitOfWork, rows: Iterable[CredentialRow]) -> None:
    drawn = [read_manifest(row) for row in work.anchors.manifests() if not row.pinned]
    for row in rows:
        batch = None if row.batch is None or row.evidence is None else work.batches.get(row.batch)
        entry = None if batch is None else batch.entry
        if entry is not None and any(manifest.judges(entry) for manifest in drawn):
            raise Pending(f"the evidence of credential {row.id} is being pinned", hint="Let it end: notary anchor")
