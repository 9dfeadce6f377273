"""Step 9: the registry state, the member's record, its key, and what both allow at the block's time."""

from dataclasses import replace
from typing import Any

from notary.core.credential import Credential
from notary.core.digest import LeafIndex
from notary.core.encoding import format_unix, to_base58
from notary.core.keys import Algorithm
from notary.core.receipt import EvmAnchor, MemberProof, Receipt
from notary.core.registry import Compromise, NotaryAccount, Period, Programme
from notary.core.statement import Recognition
from notary.core.trust import Distrusted
from notary.core.verdict import Result
from tests.attacks.catalogue import Given, attack, family
from tests.world import ALPHA, BETA, DAY, GAMMA, LICENCE, MAIN, SIDE, START, Award, Institution, Key, World
from tests.world.edits import drop, edit, get, graft, put, swap

NOT_VERIFIED, NOT_KNOWN, VERIFIED = Result.NOT_VERIFIED, Result.NOT_KNOWN, Result.VERIFIED
ANCHOR = "commitments.0.anchors.0"
REGISTRY = f"{ANCHOR}.registry"
BLOCK = START + DAY
"""Time of the first anchor's block."""
NEXT = START + 6 * DAY
"""Time of the block in which whatever a test adds is anchored."""


def award(world: World, institution: Institution, credential: Credential | None = None, **submission: Any) -> Receipt:
    """Put the institution's record in force, and have it commit one more credential."""
    world.harbour.enact(institution)
    return world.receipt(world.award(institution, credential, **submission))


# ---------------------------------------------------------------- the state


@family(
    {
        "records": ("records", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        "root": ("root", "A" * 43),
        "size": ("size", 4),
        "notaries": ("notaries", []),
        "compromised": ("compromised", [{"key": "z6Mk", "since": "2026-01-01T00:00:00Z"}]),
    },
    NOT_VERIFIED,
    8,
    "not the one in force",
)
def state_altered(world: World, case: Any) -> Any:
    """A registry state other than the one whose digest the event carries."""
    name, value = case
    return put(world.receipt("grace"), f"{REGISTRY}.state.{name}", value)


@attack(NOT_VERIFIED, 8, "not the one in force")
def state_of_another_time(world: World) -> Any:
    """A genuine state, of the time after this anchor."""
    receipt = world.receipt("frank", as_of=0)
    return put(receipt, f"{REGISTRY}.state", world.harbour.registry.state.to_json())


@attack(NOT_VERIFIED, 8, "names other contracts")
def state_without_this_contract(world: World) -> Any:
    """A state in force whose consortium gave this contract up."""
    world.harbour.enact(contracts=())
    return world.receipt(world.award(BETA))


@attack(NOT_VERIFIED, 8, "names other contracts")
def state_with_this_contract_on_another_chain(world: World) -> Any:
    """The same address on another chain is another contract."""
    contract = world.harbour.registry.state.contracts[0]
    world.harbour.enact(contracts=(replace(contract, chain="eip155:5"),))
    return world.receipt(world.award(BETA))


@family(
    {
        "nobody": (),
        "on another chain": ("eip155:5", "east.example/log"),
        "for another log": (MAIN, "west.example/log"),
    },
    NOT_VERIFIED,
    8,
    "names other notaries",
)
def account_is_listed(world: World, case: Any) -> Any:
    """A notary anchors for its own log, on the chain it is listed for."""
    listed = (NotaryAccount(case[0], world.east.account, case[1]),) if case else ()
    world.harbour.enact(notaries=listed)
    return world.receipt(world.award(BETA))


@attack(NOT_VERIFIED, 8, "names other notaries")
def anchored_by_a_thief(world: World) -> Any:
    """Anybody may call the contract; only a listed account's anchors count."""
    receipt = world.receipt("frank", as_of=0)
    manifest, registry = world.east.anchorings[0].manifest, world.harbour.registries[0]
    theirs = world.east.evm_anchor(MAIN, manifest, notary=b"\x66" * 20, registry=registry)
    theirs = replace(theirs, members=(registry.member(BETA.did),))
    return replace(receipt, commitments=(replace(receipt.commitments[0], anchors=(theirs,)),))


# ---------------------------------------------------------------- the record


@attack(NOT_KNOWN, 9, "no member record")
def no_member_record(world: World) -> Any:
    """A needed record that the receipt does not hold."""
    return put(world.receipt("frank", as_of=0), f"{REGISTRY}.members", [])


@attack(NOT_KNOWN, 9, "no member record")
def record_of_another_member(world: World) -> Any:
    """Alpha's record where Beta's is needed."""
    return graft(world.receipt("frank", as_of=0), f"{REGISTRY}.members", world.receipt("judy"))


@family(
    {
        "recognition": ("recognition", "authorised"),
        "an alias more": ("aliases", ["https://beta.example/issuer", "https://alpha.example/issuer"]),
        "programmes": ("programmes", [{"achievement": LICENCE, "reference": None}]),
        "from": ("from", "2020-01-01T00:00:00Z"),
        "a successor": ("successor", "did:web:alpha.example"),
        "a DID document": ("didDocument", {"id": "did:web:alpha.example"}),
        "no keys": ("keys", []),
    },
    NOT_VERIFIED,
    9,
)
def record_altered(world: World, case: Any) -> Any:
    """A record other than the one in the state, in one member."""
    name, value = case
    return put(world.receipt("frank", as_of=0), f"{REGISTRY}.members.0.record.{name}", value)


@attack(NOT_VERIFIED, 9)
def record_with_a_thiefs_key(world: World) -> Any:
    """A thief's key in an invented record of a member, and the thief's signature, in a log the thief bribed."""
    thief = Institution.named("Beta College", Recognition.COMMUNITY)
    stolen = Institution(thief.record, Key("thief")).but_key(public_key_multibase=Key("thief").public.multibase)
    receipt = world.receipt(world.award(stolen))
    return put(receipt, f"{REGISTRY}.members.0.record", stolen.record.to_json())


@family({"index": ("index", 0), "path": ("path", "A" * 43), "no path": ("path", "")}, NOT_VERIFIED, 9)
def record_proven_by_another(world: World, case: Any) -> Any:
    """A record at another place in the state's tree."""
    name, value = case
    return put(world.receipt("frank", as_of=0), f"{REGISTRY}.members.0.{name}", value)


@attack(VERIFIED)
def records_nobody_asked_for(world: World) -> Any:
    """Not an attack that succeeds: an invented record that nothing rests on."""
    stranger = Institution.named("Stranger School", Recognition.AUTHORISED)
    proof = MemberProof(stranger.record, world.harbour.registry.member(ALPHA.did).index, ())
    return edit(world.receipt("frank", as_of=0), f"{REGISTRY}.members", lambda known: [*known, proof.to_json()])


@attack(NOT_VERIFIED, 4, "none of the institutions")
def second_anchor_with_an_invented_record(world: World) -> Any:
    """Beta commits a badge in Alpha's name, and adds an unproven anchor where Alpha's name is Beta's alias."""
    receipt = world.receipt(world.award(BETA, ALPHA.badge("Mallory")))
    genuine = receipt.commitments[0].anchors[0]
    assert isinstance(genuine, EvmAnchor)
    invented = world.harbour.registry.member(BETA.did)
    invented = replace(invented, record=replace(invented.record, aliases=(ALPHA.did,)))
    second = replace(genuine, chain="eip155:5", notes=(), members=(invented,))
    return replace(receipt, commitments=(replace(receipt.commitments[0], anchors=(genuine, second)),))


@attack(NOT_VERIFIED, 4, "none of the institutions")
def invented_record_in_the_first_anchor(world: World) -> Any:
    """The same, the invented anchor standing first."""
    receipt = second_anchor_with_an_invented_record(world)
    return swap(receipt, "commitments.0.anchors.0", "commitments.0.anchors.1")


@attack(NOT_KNOWN, 4, "not proven to be a member")
def issuer_by_an_unproven_record_alone(world: World) -> Any:
    """Before the block is known nobody is proven to be the issuer, and nobody is accused."""
    return Given(put(world.receipt("frank", as_of=0), f"{ANCHOR}.notes", []), trust=world.trust(blocks=False))


@family({"a second later": NEXT + 1, "a day later": NEXT + DAY}, NOT_VERIFIED, 9, "no member then")
def member_from(world: World, case: int) -> Any:
    """A batch anchored before its institution was admitted."""
    return award(world, BETA.but(period=Period(format_unix(case), None)))


@family({"the very second": NEXT, "long ago": START}, NOT_VERIFIED, 9, "no member then")
def member_until(world: World, case: int) -> Any:
    """A member that left signs no batches any more; the end is not part of the period."""
    return award(world, BETA.but(period=Period(None, format_unix(case))))


@attack(VERIFIED)
def member_just_admitted(world: World) -> Any:
    """Not an attack: the begin is part of the period, and so is the second before the end."""
    return award(world, BETA.but(period=Period(format_unix(NEXT), format_unix(NEXT + 1))))


# ---------------------------------------------------------------- the key


@family(
    {"nobody's": "did:web:beta.example#key-2", "another member's": ALPHA.record.keys[0].id}, NOT_VERIFIED, 9, "keys of"
)
def verification_method(world: World, case: str) -> Any:
    """The proof names exactly one key of the member's record."""
    return world.receipt(world.award(BETA, method=case))


@attack(NOT_VERIFIED, 9, "does not verify")
def signed_by_another_key(world: World) -> Any:
    """A thief's signature under the name of the member's key."""
    return world.receipt(world.award(GAMMA, signer=Key("thief")))


@attack(NOT_VERIFIED, 9, "does not verify")
def signed_by_another_member(world: World) -> Any:
    """Alpha signs a batch in Gamma's name."""
    world.harbour.enact(GAMMA)
    return world.receipt(world.award(GAMMA, signer=ALPHA.key))


@attack(NOT_VERIFIED, 9, "does not verify")
def signature_of_another_statement(world: World) -> Any:
    """A genuine proof, of another batch, on a logged statement."""
    badge = GAMMA.badge("Mallory")
    world.harbour.enact(GAMMA)
    batch = world.east.submit(GAMMA, badge)
    other = world.batch("grace").signed.proof
    world.east.statements[-1] = replace(batch.signed, proof=other)
    world.east.anchor()
    return world.receipt(Award(badge, (replace(batch, signed=world.east.statements[-1]),)))


@attack(NOT_VERIFIED, 9, "cryptosuite")
def signed_by_the_other_suite(world: World) -> Any:
    """A P-256 signature for a member whose key is Ed25519."""
    world.harbour.enact(GAMMA)
    return world.receipt(world.award(GAMMA, signer=Key("thief", Algorithm.P256)))


@attack(NOT_VERIFIED, 9, "one")
def two_keys_of_one_name(world: World) -> Any:
    """A record with two keys under one id: a reader may take either."""
    key = BETA.record.keys[0]
    return award(world, BETA.but(keys=(replace(key, public_key_multibase=Key("spare").public.multibase), key)))


@attack(NOT_VERIFIED, 9, "may not sign this")
def batch_signed_with_a_status_key(world: World) -> Any:
    """A key for revocations, kept less safely, signs a batch."""
    return award(world, BETA.but_key(purposes=("status",)))


@attack(NOT_VERIFIED, 9, "not in force then")
def key_not_in_force_yet(world: World) -> Any:
    """A key announced for later."""
    return award(world, BETA.but_key(period=Period(format_unix(NEXT + 1), None)))


@attack(NOT_VERIFIED, 9, "not in force then")
def key_no_longer_in_force(world: World) -> Any:
    """A key that was replaced, used once more."""
    return award(world, BETA.but_key(period=Period(None, format_unix(NEXT))))


def key_in_record(world: World, multibase: str) -> Receipt:
    """Gamma's record has this key; the signature is 64 bytes of somebody who needs no private key."""
    return award(world, GAMMA.but_key(public_key_multibase=multibase))


@family(
    {
        "the identity": "01" + "00" * 31,
        "order 2": "ec" + "ff" * 30 + "7f",
        "order 4": "00" * 32,
        "order 8": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "no point": "02" + "00" * 31,
        "not canonical": "ee" + "ff" * 30 + "7f",
    },
    NOT_VERIFIED,
    9,
)
def small_order_key(world: World, case: str) -> Any:
    """A key under which anybody can make a signature, or that is none."""
    return key_in_record(world, "z" + to_base58(b"\xed\x01" + bytes.fromhex(case)))


@attack(NOT_VERIFIED, 9)
def p256_key_off_the_curve(world: World) -> Any:
    """A compressed point that is none."""
    return key_in_record(world, "z" + to_base58(b"\x80\x24\x02" + b"\xff" * 32))


@attack(NOT_KNOWN, 9, "another kind")
def key_of_a_kind_to_come(world: World) -> Any:
    """A P-384 key, which this release does not know."""
    return key_in_record(world, "z" + to_base58(b"\x81\x24" + b"\2" * 49))


@family({"hex": "0xed01", "not base58": "z0OIl"}, NOT_VERIFIED, 9)
def key_that_is_none(world: World, case: str) -> Any:
    """Text that is no key."""
    return award(world, GAMMA.but_key(public_key_multibase=case))


@attack(VERIFIED)
def custodial_key(world: World) -> Any:
    """Not an attack: a key that the notary keeps for the institution; the verdict says so."""
    return award(world, BETA.but_key(custodial=True))


@family({"at the block": 0, "before it": -DAY, "ever": -10_000 * DAY}, NOT_VERIFIED, 9, "compromised")
def key_compromised(world: World, case: int) -> Any:
    """A stolen key, marked in a later state known from the trust file."""
    compromise = Compromise(BETA.key.public.multibase, format_unix(BLOCK + case))
    world.harbour.enact(compromised=[compromise])
    return world.receipt("frank", as_of=0)


@attack(NOT_VERIFIED, 9, "compromised")
def key_compromised_twice(world: World) -> Any:
    """Of two marks the earlier counts."""
    key = BETA.key.public.multibase
    marks = [Compromise(key, format_unix(BLOCK + DAY)), Compromise(key, format_unix(BLOCK))]
    world.harbour.enact(compromised=marks)
    return world.receipt("frank", as_of=0)


@attack(VERIFIED)
def key_compromised_afterwards(world: World) -> Any:
    """Not an attack: what was anchored a second before the theft stands."""
    compromise = Compromise(BETA.key.public.multibase, format_unix(BLOCK + 1))
    world.harbour.enact(compromised=[compromise])
    return world.receipt("frank", as_of=0)


@attack(NOT_VERIFIED, 9, "compromised")
def compromise_that_only_a_newer_anchor_tells(world: World) -> Any:
    """An old trust file; the receipt's own status was anchored after the theft was marked."""
    old = world.harbour.registry.state
    compromise = Compromise(BETA.key.public.multibase, format_unix(BLOCK))
    world.harbour.enact(compromised=[compromise])
    world.east.anchor()
    return Given(world.receipt("frank"), trust=world.trust(registry=old))


@attack(NOT_VERIFIED, 9, "compromised")
def compromise_hidden_by_an_unproven_newer_state(world: World) -> Any:
    """An invented newer state without the mark, in an anchor that proves nothing."""
    world.harbour.enact(compromised=[Compromise(BETA.key.public.multibase, format_unix(BLOCK))])
    receipt = world.receipt("frank", as_of=0)
    genuine = receipt.commitments[0].anchors[0]
    assert isinstance(genuine, EvmAnchor)
    invented = replace(genuine, state=replace(world.harbour.registry.state, number=99, compromised=()), notes=())
    return replace(receipt, commitments=(replace(receipt.commitments[0], anchors=(invented, genuine)),))


@attack(NOT_VERIFIED, 9, "compromised")
def compromise_in_one_of_two_states_of_a_number(world: World) -> Any:
    """The trust file's state and a newer anchor's have one number; a mark in either counts."""
    unmarked = world.harbour.enact().state
    world.harbour.registries.pop()
    world.harbour.enact(compromised=[Compromise(BETA.key.public.multibase, format_unix(BLOCK))])
    world.east.anchor()
    return Given(world.receipt("frank"), trust=world.trust(registry=unmarked))


@attack(NOT_VERIFIED, 9, "compromised")
def compromise_hidden_by_an_older_state(world: World) -> Any:
    """The state in force at the anchor does not mark the key yet; the newest known does."""
    world.harbour.enact(compromised=[Compromise(ALPHA.key.public.multibase, format_unix(START))])
    return world.receipt("judy")


# ---------------------------------------------------------------- recognition


@family(
    {"authorised": Recognition.AUTHORISED},
    NOT_VERIFIED,
    9,
    "more than it is recognised for",
)
def community_member_claims(world: World, case: Recognition) -> Any:
    """Beta, a community member, claims more."""
    return world.receipt(world.award(BETA, recognition=case))


@family(
    {"authorised": Recognition.AUTHORISED, "community": Recognition.COMMUNITY},
    NOT_VERIFIED,
    9,
    "more than it is recognised for",
)
def self_asserted_member_claims(world: World, case: Recognition) -> Any:
    """A self-asserted member claims more."""
    return award(world, BETA.but(recognition=Recognition.SELF_ASSERTED), recognition=case)


@attack(NOT_VERIFIED, 9, "more than it is recognised for")
def recognition_lost(world: World) -> Any:
    """Alpha lost its authorisation before this anchor."""
    world.harbour.enact(ALPHA.but(recognition=Recognition.COMMUNITY))
    return world.receipt(world.award(ALPHA))


@attack(VERIFIED)
def recognition_lost_afterwards(world: World) -> Any:
    """Not an attack: what was anchored while Alpha was authorised stays so."""
    world.harbour.enact(ALPHA.but(recognition=Recognition.SELF_ASSERTED))
    return world.receipt("alice", as_of=0)


@attack(VERIFIED)
def less_recognition_than_allowed(world: World) -> Any:
    """Not an attack: an authorised institution issues something as self-asserted, of no programme."""
    badge = ALPHA.badge("Zoe", credentialSubject={"name": "Zoe"})
    return world.receipt(world.award(ALPHA, badge, recognition=Recognition.SELF_ASSERTED))


@family(
    {
        "another achievement": {"achievement": {"id": "https://alpha.example/achievements/admiral"}},
        "one more achievement": {
            "achievement": [{"id": LICENCE}, {"id": "https://alpha.example/achievements/admiral"}]
        },
        "an achievement without an id": {"achievement": {"name": "Licence"}},
        "no achievement": {"name": "Zoe"},
        "no achievements": {"achievement": []},
        "a second subject without": [{"achievement": {"id": LICENCE}}, {"name": "Mallory"}],
        "no subjects": [],
        "no subject": None,
    },
    NOT_VERIFIED,
    9,
    "authorised",
)
def programme(world: World, case: Any) -> Any:
    """Alpha is authorised for one programme, and every subject must have achieved that and nothing else."""
    return world.receipt(world.award(ALPHA, ALPHA.badge("Zoe", credentialSubject=case)))


@attack(NOT_VERIFIED, 9, "authorised")
def programme_in_a_disclosure(world: World) -> Any:
    """An achievement that a holder discloses is not what was signed for all."""
    return world.receipt(world.award(ALPHA, ALPHA.token("Zoe", credentialSubject={"_sd": []})))


@attack(NOT_VERIFIED, 9, "authorised")
def programme_given_up(world: World) -> Any:
    """Authorised for another programme since."""
    return award(world, ALPHA.but(programmes=(Programme("https://alpha.example/achievements/other", None),)))


@attack(NOT_KNOWN, 9, "without the credential")
def programme_of_a_credential_left_out(world: World) -> Any:
    """Without the credential nobody knows what it is authorised for."""
    return drop(world.receipt("judy"), "credential")


@attack(VERIFIED)
def any_programme(world: World) -> Any:
    """Not an attack: a record without programmes is authorised for all."""
    return award(world, ALPHA.but(programmes=()), ALPHA.badge("Zoe", credentialSubject={"name": "Zoe"}))


# ---------------------------------------------------------------- a world of the thief's own


def thiefs_receipt(world: World, number: int | None) -> Receipt:
    """A receipt made by the book, in a chain of the thief's own with invented members and registry."""
    forged = World()
    thief = Institution.named("Alpha University", Recognition.AUTHORISED).but(programmes=())
    thief = Institution(thief.record, Key("thief")).but_key(public_key_multibase=Key("thief").public.multibase)
    forged.harbour.parties = [Key(f"party of the thief {at}".replace(" ", "-")) for at in range(3)]
    forged.harbour.enact(thief)
    if number is not None:
        forged.harbour.chains[MAIN].first = number - len(forged.harbour.chains[MAIN].blocks)
    receipt = forged.receipt(forged.award(thief))
    assert world.harbour.chains[MAIN].contract == forged.harbour.chains[MAIN].contract
    return receipt


@attack(NOT_KNOWN, 8, "not in your trust file")
def invented_chain(world: World) -> Any:
    """An invented header with its own registry, beyond every block that is known."""
    return thiefs_receipt(world, None)


@attack(NOT_VERIFIED, 8, "another one")
def invented_block_of_a_known_number(world: World) -> Any:
    """The same, at a number whose block is known."""
    return thiefs_receipt(world, 1001)


# ---------------------------------------------------------------- algorithms no longer relied on


def distrusting(world: World, *entries: Distrusted, learner: str = "frank", **changes: Any) -> Given:
    return Given(world.receipt(learner, as_of=0), trust=world.trust(distrusted=entries, **changes))


@family({"for ever": None, "since long after": "2030-01-01T00:00:00Z"}, NOT_KNOWN, 2, "no longer relies on SHA-256")
def sha256_broken(world: World, case: str | None) -> Any:
    """All commitments rest on it, whenever they were made."""
    return distrusting(world, Distrusted("SHA-256", case))


@attack(NOT_KNOWN, 8, "no longer relies on Keccak-256")
def keccak256_broken(world: World) -> Any:
    """A block's hash says nothing any more."""
    return distrusting(world, Distrusted("Keccak-256", None))


@family({"for ever": None, "since the block": format_unix(BLOCK)}, NOT_KNOWN, 9, "no longer relies on P-256")
def p256_broken(world: World, case: str | None) -> Any:
    """Beta's signature says nothing any more."""
    return distrusting(world, Distrusted("P-256", case))


@attack(NOT_KNOWN, 9, "no longer relies on Ed25519")
def ed25519_broken_for_statements(world: World) -> Any:
    """Nor does Alpha's."""
    return distrusting(world, Distrusted("Ed25519", None), learner="judy")


@attack(NOT_KNOWN, 5, "no longer relies on Ed25519")
def ed25519_broken_for_checkpoints(world: World) -> Any:
    """Nor does the log's; Beta's own signature is by P-256."""
    return distrusting(world, Distrusted("Ed25519", format_unix(BLOCK)))


@attack(NOT_VERIFIED, 5, "not the manifest's")
def checkpoint_false_under_a_broken_algorithm(world: World) -> Any:
    """What is false stays false, however little its signature says."""
    other = get(world.receipt("lena", as_of=1), "commitments.0.checkpoint")
    receipt = put(world.receipt("frank", as_of=0), "commitments.0.checkpoint", other)
    return Given(receipt, trust=world.trust(distrusted=(Distrusted("Ed25519", None),)))


@attack(NOT_KNOWN, 8, "not in your trust file")
def ed25519_broken_for_block_notes(world: World) -> Any:
    """Nor do the parties' notes."""
    return distrusting(world, Distrusted("Ed25519", None), blocks=False)


@attack(VERIFIED)
def signatures_broken_afterwards(world: World) -> Any:
    """Not an attack: what a block held before an algorithm fell stands."""
    since = format_unix(BLOCK + 1)
    return distrusting(world, Distrusted("P-256", since), Distrusted("Ed25519", since))


@attack(VERIFIED)
def another_algorithm_broken(world: World) -> Any:
    """Not an attack: Alpha signs by Ed25519, and P-256 alone has fallen."""
    return distrusting(world, Distrusted("P-256", None), learner="judy")


@attack(VERIFIED, 11, "no longer relies on P-256")
def own_proof_broken(world: World) -> Any:
    """Not an attack: the credential's own proof is not known any more, which is said and does not hinder."""
    key = Key("the registrar's own", Algorithm.P256)
    registrar = Institution(GAMMA.but_key(id=f"{GAMMA.did}#registrar").record, key)
    method = {"id": f"{GAMMA.did}#registrar", "publicKeyMultibase": key.public.multibase}
    gamma = GAMMA.but(did_document={"id": GAMMA.did, "assertionMethod": [method]})
    receipt = award(world, gamma, registrar.badge("Zoe"))
    return Given(receipt, trust=world.trust(distrusted=(Distrusted("P-256", None),)))


@attack(NOT_KNOWN, 8, "not in your trust file")
def ed25519_broken_for_the_second_chains_notes(world: World) -> Any:
    """Of two chains the second is known by notes alone, made after their algorithm fell."""
    manifest, registry = world.east.anchorings[0].manifest, world.harbour.registries[0]
    receipt = world.receipt("frank", as_of=0)
    later = world.east.evm_anchor(SIDE, manifest, registry=registry, time=BLOCK + DAY)
    later = replace(later, members=(registry.member(BETA.did),))
    (commitment,) = receipt.commitments
    main, side = world.harbour.trusted().contracts
    trust = world.trust(
        distrusted=(Distrusted("Ed25519", format_unix(BLOCK + 1)),),
        contracts=(main, replace(side, blocks={})),
        anchors_needed=2,
    )
    return Given(
        replace(receipt, commitments=(replace(commitment, anchors=(*commitment.anchors, later)),)), trust=trust
    )


@attack(NOT_KNOWN, 8, "not in your trust file")
def did_key_member_in_a_block_nobody_knows(world: World) -> Any:
    """A credential whose issuer is its own key proves itself, but not that it was anchored."""
    did = f"did:key:{GAMMA.key.public.multibase}"
    member = GAMMA.but(id=did, aliases=()).but_key(id=f"{did}#{GAMMA.key.public.multibase}")
    world.harbour.members.pop(GAMMA.did)
    receipt = award(world, member)
    bare = put(receipt, f"{ANCHOR}.notes", [])
    fallen = Distrusted("Ed25519", "2020-01-01T00:00:00Z")
    return Given(bare, trust=world.trust(blocks=False, distrusted=(fallen,)))


@attack(VERIFIED)
def record_beside_an_anchor_that_needs_none(world: World) -> Any:
    """Harms nothing: a made-up record beside the newest anchor; what it says of the member is not told."""
    receipt = world.receipt("lena")
    first, newest = receipt.commitments
    forged = MemberProof(replace(BETA.record, name="Beta the Great"), LeafIndex(0), ())
    anchors = [anchor for anchor in newest.anchors if isinstance(anchor, EvmAnchor)]
    shown = replace(newest, anchors=tuple(replace(anchor, members=(forged,)) for anchor in anchors))
    return replace(receipt, commitments=(first, shown))
