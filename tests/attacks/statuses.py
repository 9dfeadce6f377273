"""Step 10: the status of the credential, as of an anchor that says so."""

from dataclasses import replace
from typing import Any

from notary.core.digest import Digest, leaf_hash
from notary.core.encoding import format_unix, from_base64url, to_base64url
from notary.core.manifest import snapshot_entry
from notary.core.merkle import Tree
from notary.core.receipt import Path, Receipt, StatusProof
from notary.core.registry import Period
from notary.core.status import Status
from notary.core.verdict import Result
from tests.attacks.catalogue import Given, attack, family
from tests.world import ALPHA, BETA, DAY, GAMMA, START, Anchoring, Award, Institution, Key, World
from tests.world.edits import drop, edit, flipped, get, graft, put

NOT_VERIFIED, NOT_KNOWN, VERIFIED = Result.NOT_VERIFIED, Result.NOT_KNOWN, Result.VERIFIED
STATUS = "submissions.0.status"
CHANGE = f"{STATUS}.change"


@attack(Result.REVOKED)
def revoked(world: World) -> Any:
    """Not an attack: the newest anchor says that this credential was revoked."""
    return world.receipt("bob")


@attack(Result.SUSPENDED)
def suspended(world: World) -> Any:
    """Not an attack: suspended."""
    return world.receipt("carol")


@attack(Result.REPLACED)
def replaced(world: World) -> Any:
    """Not an attack: replaced."""
    return world.receipt("dave")


@attack(Result.REVOKED)
def revoked_in_the_second_chunk(world: World) -> Any:
    """Not an attack: number 152 of 200, in the second chunk of 128."""
    return world.receipt("nora")


@attack(VERIFIED)
def neighbour_of_a_revoked_credential(world: World) -> Any:
    """Not an attack: number 151, valid, in the same chunk."""
    return world.receipt("frank")


# ---------------------------------------------------------------- hiding a revocation


@attack(NOT_KNOWN, 10, "shows no status")
def no_status(world: World) -> Any:
    """A revoked credential whose receipt keeps silent; nothing is valid by silence."""
    bare = drop(world.receipt("bob"), STATUS)
    return put(bare, "commitments", get(bare, "commitments")[:1])


@attack(NOT_VERIFIED, 10)
def change_dropped(world: World) -> Any:
    """The status statement that the snapshot names is left out."""
    return drop(world.receipt("bob", as_of=1), CHANGE)


@attack(VERIFIED, 10, "knows later anchors")
def status_of_an_earlier_anchor(world: World) -> Any:
    """A receipt from before the revocation: it is said to be stale, with its date, and counts."""
    return world.receipt("bob", as_of=0)


@attack(NOT_VERIFIED, 10)
def snapshot_path_of_an_earlier_anchor(world: World) -> Any:
    """The path by which an earlier snapshot proved that nothing had changed."""
    receipt = drop(world.receipt("bob", as_of=1), CHANGE)
    return graft(receipt, f"{STATUS}.path", world.receipt("bob", as_of=0))


@attack(NOT_VERIFIED, 10)
def snapshot_of_another_batch(world: World) -> Any:
    """The statuses of a batch in which nobody is revoked."""
    receipt = world.receipt("bob", as_of=1)
    innocent = get(world.receipt("heidi", as_of=1), STATUS)
    return put(receipt, STATUS, {**innocent, "commitment": 1})


def naming(world: World, award: Award, named: Digest) -> tuple[Anchoring, Path]:
    """Anchor a snapshot that names this status statement for the award's batch, and prove it."""
    (batch,) = award.batches
    tree = Tree([leaf_hash(snapshot_entry(batch.signed.id, named))] * len(world.east.statements))
    return world.east.anchor(snapshot=tree.root), list(tree.paths())[batch.entry]


@attack(NOT_VERIFIED, 10)
def status_of_another_batch(world: World) -> Any:
    """A genuine status, of another batch."""
    return graft(world.receipt("bob", as_of=1), STATUS, world.receipt("frank", as_of=1))


@attack(NOT_VERIFIED, 10, "another batch")
def change_of_another_batch(world: World) -> Any:
    """Alpha's genuine statement about Gamma's batch, which a bribed notary's snapshot names for its own."""
    graces, bobs = world.receipt("grace"), world.receipt("bob", as_of=0)
    status = graces.submissions[0].status
    assert status
    assert status.change
    anchoring, path = naming(world, world.awards["bob"], status.change.signed.id)
    status = StatusProof(1, path, replace(status.change, commitment=2))
    commitments = (bobs.commitments[0], anchoring.commitment([]), graces.commitments[1])
    return replace(bobs, submissions=(replace(bobs.submissions[0], status=status),), commitments=commitments)


@attack(NOT_VERIFIED, 10)
def change_superseded(world: World) -> Any:
    """An earlier status statement of this batch, from before the revocation."""
    badge = BETA.badge("Zoe")
    award = world.award(BETA, badge)
    world.east.change(award.batches[0], (badge, Status.VALID))
    world.east.anchor()
    earlier = world.receipt(award)
    world.east.change(award.batches[0], (badge, Status.REVOKED))
    world.east.anchor()
    later = world.receipt(award)
    receipt = put(later, CHANGE, {**get(earlier, CHANGE), "commitment": 2})
    return put(receipt, "commitments", [*get(later, "commitments"), get(earlier, "commitments.1")])


@family(
    {
        "one bit": lambda chunk: to_base64url(
            bytes([from_base64url(chunk, "")[0] ^ 0x20]) + from_base64url(chunk, "")[1:]
        ),
        "all valid": lambda _: to_base64url(bytes(32)),
        "another bit": flipped,
    },
    NOT_VERIFIED,
    10,
)
def chunk_altered(world: World, case: Any) -> Any:
    """Status bits other than those the issuer signed."""
    return edit(world.receipt("bob"), f"{CHANGE}.chunk", case)


@attack(NOT_VERIFIED, 10)
def chunk_of_the_first_128(world: World) -> Any:
    """The statuses of credentials 1 to 128, for number 152."""
    other, ours = next(listed for listed in world.east.lists.values() if len(list(listed.chunks())) == 2).chunks()
    receipt = put(world.receipt("nora"), f"{CHANGE}.chunk", to_base64url(other))
    return put(receipt, f"{CHANGE}.chunkPath", to_base64url(leaf_hash(ours)))


@family({"entry": "entry", "path": "path"}, NOT_VERIFIED, 10)
def place_in_the_log_of(world: World, case: str) -> Any:
    """Another statement's place in the log."""
    other = world.receipt("frank")
    return put(world.receipt("bob"), f"{CHANGE}.{case}", get(other, f"{CHANGE}.{case}"))


@attack(NOT_VERIFIED, 10)
def status_statement_altered(world: World) -> Any:
    """The root over other statuses."""
    return edit(world.receipt("bob"), f"{CHANGE}.statement.root", flipped)


@attack(NOT_VERIFIED, 10, "does not judge")
def change_under_another_commitment(world: World) -> Any:
    """A status statement shown under a manifest that does not judge it."""
    return put(world.receipt("bob", as_of=1), f"{CHANGE}.commitment", 0)


# ---------------------------------------------------------------- who may change a status


def changed(world: World, by: Institution, **change: Any) -> Receipt:
    """Beta's new credential, revoked by somebody."""
    badge = BETA.badge("Zoe")
    award = world.award(BETA, badge)
    world.east.change(award.batches[0], (badge, Status.REVOKED), by=by, **change)
    world.east.anchor()
    return world.receipt(award)


@attack(Result.REVOKED)
def revoked_by_its_issuer(world: World) -> Any:
    """Not an attack."""
    return changed(world, BETA)


@attack(NOT_VERIFIED, 9, "only the issuer or its successor")
def revoked_by_a_stranger(world: World) -> Any:
    """Another member's status statement about this batch."""
    return changed(world, ALPHA)


@attack(NOT_VERIFIED, 9, "only the issuer or its successor")
def revoked_by_somebody_elses_successor(world: World) -> Any:
    """Alpha is Gamma's successor, not Beta's."""
    world.harbour.enact(BETA.but(successor=GAMMA.did))
    return changed(world, ALPHA)


@attack(NOT_VERIFIED, 9, "only the issuer or its successor")
def successor_not_named_in_the_record(world: World) -> Any:
    """Gamma's record is shown as it was before it named a successor."""
    world.harbour.enact(GAMMA)
    grace = world.awards["grace"]
    world.east.change(grace.batches[0], (grace.credential, Status.VALID), by=ALPHA)
    world.east.anchor()
    return world.receipt(grace)


@attack(Result.REVOKED)
def revoked_by_the_successor(world: World) -> Any:
    """Not an attack: Gamma closed, and Alpha speaks for its old batches."""
    return world.receipt("grace")


@attack(NOT_KNOWN, 9, "no member record of did:web:gamma.example")
def successor_without_the_predecessors_record(world: World) -> Any:
    """The record that names the successor is left out."""
    receipt = world.receipt("grace")
    at = next(
        at for at, one in enumerate(receipt.commitments) if len(get(one.to_json(), "anchors.0.registry.members")) == 2
    )
    members = f"commitments.{at}.anchors.0.registry.members"
    return edit(receipt, members, lambda known: [one for one in known if one["record"]["id"] != GAMMA.did])


@attack(NOT_VERIFIED, 9)
def successor_in_an_invented_record(world: World) -> Any:
    """Gamma's record, its successor written in by the successor."""
    receipt = changed(world, ALPHA)
    beta = BETA.but(successor=ALPHA.did).record.to_json()
    members = f"commitments.{len(receipt.commitments) - 1}.anchors.0.registry.members"
    return edit(
        receipt,
        members,
        lambda known: [{**one, "record": beta} if one["record"]["id"] == BETA.did else one for one in known],
    )


@attack(Result.REVOKED)
def revoked_by_a_member_that_left(world: World) -> Any:
    """Not an attack: a member that left may still sign statuses."""
    badge = BETA.badge("Zoe")
    award = world.award(BETA, badge)
    world.harbour.enact(BETA.but(period=Period(None, format_unix(START))))
    world.east.change(award.batches[0], (badge, Status.REVOKED))
    world.east.anchor()
    return world.receipt(award)


@attack(NOT_VERIFIED, 9, "no member then")
def revoked_by_a_member_not_admitted_yet(world: World) -> Any:
    """The end of a membership is put aside for statuses, its begin is not."""
    badge = BETA.badge("Zoe")
    award = world.award(BETA, badge)
    world.harbour.enact(BETA.but(period=Period(format_unix(START + 99 * DAY), None)))
    world.east.change(award.batches[0], (badge, Status.REVOKED))
    world.east.anchor()
    return world.receipt(award)


@attack(NOT_VERIFIED, 9, "may not sign this")
def status_signed_with_a_batch_key(world: World) -> Any:
    """A key that was given for batches only."""
    badge = BETA.badge("Zoe")
    award = world.award(BETA, badge)
    world.harbour.enact(BETA.but_key(purposes=("batch",)))
    world.east.change(award.batches[0], (badge, Status.VALID))
    world.east.anchor()
    return world.receipt(award)


@attack(NOT_VERIFIED, 9, "does not verify")
def status_signed_by_a_thief(world: World) -> Any:
    """A thief un-revokes a credential, with the notary's help."""
    world.east.change(
        world.batch("nora"), (world.awards["nora"].credential, Status.VALID), signer=Key("thief", BETA.key.algorithm)
    )
    world.east.anchor()
    return world.receipt("nora")


@attack(NOT_VERIFIED, 10, "another log")
def status_statement_of_another_log(world: World) -> Any:
    """A status statement that its issuer made for another log."""
    return changed(world, BETA, log="west.example/log")


@attack(NOT_VERIFIED, 10, "newer than the snapshot")
def status_statement_newer_than_the_snapshot(world: World) -> Any:
    """A snapshot that names a statement logged only afterwards."""
    badge = BETA.badge("Zoe")
    award = world.award(BETA, badge)
    signed = world.east.change(award.batches[0], (badge, Status.REVOKED))
    world.east.statements.remove(signed)
    early, path = naming(world, award, signed.id)
    world.east.append(signed)
    world.east.anchor()
    receipt = world.receipt(award)
    status = receipt.submissions[0].status
    assert status
    submission = replace(receipt.submissions[0], status=replace(status, commitment=2, path=path))
    return replace(receipt, submissions=(submission,), commitments=(*receipt.commitments, early.commitment([])))


# ---------------------------------------------------------------- joint awards


@attack(Result.REVOKED)
def joint_award_revoked_by_one(world: World) -> Any:
    """Not an attack: the gravest of its institutions' words stands."""
    erin = world.awards["erin"]
    world.east.change(erin.batches[1], (erin.credential, Status.REVOKED))
    world.east.change(erin.batches[0], (erin.credential, Status.SUSPENDED))
    world.east.anchor()
    return world.receipt(erin)


@attack(NOT_KNOWN, 10, "shows no status")
def joint_award_with_one_status(world: World) -> Any:
    """One institution's status is no joint award's."""
    return drop(world.receipt("erin", as_of=0), "submissions.1.status")


@attack(NOT_VERIFIED, 10)
def joint_award_with_one_status_twice(world: World) -> Any:
    """The first institution's status, shown for the second too."""
    receipt = world.receipt("erin", as_of=0)
    return put(receipt, "submissions.1.status", get(receipt, "submissions.0.status"))


# ---------------------------------------------------------------- what a status rests on


@attack(NOT_KNOWN, 10)
def status_from_a_block_nobody_knows(world: World) -> Any:
    """A status is as good as the anchor that dates it."""
    receipt = world.receipt("frank", as_of=1)
    for anchor in range(2):
        receipt = put(receipt, f"commitments.1.anchors.{anchor}.notes", [])
    main, side = world.harbour.trusted().contracts
    number = min(main.blocks)
    contracts = (replace(main, blocks={number: main.blocks[number]}), replace(side, blocks={}))
    return Given(receipt, trust=world.trust(contracts=contracts))


@attack(NOT_KNOWN, 10)
def status_from_a_log_nobody_witnessed(world: World) -> Any:
    """The snapshot's commitment has a checkpoint that no witness saw."""
    manifest = world.east.anchorings[1].manifest
    return put(
        world.receipt("frank", as_of=1), "commitments.1.checkpoint", world.east.checkpoint(manifest, witnesses=0)
    )


@attack(NOT_KNOWN, 10)
def change_from_a_log_nobody_witnessed(world: World) -> Any:
    """The change's own commitment has a checkpoint that no witness saw."""
    receipt = world.receipt("frank")
    at = get(receipt, f"{CHANGE}.commitment")
    manifest = world.east.anchorings[1].manifest
    return put(receipt, f"commitments.{at}.checkpoint", world.east.checkpoint(manifest, witnesses=0))
