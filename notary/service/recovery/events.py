"""What chains say: every `Anchored` event of a contract, who may have sent it, and where one is missing.

Nodes prune. So an event counts as well where an earlier tree holds its proof; and
each sender's events are chained by `head`, so that a gap shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from notary.core.canonical import load
from notary.core.digest import Digest
from notary.core.encoding import to_digest_text, to_hex
from notary.core.errors import Mismatch, NotaryError, OperatorError
from notary.core.evm import AnchoredEvent, Header, anchored_event, keccak256, prove_tx_receipt
from notary.core.receipt import EvmAnchor
from notary.core.registry import Contract, NotaryAccount, RegistryState
from notary.ports import Address, BlockReader, Chain, Sighting
from notary.service.members.registry import Members, fetch_members
from notary.service.recovery.walk import PinnedTree

_NO_HEAD = bytes(32)
_NO_TRANSACTION = bytes(32)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a log is anchored: a chain, and the consortium's two contracts there."""

    chain: Chain
    registry: Address
    contract: Address

    def events(self) -> tuple[list[Event], list[Event]]:
        """Return every `Anchored` event in the chain's order: the final ones, and those that may vanish yet."""
        final = self.chain.finalized()
        seen = [Event(self.chain.id, self.contract, seen) for seen in self.chain.sightings(self.contract)]
        settled = [event for event in seen if event.seen.block_number <= final]
        return settled, seen[len(settled) :]


@dataclass(frozen=True, slots=True)
class Event:
    """An `Anchored` event; `proof` where it is pinned. One that is only pinned has a `tx_hash` of zeros."""

    chain: str
    contract: Address
    seen: Sighting
    proof: EvmAnchor | None = None

    @property
    def order(self) -> tuple[int, int, int]:
        """Where it stands in its chain."""
        return self.seen.block_number, self.seen.transaction, self.seen.log

    @property
    def place(self) -> str:
        """Where it stands, in words."""
        return f"block {self.seen.block_number} of {self.chain}"

    @classmethod
    def proven(cls, anchor: EvmAnchor) -> Event:
        """Read an event from its proof; Malformed or Mismatch where it proves none of its contract."""
        header = Header.parse(anchor.header)
        event = anchored_event(header, transaction=anchor.transaction, log=anchor.log, proof=anchor.proof)
        if event.contract != anchor.contract:
            raise Mismatch(
                "the event is another contract's", expected=to_hex(anchor.contract), actual=to_hex(event.contract)
            )
        if anchor.state.digest() != event.registry:
            raise Mismatch("the proof's registry state is not the event's", expected=to_digest_text(event.registry))
        return cls(anchor.chain, event.contract, _sighting(event, header, anchor), anchor)


def _sighting(event: AnchoredEvent, header: Header, anchor: EvmAnchor) -> Sighting:
    return Sighting(
        root=event.root,
        sender=event.notary,
        head=event.head,
        registry=event.registry,
        tx_hash=_NO_TRANSACTION,
        block_number=header.number,
        block_hash=header.hash,
        transaction=anchor.transaction,
        log=anchor.log,
    )


def prove(event: Event, chain: Chain, state: RegistryState) -> Event:
    """Prove an event from its block; OperatorError where the node lacks the block or shows another one."""
    block = chain.block(event.seen.block_number)
    if block is None or block.hash != event.seen.block_hash:
        raise OperatorError(f"the node does not show {event.place} again", hint="Ask a node that keeps all blocks")
    header = Header.parse(block.header)
    anchor = EvmAnchor(
        chain=event.chain,
        contract=event.contract,
        header=block.header,
        transaction=event.seen.transaction,
        log=event.seen.log,
        proof=prove_tx_receipt(header, block.tx_receipts, transaction=event.seen.transaction),
        notes=(),
        state=state,
        members=(),
    )
    proven = Event.proven(anchor)
    if replace(proven.seen, tx_hash=event.seen.tx_hash) != event.seen:
        raise OperatorError(f"{event.place} proves another event than its node showed")
    return replace(event, proof=anchor)


def merge(seen: Iterable[Event], pinned: Iterable[Event]) -> list[Event]:
    """Put what nodes show and what is pinned together, in each chain's order; a pinned proof joins its event."""
    merged = {(event.chain, event.contract, event.order): event for event in seen}
    for event in pinned:
        key = event.chain, event.contract, event.order
        found = merged.get(key)
        if found is None:
            merged[key] = event
        elif replace(found.seen, tx_hash=_NO_TRANSACTION) == event.seen:
            merged[key] = replace(found, proof=event.proof)
    return sorted(merged.values(), key=lambda event: (event.chain, event.order))


# -------------------------------------------------------------------- registry


class States:
    """Registry states with their records, by the digest that chains carry; read once, each block checked."""

    def __init__(self, blocks: BlockReader) -> None:
        self._blocks = blocks
        self._known: dict[Digest, Members | NotaryError] = {}

    def read(self, digest: Digest) -> Members:
        """Return a state and all its records; OperatorError where a block of them cannot be had."""
        if digest not in self._known:
            try:
                self._known[digest] = fetch_members(digest, self._blocks)
            except NotaryError as error:
                self._known[digest] = error
        found = self._known[digest]
        if isinstance(found, NotaryError):
            raise found
        return found

    def names(self, event: Event, origin: str) -> bool:
        """Say whether the state in force at an event names its sender as notary of this log, and its contract.

        A state that cannot be had names nobody.
        """
        try:
            state = self.read(event.seen.registry).state
        except NotaryError:
            return False
        notary = NotaryAccount(event.chain, event.seen.sender, origin)
        return notary in state.notaries and Contract(event.chain, event.contract) in state.contracts

    def lacking(self) -> list[str]:
        """Say of which states a block could not be had."""
        errors = [(digest, found) for digest, found in self._known.items() if isinstance(found, NotaryError)]
        return [f"registry state {to_digest_text(digest)}: {error}" for digest, error in errors]

    def all(self) -> tuple[Members, ...]:
        """Return every state that could be had, those before them too, by number."""
        for digest in list(self._known):
            previous: Digest | None = digest
            while previous is not None:
                try:
                    previous = self.read(previous).state.previous
                except NotaryError:
                    break
        found = [members for members in self._known.values() if isinstance(members, Members)]
        return tuple(sorted(found, key=lambda members: members.state.number))


# ------------------------------------------------------------- proofs and gaps


def pinned_events(pinned: PinnedTree, path: str, root: Digest) -> tuple[list[Event], list[str]]:
    """Return the proven events of one manifest's evidence file, and what is wrong with it."""
    found: list[Event] = []
    faults: list[str] = []
    data = pinned.find(path)
    if data is None:
        return found, [f"{path} is not there"]
    for line, text in enumerate(data.splitlines(), 1):
        try:
            event = Event.proven(EvmAnchor.parse(load(text, path, max_size=len(text)).value, path))
            if event.seen.root != root:
                raise Mismatch("it proves another anchor root", expected=to_hex(root), actual=to_hex(event.seen.root))
            found.append(event)
        except NotaryError as error:
            faults.append(f"{path}, line {line}: {error}")
    return found, faults


def find_gaps(events: Sequence[Event], chains: Mapping[str, Chain]) -> Iterator[str]:
    """Say before which event of a sender another one is missing; `events` in each chain's order."""
    heads: dict[tuple[str, bytes, bytes], bytes] = {}
    for event in events:
        seen = event.seen
        key = event.chain, event.contract, seen.sender
        try:
            time = _time(event, chains)
        except NotaryError as error:
            yield f"whether an anchor is missing before {event.place} cannot be told: {error}"
        else:
            if next_head(heads.get(key), seen, time) != seen.head:
                yield f"at least one anchor of {to_hex(seen.sender)} is missing before {event.place}"
        heads[key] = seen.head


def next_head(head: bytes | None, seen: Sighting, time: int) -> bytes:
    """Return what a sender's head becomes by an anchor in a block of this time; None: its first one.

    keccak256(old head ‖ root ‖ registry ‖ uint64 number ‖ uint64 timestamp), from 32 zero bytes on.
    """
    moment = seen.block_number.to_bytes(8) + time.to_bytes(8)
    return keccak256((head or _NO_HEAD) + seen.root + seen.registry + moment)


def _time(event: Event, chains: Mapping[str, Chain]) -> int:
    if event.proof is not None:
        return Header.parse(event.proof.header).timestamp
    block = chains[event.chain].block(event.seen.block_number)
    if block is None or block.hash != event.seen.block_hash:
        raise OperatorError(f"the node does not show {event.place} again")
    return block.time
