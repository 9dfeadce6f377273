"""Steps 4 and 5: whose statement it is, in which log, and who signed the log."""

import re
from dataclasses import replace
from typing import Any

from notary.core.credential import Credential
from notary.core.encoding import to_base58
from notary.core.receipt import StatusProof
from notary.core.trust import Quorum, TrustedLog
from notary.core.verdict import Result
from tests.attacks.catalogue import Given, attack, family
from tests.world import ALPHA, BETA, DELTA, GAMMA, Award, Key, Notary, World
from tests.world.edits import drop, edit, get, graft, put

NOT_VERIFIED, NOT_KNOWN, VERIFIED = Result.NOT_VERIFIED, Result.NOT_KNOWN, Result.VERIFIED


def joint(world: World, badge: Credential, *partners: Any, **changes: Any) -> Award:
    """Have institutions commit one credential, each naming whom its own entry says."""
    batches = tuple(world.east.submit(member, badge, joint_with=named, **changes) for member, named in partners)
    world.east.anchor()
    return Award(badge, batches)


# ---------------------------------------------------------------- step 4: the log


@attack(NOT_KNOWN, 4, "does not know")
def log_of_nobody(world: World) -> Any:
    """A thief's own log, run by the book."""
    thief = Notary("thief.example/log", world.harbour, world.clock)
    badge = ALPHA.badge("Mallory")
    batch = thief.submit(ALPHA, badge)
    thief.anchor()
    world.harbour.notaries.remove(thief)
    return world.receipt(Award(badge, (batch,)))


@attack(NOT_KNOWN, 4, "does not know")
def trust_file_of_another_consortium(world: World) -> Any:
    """What a trust file lacks is unknown, never invalid."""
    return Given(world.receipt("kim"), trust=replace(world.trust(), consortia=world.trust().consortia[:1]))


@attack(NOT_KNOWN, 4, "does not know")
def trust_file_of_nobody(world: World) -> Any:
    """A trust file without a consortium trusts nobody."""
    return Given(world.receipt("alice"), trust=replace(world.trust(), consortia=()))


@attack(NOT_VERIFIED, 4, "another log")
def statement_of_another_log(world: World) -> Any:
    """A statement made for one log, put into another."""
    return world.receipt(world.award(ALPHA, log="west.example/log"))


@attack(NOT_VERIFIED, 4, "another log")
def manifest_of_another_log(world: World) -> Any:
    """A batch shown under the other log's anchor."""
    return put(world.receipt("alice", as_of=0), "commitments", get(world.receipt("judy"), "commitments"))


@attack(NOT_VERIFIED, 4, "another log")
def status_from_another_log(world: World) -> Any:
    """Statuses from the snapshot of a log that never heard of the revocation."""
    receipt = put(world.receipt("bob", as_of=0), "submissions.0.status.commitment", 1)
    commitments = [*get(receipt, "commitments"), *get(world.receipt("judy"), "commitments")]
    return put(receipt, "commitments", commitments)


@attack(NOT_VERIFIED, 4, "several consortia")
def joint_award_over_two_consortia(world: World) -> Any:
    """One submission in a trusted consortium lends its standing to one in another."""
    badge = ALPHA.badge("Erin")
    ours = world.east.submit(ALPHA, badge, joint_with=(DELTA.did,))
    theirs = world.hill.submit(DELTA, badge, joint_with=(ALPHA.did,))
    world.east.anchor()
    world.hill.anchor()
    first, second = world.receipt(Award(badge, (ours,))), world.receipt(Award(badge, (theirs,)))
    moved = put(put(second, "submissions.0.commitment", 1), "submissions.0.status.commitment", 1)
    receipt = put(first, "submissions", [*get(first, "submissions"), *get(moved, "submissions")])
    return put(receipt, "commitments", [*get(first, "commitments"), *get(second, "commitments")])


# ---------------------------------------------------------------- step 4: joint awards


@family({"the first": 0, "the second": 1}, NOT_VERIFIED, 4, "has not committed this award")
def co_issuer_left_out(world: World, case: int) -> Any:
    """A joint award shown as one institution's alone."""
    return drop(world.receipt("erin"), f"submissions.{case}")


@attack(NOT_VERIFIED, 4, "does not name")
def uninvited_co_issuer(world: World) -> Any:
    """Beta commits Alpha's credential too, and appears beside it as if it had been asked."""
    return world.receipt(joint(world, ALPHA.badge("Zoe"), (ALPHA, ()), (BETA, (ALPHA.did,))))


@attack(NOT_VERIFIED, 4, "does not name")
def co_issuers_who_name_nobody(world: World) -> Any:
    """Two institutions that committed the same credential, neither with the other."""
    return world.receipt(joint(world, ALPHA.badge("Zoe"), (ALPHA, ()), (BETA, ())))


@attack(NOT_VERIFIED, 4, "has not committed")
def co_issuer_who_named_a_third(world: World) -> Any:
    """Beta's partner was Gamma, not Alpha."""
    return world.receipt(joint(world, ALPHA.badge("Zoe"), (ALPHA, (BETA.did,)), (BETA, (GAMMA.did,))))


@attack(NOT_VERIFIED, 4)
def one_institution_twice(world: World) -> Any:
    """Alpha's two batches instead of Alpha's and Beta's."""
    badge = ALPHA.badge("Zoe")
    return world.receipt(joint(world, badge, (ALPHA, (BETA.did,)), (ALPHA, (BETA.did,))))


@family({"itself": (ALPHA.did,), "one twice": (BETA.did, BETA.did)}, NOT_VERIFIED, 1, "each once")
def joint_with(world: World, case: Any) -> Any:
    """A partner is another institution, named once."""
    return put(world.receipt("erin"), "submissions.0.statement.jointWith", list(case))


# ---------------------------------------------------------------- step 5: the entry


@family(
    {"entry": "submissions.0.entry", "log path": "submissions.0.logPath", "statement": "submissions.0.statement"},
    NOT_VERIFIED,
    5,
)
def of_another_batch(world: World, case: str) -> Any:
    """A part of a receipt of another batch in the same log."""
    return graft(world.receipt("alice"), case, world.receipt("grace"))


@family(
    {
        "size": ("size", 6),
        "root": ("root", "A" * 43),
        "recognition": ("recognition", "community"),
        "issuer": ("issuer", "did:web:beta.example"),
        "time": ("time", "2020-01-01T00:00:00Z"),
        "legacy": ("legacy", "A" * 43),
        "proof": ("proof.proofValue", "z" + to_base58(b"\1" * 64)),
        "verification method": ("proof.verificationMethod", "did:web:alpha.example#key-2"),
    },
    NOT_VERIFIED,
    5,
)
def statement_altered(world: World, case: Any) -> Any:
    """A statement other than the logged one, in one member."""
    name, value = case
    return put(world.receipt("alice"), f"submissions.0.statement.{name}", value)


@attack(NOT_VERIFIED, 5, "does not judge")
def statement_judged_by_a_later_manifest(world: World) -> Any:
    """A batch shown under a later manifest, when its institution was recognised more highly."""
    world.harbour.enact(BETA.but(recognition=ALPHA.record.recognition))
    later, entry = world.east.anchor(), world.batch("lena").entry
    receipt = world.receipt("lena", as_of=1)
    status = StatusProof(0, later.snapshot_paths[entry], None)
    submission = replace(receipt.submissions[0], log_path=later.log_paths[entry], status=status)
    return replace(receipt, submissions=(submission,), commitments=(later.commitment([BETA.did]),))


@attack(NOT_VERIFIED, 5, "does not judge")
def statement_that_is_not_logged_yet(world: World) -> Any:
    """A log index beyond the size that was anchored."""
    return put(world.receipt("alice"), "submissions.0.entry", 10_000)


@attack(NOT_VERIFIED, 5)
def statement_never_logged(world: World) -> Any:
    """A genuine statement that its institution never had logged."""
    receipt = world.receipt("grace", as_of=0)
    batch = world.west.submit(GAMMA, *world.batch("grace").credentials, log="east.example/log")
    return put(receipt, "submissions.0.statement", batch.signed.to_json())


@attack(NOT_VERIFIED, 5, "checkpoint")
def checkpoint_of_another_size(world: World) -> Any:
    """A signed checkpoint, of the log as it was earlier."""
    receipt = world.receipt("lena")
    return put(receipt, "commitments.0.checkpoint", get(world.receipt("alice", as_of=0), "commitments.0.checkpoint"))


@attack(NOT_VERIFIED, 5, "checkpoint")
def checkpoint_of_another_log(world: World) -> Any:
    """The other log's signed checkpoint."""
    return graft(world.receipt("alice", as_of=0), "commitments.0.checkpoint", world.receipt("judy"))


@attack(NOT_VERIFIED, 5, "checkpoint")
def checkpoint_of_a_forked_log(world: World) -> Any:
    """A checkpoint of the same size over another history: the log showed two faces."""
    manifest = world.east.anchorings[0].manifest
    forked = world.east.checkpoint(replace(manifest, root=manifest.snapshot))
    return put(world.receipt("alice", as_of=0), "commitments.0.checkpoint", forked)


@family({"size": {"size": 7}, "origin": {"origin": "west.example/log"}}, NOT_VERIFIED, 5, "not the manifest's")
def checkpoint_signed_over_another(world: World, case: Any) -> Any:
    """The log's own signature over the same root with something else beside it."""
    manifest = world.east.anchorings[0].manifest
    checkpoint = world.east.checkpoint(replace(manifest, **case))
    return put(world.receipt("alice", as_of=0), "commitments.0.checkpoint", checkpoint)


@attack(NOT_VERIFIED, 5)
def checkpoint_edited(world: World) -> Any:
    """A signed note whose text was changed, and the manifest with it."""
    receipt = edit(world.receipt("alice", as_of=0), "commitments.0.manifest.size", lambda size: size + 1)
    checkpoint = get(receipt, "commitments.0.checkpoint")
    return put(
        receipt,
        "commitments.0.checkpoint",
        re.sub(r"\n\d+\n", f"\n{get(receipt, 'commitments.0.manifest.size')}\n", checkpoint, count=1),
    )


@attack(NOT_VERIFIED, 1)
def checkpoint_empty(world: World) -> Any:
    """No checkpoint at all."""
    return put(world.receipt("alice"), "commitments.0.checkpoint", "")


@attack(NOT_VERIFIED, 5)
def checkpoint_without_signatures(world: World) -> Any:
    """A checkpoint's text, which anybody can write."""
    return edit(world.receipt("alice"), "commitments.0.checkpoint", lambda note: note.partition("\n\n")[0] + "\n")


def signed_by(world: World, key: Key, witnesses: int = 2) -> Any:
    """Alice's first receipt with its checkpoint signed by this key, in the log's name."""
    manifest = world.east.anchorings[0].manifest
    checkpoint = world.east.checkpoint(manifest, key=key, witnesses=witnesses)
    return put(world.receipt("alice", as_of=0), "commitments.0.checkpoint", checkpoint)


@attack(NOT_KNOWN, 5, "no key you trust")
def checkpoint_signed_by_a_stranger(world: World) -> Any:
    """A thief's key under the log's name; it may be the log's next key, so it is not known."""
    return signed_by(world, Key("thief"))


@attack(NOT_KNOWN, 5, "no key you trust")
def checkpoint_signed_by_witnesses_only(world: World) -> Any:
    """Cosignatures without the log's own signature."""
    receipt = world.receipt("alice", as_of=0)
    lines = get(receipt, "commitments.0.checkpoint").split("\n")
    return put(receipt, "commitments.0.checkpoint", "\n".join(lines[:4] + lines[5:]))


@attack(NOT_KNOWN, 5, "no key you trust")
def checkpoint_signed_by_another_log_of_the_consortium(world: World) -> Any:
    """The west log's key does not speak for the east log, though both are trusted."""
    return signed_by(world, world.west.key)


@attack(NOT_VERIFIED, 5)
def checkpoint_with_a_broken_signature_of_the_log(world: World) -> Any:
    """A line that bears the log's name and key id, with a signature that is not its own."""
    lines = get(world.receipt("alice", as_of=0), "commitments.0.checkpoint").split("\n")
    other = get(world.receipt("lena"), "commitments.0.checkpoint").split("\n")
    return put(
        world.receipt("alice", as_of=0), "commitments.0.checkpoint", "\n".join([*lines[:4], other[4], *lines[5:]])
    )


@attack(NOT_KNOWN, 5, "not witnessed")
def checkpoint_without_witnesses(world: World) -> Any:
    """A log that may show everybody another face."""
    return signed_by(world, world.east.key, witnesses=0)


@attack(NOT_KNOWN, 5, "not witnessed")
def checkpoint_with_too_few_witnesses(world: World) -> Any:
    """One witness where two are asked for."""
    witnesses = replace(world.harbour.trusted().witnesses, need=2)
    return Given(signed_by(world, world.east.key, witnesses=1), trust=world.trust(witnesses=witnesses))


@attack(NOT_KNOWN, 5, "not witnessed")
def checkpoint_with_one_witness_twice(world: World) -> Any:
    """The same cosignature on two lines."""
    witnesses = replace(world.harbour.trusted().witnesses, need=2)
    receipt = signed_by(world, world.east.key, witnesses=1)
    lines = get(receipt, "commitments.0.checkpoint").split("\n")
    twice = put(receipt, "commitments.0.checkpoint", "\n".join([*lines[:-1], lines[-2], ""]))
    return Given(twice, trust=world.trust(witnesses=witnesses))


@attack(VERIFIED)
def log_key_changed(world: World) -> Any:
    """Not an attack: the log has had two keys, and the trust file names both."""
    keys = (Key("the next key").vkey(name=world.east.origin), world.east.key.vkey())
    logs = (TrustedLog(world.east.origin, keys), TrustedLog(world.west.origin, (world.west.key.vkey(),)))
    return Given(world.receipt("alice", as_of=0), trust=world.trust(logs=logs))


@attack(VERIFIED)
def nobody_asked_to_witness(world: World) -> Any:
    """Not an attack: a trust file without witnesses asks for none."""
    return Given(signed_by(world, world.east.key, witnesses=0), trust=world.trust(witnesses=Quorum((), 0)))
