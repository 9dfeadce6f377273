"""Steps 6, 7 and 8: the anchor root, the block, the event of the trusted contract."""

from dataclasses import replace
from typing import Any

from notary.core.encoding import to_base64url, to_hex
from notary.core.evm import Header, keccak256, rlp, tx_receipts_trie
from notary.core.receipt import EvmAnchor, OtherAnchor, Receipt
from notary.core.registry import Contract
from notary.core.trust import Quorum
from notary.core.verdict import Result
from tests.attacks.catalogue import Given, attack, family
from tests.world import BETA, MAIN, SIDE, START, Key, Registry, World
from tests.world.chains import header_of, tx_receipt_of
from tests.world.edits import edit, flipped, get, put

NOT_VERIFIED, NOT_KNOWN, VERIFIED = Result.NOT_VERIFIED, Result.NOT_KNOWN, Result.VERIFIED
ANCHOR = "commitments.0.anchors.0"
OTHER = b"\x11" * 20


def first(world: World) -> Receipt:
    """Frank's receipt with one commitment and one anchor."""
    return world.receipt("frank", as_of=0)


def anchor_of(receipt: Receipt) -> EvmAnchor:
    anchor = receipt.commitments[0].anchors[0]
    assert isinstance(anchor, EvmAnchor)
    return anchor


def anchored_by(receipt: Receipt, *anchors: Any) -> Receipt:
    return replace(receipt, commitments=(replace(receipt.commitments[0], anchors=anchors),))


def anchored_anew(world: World, **changes: Any) -> Any:
    """Frank's receipt, its manifest anchored once more by a block that differs in something."""
    receipt = first(world)
    fields = {"registry": world.harbour.registries[0], **changes}
    changed = world.east.evm_anchor(MAIN, receipt.commitments[0].manifest, **fields)
    changed = replace(changed, members=tuple(proof for proof in changed.members if proof.record.id == BETA.did))
    return anchored_by(receipt, changed)


# ---------------------------------------------------------------- step 6


@family(
    {
        "snapshot": ("snapshot", "A" * 43),
        "legacy": ("legacy", "A" * 43),
        "previous": ("previous", "A" * 43),
        "tree": ("tree", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        "time": ("time", "2020-01-01T00:00:00Z"),
    },
    NOT_VERIFIED,
    8,
    "another root",
)
def manifest_altered(world: World, case: Any) -> Any:
    """A manifest other than the anchored one, in one member."""
    name, value = case
    return put(world.receipt("frank", as_of=0), f"commitments.0.manifest.{name}", value)


# ---------------------------------------------------------------- step 7


@attack(VERIFIED)
def block_by_the_trust_file(world: World) -> Any:
    """Not an attack: the trust file lists the block, nobody has noted it."""
    return put(first(world), f"{ANCHOR}.notes", [])


@attack(VERIFIED)
def block_by_notes(world: World) -> Any:
    """Not an attack: a receipt newer than the trust file, decided by two parties' notes."""
    return Given(first(world), trust=world.trust(blocks=False))


@attack(VERIFIED)
def block_by_a_node(world: World) -> Any:
    """Not an attack: the verifier asked a node of their own."""
    anchor = anchor_of(first(world))
    header = Header.parse(anchor.header)
    bare = anchored_by(first(world), replace(anchor, notes=()))
    return Given(bare, trust=world.trust(blocks=False), blocks={(MAIN, header.number): header.hash})


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_of_nobody(world: World) -> Any:
    """A block that neither trust file nor notes nor node know."""
    return Given(put(first(world), f"{ANCHOR}.notes", []), trust=world.trust(blocks=False))


@attack(NOT_VERIFIED, 8, "another one")
def block_that_a_second_contracts_list_denies(world: World) -> Any:
    """A trust file whose lists disagree about a block: neither is taken."""
    main, side = world.harbour.trusted().contracts
    captured = replace(main, contract=OTHER, blocks=dict.fromkeys(main.blocks, bytes(32)))
    return Given(first(world), trust=world.trust(contracts=(main, captured, side)))


@attack(NOT_VERIFIED, 8, "another one")
def block_that_a_node_denies(world: World) -> Any:
    """The chosen node has another block at this number."""
    number = Header.parse(anchor_of(first(world)).header).number
    return Given(first(world), trust=world.trust(blocks=False), blocks={(MAIN, number): bytes(32)})


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_that_a_node_knows_on_another_chain(world: World) -> Any:
    """The same number and hash, of another chain."""
    header = Header.parse(anchor_of(first(world)).header)
    bare = put(first(world), f"{ANCHOR}.notes", [])
    return Given(bare, trust=world.trust(blocks=False), blocks={(SIDE, header.number): header.hash})


def noted_by(world: World, *notes: str, **quorum: Any) -> Given:
    """Frank's receipt with these block notes, for a verifier who has nothing but notes."""
    blocknotes = replace(world.harbour.trusted().block_notes, **quorum)
    receipt = anchored_by(first(world), replace(anchor_of(first(world)), notes=notes))
    return Given(receipt, trust=world.trust(blocks=False, block_notes=blocknotes))


@attack(NOT_KNOWN, 8, "not in your trust file")
def too_few_block_notes(world: World) -> Any:
    """One party where two are asked for."""
    return noted_by(world, *world.east.notes(MAIN, anchor_of(first(world)).header, world.harbour.parties[:1]))


@attack(NOT_KNOWN, 8, "not in your trust file")
def one_block_note_twice(world: World) -> Any:
    """Each party counts once, however often it noted the block."""
    return noted_by(world, *world.east.notes(MAIN, anchor_of(first(world)).header, world.harbour.parties[:1] * 2))


@attack(NOT_KNOWN, 1, "each public key once")
def one_key_under_two_names(world: World) -> Any:
    """A trust file in which one party's key stands twice makes a quorum of one."""
    key = world.harbour.parties[0]
    keys = (key.vkey(), key.vkey(name="party-9.example"))
    return Given(first(world), trust=world.trust(block_notes=Quorum(keys, 2)))


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_notes_of_strangers(world: World) -> Any:
    """Notes by keys that the verifier does not have."""
    header = anchor_of(first(world)).header
    return noted_by(world, *world.east.notes(MAIN, header, [Key("a"), Key("b"), Key("c")]))


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_notes_of_another_block(world: World) -> Any:
    """Genuine notes, of another block."""
    other = anchor_of(world.receipt("judy"))
    return noted_by(world, *other.notes)


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_notes_of_another_chain(world: World) -> Any:
    """Notes of a block with this number and hash on another chain."""
    return noted_by(world, *world.east.notes(SIDE, anchor_of(first(world)).header, world.harbour.parties))


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_notes_of_another_hash(world: World) -> Any:
    """Notes of the block with this number that the chain kept."""
    header = Header.parse(anchor_of(first(world)).header)
    rival = replace_field(anchor_of(first(world)).header, 11, rlp.from_integer(header.timestamp + 1))
    return noted_by(world, *world.east.notes(MAIN, rival, world.harbour.parties))


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_notes_with_broken_signatures(world: World) -> Any:
    """Notes whose text was changed to this block."""
    mine, other = anchor_of(first(world)), anchor_of(world.receipt("judy"))
    ours, theirs = (to_hex(Header.parse(anchor.header).hash) for anchor in (mine, other))
    number, other_number = (str(Header.parse(anchor.header).number) for anchor in (mine, other))
    forged = (note.replace(theirs, ours).replace(f"\n{other_number}\n", f"\n{number}\n") for note in other.notes)
    return noted_by(world, *forged)


@attack(NOT_KNOWN, 8, "not in your trust file")
def block_notes_nobody_is_asked_for(world: World) -> Any:
    """Without keys notes decide nothing, and no quorum of none is reached."""
    return noted_by(world, *anchor_of(first(world)).notes, keys=(), need=0)


@attack(VERIFIED)
def rubbish_among_the_block_notes(world: World) -> Any:
    """Not an attack that succeeds: lines that anybody added do no harm to good notes."""
    anchor = anchor_of(first(world))
    stranger = world.east.notes(MAIN, anchor.header, [Key("a")])
    return noted_by(world, "rubbish", *stranger, "credential-notary/block/v2\n", *anchor.notes)


def replace_field(header: bytes, at: int, value: bytes) -> bytes:
    fields = list(rlp.as_list(rlp.decode(header, "header"), "header"))
    fields[at] = value
    return rlp.encode(tuple(fields))


@attack(NOT_VERIFIED, 8, "another one")
def header_with_another_time(world: World) -> Any:
    """A block made older than it is, to escape the compromise of a key."""
    anchor = anchor_of(first(world))
    return anchored_by(first(world), replace(anchor, header=replace_field(anchor.header, 11, rlp.from_integer(1))))


@attack(NOT_VERIFIED, 8, "another one")
def header_with_transactions_of_its_own(world: World) -> Any:
    """A listed block's number over invented transactions."""
    number, chain = Header.parse(anchor_of(first(world)).header).number, world.harbour.chains[MAIN]
    genuine = chain.blocks[number]
    forged = anchored_anew(world, number=number, neighbours=5)
    chain.blocks[number] = genuine
    return forged


@attack(NOT_KNOWN, 8, "not in your trust file")
def header_with_a_number_of_its_own(world: World) -> Any:
    """An invented block beyond all that are known."""
    forged = anchored_anew(world, number=9_999)
    del world.harbour.chains[MAIN].blocks[9_999]
    return edit(forged, f"{ANCHOR}.notes", lambda _: [])


@family(
    {
        "empty": b"",
        "14 fields": rlp.encode((bytes(32),) * 14),
        "no RLP": b"\xff" * 500,
        "not canonical": b"\xf8\x01\x01",
        "a number of 9 bytes": rlp.encode((*(bytes(32),) * 8, b"\1" * 9, *(b"",) * 8)),
    },
    NOT_VERIFIED,
    8,
)
def header_that_is_none(world: World, case: bytes) -> Any:
    """Bytes that are no block header."""
    return anchored_by(first(world), replace(anchor_of(first(world)), header=case))


# ---------------------------------------------------------------- step 8


@attack(NOT_VERIFIED, 8, "another contract")
def event_of_another_contract(world: World) -> Any:
    """Anybody can deploy a contract that emits `Anchored`."""
    return anchored_anew(world, emitter=OTHER)


@attack(NOT_KNOWN, 8, "not in your trust file")
def contract_of_nobody(world: World) -> Any:
    """A contract that the trust file does not list, and its event."""
    registry = world.harbour.enact(contracts=(Contract(MAIN, OTHER),))
    receipt = anchored_anew(world, emitter=OTHER, registry=registry)
    return put(receipt, f"{ANCHOR}.contract", to_hex(OTHER))


@attack(NOT_VERIFIED, 8, "another root")
def event_of_another_root(world: World) -> Any:
    """An anchor, of something else."""
    return anchored_anew(world, root=b"\1" * 32)


@attack(NOT_VERIFIED, 8, "status")
def transaction_that_failed(world: World) -> Any:
    """A transaction that was mined and undone."""
    return anchored_anew(world, status=0)


@attack(NOT_VERIFIED, 8)
def anchor_of_another_commitment(world: World) -> Any:
    """A genuine anchor of the next manifest."""
    return put(first(world), "commitments.0.anchors", get(world.receipt("lena"), "commitments.0.anchors"))


@attack(NOT_VERIFIED, 8, "another kind")
def event_of_another_kind(world: World) -> Any:
    """A neighbour's genuine event, of a token that was paid."""
    anchor = anchor_of(first(world))
    receipts = (tx_receipt_of((bytes(20), (keccak256(b"Transfer"),), b"1")),)
    header = header_of(MAIN, 50, START, tx_receipts_trie(receipts).root)
    world.harbour.chains[MAIN].blocks[50] = keccak256(header)
    return anchored_by(first(world), replace(anchor, header=header, transaction=0, proof=receipts_proof(receipts)))


def receipts_proof(receipts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tx_receipts_trie(receipts).proof(b"\x80")


@family({"the next": 1, "far beyond": 10_000}, NOT_VERIFIED, 8)
def log_index_is(world: World, case: int) -> Any:
    """A log that the transaction does not have."""
    return put(first(world), f"{ANCHOR}.log", case)


@family({"a neighbour": 0, "beyond the block": 3, "far beyond": 2**40}, NOT_VERIFIED, 8)
def transaction_index_is(world: World, case: int) -> Any:
    """Another transaction's index."""
    return put(first(world), f"{ANCHOR}.transaction", case)


@family(
    {
        "none": lambda _: [],
        "without the root": lambda proof: proof[1:],
        "without the last": lambda proof: proof[:-1],
        "with one more": lambda proof: [*proof, proof[-1]],
        "reversed": lambda proof: proof[::-1],
        "one bit off": lambda proof: [*proof[:-1], flipped(proof[-1])],
        "a node of 4 KiB": lambda proof: [to_base64url(bytes(4096)), *proof[1:]],
    },
    NOT_VERIFIED,
    8,
)
def trie_proof(world: World, case: Any) -> Any:
    """The nodes are exactly those on the way from the block's receipts root."""
    return edit(first(world), f"{ANCHOR}.proof", case)


@attack(NOT_KNOWN, 8, "no longer relies on contract")
def contract_captured_earlier(world: World) -> Any:
    """A block after the one up to which the trust file believes the contract."""
    number = Header.parse(anchor_of(first(world)).header).number
    contracts = tuple(replace(contract, until_block=number - 1) for contract in world.harbour.trusted().contracts)
    return Given(first(world), trust=world.trust(contracts=contracts))


@attack(VERIFIED)
def contract_captured_afterwards(world: World) -> Any:
    """Not an attack: the last block that is believed, itself included."""
    number = Header.parse(anchor_of(first(world)).header).number
    contracts = tuple(replace(contract, until_block=number) for contract in world.harbour.trusted().contracts)
    return Given(first(world), trust=world.trust(contracts=contracts))


# ---------------------------------------------------------------- how many anchors


@attack(NOT_KNOWN, 8, "too few anchors")
def no_anchors(world: World) -> Any:
    """A commitment that stands nowhere."""
    return put(first(world), "commitments.0.anchors", [])


@attack(NOT_KNOWN, 8, "too few anchors")
def anchors_of_unknown_types_only(world: World) -> Any:
    """OpenTimestamps proves time, never authority."""
    return anchored_by(first(world), OtherAnchor("opentimestamps", {"type": "opentimestamps", "proof": "AA"}))


@attack(VERIFIED)
def anchor_of_an_unknown_type_beside(world: World) -> Any:
    """Not an attack: an anchor of a type to come is kept and reported."""
    return anchored_by(first(world), OtherAnchor("evm/v2", {"type": "evm/v2"}), anchor_of(first(world)))


@family({"no type": {}, "a number": {"type": 1}, "no object": "evm"}, NOT_VERIFIED, 1)
def anchor_without_a_type(world: World, case: Any) -> Any:
    """An anchor says what it is."""
    return put(first(world), f"{ANCHOR}", case)


@attack(NOT_KNOWN, 8, "too few anchors")
def one_chain_where_two_are_needed(world: World) -> Any:
    """A single anchor for a verifier who asks for two."""
    return Given(first(world), trust=world.trust(anchors_needed=2))


@attack(NOT_KNOWN, 8, "too few anchors")
def the_same_anchor_twice(world: World) -> Any:
    """Two anchors on one chain are one."""
    anchor = anchor_of(first(world))
    return Given(anchored_by(first(world), anchor, anchor), trust=world.trust(anchors_needed=2))


@attack(NOT_KNOWN, 8, "too few anchors")
def two_blocks_of_one_chain(world: World) -> Any:
    """Two genuine anchors of one manifest, both on one chain."""
    again = anchor_of(anchored_anew(world))
    return Given(anchored_by(first(world), anchor_of(first(world)), again), trust=world.trust(anchors_needed=2))


def on_two_chains(world: World) -> Receipt:
    """Lena's receipt as of the anchor that stands on both chains."""
    return world.receipt("lena", as_of=1)


@attack(VERIFIED)
def two_chains_where_two_are_needed(world: World) -> Any:
    """Not an attack: anchored on both."""
    return Given(on_two_chains(world), trust=world.trust(anchors_needed=2))


@attack(NOT_KNOWN, 8)
def two_chains_where_three_are_needed(world: World) -> Any:
    """One too few."""
    return Given(on_two_chains(world), trust=world.trust(anchors_needed=3))


@attack(NOT_KNOWN, 8)
def one_anchor_under_two_chains(world: World) -> Any:
    """The first chain's block under the second chain's name."""
    receipt = on_two_chains(world)
    moved = put(receipt, "commitments.0.anchors.1", get(receipt, "commitments.0.anchors.0"))
    moved = put(moved, "commitments.0.anchors.1.chain", SIDE)
    moved = put(moved, "commitments.0.anchors.1.contract", get(receipt, "commitments.0.anchors.1.contract"))
    return Given(moved, trust=world.trust(anchors_needed=2))


@attack(NOT_KNOWN, 8)
def second_chain_false(world: World) -> Any:
    """An anchor that fails does not count; of two that are needed one is left."""
    receipt = put(on_two_chains(world), "commitments.0.anchors.1.log", 7)
    return Given(receipt, trust=world.trust(anchors_needed=2))


@attack(VERIFIED)
def second_chain_false_where_one_is_needed(world: World) -> Any:
    """Not an attack that succeeds: what fails does not count, and takes nothing from what holds."""
    return put(on_two_chains(world), "commitments.0.anchors.1.log", 7)


@attack(NOT_VERIFIED, 8)
def both_chains_false(world: World) -> Any:
    """When all anchors have failed, that is a fail."""
    receipt = put(on_two_chains(world), "commitments.0.anchors.0.log", 7)
    return put(receipt, "commitments.0.anchors.1.log", 7)


@attack(NOT_KNOWN, 8)
def status_on_one_chain_where_two_are_needed(world: World) -> Any:
    """A batch on two chains; its newest status on one only."""
    return Given(world.receipt("lena"), trust=world.trust(anchors_needed=2))


# ---------------------------------------------------------------- two consortia


def in_the_valley(world: World, registry: Registry) -> Receipt:
    """Frank's receipt, its manifest anchored by its notary in the other consortium's contract."""
    receipt, manifest, chain = first(world), world.east.anchorings[0].manifest, world.valley.chains[MAIN]
    root, state = manifest.anchor_root(), registry.state
    header, transaction, proof = chain.mine(root, world.east.account, state.digest(), time=START)
    theirs = EvmAnchor(
        MAIN, chain.contract, header, transaction, 0, proof, (), state, members=(registry.member(BETA.did),)
    )
    return anchored_by(receipt, theirs)


@attack(NOT_VERIFIED, 8, "names other contracts")
def anchored_by_another_consortium(world: World) -> Any:
    """A log of one trusted consortium, anchored in the contract of another."""
    return in_the_valley(world, world.harbour.registries[0])


@attack(NOT_KNOWN, 8, "not in your trust file")
def anchored_by_another_consortium_on_purpose(world: World) -> Any:
    """The same, by a registry state that names that contract: what is trusted is never mixed."""
    contract = Contract(MAIN, world.valley.chains[MAIN].contract)
    return in_the_valley(world, world.harbour.enact(contracts=(contract,)))
