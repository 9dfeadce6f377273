"""Total loss: the ledger rebuilt from chains and IPFS alone, each byte checked.

Registry states, log, batches, manifests, anchors and statuses come from what is
public; salts, digests and credentials from batch files and receipts. What cannot be
had is listed, what a thief anchored is reported, and neither is guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from notary.core.digest import SIZE, Digest, LeafIndex, TreeSize
from notary.core.errors import Mismatch, NotaryError, OperatorError, Pending
from notary.core.evm import Header
from notary.core.keys import PublicKey
from notary.core.log import Checkpoint, index_path
from notary.core.mandate import check_key, check_recognition
from notary.core.manifest import Manifest
from notary.core.note import Note, SignatureType, VerifierKey
from notary.core.statement import StatusStatement
from notary.core.status import StatusList, chunk_count
from notary.ports import BlockStore, Chain, Contracts, Signer
from notary.ports.ledger import Ledger
from notary.service.recovery.choice import Candidate, Choice, choose, examine
from notary.service.recovery.events import Event, Place, States, find_gaps, merge, pinned_events, prove
from notary.service.recovery.fill import Filling, LostBatch, Source, fill, lacking
from notary.service.recovery.history import History, read_checkpoint
from notary.service.recovery.mend import mend, pin_evidence, pin_public
from notary.service.recovery.rebuild import Found, rebuild
from notary.service.recovery.walk import PinnedTree, attempt


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """An anchor root that is not part of the log: where it stands, whether by a notary of the log, and why."""

    root: Digest
    places: tuple[str, ...]
    by_notary: bool
    why: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was rebuilt, what was not followed, and what is missing.

    `checkpoint` is the last anchored one: the log goes on from there. `behind`
    says by how much the log key once signed a longer log than could be had:
    going on from here would fork it. `doubts` are statements that do not verify,
    `unused` batch files and receipts that do not belong here.
    """

    origin: str
    checkpoint: Checkpoint
    states: int
    manifests: int
    anchors: int
    batches: int
    statuses: int
    credentials: int
    salted: int
    retained: int
    unfollowed: tuple[Unfollowed, ...]
    gaps: tuple[str, ...]
    doubts: tuple[str, ...]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    behind: str | None


@dataclass(frozen=True, slots=True)
class World:
    """What a total loss leaves: chains, blocks, and the operator's copy of the log key."""

    places: tuple[Place, ...]
    blocks: BlockStore
    contracts: Contracts
    log_key: Signer

    @property
    def public_key(self) -> PublicKey:
        """The log's public key."""
        return PublicKey.parse(self.log_key.public_key_multibase, "log key")

    @property
    def chains(self) -> Mapping[str, Chain]:
        """The chains by id."""
        return {place.chain.id: place.chain for place in self.places}


def recover(
    world: World,
    ledger: Ledger,
    random: Callable[[int], bytes],
    *,
    batch_files: Iterable[Source] = (),
    receipts: Iterable[Source] = (),
) -> Recovery:
    """Rebuild an empty ledger; everything is read and checked first, then written in one unit of work.

    OperatorError where the ledger is not empty or nothing anchored can be
    followed, with the reason; Pending while an anchor of a longer log is not final.
    """
    _check_empty(ledger)
    states = States(world.blocks)
    settled, waiting = _read_events(world)
    choice = _choose(world, settled, states)
    history = choice.followed
    _check_final(world, waiting, history)
    events, faults = _all_events(history, settled)
    anchors, unproven = _anchors(world, history, events, states)
    in_force = _in_force(world, states)
    batches = _batches(history)
    filling = fill(batches, batch_files, receipts, world.public_key)
    lists = dict(_status_lists(history, batches, filling))
    known = states.all()
    pin_public(history, known, world.blocks)
    lost = mend(history, list(batches.values()), lists.values(), world.blocks)
    found = Found(
        manifests=history.manifests,
        checkpoints=tuple(_checkpoints(world, history)),
        whole=not lost,
        entries=history.entries,
        batches=batches,
        lists=lists,
        states=known,
        in_force=in_force,
        anchors=anchors,
        filling=filling,
    )
    with ledger.begin() as work:
        rebuild(work, found, random)
    named = [event for event in events if states.names(event, history.origin)]
    senders = {(event.chain, event.seen.sender) for event in named}
    of_notaries = [event for event in events if (event.chain, event.seen.sender) in senders]
    missing = [
        *states.lacking(),
        *faults,
        *unproven,
        *lost,
        *lacking(batches.values()),
        *_lost_statuses(history, batches, lists),
        *pin_evidence(history, world.blocks),
    ]
    return Recovery(
        origin=history.origin,
        checkpoint=Checkpoint.parse(Note.parse(history.checkpoint.encode()).text),
        states=len(known),
        manifests=len(history.manifests),
        anchors=sum(map(len, anchors.values())),
        batches=len(batches),
        statuses=len(history.entries) - len(batches),
        credentials=sum(batch.statement.size for batch in batches.values()),
        salted=sum(len(batch.known) for batch in batches.values()),
        retained=sum(known.content is not None for batch in batches.values() for known in batch.known.values()),
        unfollowed=tuple(_unfollowed(choice, events, named)),
        gaps=tuple(find_gaps(of_notaries, world.chains)),
        doubts=tuple(_doubts(history, anchors, states)),
        missing=tuple(missing),
        unused=tuple(filling.unused),
        behind=_behind(history, choice.others, filling.signed),
    )


def _check_empty(ledger: Ledger) -> None:
    with ledger.read() as work:
        if work.log.size() or work.anchors.manifests() or work.registry.states():
            raise OperatorError("the ledger is not empty", hint="Recover into a new data folder: --data DIR")


def _read_events(world: World) -> tuple[list[Event], list[Event]]:
    both = [place.events() for place in world.places]
    settled = [event for final, _ in both for event in final]
    return settled, [event for _, still_open in both for event in still_open]


def _choose(world: World, settled: Sequence[Event], states: States) -> Choice:
    if not settled:
        chains = ", ".join(world.chains)
        raise OperatorError(f"no final anchor is found on {chains}", hint="Check --chain and --contract")
    choice = choose(settled, world.blocks, world.public_key, states)
    if choice is None:
        raise OperatorError(
            "nothing that was anchored can be followed",
            actual=examine(settled[-1].seen.root, world.blocks, world.public_key).why,
            hint="Check --log-key and --ipfs; archives of the blocks: --cars DIR",
        )
    return choice


def _check_final(world: World, waiting: Sequence[Event], history: History) -> None:
    """Wait for an anchor that would be followed once final: to go on without it would fork the log."""
    for event in waiting:
        signed = examine(event.seen.root, world.blocks, world.public_key).signed
        if signed is not None and signed.size > history.newest.size:
            raise Pending(f"the newest anchor, in {event.place}, is not final yet", hint="Run it again when it is")


# ----------------------------------------------------------- what chains prove


def _all_events(history: History, settled: Sequence[Event]) -> tuple[list[Event], list[str]]:
    """Return what chains show together with what the newest tree has pinned, and what is wrong with the latter."""
    pinned: list[Event] = []
    faults: list[str] = []
    for number, manifest in enumerate(history.manifests[:-1], 1):
        path = f"anchor/{index_path(number)}.evidence"
        found, wrong = pinned_events(history.pinned, path, manifest.anchor_root())
        pinned += found
        faults += wrong
    return merge(settled, pinned), faults


def _anchors(
    world: World, history: History, events: Sequence[Event], states: States
) -> tuple[dict[Digest, list[Event]], list[str]]:
    """Return each manifest's first anchor on every chain, by a notary of the log and proven, and what is not."""
    first: dict[tuple[Digest, str], Event] = {}
    for event in events:
        if states.names(event, history.origin):
            first.setdefault((event.seen.root, event.chain), event)
    anchors: dict[Digest, list[Event]] = {}
    unproven: list[str] = []
    for manifest in history.manifests:
        for event in (event for (root, _), event in first.items() if root == manifest.anchor_root()):
            try:
                proven, doubt = _prove(world, event, states)
            except NotaryError as error:
                unproven.append(f"the anchor in {event.place}: {error}")
                continue
            anchors.setdefault(manifest.digest(), []).append(proven)
            unproven += doubt
        if manifest.digest() not in anchors:
            unproven.append(f"every anchor of the log at {manifest.size} entries: it will be anchored again")
    return anchors, unproven


def _prove(world: World, event: Event, states: States) -> tuple[Event, list[str]]:
    """Return an event with its proof; a pinned proof of a block that the node does not show is kept, and said."""
    chain = world.chains.get(event.chain)
    if event.proof is None:
        assert chain is not None
        return prove(event, chain, states.read(event.seen.registry).state), []
    if any(event.seen.tx_hash):
        return event, []  # the node shows the same event in the same block
    try:
        block = None if chain is None else chain.block(event.seen.block_number)
    except OperatorError:
        block = None
    if block is None:
        return event, [f"{event.place} is known from its pinned proof only: no node here shows it"]
    if block.hash != event.seen.block_hash:
        raise Mismatch("its pinned proof is of another block than the node's")
    return event, []


def _in_force(world: World, states: States) -> Digest:
    """Return the newest state the contracts carry; OperatorError where no such state can be had: all rests on it."""
    carried = [world.contracts.consortium(place.chain, place.registry).state for place in world.places]
    found = {digest: state for digest in carried if (state := attempt(partial(states.read, digest)))}
    if not found:
        raise OperatorError(
            "the registry state in force cannot be had",
            actual="; ".join(states.lacking()),
            hint="Its two blocks are with every member that approved it, and in archives: --cars DIR",
        )
    return max(found, key=lambda digest: found[digest].state.number)


def _checkpoints(world: World, history: History) -> Iterator[str]:
    """Give every manifest's checkpoint: as pinned, or signed again, which gives the same line."""
    for manifest in history.manifests[:-1]:
        try:
            yield read_checkpoint(manifest, PinnedTree(manifest.tree, world.blocks), world.public_key)
        except NotaryError:
            text = Checkpoint(manifest.origin, manifest.size, manifest.root).text
            key = VerifierKey(manifest.origin, SignatureType.ED25519, world.public_key)
            yield str(Note(text, (key.sign(text, world.log_key.sign),)))
    yield history.checkpoint


# -------------------------------------------------------------- what is in the tree


def _batches(history: History) -> dict[Digest, LostBatch]:
    """Return every batch by its id, with its leaves where the tree has those its statement commits."""
    batches: dict[Digest, LostBatch] = {}
    for index, entry in enumerate(history.entries):
        if entry.batch is None:
            continue
        batch = batches[entry.about] = LostBatch(entry.batch)
        data = history.pinned.find(f"batch/{index_path(index)}/leaves", max_size=SIZE * entry.batch.size)
        if data is not None and len(data) == SIZE * entry.batch.size:
            leaves = tuple(Digest(data[at : at + SIZE]) for at in range(0, len(data), SIZE))
            try:
                batch.set_leaves(leaves)
            except Mismatch:
                continue  # listed as lacking, unless a batch file has them
    return batches


def _status_lists(
    history: History, batches: Mapping[Digest, LostBatch], filling: Filling
) -> Iterator[tuple[LeafIndex, bytes]]:
    """Give the chunks of every status statement, from the tree or else from a status file, that its root commits."""
    for index, entry in enumerate(history.entries):
        statement = entry.signed.statement
        if not isinstance(statement, StatusStatement):
            continue
        size = batches[entry.about].statement.size
        pinned = history.pinned.find(f"status/{index_path(index)}", max_size=SIZE * chunk_count(size))
        for data in (pinned, filling.lists.get(entry.signed.id)):
            if data is not None and attempt(partial(_status_root, size, data)) == statement.root:
                yield LeafIndex(index), data
                break


def _lost_statuses(
    history: History, batches: Mapping[Digest, LostBatch], lists: Mapping[LeafIndex, bytes]
) -> Iterator[str]:
    for index, entry in enumerate(history.entries):
        if entry.batch is None and index not in lists:
            batch = batches[entry.about].statement
            yield f"status/{index_path(index)}: the statuses of batch {batch.seq} of {batch.issuer}"


def _status_root(size: TreeSize, data: bytes) -> Digest:
    return StatusList(size, data).root()


def _doubts(history: History, anchors: Mapping[Digest, Sequence[Event]], states: States) -> Iterator[str]:
    """Say of which statements step 9 of verification would fail: they stay in the log, and prove nothing."""
    for manifest in history.manifests:
        for event in anchors.get(manifest.digest(), ())[:1]:
            assert event.proof is not None
            moment = Header.parse(event.proof.header).timestamp
            members = states.read(event.seen.registry)
            for index in range(manifest.since, manifest.size):
                entry = history.entries[index]
                issuer = entry.signed.statement.issuer
                try:
                    record = members.require(issuer)
                    check_key(record, entry.signed, moment)
                    if entry.batch is not None:
                        check_recognition(record, entry.batch.recognition)
                except NotaryError as error:
                    yield f"log entry {index} of {issuer}: {error}"


# -------------------------------------------------------------------- the report


def _unfollowed(choice: Choice, events: Sequence[Event], named: Sequence[Event]) -> Iterator[Unfollowed]:
    """Give every root that is no manifest of the log, and every time one of them was anchored again."""
    notaries = {(event.chain, event.order) for event in named}
    for candidate in choice.others:
        found = [event for event in events if event.seen.root == candidate.root]
        yield Unfollowed(
            root=candidate.root,
            places=tuple(event.place for event in found),
            by_notary=any((event.chain, event.order) in notaries for event in found),
            why=candidate.why or "",
        )
    seen: set[tuple[Digest, str]] = set()
    for event in named:
        if (event.seen.root, event.chain) in seen and event.seen.root not in {c.root for c in choice.others}:
            yield Unfollowed(event.seen.root, (event.place,), by_notary=True, why="anchored before, and here again")
        seen.add((event.seen.root, event.chain))


def _behind(history: History, others: Sequence[Candidate], shown: Sequence[Manifest]) -> str | None:
    """Say how long a log the log key has signed, where it is longer than the one that was found."""
    signed = [*(candidate.signed for candidate in others if candidate.signed), *shown]
    longest = max((manifest.size for manifest in signed if manifest.origin == history.origin), default=0)
    if longest <= history.newest.size:
        return None
    return f"the log key has signed a log of {longest} entries, and {history.newest.size} of them could be had"
