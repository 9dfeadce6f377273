"""What a verdict tells; which verdict an attack gets is in tests/attacks."""

from dataclasses import replace

import pytest

from notary.core.digest import LeafIndex
from notary.core.encoding import format_unix
from notary.core.errors import Malformed
from notary.core.evm import Header
from notary.core.leaf import Form
from notary.core.receipt import EvmAnchor, MemberProof, OtherAnchor, Receipt
from notary.core.statement import Recognition
from notary.core.status import Status
from notary.core.verdict import AnchorFact, Check, Result, State, StatusFact, Verdict
from notary.core.verify import blocks_to_ask, untrusting
from tests.world import ALPHA, BETA, DAY, GAMMA, MAIN, SIDE, START, Award, World

BLOCK = START + DAY


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def only(verdict: Verdict, step: int, about: str) -> Check:
    (found,) = (check for check in verdict.checks if (check.step, check.about) == (step, about))
    return found


def unnoted(world: World) -> Receipt:
    """Frank's receipt without block notes."""
    receipt = world.receipt("frank", as_of=0)
    (anchor,) = receipt.commitments[0].anchors
    assert isinstance(anchor, EvmAnchor)
    bare = replace(receipt.commitments[0], anchors=(replace(anchor, notes=()),))
    return replace(receipt, commitments=(bare,))


def test_a_verdict_names_who_what_where_and_when(world: World) -> None:
    """Institution, recognition, title, learner, anchors with their blocks' times, status and its date."""
    facts = world.verify(world.receipt("alice", as_of=0)).facts
    assert facts.consortium == "Harbour Universities"
    (institution,) = facts.institutions
    assert institution.record == ALPHA.record
    assert institution.recognition is Recognition.AUTHORISED
    assert not institution.custodial
    assert facts.summary
    assert (facts.summary.title, facts.summary.learners) == ("Harbour Pilot's Licence", ("Alice",))
    assert facts.anchors == (AnchorFact(MAIN, 1000, BLOCK, 0),)
    assert facts.status == StatusFact(Status.VALID, BLOCK)
    assert facts.form is Form.JSON
    assert facts.trust_date == "2026-12-31T00:00:00Z"


def test_a_verdict_names_every_chain(world: World) -> None:
    """One fact for each complete anchor of each commitment."""
    facts = world.verify(world.receipt("lena", as_of=1)).facts
    assert [(fact.chain, fact.commitment) for fact in facts.anchors] == [(MAIN, 0), (SIDE, 0)]


def test_a_verdict_names_all_of_a_joint_awards_institutions(world: World) -> None:
    """Each with what it claims itself."""
    institutions = world.verify(world.receipt("erin")).facts.institutions
    claims = {institution.record.name: institution.recognition for institution in institutions}
    assert claims == {ALPHA.record.name: Recognition.AUTHORISED, BETA.record.name: Recognition.COMMUNITY}


def test_a_file_is_submitted_never_issued(world: World) -> None:
    """It has neither issuer nor recognition."""
    verdict = world.verify(world.receipt("heidi"))
    assert verdict.facts.form is Form.FILE
    assert [institution.recognition for institution in verdict.facts.institutions] == [None]
    assert verdict.facts.summary
    assert verdict.facts.summary.issuer is None
    assert not [check for check in verdict.checks if check.about == "issuer"]


def test_a_custodial_key_is_said(world: World) -> None:
    """The notary keeps it for the institution."""
    later = World()
    later.harbour.enact(BETA.but_key(custodial=True))
    (institution,) = later.verify(later.receipt(later.award(BETA))).facts.institutions
    assert institution.custodial


def test_who_is_not_proven_is_not_named(world: World) -> None:
    """Before the block is known there is no institution, no anchor, no status."""
    verdict = world.verify(unnoted(world), trust=world.trust(blocks=False))
    assert verdict.result is Result.NOT_KNOWN
    assert (verdict.facts.institutions, verdict.facts.anchors, verdict.facts.status) == ((), (), None)


def test_an_unknown_block_names_the_trust_files_date_and_what_would_settle_it(world: World) -> None:
    """A newer trust file, or a node of one's own."""
    found = only(world.verify(unnoted(world), trust=world.trust(blocks=False)), 8, "commitment 1")
    assert found.state is State.UNKNOWN
    assert "2026-12-31" in found.says
    assert found.settle
    assert "--rpc" in found.settle


def test_a_status_is_stale_where_the_trust_file_knows_a_later_anchor(world: World) -> None:
    """It is said with its date and counts as pass; at the newest anchor it is fresh."""
    old, new = world.verify(world.receipt("bob", as_of=0)), world.verify(world.receipt("bob"))
    stale = only(old, 10, "submission 1")
    assert (old.result, stale.state) == (Result.VERIFIED, State.STALE)
    assert format_unix(BLOCK) in stale.says
    assert stale.settle
    assert only(new, 10, "submission 1").state is State.PASS
    assert new.result is Result.REVOKED


def test_a_status_is_as_old_as_the_oldest_of_a_joint_awards(world: World) -> None:
    """And as grave as the gravest."""
    later = World()
    badge = ALPHA.badge("Zoe")
    first = later.east.submit(ALPHA, badge, joint_with=(BETA.did,))
    later.east.anchor()
    second = later.west.submit(BETA, badge, joint_with=(ALPHA.did,))
    later.west.anchor()
    ours, theirs = later.receipt(Award(badge, (first,))), later.receipt(Award(badge, (second,)))
    (moved,) = theirs.submissions
    assert moved.status
    moved = replace(moved, commitment=1, status=replace(moved.status, commitment=1))
    joint = replace(ours, submissions=(*ours.submissions, moved), commitments=(*ours.commitments, *theirs.commitments))
    verdict = later.verify(joint)
    assert verdict.result is Result.VERIFIED
    assert verdict.facts.status == StatusFact(Status.VALID, START + 6 * DAY)


def test_the_newest_registry_state_is_named(world: World) -> None:
    """The highest number among the trust file's and those of complete anchors."""
    assert world.verify(world.receipt("alice", as_of=0)).facts.registry_number == 2
    old = world.trust(registry=world.harbour.registries[0].state)
    assert world.verify(world.receipt("alice", as_of=0), trust=old).facts.registry_number == 1
    assert world.verify(world.receipt("alice"), trust=old).facts.registry_number == 2


def test_whoever_changed_a_status_is_among_the_checks(world: World) -> None:
    """Alpha, as Gamma's successor."""
    found = only(world.verify(world.receipt("grace")), 9, "submission 1, status")
    assert found.state is State.PASS
    assert ALPHA.did in found.says
    assert GAMMA.did not in found.says


def test_a_member_that_left_since_is_told_by_the_newest_state_that_shows_it(world: World) -> None:
    """Gamma left and Alpha spoke in its place; a record that is not the state's tells nothing."""
    receipt = world.receipt("grace")
    facts = world.verify(receipt).facts
    (institution,) = facts.institutions
    assert (institution.record.period.until, institution.latest.successor) == (None, ALPHA.did)
    assert facts.status == StatusFact(Status.REVOKED, facts.status.as_of if facts.status else 0, ALPHA.did)
    receipt = world.receipt("lena")
    first, newest = receipt.commitments
    anchors = [anchor for anchor in newest.anchors if isinstance(anchor, EvmAnchor)]
    forged = MemberProof(replace(BETA.record, name="Beta the Great"), LeafIndex(0), ())
    shown = replace(newest, anchors=tuple(replace(anchor, members=(forged,)) for anchor in anchors))
    (institution,) = world.verify(replace(receipt, commitments=(first, shown))).facts.institutions
    assert institution.latest == BETA.record


def test_an_anchor_of_another_type_is_reported(world: World) -> None:
    """As kept and not read."""
    receipt = world.receipt("frank", as_of=0)
    (commitment,) = receipt.commitments
    beside = replace(
        commitment, anchors=(*commitment.anchors, OtherAnchor("opentimestamps", {"type": "opentimestamps"}))
    )
    verdict = world.verify(replace(receipt, commitments=(beside,)))
    assert verdict.result is Result.VERIFIED
    assert [check.says for check in verdict.checks if check.state is State.UNKNOWN and "opentimestamps" in check.says]


def test_every_check_says_what_would_settle_an_unknown(world: World) -> None:
    """Whatever keeps a verdict back names the next step."""
    verdict = world.verify(world.receipt("kim"), trust=replace(world.trust(), consortia=()))
    assert verdict.result is Result.NOT_KNOWN
    assert all(check.settle for check in verdict.checks if check.state is State.UNKNOWN)


def test_a_trust_file_that_cannot_be_read_allows_no_verdict() -> None:
    """The one thing to say is why."""
    verdict = untrusting(Malformed("trust file", expected="a date"))
    assert verdict.result is Result.NOT_KNOWN
    assert "expected a date" in verdict.checks[0].says


def test_blocks_to_ask_nodes_for_are_those_of_all_evm_anchors(world: World) -> None:
    """By chain and number; anchors of other types have none."""
    receipt = world.receipt("lena")
    numbers = {
        (anchor.chain, Header.parse(anchor.header).number)
        for commitment in receipt.commitments
        for anchor in commitment.anchors
        if isinstance(anchor, EvmAnchor)
    }
    assert blocks_to_ask(bytes(receipt)) == numbers
    assert len(numbers) == 3
    other = replace(receipt.commitments[0], anchors=(OtherAnchor("x", {"type": "x"}),))
    assert len(blocks_to_ask(bytes(replace(receipt, commitments=(other, *receipt.commitments[1:]))))) == 1
    with pytest.raises(Malformed):
        blocks_to_ask(b"{}")
