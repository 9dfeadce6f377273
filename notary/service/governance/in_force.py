"""What is in force: the state that every chain carries, its members, and who votes.

An approver who is offline keeps it as a file, and compares each proposal with
that copy. Nothing in it is secret.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from notary.core.canonical import JSON, canonical, load
from notary.core.digest import Digest
from notary.core.encoding import from_hex, to_digest_text, to_hex
from notary.core.errors import Malformed, NotaryError, OperatorError
from notary.core.registry import ADDRESS_SIZE, MemberRecord, RegistryState
from notary.core.shape import Closed, read_text
from notary.ports import Address, BlockStore, Chain, Consortium, Contracts
from notary.service.members.registry import Members, bind, fetch_members, put_in_force, read_members
from notary.service.notary import Notary

TYPE = "credential-notary/in-force/v1"
MAX_SIZE = 16 << 20

Place: TypeAlias = tuple[Chain, Address]
"""A chain, and the consortium's registry there."""


@dataclass(frozen=True, slots=True)
class Seat:
    """The consortium's registry on one chain: who votes there, how many it takes, and the current epoch."""

    chain: str
    registry: Address
    voters: frozenset[Address]
    threshold: int
    epoch: int

    @classmethod
    def parse(cls, value: JSON, where: str) -> Seat:
        """Read a closed seat."""
        fields = Closed.of(value, where, "chain registry voters threshold epoch")
        voters = fields.each("voters", read_address)
        threshold = fields.count("threshold", 1)
        if threshold > len(set(voters)):
            raise Malformed(fields.path("threshold"), expected=f"from 1 to {len(set(voters))}", actual=threshold)
        return cls(
            chain=fields.chain("chain"),
            registry=Address(fields.hex("registry", ADDRESS_SIZE)),
            voters=frozenset(voters),
            threshold=threshold,
            epoch=fields.count("epoch", 1),
        )

    @classmethod
    def of(cls, chain: Chain, registry: Address, found: Consortium) -> Seat:
        """Take what a registry said of itself."""
        return cls(chain.id, registry, found.members, found.threshold, found.epoch)

    def to_json(self) -> JSON:
        """Return the closed seat."""
        return {
            "chain": self.chain,
            "registry": to_hex(self.registry),
            "voters": [to_hex(voter) for voter in sorted(self.voters)],
            "threshold": self.threshold,
            "epoch": self.epoch,
        }


@dataclass(frozen=True, slots=True)
class InForce:
    """A state with its members, and the consortium's seat on each chain."""

    members: Members
    seats: tuple[Seat, ...]

    @classmethod
    def parse(cls, data: bytes) -> InForce:
        """Read a copy strictly; Malformed or Mismatch where it is none, or not of one piece."""
        fields = Closed.typed(load(data, "copy", max_size=MAX_SIZE).value, "copy", TYPE, "state records seats")
        seats = fields.each("seats", Seat.parse)
        if not seats or len({seat.chain for seat in seats}) != len(seats):
            raise Malformed(fields.path("seats"), expected="one for each chain")
        return cls(read_state(fields), seats)

    def __bytes__(self) -> bytes:
        return canonical({"type": TYPE, **state_to_json(self.members), "seats": [s.to_json() for s in self.seats]})

    def seat(self, chain: str) -> Seat | None:
        """Return the seat on a chain."""
        return next((seat for seat in self.seats if seat.chain == chain), None)


def find_in_force(notary: Notary) -> InForce:
    """Return what the chains carry now, and put it in force in the ledger where another one was.

    OperatorError while they carry different states: a change has not reached all of them.
    """
    seats, digests = read_seats(places_of(notary), notary.contracts)
    return InForce(take_over(notary, agreed(seats, digests, partial(find_members, notary))), seats)


def view(places: Sequence[Place], contracts: Contracts, blocks: BlockStore) -> InForce:
    """Return what the chains carry now, for whoever keeps no ledger: walked to from chain and block store alone."""
    seats, digests = read_seats(places, contracts)
    return InForce(agreed(seats, digests, lambda digest: fetch_members(digest, blocks)), seats)


def places_of(notary: Notary) -> tuple[Place, ...]:
    """Return where this notary's consortium has its registries."""
    return tuple((site.chain, site.registry) for site in notary.sites)


def read_seats(places: Sequence[Place], contracts: Contracts) -> tuple[tuple[Seat, ...], tuple[Digest, ...]]:
    """Ask every chain who votes, and which state its contract carries."""
    found = [(chain, registry, contracts.consortium(chain, registry)) for chain, registry in places]
    return tuple(Seat.of(*each) for each in found), tuple(one.state for _, _, one in found)


def agreed(seats: Sequence[Seat], digests: Sequence[Digest], read: Callable[[Digest], Members]) -> Members:
    """Return the newest state that is carried; OperatorError while a chain that it names carries another.

    A registry that no state names yet, founded for a further chain, may carry what it was founded with.
    """
    carried = {digest: read(digest) for digest in dict.fromkeys(digests)}
    newest = max(carried.values(), key=lambda members: members.state.number)
    named = {contract.chain for contract in newest.state.contracts}
    behind = [
        f"{seat.chain} carries state {carried[digest].state.number}, {to_digest_text(digest)}"
        for seat, digest in zip(seats, digests, strict=True)
        if seat.chain in named and carried[digest] != newest
    ]
    if behind:
        raise OperatorError(
            "the chains carry different registry states",
            expected=f"state {newest.state.number}, {to_digest_text(newest.state.digest())}",
            actual="; ".join(behind),
            hint="Finish the change that has not reached all of them: notary consortium apply FILE",
        )
    return newest


def take_over(notary: Notary, members: Members) -> Members:
    """Put the state that the chains carry in force in the ledger, where another one is."""
    with notary.ledger.read() as work:
        known = any(
            row.in_force and row.digest == members.state.digest() for row in work.registry.states(records=False)
        )
    if not known:
        put_in_force(notary, members)
    return members


def find_members(notary: Notary, digest: Digest) -> Members:
    """Return a state of this consortium: from the ledger, else from the block store."""
    with notary.ledger.read() as work:
        row = next((row for row in work.registry.states() if row.digest == digest), None)
    if row is not None:
        return read_members(row)
    try:
        return fetch_members(digest, notary.blocks)
    except NotaryError as error:
        hint = "Whoever approved it has its records: ask for the proposal, then notary consortium apply FILE"
        raise OperatorError(f"registry state {to_digest_text(digest)} cannot be had: {error}", hint=hint) from error


def read_address(value: JSON, where: str) -> Address:
    """Read an account or contract: 0x and 40 lower-case hex digits."""
    return Address(from_hex(read_text(value, where), where, ADDRESS_SIZE))


def read_state(fields: Closed) -> Members:
    """Read the members `state` and `records`, and check that they belong together."""
    state = RegistryState.parse(fields.value("state"), fields.path("state"))
    return bind(state, fields.each("records", MemberRecord.parse))


def state_to_json(members: Members) -> dict[str, JSON]:
    """Return a state and its records as they stand in files."""
    return {"state": members.state.to_json(), "records": [record.to_json() for record in members.records]}
