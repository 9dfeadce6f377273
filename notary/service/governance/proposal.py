"""A proposal: the next registry state with all its records, and each registry's change. Spec: docs/governance.md.

It holds no digest to be believed: what is approved is computed from what is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from notary.core.canonical import JSON, canonical, load
from notary.core.digest import Digest, sha256
from notary.core.encoding import to_hex
from notary.core.errors import IssuerError, Malformed
from notary.core.registry import ADDRESS_SIZE, Compromise, Contract, MemberRecord, NotaryAccount
from notary.core.shape import Closed
from notary.ports import Address, Change
from notary.service.governance.in_force import MAX_SIZE, InForce, Seat, read_address, read_state, state_to_json
from notary.service.governance.rules import check_records
from notary.service.members.registry import Members, make_state

TYPE = "credential-notary/proposal/v1"


@dataclass(frozen=True, slots=True)
class SeatChange:
    """What one chain's registry is to do; state and deadline are the proposal's."""

    chain: str
    registry: Address
    added: tuple[Address, ...]
    removed: tuple[Address, ...]
    threshold: int
    epoch: int

    @classmethod
    def parse(cls, value: JSON, where: str) -> SeatChange:
        """Read a closed change. k is not bounded here: who proposes, approves or relays says what is wrong with it."""
        fields = Closed.of(value, where, "chain registry added removed threshold epoch")
        return cls(
            chain=fields.chain("chain"),
            registry=Address(fields.hex("registry", ADDRESS_SIZE)),
            added=fields.each("added", read_address),
            removed=fields.each("removed", read_address),
            threshold=fields.count("threshold"),
            epoch=fields.count("epoch", 2),
        )

    def to_json(self) -> JSON:
        """Return the closed change."""
        return {
            "chain": self.chain,
            "registry": to_hex(self.registry),
            "added": [to_hex(address) for address in self.added],
            "removed": [to_hex(address) for address in self.removed],
            "threshold": self.threshold,
            "epoch": self.epoch,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """The state that is to be in force, what each registry does, and until when (`deadline`, Unix seconds)."""

    members: Members
    seats: tuple[SeatChange, ...]
    deadline: int

    @classmethod
    def parse(cls, data: bytes) -> Proposal:
        """Read a proposal strictly; Malformed or Mismatch where it is none, or not of one piece."""
        value = load(data, "proposal", max_size=MAX_SIZE).value
        fields = Closed.typed(value, "proposal", TYPE, "state records seats deadline")
        seats = fields.each("seats", SeatChange.parse)
        if not seats or len({seat.chain for seat in seats}) != len(seats):
            raise Malformed(fields.path("seats"), expected="one for each chain")
        return cls(read_state(fields), seats, fields.count("deadline", 1))

    def __bytes__(self) -> bytes:
        return canonical(
            {
                "type": TYPE,
                **state_to_json(self.members),
                "seats": [seat.to_json() for seat in self.seats],
                "deadline": self.deadline,
            }
        )

    @property
    def digest(self) -> Digest:
        """H(JCS(proposal)), by which approvals name it."""
        return sha256(bytes(self))

    def seat(self, chain: str) -> SeatChange:
        """Return the change of one chain's registry; IssuerError where it has none."""
        for seat in self.seats:
            if seat.chain == chain:
                return seat
        raise IssuerError(f"the proposal does not reach {chain}", expected=", ".join(seat.chain for seat in self.seats))

    def among(self, here: InForce) -> tuple[Seat, ...]:
        """Return the seats of a view that this proposal is for; a chain that waits for approval may be in it too."""
        reached = {seat.chain for seat in self.seats}
        return tuple(seat for seat in here.seats if seat.chain in reached)

    def change(self, seat: SeatChange) -> Change:
        """Return what members sign for one chain."""
        return Change(
            state=self.members.state.digest(),
            added=seat.added,
            removed=seat.removed,
            threshold=seat.threshold,
            epoch=seat.epoch,
            deadline=self.deadline,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """What is wished for; everything else stays as it is in force. `threshold`: k, None for the same."""

    records: tuple[MemberRecord, ...]
    contracts: tuple[Contract, ...]
    notaries: tuple[NotaryAccount, ...]
    compromised: tuple[Compromise, ...]
    added: tuple[Address, ...] = ()
    removed: tuple[Address, ...] = ()
    threshold: int | None = None

    @classmethod
    def of(cls, members: Members) -> Draft:
        """Begin with what is in force."""
        state = members.state
        return cls(members.records, state.contracts, state.notaries, state.compromised)


def propose(here: InForce, draft: Draft, *, deadline: int) -> Proposal:
    """Make the proposal of a draft, for every chain it names; IssuerError where its records are none to approve."""
    check_records(draft.records, here.members.records)
    old = here.members.state
    members = make_state(
        draft.records, contracts=draft.contracts, notaries=draft.notaries, compromised=draft.compromised, after=old
    )
    named = {contract.chain for contract in draft.contracts}
    seats = (
        SeatChange(
            chain=seat.chain,
            registry=seat.registry,
            added=tuple(sorted(draft.added)),
            removed=tuple(sorted(draft.removed)),
            threshold=seat.threshold if draft.threshold is None else draft.threshold,
            epoch=seat.epoch + 1,
        )
        for seat in here.seats
        if seat.chain in named
    )
    return Proposal(members, tuple(seats), deadline)


def unchanged(here: InForce, proposal: Proposal) -> bool:
    """Say whether a proposal would change nothing."""
    old, new = here.members, proposal.members
    same_state = (old.records, old.state.contracts, old.state.notaries, old.state.compromised) == (
        new.records,
        new.state.contracts,
        new.state.notaries,
        new.state.compromised,
    )
    thresholds: Iterable[bool] = (
        (seat := here.seat(change.chain)) is not None and seat.threshold == change.threshold
        for change in proposal.seats
    )
    return same_state and all(thresholds) and not any(change.added or change.removed for change in proposal.seats)
