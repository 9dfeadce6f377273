"""The queue of pins, and their audit: every store is brought what it lacks, and is believed in nothing.

A store that fails is left alone for a while, longer each time; a root that cannot be
had waits by itself and holds up nothing else. All of it may be repeated, also by two
workers at once: a pin is made or let go in its store first, then noted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.digest import Digest
from notary.core.errors import NotaryError, OperatorError
from notary.core.unixfs import links
from notary.ports.ledger import PinRow, PinState, Queue, StoreRow, UnitOfWork
from notary.service.evidence.manifest import read_evidence
from notary.service.notary import Notary, Store
from notary.service.pins.source import LostError, Source
from notary.service.pins.stores import backoff, failed, is_due, reach
from notary.service.rounds.drawing import read_manifest

ROUND = 500
"""Pins that one round does in a store at most."""
SECONDS = 60
"""Seconds after which a round begins no other pin in a store."""
SMALL, PATHS = 256, 64
"""What an audit fetches back from a store: roots of one block, and ways down from a root that has more."""
_FIRST, _LAST = 60.0, 6 * 3600.0
"""Seconds until a root that cannot be had is looked for again: after the first time, and at most."""
_PORTION = 500
"""Roots taken into the queue in one unit of work."""
_WANTED = (PinState.QUEUED, PinState.HELD)


@dataclass(frozen=True, slots=True)
class Served:
    """What one round did for a store: `done` pins made or let go, and what still waits there."""

    store: str
    done: int
    queue: Queue
    row: StoreRow


def pin_due(notary: Notary) -> tuple[Served, ...]:
    """Make and let go the pins that are due in every store; safe to repeat, bounded, and never raises for a store.

    A store that came back empty is audited at once.
    """
    for store in notary.stores:
        if _was_emptied(notary, store):
            _audit(notary, store)
    return tuple(_serve(notary, store) for store in notary.stores)


def stores(notary: Notary) -> tuple[Served, ...]:
    """Return how every store does."""
    with notary.ledger.read() as work:
        return tuple(_served(work, store.name, 0) for store in notary.stores)


def audit_pins(notary: Notary) -> tuple[StoreRow, ...]:
    """Fetch a sample back from every store, check it, repair what is missing or wrong, and keep what was found.

    Before that, what the ledger names and the queue does not know is queued: a store
    that joined, a ledger of an earlier release, one that was recovered.
    """
    _adopt(notary)
    return tuple(_audit(notary, store) for store in notary.stores)


# ------------------------------------------------------------------ the queue


def _was_emptied(notary: Notary, store: Store) -> bool:
    """Ask for the newest manifest, which is one block: a store that has lost everything has lost it too."""
    with notary.ledger.read() as work:
        manifest = work.anchors.newest()
        row = work.pins.get(store.name, Cid.of(manifest.data)) if manifest else None
        if row is None or row.state is not PinState.HELD or not is_due(work.pins.store(store.name), notary.clock.now()):
            return False
    try:
        return store.blocks.kept(row.cid) is None
    except NotaryError as error:
        with notary.ledger.begin() as work:
            work.pins.save_store(failed(work.pins.store(store.name), error, notary.clock.now(), notary.random(16)))
        return False


def _serve(notary: Notary, store: Store) -> Served:
    began = notary.clock.now()
    with notary.ledger.read() as work:
        row = work.pins.store(store.name)
        rows = work.pins.due(store.name, began, ROUND) if is_due(row, began) else ()
    source, done, freed = Source(notary, store), 0, False
    for pin in rows:
        if notary.clock.now() - began > timedelta(seconds=SECONDS):
            break
        try:
            _bring(source, store, pin)
        except LostError as error:
            wait = backoff(pin.tries, _FIRST, _LAST, notary.random(16))
            with notary.ledger.begin() as work:
                work.pins.postpone(pin, notary.clock.now() + wait, str(error))
        except NotaryError as error:
            _note_failure(notary, store, pin, error)
            break
        else:
            done += 1
            freed |= pin.state is PinState.LEAVING
            with notary.ledger.begin() as work:
                work.pins.done(pin, notary.clock.now())
                row = work.pins.store(store.name)
                if row.failures:
                    work.pins.save_store(replace(row, failures=0, due=None, trouble=None))
    if freed:
        with suppress(NotaryError):
            store.blocks.sweep()
    with notary.ledger.read() as work:
        return _served(work, store.name, done)


def _bring(source: Source, store: Store, pin: PinRow) -> None:
    """Make one pin, or let it go. A tree is brought as what differs from the one before, where the store has that."""
    if pin.state is PinState.LEAVING:
        store.blocks.unpin(pin.cid)
        return
    read = source.below(pin.cid)
    before = None if pin.whole or pin.cid.codec is Codec.RAW else source.before(pin.cid)
    if before is not None:
        with suppress(OperatorError):  # the tree before is not as it was said to be: then all of this one
            store.blocks.put(reach([pin.cid], read, before), pins=[pin.cid])
            return
    store.blocks.put(reach([pin.cid], read), pins=[pin.cid])


def _note_failure(notary: Notary, store: Store, pin: PinRow, error: NotaryError) -> None:
    """Leave the store alone for a while; the pin it failed at comes last when it is asked again."""
    now = notary.clock.now()
    with notary.ledger.begin() as work:
        row = failed(work.pins.store(store.name), error, now, notary.random(16))
        work.pins.save_store(row)
        work.pins.postpone(pin, row.due or now, str(error))


def _served(work: UnitOfWork, name: str, done: int) -> Served:
    return Served(name, done, work.pins.queue(name), work.pins.store(name))


# ------------------------------------------------------------------ the audit


def _adopt(notary: Notary) -> None:
    """Queue what the ledger names, or one store has, wherever the queue does not know it."""
    names = [store.name for store in notary.stores]
    with notary.ledger.read() as work:
        named = dict(_named(work))
        known = [work.pins.roots(name, _WANTED) for name in names]
        everywhere = frozenset[Cid]().union(*known)
        unknown = [
            cid for cid in (*named, *sorted(everywhere - named.keys())) if not all(cid in each for each in known)
        ]
    for start in range(0, len(unknown), _PORTION):
        with notary.ledger.begin() as work:
            still = (cid for cid in unknown[start : start + _PORTION] if _is_wanted(work, cid, named.get(cid), names))
            work.pins.want(still, names, notary.clock.now())


def _named(work: UnitOfWork) -> Iterator[tuple[Cid, Digest | None]]:
    """Give every root that the ledger names, older ones first; with evidence, the digest of its manifest."""
    for state in work.registry.states():
        yield Cid.of(state.data), None
        yield Cid.of(b"".join(line + b"\n" for line in state.records)), None
    for row in work.anchors.manifests():
        manifest = read_manifest(row)
        yield Cid.of(row.data), None
        yield Cid.of(manifest.anchor_preimage()), None
        if row.pinned:  # else it is not whole yet, or a total loss left it so
            yield manifest.tree, None
    for anchor in work.anchors.anchors():
        if anchor.archive is not None:
            yield Cid.parse(anchor.archive), None
    for digest in work.evidence.digests():
        found = read_evidence(work, digest)
        for item in found[0].items if found else ():
            yield item.cid, digest


def _is_wanted(work: UnitOfWork, cid: Cid, evidence: Digest | None, names: Sequence[str]) -> bool:
    """Ask once more where it is about to be queued: what was erased meanwhile is not wanted again."""
    if evidence is not None:
        return work.evidence.get(evidence) is not None
    rows = [work.pins.get(name, cid) for name in names]
    return not any(row and row.state is PinState.LEAVING for row in rows)


def _audit(notary: Notary, store: Store) -> StoreRow:
    with notary.ledger.read() as work:
        held = work.pins.roots(store.name, [PinState.HELD])
    try:
        pinned = held & frozenset(store.blocks.pins())
        sampled, wrong = _sample(store, pinned, random.Random(notary.random(16)))
    except NotaryError as error:
        with notary.ledger.begin() as work:
            row = failed(work.pins.store(store.name), error, notary.clock.now(), notary.random(16))
            work.pins.save_store(row)
        return row
    lost, now = held - pinned, notary.clock.now()
    with notary.ledger.begin() as work:
        work.pins.again(store.name, lost, now, whole=False)
        work.pins.again(store.name, wrong, now, whole=True)
        work.pins.save_store(replace(work.pins.store(store.name), failures=0, due=None, trouble=None))
    _serve(notary, store)
    with notary.ledger.begin() as work:
        repaired = len((lost | wrong) & work.pins.roots(store.name, [PinState.HELD]))
        row = replace(
            work.pins.store(store.name),
            audited=now,
            sampled=sampled + len(lost),
            missing=len(lost) + len(wrong),
            repaired=repaired,
        )
        work.pins.save_store(row)
    return row


def _sample(store: Store, roots: frozenset[Cid], choice: random.Random) -> tuple[int, frozenset[Cid]]:
    """Fetch small roots back, and ways down below larger ones; return how many blocks, and the roots that are wrong."""
    ordered = sorted(roots)
    small = [root for root in ordered if root.codec is Codec.RAW]
    large = [root for root in ordered if root.codec is not Codec.RAW]
    chosen = choice.sample(small, min(SMALL, len(small))) + (choice.choices(large, k=PATHS) if large else [])
    sampled, wrong = 0, set()
    for root in chosen:
        cid: Cid | None = root
        while cid is not None:
            sampled += 1
            data = store.blocks.kept(cid)
            if data is None:
                wrong.add(root)
                break
            below = links(StoredBlock(cid, data))
            cid = choice.choice(below) if below else None
    return sampled, frozenset(wrong)
