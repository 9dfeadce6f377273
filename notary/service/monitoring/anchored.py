"""What chains say of a log: every anchor of its notary, walked to its manifest and compared with the log as followed.

Only final events count, and only those whose sender the registry state in force
names as notary of this log: anybody may send what they like to the contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from notary.core.digest import Digest, TreeSize
from notary.core.encoding import format_unix, shorten, to_hex
from notary.core.errors import Malformed, Mismatch, NotaryError, OperatorError
from notary.core.manifest import Manifest
from notary.core.merkle import Tree, tree_root
from notary.ports import Address, BlockReader, Chain, Missing, Sighting
from notary.service.monitoring.findings import Finding, Kind
from notary.service.monitoring.seen import ChainSeen, ManifestSeen, Seen, Waiting
from notary.service.monitoring.snapshot import GrowingSnapshot
from notary.service.recovery.events import Event, States, next_head
from notary.service.recovery.walk import read_manifest, walk_root

MOST_EVENTS = 10_000
"""Events taken in one look; the rest is taken in the next."""
_MOST_TRIED = 1000
"""Status statements tried, newest first, as the one that a wrong snapshot leaves out."""


@dataclass(frozen=True, slots=True)
class Place:
    """A chain, and the contract the log is anchored by."""

    chain: Chain
    contract: Address


@dataclass(frozen=True, slots=True)
class Looked:
    """What is wrong now and may yet be mended, and what could not be told."""

    current: tuple[Finding, ...] = ()
    open: tuple[str, ...] = ()


def look(seen: Seen, places: Sequence[Place], blocks: BlockReader, now: int, max_age: int) -> Looked:
    """Take in every new final anchor, and judge it; what cannot be judged yet is kept and judged next time.

    `max_age`: seconds an entry may wait for its anchor, and an anchor for the mirror. A chain
    that cannot be read changes nothing: what it says is taken in next time.
    """
    judge = _Judge(seen, blocks, now, max_age)
    read = []
    for place in places:
        try:
            known = seen.chains.setdefault((place.chain.id, place.contract), ChainSeen())
            for event, time in _new_anchors(place, known):
                _check_head(seen, known, event, time)
                _take(known, event, time)
        except NotaryError as error:
            judge.open.append(f"a chain could not be read: {error}")
        else:
            read.append(known)
            known.waiting = [each for each in known.waiting if not judge.settles(place, known, each)]
            judge.check_age(place, known)
    if len(read) == len(places):
        _forget_growth(seen, min((known.size for known in read), default=seen.size))
    return Looked(tuple(judge.current), tuple(judge.open))


def _new_anchors(place: Place, known: ChainSeen) -> Iterator[tuple[Event, int]]:
    """Give the final events after the last one taken, each with its block's time."""
    final = place.chain.finalized()
    count = 0
    times: dict[int, int] = {}
    for seen in place.chain.sightings(place.contract, since=max(0, known.last[0])):
        event = Event(place.chain.id, place.contract, seen)
        if seen.block_number > final or count == MOST_EVENTS:
            return
        if event.order <= known.last:
            continue
        if seen.block_number not in times:
            times = {seen.block_number: _time_of(place.chain, event)}
        count += 1
        yield event, times[seen.block_number]


def _time_of(chain: Chain, event: Event) -> int:
    block = chain.block(event.seen.block_number)
    if block is None or block.hash != event.seen.block_hash:
        raise OperatorError(f"the node does not show {event.place} again", hint="Ask a node that keeps all blocks")
    return block.time


def _check_head(seen: Seen, known: ChainSeen, event: Event, time: int) -> None:
    """Check that the event follows its sender's last one: heads are chained, so one kept back shows."""
    sender = event.seen.sender
    if next_head(known.heads.get(sender), event.seen, time) != event.seen.head:
        says = f"at least one anchor of {to_hex(sender)} is missing before {event.place}: the node keeps it back"
        seen.lasting.add(Kind.GAP, says)


def _take(known: ChainSeen, event: Event, time: int) -> None:
    sighting = event.seen
    known.last = event.order
    known.heads[sighting.sender] = sighting.head
    known.waiting.append(Waiting(sighting.root, sighting.registry, sighting.sender, sighting.block_number, time))


def _forget_growth(seen: Seen, anchored: int) -> None:
    """Keep of the log's growth what says how long the oldest entry without an anchor has been there."""
    seen.grown = [each for each in seen.grown if each[0] > anchored]


class _Judge:
    """Judges anchors against the log as followed: its tree, and its snapshot at every size in turn."""

    def __init__(self, seen: Seen, blocks: BlockReader, now: int, max_age: int) -> None:
        self._seen, self._blocks, self._now, self._max_age = seen, blocks, now, max_age
        self._states = States(blocks)
        self._followed = {manifest.previous for manifest in seen.manifests.values()}
        self._tree: Tree | None = None
        self._snapshot: GrowingSnapshot | None = None
        self.current: list[Finding] = []
        self.open: list[str] = []

    def settles(self, place: Place, known: ChainSeen, anchor: Waiting) -> bool:
        """Judge one anchor; False where it has to wait for somebody to have what it commits."""
        where = f"block {anchor.block} of {place.chain.id}"
        try:
            if not self._is_ours(place, anchor):
                return True
            manifest = walk_root(anchor.root, self._blocks)
        except Missing as error:
            says = f"what the notary anchored in {where} cannot be had: root {to_hex(anchor.root)}: {error}"
            self.current.append(Finding(Kind.PREIMAGE, says))
            return False
        except (Malformed, Mismatch) as error:
            self._seen.lasting.add(Kind.PREIMAGE, f"what the notary anchored in {where} is no manifest: {error}")
            return True
        except NotaryError as error:
            self.open.append(f"the anchor in {where} could not be judged: {error}")
            return False
        return self._settles(place, known, anchor, manifest, where)

    def check_age(self, place: Place, known: ChainSeen) -> None:
        """Report entries that have been logged for longer than allowed and are in no final anchor here."""
        waiting = next((each for each in self._seen.grown if each[0] > known.size), None)
        if waiting and self._now - waiting[1] > self._max_age:
            says = (
                f"entries {known.size} to {waiting[0] - 1}, in the log since {format_unix(waiting[1])} at the latest, "
                f"are in no final anchor on {place.chain.id}"
            )
            self.current.append(Finding(Kind.LATE, says))

    def _is_ours(self, place: Place, anchor: Waiting) -> bool:
        """Say whether the state in force named the sender as a notary of this log; a stranger's anchors are nothing."""
        self._states.read(anchor.registry)  # raises where it cannot be had; `names` would take it for a no
        return self._states.names(_event(place, anchor), self._seen.origin)

    def _settles(self, place: Place, known: ChainSeen, anchor: Waiting, manifest: Manifest, where: str) -> bool:
        seen, size = self._seen, manifest.size
        if manifest.origin != seen.origin:
            if not self._states.names(_event(place, anchor), manifest.origin):
                says = f"the notary anchored another log in {where}, which it does not keep: {shorten(manifest.origin)}"
                seen.lasting.add(Kind.STRANGE, says)
            return True
        if size > seen.size:
            self._report_withheld(anchor, manifest, where)
            return False
        known.size = max(known.size, size)
        if manifest.digest() in seen.manifests:
            return True  # on another chain too, or once more
        if self._tree is None:
            self._tree = Tree(seen.digests(seen.leaves))
        if tree_root(size, self._tree.node) != manifest.root:
            says = f"the log anchored in {where}, of {size} entries, is not the one this mirror shows"
            seen.lasting.add(Kind.FORK, says, seen.note)
        else:
            self._check_snapshot(manifest, where)
        self._check_previous(manifest, where)
        seen.manifests[manifest.digest()] = ManifestSeen(size, manifest.previous)
        return True

    def _report_withheld(self, anchor: Waiting, manifest: Manifest, where: str) -> None:
        says = f"{manifest.size} entries are anchored in {where}, and the mirror shows {self._seen.size}"
        if self._now - anchor.time > self._max_age:
            self.current.append(Finding(Kind.WITHHELD, says))
        else:
            self.open.append(f"{says}: ask another mirror")

    def _check_previous(self, manifest: Manifest, where: str) -> None:
        """Check that a manifest follows the one anchored before it, and is the only one to do so."""
        seen, add = self._seen, self._seen.lasting.add
        if manifest.previous in self._followed:
            add(Kind.FORK, f"the manifest anchored in {where} follows one that has a successor already")
            return
        self._followed.add(manifest.previous)
        if manifest.previous is None:
            return
        before = seen.manifests.get(manifest.previous)
        if before is None:
            try:
                found = read_manifest(manifest.previous, self._blocks)
            except NotaryError as error:
                add(Kind.GAP, f"the manifest anchored in {where} follows one that is not anchored here: {error}")
                return
            before = ManifestSeen(found.size, found.previous)
        if before.size != manifest.since:
            begins = f"the manifest anchored in {where} begins at entry {manifest.since}"
            add(Kind.GAP, f"{begins}, and the one before ends at {before.size}")

    # ------------------------------------------------------------------ snapshot

    def _check_snapshot(self, manifest: Manifest, where: str) -> None:
        snapshot = self._snapshot_at(manifest.size)
        if snapshot.root() != manifest.snapshot:
            left_out = _left_out(snapshot, manifest.snapshot)
            reason = f"it leaves out {left_out}" if left_out else "which status it changes cannot be told"
            self._seen.lasting.add(Kind.SNAPSHOT, f"the statuses anchored in {where} are not the log's: {reason}")

    def _snapshot_at(self, size: TreeSize) -> GrowingSnapshot:
        """Return the snapshot of the first `size` entries; it grows with the sizes asked for."""
        if self._snapshot is None or self._snapshot.size > size:
            self._snapshot = GrowingSnapshot()
        ids, abouts = self._seen.ids, self._seen.abouts
        for at in range(self._snapshot.size * 32, size * 32, 32):
            self._snapshot.append(Digest(bytes(ids[at : at + 32])), Digest(bytes(abouts[at : at + 32])))
        return self._snapshot


def _left_out(snapshot: GrowingSnapshot, claimed: Digest) -> str | None:
    """Name the one status statement without which the snapshot would be as claimed; None where it is not that."""
    newest = sorted(((each[-1][0], batch) for batch, each in snapshot.statuses.items()), reverse=True)
    tries = (
        (entry, batch, status)
        for entry, batch in newest
        for status in (*(name for _, name in snapshot.statuses[batch][-2::-1]), None)
    )
    for entry, batch, status in islice(tries, _MOST_TRIED):
        if snapshot.without(batch, status) == claimed:
            return f"the status statement of log entry {entry}"
    return None


def _event(place: Place, anchor: Waiting) -> Event:
    sighting = Sighting(
        root=anchor.root,
        sender=Address(anchor.sender),
        head=b"",
        registry=anchor.registry,
        tx_hash=b"",
        block_number=anchor.block,
        block_hash=b"",
        transaction=0,
        log=0,
    )
    return Event(place.chain.id, place.contract, sighting)
