"""A change of members that others relayed: taken over before anything is anchored, or anchoring waits and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.embedded_blocks import EmbeddedBlocks
from anchoring.evm_key import EvmKey
from anchoring.wallet import KeyWallet
from api.worker.jobs import JOBS
from notary.core.cid import Cid
from notary.core.registry import Contract, MemberKey, Period
from notary.core.verdict import Result
from notary.ports import Change
from notary.ports.ledger import BatchState
from notary.service.governance.applying import apply
from notary.service.governance.edits import add_key, admit, edit, end_key, mark_compromised
from notary.service.governance.following import follow
from notary.service.governance.proposal import Draft, Proposal
from notary.service.log.entries import log_batch
from notary.service.members.joining import join
from notary.service.members.registry import keep_state, members_in_force
from notary.service.notary import Notary
from notary.service.rounds.advancing import advance
from notary.service.rounds.drawing import draw
from notary.service.rounds.progress import progress
from notary.service.rounds.sending import send
from notary.service.rounds.standing import held
from notary.service.submission.batch_file import BatchFile, write_batch_file
from notary.service.submission.signing import sign
from notary.store import open_ledger
from tests.service.council import Council, council
from tests.service.lab import SINCE, Failing, FailingLedger, Fault, Lab
from tests.service.lost_world import new_key
from tests.service.test_governance import newcomer, renamed

BOTH = pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])


@dataclass
class Others:
    """Whoever else relays a change: a ledger, a wallet and a block store of their own."""

    group: Council
    notary: Notary
    own_blocks: EmbeddedBlocks

    def relay(self, change: Callable[[Draft], Draft], *, share: bool = True) -> Proposal:
        """Apply an approved change; `share`: its state reaches the block store that the lab's notary asks."""
        proposal = self.group.propose(change)
        mine = self.notary if share else replace(self.notary, blocks=self.own_blocks)
        apply(mine, proposal, self.group.approvals(proposal))
        return proposal


@pytest.fixture
def others(notary_lab: Lab, tmp_path: Path) -> Iterator[Others]:
    """The lab's consortium of one vote, and somebody who relays its changes."""
    notary = notary_lab.notary
    ledger = open_ledger(f"sqlite:///{tmp_path / 'others.sqlite3'}")
    join(notary.sites[0], notary.origin, ledger=ledger, blocks=notary.blocks, contracts=notary.contracts)
    chain: Any = notary.sites[0].chain
    key = EvmKey.generate()
    chain.fund(key.address)
    site = replace(notary.sites[0], wallet=KeyWallet(chain, key))
    apart = tmp_path / "apart"
    apart.mkdir()
    yield Others(council(notary_lab), replace(notary, ledger=ledger, sites=(site,)), EmbeddedBlocks(apart))
    ledger.close()


def number(lab: Lab) -> int:
    return members_in_force(lab.notary.ledger).state.number


# ------------------------------------------------------------------- taken over


def test_an_anchor_takes_a_change_over_and_what_fell_waits_for_a_new_signature(others: Others, notary_lab: Lab) -> None:
    """Others marked a key compromised: its batch is held with the reason, the other is anchored by the new state."""
    lab = notary_lab
    college, makers, _ = lab.institutions
    fallen, good = lab.logged(college, "Ana"), lab.logged(makers, "Bo")
    fresh = new_key()
    method = f"{college.did}#{fresh.public_key_multibase}"
    key = MemberKey(method, fresh.public_key_multibase, ("batch", "status"), Period(SINCE, None), custodial=False)
    own = college.key.public_key_multibase
    proposal = others.relay(
        lambda draft: mark_compromised(edit(draft, college.did, add_key(key)), own, "2026-01-02T00:00:00Z")
    )
    assert number(lab) == 1
    lab.anchor()
    assert members_in_force(lab.notary.ledger) == proposal.members
    (waits, _) = progress(lab.notary)
    assert waits.batch.id == fallen.id
    assert waits.batch.state is BatchState.SEALED
    assert waits.batch.held is not None
    assert waits.batch.held.startswith("needs a new signature: ")
    assert lab.verdicts(good) == [Result.VERIFIED]
    statement = BatchFile.parse(write_batch_file(lab.notary, fallen.id)).statement
    log_batch(lab.notary, sign(statement, fresh, method))
    lab.anchor()
    assert lab.verdicts(fallen) == [Result.VERIFIED]


def test_a_worker_takes_a_change_over_though_nothing_is_anchored(others: Others, notary_lab: Lab) -> None:
    """Its job comes round: an institution that was admitted elsewhere is a member here too."""
    admitted = newcomer()
    others.relay(lambda draft: admit(draft, admitted))
    next(job for job in JOBS if job.name == "members").run(notary_lab.notary)
    assert members_in_force(notary_lab.notary.ledger).find(admitted.id) == admitted
    with notary_lab.notary.ledger.read() as work:
        said = work.journal.last()
    assert said is not None
    assert said.objects == ("registry state 2",)


def test_a_change_that_others_relay_of_ones_own_proposal_needs_no_block_store(others: Others, notary_lab: Lab) -> None:
    """Proposed here, sent by others: the ledger has its records already."""
    proposal = others.relay(renamed("Ours"), share=False)
    keep_state(proposal.members, notary_lab.notary.ledger, others.own_blocks, in_force=False)
    assert follow(notary_lab.notary) == proposal.members
    assert number(notary_lab) == 2


def test_a_change_between_sending_and_block_is_known_at_finality(others: Others, notary_lab: Lab) -> None:
    """The event carries a state that the ledger has never seen: it is fetched, and the receipt shows it."""
    lab, site = notary_lab, notary_lab.notary.sites[0]
    batch = lab.logged(lab.institutions[0], "Ana")

    class Late:
        def __getattr__(self, name: str) -> Any:
            return getattr(site.wallet, name)

        def broadcast(self, transaction: Any) -> None:
            others.relay(renamed("In between"))
            site.wallet.broadcast(transaction)

    late: Any = Late()
    advance(replace(lab.notary, sites=(replace(site, wallet=late),)))
    lab.anchor()
    assert held(lab.notary) == ()
    with lab.notary.ledger.read() as work:
        (row,) = work.anchors.anchors()
        assert [state.digest for state in work.registry.states()][-1] == row.registry
    assert lab.verdicts(batch) == [Result.VERIFIED]


def test_a_chain_that_is_down_is_not_waited_for(others: Others, notary_lab: Lab) -> None:
    """No chain answers: nothing is known, and nothing is said to be otherwise."""
    others.relay(renamed("Unseen"))
    site = notary_lab.notary.sites[0]
    gone: Any = Failing(site.chain, "code", happens=False)
    assert follow(replace(notary_lab.notary, sites=(replace(site, chain=gone),))) is None
    assert number(notary_lab) == 1


# -------------------------------------------------------------------- it waits


def test_a_state_that_nobody_gives_holds_the_chain_until_the_proposal_is_at_hand(
    others: Others, notary_lab: Lab
) -> None:
    """Nothing is anchored past it; the reason says what to do, and doing that is enough."""
    lab = notary_lab
    batch = lab.logged(lab.institutions[0], "Ana")
    proposal = others.relay(renamed("Kept back"), share=False)
    (found,) = advance(lab.notary)
    (standing,) = found.held
    assert "cannot be had" in standing.reason
    assert "ask for the proposal, then notary consortium apply FILE" in standing.reason
    assert list(lab.notary.sites[0].chain.sightings(lab.notary.sites[0].contract)) == []
    apply(lab.notary, Proposal.parse(bytes(proposal)), [])
    lab.anchor()
    assert held(lab.notary) == ()
    assert lab.verdicts(batch) == [Result.VERIFIED]


@pytest.mark.parametrize("spoilt", ["state", "records"])
def test_bytes_that_are_not_what_the_event_names_are_not_taken(others: Others, notary_lab: Lab, spoilt: str) -> None:
    """A store that gives another state, or other records, holds the chain; the ledger stays as it was."""
    lab = notary_lab
    lab.logged(lab.institutions[0], "Ana")
    old = members_in_force(lab.notary.ledger).state
    new = others.relay(renamed("True")).members.state
    swapped = {"state": (new.digest(), Cid.of(old.block())), "records": (new.records.digest, old.records)}[spoilt]

    class Lying:
        def __getattr__(self, name: str) -> Any:
            return getattr(lab.notary.blocks, name)

        def get(self, cid: Cid) -> bytes:
            return lab.notary.blocks.get(swapped[1] if cid.digest == swapped[0] else cid)

    lying: Any = Lying()
    (found,) = advance(replace(lab.notary, blocks=lying))
    assert "cannot be had" in found.held[0].reason
    assert number(lab) == 1
    lab.anchor()
    assert number(lab) == 2


def test_a_state_with_another_contract_is_not_followed(others: Others, notary_lab: Lab) -> None:
    """K members approved it with tools of their own: this notary's contract is no longer named, and it stops."""
    lab, site = notary_lab, notary_lab.notary.sites[0]
    lab.logged(lab.institutions[0], "Ana")
    proposal = others.group.propose(renamed("Moved"))
    state = replace(proposal.members.state, contracts=(Contract(site.chain.id, b"\x07" * 20),))
    members = replace(proposal.members, state=state)
    keep_state(members, others.notary.ledger, lab.notary.blocks, in_force=False)
    change: Change = replace(proposal.change(proposal.seats[0]), state=state.digest())
    contracts = lab.notary.contracts
    digest = contracts.approval_digest(site.chain.id, site.registry, change)
    approval = others.group.voters[0].approve(digest)
    send(site.chain, others.notary.sites[0].wallet, contracts.change(site.registry, change, [approval]))
    (found,) = advance(lab.notary)
    assert "names another anchor contract" in found.held[0].reason
    assert number(lab) == 1


# ---------------------------------------------------------------------- crashes


@BOTH
@pytest.mark.parametrize("part", ["ledger", "put", "get"])
def test_whatever_fails_meanwhile_is_done_at_the_next_step(
    others: Others, notary_lab: Lab, part: str, *, happens: bool
) -> None:
    """Ledger or block store fail while the change is taken over: held, then the same end as undisturbed."""
    lab = notary_lab
    batch = lab.logged(lab.institutions[0], "Ana")
    draw(lab.notary)
    proposal = others.relay(renamed("After all"))
    broken: dict[str, Any] = {
        "ledger": {"ledger": FailingLedger(lab.notary.ledger, at=1, happens=happens)},
        "put": {"blocks": Failing(lab.notary.blocks, "put", happens=happens)},
        "get": {"blocks": Failing(lab.notary.blocks, "get", happens=happens)},
    }
    (found,) = advance(replace(lab.notary, **broken[part]))
    assert str(Fault()) in found.held[0].reason
    lab.anchor()
    assert members_in_force(lab.notary.ledger) == proposal.members
    assert lab.verdicts(batch) == [Result.VERIFIED]
    assert len(list(lab.notary.sites[0].chain.sightings(lab.notary.sites[0].contract))) == 1


def test_a_key_that_others_ended_is_noticed_before_the_anchor(others: Others, notary_lab: Lab) -> None:
    """Not compromised, just ended before the anchor: the statement that waits would fail, and waits."""
    lab, college = notary_lab, notary_lab.institutions[0]
    batch = lab.logged(college, "Ana")
    fresh = MemberKey("x#new", new_key().public_key_multibase, ("batch",), Period(None, None), custodial=False)
    others.relay(
        lambda draft: edit(
            draft, college.did, add_key(fresh), end_key(college.key.public_key_multibase, "2026-03-01T00:00:00Z")
        )
    )
    lab.anchor()
    with lab.notary.ledger.read() as work:
        row = work.batches.get(batch.id)
    assert row is not None
    assert row.held is not None
    assert "was not in force then" in row.held
