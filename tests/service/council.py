"""A consortium whose members vote: keys that approve, and proposals as files between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from anchoring.evm_key import EvmKey
from api.wiring import make_keys
from notary.core.digest import sha256
from notary.core.registry import MemberRecord
from notary.service.governance.applying import apply
from notary.service.governance.approvals import SignedApproval, approve
from notary.service.governance.edits import Edit, edit
from notary.service.governance.in_force import InForce, find_in_force
from notary.service.governance.proposal import Draft, Proposal, propose
from notary.service.members.registry import Members, members_in_force
from notary.service.notary import Notary
from tests.service.lab import Lab

DAY = 86_400


def voter(number: int) -> EvmKey:
    """A voting key, the same in every test."""
    return EvmKey.of(bytes(sha256(b"voter %d" % number)))


@dataclass
class Council:
    """The lab's consortium, and who votes in it."""

    lab: Lab
    voters: tuple[EvmKey, ...]

    @property
    def notary(self) -> Notary:
        return self.lab.notary

    @property
    def here(self) -> InForce:
        return find_in_force(self.notary)

    @property
    def now(self) -> int:
        return int(self.notary.clock.now().timestamp())

    def record(self, number: int = 0) -> MemberRecord:
        return self.lab.record(self.lab.institutions[number])

    def propose(self, change: Callable[[Draft], Draft], *, deadline: int | None = None) -> Proposal:
        here = self.here
        return propose(here, change(Draft.of(here.members)), deadline=deadline or self.now + DAY)

    def about(self, *edits: Edit) -> Proposal:
        """Propose changes of the first institution's record."""
        return self.propose(lambda draft: edit(draft, self.record().id, *edits))

    def approve(self, proposal: Proposal, by: EvmKey) -> SignedApproval:
        """Approve without looking at it, as a careless member does."""
        return approve(proposal, self.here, by.approve, self.notary.contracts)

    def approvals(self, proposal: Proposal, *by: EvmKey) -> list[SignedApproval]:
        return [self.approve(proposal, each) for each in by or self.voters]

    def decide(self, change: Callable[[Draft], Draft]) -> Members:
        """Propose, approve by all, apply."""
        proposal = self.propose(change)
        return apply(self.notary, proposal, self.approvals(proposal))

    def grow(self, more: Sequence[EvmKey], k: int) -> None:
        """Give votes."""
        added = tuple(key.address for key in more)
        self.decide(lambda draft: replace(draft, added=added, threshold=k))
        self.voters = (*self.voters, *more)

    def standing(self) -> Any:
        """Everything a refused change must leave alone: on every chain, and in the ledger."""
        notary = self.notary
        return (
            [notary.contracts.consortium(site.chain, site.registry) for site in notary.sites],
            [site.wallet.next_nonce() for site in notary.sites],
            members_in_force(notary.ledger),
        )


def council(lab: Lab) -> Council:
    """The founder's vote alone, k = 1."""
    return Council(lab, (make_keys(lab.settings.data).governor,))
