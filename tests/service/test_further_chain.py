"""A founded consortium goes to a further chain: founded there, approved like any change, anchored to from then on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.embedded_chain import EmbeddedChain
from anchoring.evm_key import EvmKey
from anchoring.wallet import KeyWallet
from api.wiring import make_keys
from notary.core.errors import IssuerError, OperatorError
from notary.core.receipt import EvmAnchor
from notary.core.registry import Contract
from notary.core.verdict import Result
from notary.core.verify import verify
from notary.ports import Address
from notary.service.governance.applying import apply
from notary.service.governance.approvals import SignedApproval, check_proposal
from notary.service.governance.differences import describe
from notary.service.governance.following import follow
from notary.service.governance.founding import Ground
from notary.service.governance.further_chain import found_there, plan, with_site
from notary.service.governance.in_force import InForce, find_in_force, places_of, view
from notary.service.governance.proposal import Draft, Proposal, propose
from notary.service.members.registry import members_in_force
from notary.service.notary import Site
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.trust import export_trust
from notary.service.rounds.advancing import advance
from notary.service.rounds.schedule import estimate
from notary.service.rounds.sending import send
from notary.service.rounds.standing import rounds, unfinished
from tests.service.council import Council, council, voter
from tests.service.lab import Failing, Fault, Lab
from tests.service.test_governance import renamed, wallet_that_says
from tests.service.test_several_chains import Down

BOTH = pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])


@dataclass
class Expansion:
    """A consortium of three votes, k = 2, and a chain where it is not yet."""

    group: Council
    ground: Ground

    @property
    def lab(self) -> Lab:
        return self.group.lab

    def found(self) -> Site:
        """Found it there; the notary has the chain from then on."""
        notary = self.lab.notary
        site = found_there(notary, plan(notary, self.group.here, self.ground))
        self.lab.notary = replace(notary, sites=(*notary.sites, site))
        return site

    def proposal(self) -> Proposal:
        """Propose what names the newest site."""
        site = self.lab.notary.sites[-1]
        return self.group.propose(lambda draft: with_site(draft, site, self.lab.notary.origin))

    def join(self) -> Site:
        """All of it: found, propose, approve, apply."""
        site, proposal = self.found(), self.proposal()
        apply(self.lab.notary, proposal, self.group.approvals(proposal))
        return site


@pytest.fixture
def further(notary_lab: Lab, tmp_path: Path) -> Iterator[Expansion]:
    """Grown to two of three on one chain, with another chain beside it."""
    group = council(notary_lab)
    group.grow([voter(1), voter(2)], 2)
    with ExitStack() as stack:
        second = EmbeddedChain(tmp_path)
        stack.callback(second.close)
        wallet = make_keys(notary_lab.settings.data).wallet
        second.fund(wallet.address)
        yield Expansion(group, Ground(second, KeyWallet(second, wallet)))


def roots(site: Site) -> list[bytes]:
    return [bytes(seen.root) for seen in site.chain.sightings(site.contract)]


# ------------------------------------------------------------------- the usual way


def test_later_anchors_stand_on_both_chains_and_earlier_ones_stay(further: Expansion) -> None:
    """What was anchored before stays valid and is not anchored again; what comes after verifies by two chains."""
    lab = further.lab
    old = lab.logged(lab.institutions[0], "Ana")
    lab.anchor()
    site = further.join()
    assert unfinished(lab.notary) == ()
    new = lab.logged(lab.institutions[0], "Bo")
    lab.anchor()
    assert len(roots(site)) == 1
    assert lab.verdicts(old) == lab.verdicts(new) == [Result.VERIFIED]
    ((_, made),) = batch_receipts(lab.notary, new.id)
    stands_on = {anchor.chain for anchor in made.commitments[-1].anchors if isinstance(anchor, EvmAnchor)}
    assert stands_on == {one.chain.id for one in lab.notary.sites}
    strict = export_trust(lab.notary, "the lab", anchors_needed=2)
    assert [(one.chain, one.contract) for one in strict.consortia[0].contracts][-1] == (site.chain.id, site.contract)
    assert verify(bytes(made), strict, at=lab.notary.clock.now()).result is Result.VERIFIED
    ((_, before),) = batch_receipts(lab.notary, old.id)
    assert verify(bytes(before), strict, at=lab.notary.clock.now()).result is not Result.NOT_VERIFIED


def test_who_approves_reads_what_is_trusted_from_then_on(further: Expansion) -> None:
    """The contract and who may anchor there, in words; the registry there carries the same votes and state."""
    site = further.found()
    here = further.group.here
    seat = here.seat(site.chain.id)
    assert seat is not None
    assert (seat.voters, seat.threshold, seat.epoch) == (here.seats[0].voters, 2, 1)
    said = describe(further.proposal(), here)
    assert f"trusts the contract 0x{site.contract.hex()} on {site.chain.id}" in said
    assert any(line.startswith(f"lets 0x{site.wallet.address.hex()} on {site.chain.id} anchor") for line in said)


def test_nothing_is_anchored_there_before_it_is_approved(further: Expansion) -> None:
    """Founded, and rounds go on: one chain is paid, and no price is told for the other."""
    lab, site = further.lab, further.found()
    batch = lab.logged(lab.institutions[0], "Ana")
    assert [each.chain for each in estimate(lab.notary)] == [lab.notary.sites[0].chain.id]
    lab.anchor()
    assert roots(site) == []
    assert all(one.final for one in rounds(lab.notary))
    assert lab.verdicts(batch) == [Result.VERIFIED]


def test_what_waits_when_the_chain_joins_is_carried_there_too(further: Expansion) -> None:
    """Logged before the change and anchored after it: one manifest, two anchors."""
    lab, site = further.lab, further.found()
    batch = lab.logged(lab.institutions[0], "Ana")
    proposal = further.proposal()
    apply(lab.notary, proposal, further.group.approvals(proposal))
    lab.anchor()
    assert roots(lab.notary.sites[0]) == roots(site)
    assert lab.verdicts(batch) == [Result.VERIFIED]


def test_other_changes_go_on_while_a_chain_waits_for_approval(further: Expansion) -> None:
    """Its registry keeps the state it was founded with; the change that names it can follow any other."""
    site = further.found()
    further.group.decide(renamed("Meanwhile"))
    assert further.group.here.members.state.number == 3
    proposal = further.proposal()
    apply(further.lab.notary, proposal, further.group.approvals(proposal))
    assert {seat.epoch for seat in further.group.here.seats} == {2, 4}
    carried = [further.lab.notary.contracts.consortium(*place).state for place in places_of(further.lab.notary)]
    assert set(carried) == {proposal.members.state.digest()}
    assert site.chain.id in {contract.chain for contract in further.group.here.members.state.contracts}


def test_the_next_change_reaches_both_chains(further: Expansion) -> None:
    """From then on a change is approved for each chain, and applied on each."""
    further.join()
    further.group.decide(renamed("Everywhere"))
    assert [seat.epoch for seat in further.group.here.seats] == [4, 3]


def test_a_copy_with_the_new_chain_is_enough_to_approve_by(further: Expansion) -> None:
    """Taken from the nodes alone; an older copy says that only the new chain can tell what stands there."""
    lab, older = further.lab, further.group.here
    further.found()
    proposal, now = further.proposal(), further.group.now
    copy = InForce.parse(bytes(view(places_of(lab.notary), lab.notary.contracts, lab.notary.blocks)))
    check_proposal(proposal, copy, lab.notary.contracts, now=now)
    with pytest.raises(IssuerError, match="was not looked at: only that chain can say it"):
        check_proposal(proposal, older, lab.notary.contracts, now=now)


# ---------------------------------------------------------------------- false friends


def test_a_chain_where_others_decide_is_refused(further: Expansion) -> None:
    """The published contract, but with a stranger's vote: it could let anybody anchor."""
    lab, ground = further.lab, further.ground
    state = further.group.here.members.state.digest()
    call = lab.notary.contracts.found([voter(9).address], threshold=1, state=state)
    registry = send(ground.chain, ground.wallet, call).created
    assert registry is not None
    site = Site(ground.chain, ground.wallet, registry, lab.notary.contracts.anchor_of(registry))
    lab.notary = replace(lab.notary, sites=(*lab.notary.sites, site))
    proposal = further.proposal()
    with pytest.raises(IssuerError, match="others decide on"):
        check_proposal(proposal, further.group.here, lab.notary.contracts, now=further.group.now)
    with pytest.raises(IssuerError, match="others decide on"):
        apply(lab.notary, proposal, [])


def test_a_contract_that_is_not_its_registrys_is_refused(further: Expansion) -> None:
    """The registry is right, and the state names another contract beside it."""
    site = further.found()

    def named(draft: Draft) -> Draft:
        return replace(draft, contracts=(*draft.contracts, Contract(site.chain.id, Address(b"\x07" * 20))))

    with pytest.raises(IssuerError, match="is not that of the registry there"):
        check_proposal(
            further.group.propose(named), further.group.here, further.lab.notary.contracts, now=further.group.now
        )


@pytest.mark.parametrize(
    "contracts",
    [lambda _, new: (new,), lambda own, new: (new, own), lambda own, new: (own, new, new)],
    ids=["the old one left out", "another order", "twice"],
)
def test_no_contract_that_is_trusted_may_go(further: Expansion, contracts: Any) -> None:
    """Old receipts name it: those in force stay, in their order, and each chain has one."""
    site, here = further.found(), further.group.here
    own, new = here.members.state.contracts[0], Contract(site.chain.id, site.contract)
    proposal = propose(here, replace(Draft.of(here.members), contracts=contracts(own, new)), deadline=further.group.now)
    with pytest.raises(IssuerError):
        check_proposal(proposal, here, further.lab.notary.contracts, now=further.group.now)


def test_a_consortium_is_not_founded_twice_on_a_chain(further: Expansion) -> None:
    """On the chain it is on, and on the one it just joined."""
    notary = further.lab.notary
    own = Ground(notary.sites[0].chain, notary.sites[0].wallet)
    with pytest.raises(IssuerError, match=r"is on .* already"):
        plan(notary, further.group.here, own)
    further.join()
    with pytest.raises(IssuerError, match=r"is on .* already"):
        plan(further.lab.notary, further.group.here, further.ground)


def test_a_wallet_that_is_no_contract_there_cannot_vote_there(further: Expansion) -> None:
    """Two of five votes are contracts that are not there: said; where too few are left, it is not founded."""
    lab, site = further.lab, further.lab.notary.sites[0]
    wallets = [
        send(site.chain, site.wallet, wallet_that_says("1626ba7e"), ledger=lab.notary.ledger).created for _ in "12"
    ]
    added = tuple(wallet for wallet in wallets if wallet is not None)
    further.group.decide(lambda draft: replace(draft, added=added, threshold=3))
    founding = plan(lab.notary, further.group.here, further.ground)
    assert founding.silent == tuple(sorted(added))
    further.group.decide(lambda draft: replace(draft, threshold=4))
    with pytest.raises(IssuerError, match="too few could approve anything on"):
        plan(lab.notary, further.group.here, further.ground)


# ------------------------------------------------------------------------- crashes


@BOTH
@pytest.mark.parametrize("method", ["sign", "broadcast"])
def test_founding_there_is_gone_on_with(further: Expansion, method: str, *, happens: bool) -> None:
    """Any failure of the wallet: run again, and one registry stands there, found by its own transaction."""
    notary, ground = further.lab.notary, further.ground
    lost: Any = Failing(ground.wallet, method, happens=happens)
    with pytest.raises(Fault):
        found_there(notary, plan(notary, further.group.here, Ground(ground.chain, lost)))
    site = found_there(notary, plan(notary, further.group.here, ground))
    again = plan(notary, further.group.here, ground)
    assert (again.there, again.quote) == (site.registry, None)
    assert ground.wallet.next_nonce() == 1


@BOTH
def test_a_wallet_that_fails_there_leaves_everything_as_it_was(further: Expansion, *, happens: bool) -> None:
    """The new chain comes first: where it fails, the others carry what they did, and rounds go on there."""
    lab, site = further.lab, further.found()
    proposal = further.proposal()
    approvals = further.group.approvals(proposal)
    lost: Any = replace(site, wallet=Failing(site.wallet, "broadcast", happens=happens))
    with pytest.raises(Fault):
        apply(replace(lab.notary, sites=(lab.notary.sites[0], lost)), proposal, approvals)
    batch = lab.logged(lab.institutions[0], "Ana")
    lab.anchor()
    assert lab.verdicts(batch) == [Result.VERIFIED]
    apply(lab.notary, proposal, approvals)
    assert {seat.epoch for seat in further.group.here.seats} == {2, 3}


def half_applied(further: Expansion) -> tuple[Proposal, list[SignedApproval]]:
    """Have a change reach the first of two chains; the transaction to the second is lost."""
    further.join()
    first, second = further.lab.notary.sites
    proposal = further.group.propose(renamed("Half way"))
    approvals = further.group.approvals(proposal)
    lost: Any = replace(second, wallet=Failing(second.wallet, "broadcast", happens=False))
    with pytest.raises(Fault):
        apply(replace(further.lab.notary, sites=(first, lost)), proposal, approvals)
    return proposal, approvals


def test_a_change_that_one_chain_lacks_is_said_and_holds_what_carries_it(further: Expansion) -> None:
    """The second of two transactions is lost: which chain lacks what, and nothing is anchored past the change there."""
    lab = further.lab
    proposal, approvals = half_applied(further)
    first, second = lab.notary.sites
    with pytest.raises(OperatorError, match=f"expected state 4, .*, found {second.chain.id} carries state 3"):
        find_in_force(lab.notary)
    batch = lab.logged(lab.institutions[0], "Ana")
    (found,) = advance(lab.notary)
    assert [row.chain for row in found.held] == [first.chain.id]
    assert "notary consortium apply" in found.held[0].reason
    apply(lab.notary, proposal, approvals)
    lab.anchor()
    assert members_in_force(lab.notary.ledger) == proposal.members
    assert len(roots(first)) == len(roots(second)) == 1
    assert lab.verdicts(batch) == [Result.VERIFIED]


def test_nobody_goes_back_to_an_older_state_while_a_chain_is_down(further: Expansion) -> None:
    """The change reached one chain, which then goes down; the other lacks it: it waits, and the ledger stays ahead."""
    lab = further.lab
    proposal, _ = half_applied(further)
    first, second = lab.notary.sites
    away: Any = replace(second, chain=Down(second.chain))
    assert follow(replace(lab.notary, sites=(first, away))) == proposal.members
    gone: Any = replace(first, chain=Down(first.chain))
    lab.logged(lab.institutions[0], "Ana")
    (found,) = advance(replace(lab.notary, sites=(gone, second)))
    says = {row.chain: row.reason for row in found.held}[second.chain.id]
    assert f"{first.chain.id} may carry a newer registry state" in says
    assert members_in_force(lab.notary.ledger) == proposal.members
    assert roots(second) == []


def test_an_unnamed_account_is_not_let_anchor(notary_lab: Lab) -> None:
    """Another wallet than the members named: nothing is sent, and the operator is told whom to ask for what."""
    lab, site = notary_lab, notary_lab.notary.sites[0]
    chain: Any = site.chain
    stranger = EvmKey.generate()
    chain.fund(stranger.address)
    lab.logged(lab.institutions[0], "Ana")
    moved = replace(site, wallet=KeyWallet(chain, stranger))
    (found,) = advance(replace(lab.notary, sites=(moved,)))
    assert "the members do not let this notary anchor" in found.held[0].reason
    assert f"propose --add-notary {chain.id}:0x{stranger.address.hex()}=lab.example/log" in found.held[0].reason
    assert roots(site) == []


def test_an_approval_for_one_chain_is_none_for_the_other(further: Expansion) -> None:
    """A file that lacks the new chain's signature, or has the old one's in its place: refused, nothing is sent."""
    lab, site = further.lab, further.found()
    proposal = further.proposal()
    good, other, *_ = further.group.approvals(proposal)
    old, _ = good.signatures
    before = further.group.standing()
    for signatures in ((old,), (old, (site.chain.id, old[1]))):
        with pytest.raises(IssuerError, match=f"does not approve this change on {site.chain.id}"):
            apply(lab.notary, proposal, [other, replace(good, signatures=signatures)])
    assert further.group.standing() == before
