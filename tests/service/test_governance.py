"""Changing a consortium: proposed, approved by k of n, applied on every chain, and refused where it must be."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notary.core.canonical import JSON
from notary.core.encoding import to_base64url
from notary.core.errors import IssuerError, Malformed, NotaryError, OperatorError
from notary.core.registry import Contract, MemberKey, MemberRecord, NotaryAccount, Period, Programme
from notary.core.statement import Recognition
from notary.core.verdict import Result
from notary.ports import Address, Call
from notary.service.governance.applying import apply, change_members
from notary.service.governance.approvals import SignedApproval, check_proposal
from notary.service.governance.differences import describe
from notary.service.governance.edits import add_key, admit, edit, end_key, leave, mark_compromised
from notary.service.governance.history import read_history
from notary.service.governance.in_force import InForce, find_in_force, places_of, view
from notary.service.governance.proposal import Draft, Proposal
from notary.service.governance.rules import NEVER
from notary.service.log.entries import log_batch
from notary.service.members.joining import join
from notary.service.members.registry import make_state, members_in_force
from notary.service.rounds.sending import send
from notary.store import open_ledger
from tests.service.council import Council, council, voter
from tests.service.lab import Failing, FailingLedger, Lab, opened, resigned
from tests.service.lost_world import new_key
from tests.service.test_several_chains import both

__all__ = ["both"]

TIME = "2026-03-01T00:00:00Z"


@pytest.fixture
def one(notary_lab: Lab) -> Council:
    """The founder's vote alone, k = 1."""
    return council(notary_lab)


@pytest.fixture
def three(one: Council) -> Council:
    """K = 2 of 3, grown from the founder's."""
    one.grow([voter(1), voter(2)], 2)
    return one


@pytest.fixture(scope="module")
def quiet(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Council]:
    """K = 2 of 3, for tests that change nothing: everything they try is refused."""
    folder = Path(shutil.copytree(founded, tmp_path_factory.mktemp("quiet") / "lab"))
    with opened(folder) as lab:
        group = council(lab)
        group.grow([voter(1), voter(2)], 2)
        yield group


@contextmanager
def refused(group: Council, what: str, kind: type[NotaryError] = IssuerError) -> Iterator[None]:
    """Within this block something is refused in these words, and nothing whatever is changed by it."""
    before = group.standing()
    with pytest.raises(kind, match=what):
        yield
    assert group.standing() == before


def renamed(name: str) -> Callable[[Draft], Draft]:
    return lambda draft: replace(draft, records=(replace(draft.records[0], name=name), *draft.records[1:]))


def newcomer(**changes: Any) -> MemberRecord:
    """An institution nobody knows yet; its id is its key."""
    multibase = new_key().public_key_multibase
    did = f"did:key:{multibase}"
    record = MemberRecord(
        id=did,
        aliases=(),
        name="University X",
        recognition=Recognition.AUTHORISED,
        programmes=tuple(Programme(f"https://x.example/{at}", f"REG-{at}") for at in range(3)),
        period=Period(None, None),
        successor=None,
        keys=(MemberKey(f"{did}#{multibase}", multibase, ("batch", "status"), Period(None, None), custodial=False),),
        did_document=None,
    )
    return replace(record, **changes)


# ------------------------------------------------------------------- the usual way


def test_a_consortium_grows_from_one_vote_to_k_of_n(three: Council) -> None:
    """Founded with k = 1; from then on two of three approve, the founder or not."""
    (seat,) = three.here.seats
    assert (seat.threshold, seat.epoch, len(seat.voters)) == (2, 2, 3)
    three.decide(renamed("New name"))
    assert "New name" in [record.name for record in members_in_force(three.notary.ledger).records]
    proposal = three.propose(renamed("Without the founder"))
    apply(three.notary, proposal, three.approvals(proposal, voter(1), voter(2)))
    assert three.here.seats[0].epoch == 4


def test_an_applied_proposal_is_applied_again_without_effect(three: Council) -> None:
    """Run again, and with no approvals at all: the same state, no transaction."""
    proposal = three.propose(renamed("Once"))
    first = apply(three.notary, proposal, three.approvals(proposal))
    before = three.standing()
    assert apply(three.notary, proposal, []) == first
    assert three.standing() == before


def test_files_are_what_they_were_written_from(quiet: Council) -> None:
    """Proposal, approval and copy come back from their bytes, and their digests hold."""
    proposal = quiet.propose(renamed("Filed"))
    assert Proposal.parse(bytes(proposal)) == proposal
    approval = quiet.approve(proposal, voter(1))
    assert SignedApproval.parse(bytes(approval)) == approval
    assert approval.proposal == proposal.digest
    assert InForce.parse(bytes(quiet.here)) == quiet.here


def test_an_approver_needs_nothing_but_a_copy(quiet: Council) -> None:
    """Checked and described from a file alone: no ledger, no chain, no block store."""
    copy = InForce.parse(bytes(quiet.here))
    made = quiet.about(lambda record: replace(record, name="Offline"))
    proposal = Proposal.parse(bytes(made))
    check_proposal(proposal, copy, quiet.notary.contracts, now=quiet.now)
    assert describe(proposal, copy) == ["Fenwick College is called Offline"]


def test_a_receipt_from_before_a_change_still_verifies(one: Council) -> None:
    """Keys rotate after the anchor; the receipt is judged by the state that was in force."""
    lab, institution = one.lab, one.lab.institutions[0]
    batch = lab.logged(institution, "Ana")
    lab.anchor()
    assert lab.verdicts(batch) == [Result.VERIFIED]
    fresh = new_key()
    key = MemberKey("x#new", fresh.public_key_multibase, ("batch", "status"), Period(None, None), custodial=False)
    now = one.notary.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    own = institution.key.public_key_multibase
    one.decide(lambda draft: edit(draft, institution.did, add_key(key), end_key(own, now)))
    assert lab.verdicts(batch) == [Result.VERIFIED]


def test_compromise_ends_what_comes_after_and_not_what_was_before(one: Council) -> None:
    """Anchored before the moment: verified; a moment before the anchor: not, by the same receipt."""
    lab, institution = one.lab, one.lab.institutions[0]
    batch = lab.logged(institution, "Ana")
    lab.anchor()
    key = institution.key.public_key_multibase
    one.decide(lambda draft: mark_compromised(draft, key, "2100-01-01T00:00:00Z"))
    assert lab.verdicts(batch) == [Result.VERIFIED]
    one.decide(lambda draft: mark_compromised(draft, key, TIME))
    assert lab.verdicts(batch) == [Result.NOT_VERIFIED]


def test_member_that_leaves_signs_no_more_batches(one: Council) -> None:
    """Left a while ago: its next batch is refused at the log, and the record names the successor."""
    lab, institution = one.lab, one.lab.institutions[0]
    successor = one.record(1).id
    one.decide(lambda draft: edit(draft, institution.did, leave("2026-06-01T00:00:00Z", successor)))
    assert one.record().successor == successor
    _, signed = lab.sealed(institution, "Ana")
    with pytest.raises(IssuerError, match="was no member then"):
        log_batch(lab.notary, signed)


def test_who_serves_is_changed_the_same_way(one: Council) -> None:
    """Another account for another log, on the same chain."""
    other = NotaryAccount(one.here.seats[0].chain, bytes(20), "second.example/log")
    one.decide(lambda draft: replace(draft, notaries=(*draft.notaries, other)))
    assert other in one.here.members.state.notaries


def test_a_change_relayed_by_others_is_taken_over(one: Council, tmp_path: Any) -> None:
    """This ledger knows nothing of it; the chain and the block store do."""
    notary = one.notary
    ledger = open_ledger(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    join(notary.sites[0], notary.origin, ledger=ledger, blocks=notary.blocks, contracts=notary.contracts)
    one.decide(renamed("Elsewhere"))
    behind = replace(notary, ledger=ledger)
    assert members_in_force(ledger).state.number == 1
    assert find_in_force(behind) == one.here == view(places_of(notary), notary.contracts, notary.blocks)
    assert members_in_force(ledger).state.number == 2
    ledger.close()


# ----------------------------------------------------------------------- bad approvals


def test_approval_by_a_non_member(quiet: Council) -> None:
    """An address without a vote cannot approve, and its approval is not counted."""
    proposal = quiet.propose(renamed("No"))
    with refused(quiet, "has no vote on"):
        quiet.approve(proposal, voter(9))
    forged = replace(quiet.approve(proposal, voter(1)), signer=voter(9).address)
    with refused(quiet, "has no vote on"):
        apply(quiet.notary, proposal, [quiet.approve(proposal, voter(2)), forged])


def test_approval_twice(quiet: Council) -> None:
    """One member twice is not two members."""
    proposal = quiet.propose(renamed("No"))
    with refused(quiet, "approved twice"):
        apply(quiet.notary, proposal, quiet.approvals(proposal, voter(1), voter(1)))


def test_too_few_approvals(quiet: Council) -> None:
    """One of the two that are needed."""
    proposal = quiet.propose(renamed("No"))
    with refused(quiet, r"too few approvals on .*: expected 2 of 3 members, found 1"):
        apply(quiet.notary, proposal, quiet.approvals(proposal, voter(1)))


def test_approval_of_changed_content(quiet: Council) -> None:
    """The proposal was edited after it was approved; relabelling the approval does not help."""
    approvals = quiet.approvals(quiet.propose(renamed("Approved")))
    edited = quiet.propose(renamed("Slipped in"))
    with refused(quiet, "approved another proposal"):
        apply(quiet.notary, edited, approvals)
    relabelled = [replace(each, proposal=edited.digest) for each in approvals]
    with refused(quiet, "does not approve this change"):
        apply(quiet.notary, edited, relabelled)


def test_approval_after_expiry(quiet: Council) -> None:
    """A proposal whose deadline has passed is neither approved nor applied."""
    proposal = quiet.propose(renamed("Late"), deadline=quiet.now - 1)
    with refused(quiet, "has expired"):
        check_proposal(proposal, quiet.here, quiet.notary.contracts, now=quiet.now)
    with refused(quiet, "has expired"):
        apply(quiet.notary, proposal, quiet.approvals(proposal))


def test_approval_from_an_older_epoch(three: Council) -> None:
    """Two proposals beside each other: once one is applied, the other's approvals are worth nothing."""
    one, other = three.propose(renamed("One")), three.propose(renamed("Other"))
    approvals = three.approvals(other)
    apply(three.notary, one, three.approvals(one))
    with refused(three, "does not follow the state in force"):
        apply(three.notary, other, approvals)
    stale = replace(three.propose(renamed("Other")), seats=other.seats)
    with refused(three, "is from another epoch of .*: expected epoch 4, found epoch 3"):
        apply(three.notary, stale, three.approvals(stale))


def test_signature_of_another_chain_or_registry(quiet: Council) -> None:
    """A signature is for one chain and one contract."""
    proposal = quiet.propose(renamed("No"))
    (seat,) = proposal.seats
    elsewhere = replace(proposal, seats=(replace(seat, registry=Address(bytes(19) + b"\1")),))
    approvals = [replace(each, proposal=proposal.digest) for each in quiet.approvals(elsewhere)]
    with refused(quiet, "does not approve this change"):
        apply(quiet.notary, proposal, approvals)
    with refused(quiet, "another consortium's"):
        apply(quiet.notary, elsewhere, quiet.approvals(elsewhere))


@pytest.mark.parametrize("k", [0, 4, 2**53 - 1])
def test_k_out_of_bounds(quiet: Council, k: int) -> None:
    """K = 0 and k > n are refused before anybody signs, and when somebody signed all the same."""
    proposal = quiet.propose(lambda draft: replace(draft, threshold=k))
    with refused(quiet, f"expected from 1 to 3, found {k}"):
        check_proposal(proposal, quiet.here, quiet.notary.contracts, now=quiet.now)
    with refused(quiet, f"expected from 1 to 3, found {k}"):
        apply(quiet.notary, proposal, quiet.approvals(proposal))


@pytest.mark.parametrize(
    "change, what",
    [
        ({"added": (voter(1).address,)}, "cannot be given a vote: found it has one"),
        ({"added": (Address(bytes(20)),)}, "cannot be given a vote: found zero"),
        ({"added": (voter(7).address, voter(7).address)}, "comes or goes twice"),
        ({"removed": (voter(9).address,)}, "has no vote to lose"),
        ({"removed": (voter(1).address, voter(2).address)}, "expected from 1 to 1, found 2"),
    ],
)
def test_votes_that_cannot_change_so(quiet: Council, change: dict[str, Any], what: str) -> None:
    """Who comes is new, who goes is there, and enough stay."""
    proposal = quiet.propose(lambda draft: replace(draft, **change))
    with refused(quiet, what):
        apply(quiet.notary, proposal, quiet.approvals(proposal))


# ------------------------------------------------------------------------- bad records


def bad(record: MemberRecord, other: MemberRecord) -> dict[str, tuple[MemberRecord, str]]:
    """Records that no member may approve, each with what is said of it."""
    (key, *_) = record.keys
    fresh = replace(key, public_key_multibase=new_key().public_key_multibase)
    year = replace(key, period=Period(None, "2026-01-01T00:00:00Z"))
    later = replace(fresh, period=Period("2027-01-01T00:00:00Z", None))
    document: JSON = {
        "id": "did:web:other.example",
        "assertionMethod": [{"id": "#k", "publicKeyMultibase": key.public_key_multibase}],
    }
    stranger: JSON = {"id": record.id, "assertionMethod": [{"id": "#k", "publicKeyMultibase": other.keys[0].id[-48:]}]}
    web = replace(record, id="did:web:x.example")
    return {
        "overlapping keys of one id": (replace(record, keys=(key, fresh)), "two keys with the id .* at the same time"),
        "keys of one id after each other": (replace(record, keys=(year, later)), "two keys with the id"),
        "key that ends before it begins": (
            replace(record, keys=(replace(key, period=Period(TIME, "2026-02-01T00:00:00Z")),)),
            "ends before it begins",
        ),
        "no working key": (replace(record, keys=(replace(key, period=NEVER),)), "no key to sign with|not among"),
        "key that is none": (
            replace(record, keys=(key, replace(fresh, id="y", public_key_multibase="zz"))),
            "University",
        ),
        "wrong DID document": (replace(record, did_document=document), "DID document of University X is another's"),
        "document without its key": (replace(record, did_document=stranger), "lists none of its keys"),
        "did:key of another key": (replace(record, keys=(fresh,)), "is not among the keys of University X"),
        "did:web without document": (web, "comes without the document of did:web:x.example"),
        "alias of another member": (replace(record, aliases=(other.id,)), "the issuer id .* stands twice"),
        "alias twice": (replace(record, aliases=("https://a.example", "https://a.example")), "University X twice"),
        "key of another member": (
            replace(record, keys=(key, replace(other.keys[0], id="z"))),
            "the key .* stands twice: .* found .* and ",
        ),
        "its own successor": (replace(record, successor=record.id), "has to be another member"),
        "a stranger as successor": (replace(record, successor="did:web:nobody.example"), "has to be another member"),
        "leaves before it joins": (replace(record, period=Period(TIME, "2026-01-01T00:00:00Z")), "leaves before"),
    }


@pytest.mark.parametrize("case", list(bad(newcomer(), newcomer())))
def test_record_that_nobody_may_approve(quiet: Council, case: str) -> None:
    """Clear words when it is proposed; refused again from a file that says it is a proposal; nothing changes."""
    record, what = bad(newcomer(), quiet.record())[case]
    here = quiet.here
    with refused(quiet, what):
        quiet.propose(lambda draft: admit(draft, record))
    with refused(quiet, what):
        change_members(quiet.notary, [*here.members.records, record], [each.approve for each in quiet.voters])
    state, records = here.members.state, [*here.members.records, record]
    try:
        members = make_state(records, contracts=state.contracts, notaries=state.notaries, after=state)
    except Malformed:
        return  # no state can be made of it at all
    smuggled = replace(quiet.propose(renamed("Harmless")), members=members)
    with refused(quiet, what):
        apply(quiet.notary, smuggled, quiet.approvals(smuggled))


@pytest.mark.parametrize(
    "change, what",
    [
        (lambda draft: replace(draft, records=draft.records[1:]), "is no longer listed"),
        (lambda draft: replace(draft, notaries=()), "nobody could anchor"),
        (lambda draft: replace(draft, notaries=draft.notaries * 2), "stands twice"),
        (
            lambda draft: replace(draft, notaries=(NotaryAccount("eip155:99999", bytes(20), "x/log"),)),
            "is on a chain without contract",
        ),
        (lambda draft: mark_compromised(draft, "z6Mknobodys", TIME), "is no member's"),
        (lambda draft: draft, "changes nothing"),
    ],
)
def test_state_that_nobody_may_approve(quiet: Council, change: Callable[[Draft], Draft], what: str) -> None:
    """What no later state could mend, or would help nobody."""
    with refused(quiet, what):
        quiet.decide(change)


def edited(proposal: Proposal, change: Callable[[Any], Any]) -> bytes:
    fields = json.loads(bytes(proposal))
    change(fields)
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields["records"][0].update(name="Shown"),
        lambda fields: fields["records"].pop(),
        lambda fields: fields["records"].reverse(),
        lambda fields: fields["records"].clear(),
        lambda fields: fields["state"].update(root=fields["state"]["previous"]),
        lambda fields: fields["state"].update(size=fields["state"]["size"] + 1),
        lambda fields: fields["seats"].clear(),
        lambda fields: fields["seats"].append(fields["seats"][0]),
        lambda fields: fields.update(digest="x"),
        lambda fields: fields.pop("deadline"),
        lambda fields: fields.update(type="credential-notary/proposal/v2"),
    ],
)
def test_proposal_that_is_not_of_one_piece(quiet: Council, change: Callable[[Any], Any]) -> None:
    """What is shown and what would be signed belong together, or the file is refused."""
    with pytest.raises(NotaryError):
        Proposal.parse(edited(quiet.propose(renamed("Whole")), change))


def test_other_contracts_are_refused(quiet: Council) -> None:
    """A proposal cannot lead to a contract the consortium did not found."""
    proposal = quiet.propose(renamed("Moved"))
    contracts = (replace(quiet.here.members.state.contracts[0], address=bytes(20)),)
    moved = replace(
        proposal, members=replace(proposal.members, state=replace(proposal.members.state, contracts=contracts))
    )
    with refused(quiet, "names other contracts"):
        apply(quiet.notary, moved, quiet.approvals(moved))


# --------------------------------------------------------------------- what waits


def test_statement_that_would_verify_no_longer_is_anchored_first(one: Council) -> None:
    """Logged and not anchored: ending its key now is refused; after the anchor it goes through."""
    lab, institution = one.lab, one.lab.institutions[0]
    lab.logged(institution, "Ana")
    own = institution.key.public_key_multibase
    key = MemberKey("x#new", new_key().public_key_multibase, ("batch",), Period(None, None), custodial=False)
    ended = one.about(add_key(key), end_key(own, TIME))
    with refused(one, "log entry 0 of .* waits to be anchored"):
        apply(one.notary, ended, one.approvals(ended))
    lab.anchor()
    apply(one.notary, ended, one.approvals(ended))


def test_a_harmless_change_does_not_wait(one: Council) -> None:
    """A statement waits, and another member is renamed: nothing speaks against it, and the batch verifies."""
    lab = one.lab
    batch = lab.logged(lab.institutions[0], "Ana")
    one.decide(lambda draft: edit(draft, one.record(1).id, lambda record: replace(record, name="Renamed")))
    lab.anchor()
    assert lab.verdicts(batch) == [Result.VERIFIED]


def test_a_compromise_does_not_wait_either(one: Council) -> None:
    """What a thief logged is no reason to wait with saying so, and with ending the key at once."""
    lab, institution = one.lab, one.lab.institutions[0]
    lab.logged(institution, "Ana")
    own = institution.key.public_key_multibase
    fresh = MemberKey("x#new", new_key().public_key_multibase, ("batch",), Period(None, None), custodial=False)
    one.decide(
        lambda draft: mark_compromised(edit(draft, institution.did, add_key(fresh), end_key(own, TIME)), own, TIME)
    )
    assert one.record().keys[0].period.until == TIME


def test_claim_above_recognition_is_refused_at_the_log(one: Council) -> None:
    """Lowered by a change; a statement that was signed before claims too much now."""
    lab, institution = one.lab, one.lab.institutions[0]
    _, signed = lab.sealed(institution, "Ana")
    one.decide(
        lambda draft: edit(draft, institution.did, lambda record: replace(record, recognition=Recognition.COMMUNITY))
    )
    with pytest.raises(IssuerError, match="claims more than it is recognised for"):
        log_batch(lab.notary, resigned(signed, institution))


# ------------------------------------------------------------------ crashes and chains


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
@pytest.mark.parametrize("method", ["broadcast", "sign"])
def test_transaction_that_fails_is_gone_on_with(one: Council, method: str, happens: bool) -> None:
    """Run again after any failure of the wallet: one change on chain, in force, nothing sent twice."""
    notary, proposal = one.notary, one.propose(renamed("After all"))
    approvals = one.approvals(proposal)
    site = notary.sites[0]
    broken = replace(notary, sites=(replace(site, wallet=Failing(site.wallet, method, happens=happens)),))
    with pytest.raises(OperatorError):
        apply(broken, proposal, approvals)
    apply(notary, proposal, approvals)
    assert one.here.seats[0].epoch == 2
    assert members_in_force(notary.ledger) == proposal.members
    with notary.ledger.read() as work:
        attempts = work.attempts.since(site.chain.id, site.wallet.address, 0)
    assert sum(bytes(proposal.members.state.digest()) in row.raw for row in attempts) == 1


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_unit_of_work_that_fails_is_gone_on_with(one: Council, at: int, happens: bool) -> None:
    """A crash at any write of the ledger: the next run ends where an undisturbed one does."""
    notary, proposal = one.notary, one.propose(renamed("After all"))
    approvals = one.approvals(proposal)
    broken = replace(notary, ledger=FailingLedger(notary.ledger, at=at, happens=happens))
    with pytest.raises(OperatorError):
        apply(broken, proposal, approvals)
    assert apply(notary, proposal, approvals) == members_in_force(notary.ledger) == proposal.members
    assert [change.epoch for change in notary.contracts.changes(notary.sites[0].chain, notary.sites[0].registry)] == [
        1,
        2,
    ]


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
def test_state_is_pinned_before_anything_is_sent(one: Council, happens: bool) -> None:
    """The block store fails: nothing is on chain; the next run goes through."""
    notary, proposal = one.notary, one.propose(renamed("After all"))
    approvals = one.approvals(proposal)
    broken = replace(notary, blocks=Failing(notary.blocks, "put", happens=happens))
    with refused(one, "fault on purpose", OperatorError):
        apply(broken, proposal, approvals)
    apply(notary, proposal, approvals)
    assert one.here.members == proposal.members


def test_every_chain_is_reached_and_a_crash_between_them_is_resumed(both: Lab) -> None:
    """The second chain's transaction fails: the first carries the new state; run again, both do, each once."""
    group = council(both)
    notary, proposal = both.notary, group.propose(renamed("Everywhere"))
    approvals = group.approvals(proposal)
    first, second = notary.sites
    broken: Any = replace(second, wallet=Failing(second.wallet, "broadcast", happens=False))
    with pytest.raises(OperatorError, match="fault on purpose"):
        apply(replace(notary, sites=(first, broken)), proposal, approvals)
    with pytest.raises(OperatorError, match="carry different registry states"):
        find_in_force(notary)
    apply(notary, proposal, approvals)
    assert {seat.epoch for seat in group.here.seats} == {2}
    assert group.here.members == proposal.members
    one_seat = replace(group.propose(renamed("One alone")), seats=group.propose(renamed("One alone")).seats[:1])
    with pytest.raises(IssuerError, match="the proposal does not reach every chain"):
        check_proposal(one_seat, group.here, notary.contracts, now=group.now)
    half = replace(group.here, seats=group.here.seats[:1])
    with pytest.raises(IssuerError, match="your view does not reach every chain"):
        check_proposal(group.propose(renamed("Seen by half")), half, notary.contracts, now=group.now)


# ----------------------------------------------------------------- contract wallets


def wallet_that_says(answer: str) -> Call:
    """A contract that answers every call with these four bytes, as an ERC-1271 wallet would with its own."""
    runtime = f"63{answer}60e01b60005260206000f3"
    return Call(None, bytes.fromhex(f"6f{runtime}60005260106010f3"))


@pytest.mark.parametrize("answer, counts", [("1626ba7e", True), ("ffffffff", False)])
def test_erc_1271_wallet_votes(one: Council, answer: str, counts: bool) -> None:
    """A member that is a contract approves by what it says; asked before anything is sent."""
    site = one.notary.sites[0]
    created = send(site.chain, site.wallet, wallet_that_says(answer), ledger=one.notary.ledger).created
    assert created is not None
    one.decide(lambda draft: replace(draft, added=(created,), threshold=2))
    proposal = one.propose(renamed("By contract"))
    by_contract = replace(one.approve(proposal, one.voters[0]), signer=created)
    approvals = [*one.approvals(proposal), by_contract]
    if counts:
        assert apply(one.notary, proposal, approvals) == proposal.members
    else:
        with refused(one, "does not approve this change"):
            apply(one.notary, proposal, approvals)


# ------------------------------------------------------------------------- history


def test_history_is_read_from_chain_and_blocks_alone(three: Council) -> None:
    """Every state with its block, date, voters and what it changed, in order, without a ledger."""
    three.decide(lambda draft: admit(draft, newcomer()))
    key = three.record().keys[0].public_key_multibase
    three.decide(lambda draft: mark_compromised(draft, key, TIME))
    notary = three.notary
    passages = read_history(places_of(notary), notary.contracts, notary.blocks)
    assert [passage.number for passage in passages] == [1, 2, 3, 4]
    assert all(passage.time and passage.change.block_number for passage in passages)
    assert [len(passage.change.approvers) for passage in passages] == [0, 1, 3, 3]
    said = ["\n".join(passage.lines) for passage in passages]
    assert "k 2, of 3 votes" in said[1]
    assert "adds University X, authorised for 3 achievements" in said[2]
    assert f"marks key {key} of Fenwick College compromised since {TIME}" in said[3]


def test_history_says_which_state_cannot_be_had(three: Council) -> None:
    """A block that nobody has any more: named, and the rest is told."""
    three.decide(renamed("Lost"))
    lost = three.here.members.state.digest()
    three.decide(renamed("Found"))

    class Forgetful:
        def get(self, cid: Any) -> bytes:
            if cid.digest == lost:
                raise OperatorError("gone")
            return three.notary.blocks.get(cid)

    notary = three.notary
    passages = read_history(places_of(notary), notary.contracts, Forgetful())  # type: ignore[arg-type]
    assert [passage.number for passage in passages] == [1, 2, None, 4]
    assert "cannot be had: gone" in passages[2].lines[0]


def test_node_that_hides_a_change_is_found_out(three: Council) -> None:
    """Epochs follow each other without a gap."""
    site = three.notary.sites[0]

    class Hiding:
        id = site.chain.id

        def events(self, *args: Any, **options: Any) -> Iterator[Any]:
            return iter(list(site.chain.events(*args, **options))[1:])

    with pytest.raises(OperatorError, match="does not show every change"):
        three.notary.contracts.changes(Hiding(), site.registry)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------- size


def test_membership_proof_of_a_thousand_members_is_small() -> None:
    """Ten levels of 32 bytes in base64url: 427 characters, below 1 KB."""
    records = [newcomer(programmes=()) for _ in range(1000)]
    chain = "eip155:1"
    members = make_state(
        records, contracts=[Contract(chain, bytes(20))], notaries=[NotaryAccount(chain, bytes(20), "n.example/log")]
    )
    paths = [members.prove(record.id).path for record in (records[0], records[500], records[-1])]
    assert max(len(to_base64url(b"".join(path))) for path in paths) <= 427
