"""The port `Chain`, the same for the embedded chain, anvil and geth."""

import time
from pathlib import Path

import pytest

from anchoring.rpc import Node
from notary.core.digest import Digest, sha256
from notary.core.errors import OperatorError
from notary.core.evm import Address, Header, anchored_event, keccak256, prove_tx_receipt
from notary.ports import Call, Change, Inclusion
from tests.parts import running_anvil
from tests.ports.evm_lab import CONTRACTS, STATE, Lab, included, lab, lab_on, send

__all__ = ["lab"]

FINALITY_PATIENCE = 70.0
"""geth in development mode finalises every 32nd block, one a second."""


def test_the_chain_names_itself(lab: Lab) -> None:
    """The id is CAIP-2, and there is a profile that says how long finality takes."""
    assert lab.chain.id.startswith("eip155:")
    assert lab.chain.id == lab.chain.profile.id
    assert lab.chain.typical_wait == lab.chain.profile.wait > 0


def test_a_founded_consortium_is_read_back(lab: Lab) -> None:
    """Members, k, epoch and state are those the registry was deployed with."""
    assert lab.consortium.members == {lab.member.address}
    assert (lab.consortium.threshold, lab.consortium.epoch, lab.consortium.state) == (1, 1, STATE)


@pytest.mark.parametrize("bare", [False, True], ids=["by function", "as bare calldata"])
def test_an_anchor_is_proven_by_its_block(lab: Lab, bare: bool) -> None:
    """Header, transaction receipt and event, checked without the node, lead to the root and its notary."""
    root = sha256(b"a root" + bytes([bare]))
    inclusion = lab.anchored(root, bare=bare)
    assert inclusion.succeeded
    (sighting,) = lab.chain.sightings(lab.anchor, since=inclusion.block_number, root=root)
    assert (sighting.tx_hash, sighting.block_hash) == (inclusion.tx_hash, inclusion.block_hash)

    block = lab.chain.block(sighting.block_number)
    assert block is not None
    header = Header.parse(block.header)
    assert keccak256(block.header) == block.hash == sighting.block_hash
    assert (header.number, header.timestamp) == (block.number, block.time)
    proof = prove_tx_receipt(header, block.tx_receipts, transaction=sighting.transaction)
    event = anchored_event(header, transaction=sighting.transaction, log=sighting.log, proof=proof)
    assert (event.contract, event.root, event.notary) == (lab.anchor, root, lab.notary.address)
    assert (event.registry, event.head) == (STATE, sighting.head)


def test_several_anchors_in_one_transaction_are_told_apart(lab: Lab) -> None:
    """A sighting's log counts within its transaction, so that its proof finds it."""
    roots = [sha256(bytes([at])) for at in range(3)]
    inclusion = included(lab.chain, send(lab.notary, Call(None, _anchors_all(lab.anchor, roots))))
    found = [s for s in lab.chain.sightings(lab.anchor, since=inclusion.block_number) if s.root in roots]
    assert [(s.root, s.log) for s in found] == list(zip(roots, range(3), strict=True))


def test_a_stranger_anchoring_the_same_root_is_distinguished(lab: Lab) -> None:
    """Whoever anchors a root stands beside it; asked for by sender, each finds only its own."""
    root = sha256(b"wanted by two")
    first = lab.anchored(root)
    second = lab.anchored(root, wallet=lab.stranger)
    since = first.block_number
    assert [s.sender for s in lab.chain.sightings(lab.anchor, since=since, root=root)] == [
        lab.notary.address,
        lab.stranger.address,
    ]
    (own,) = lab.chain.sightings(lab.anchor, since=since, root=root, sender=lab.notary.address)
    (other,) = lab.chain.sightings(lab.anchor, since=since, sender=lab.stranger.address)
    assert (own.tx_hash, other.tx_hash) == (first.tx_hash, second.tx_hash)


def test_the_heads_of_one_notary_chain_everything_it_anchored(lab: Lab) -> None:
    """Each head is computed from the one before, so that a gap in the history shows."""
    lab.anchored(sha256(b"one more"))
    sightings = list(lab.chain.sightings(lab.anchor, since=lab.founded.block_number, sender=lab.notary.address))
    head = bytes(32)
    for sighting in sightings:
        block = lab.chain.block(sighting.block_number)
        assert block is not None
        moment = block.number.to_bytes(8) + block.time.to_bytes(8)
        head = keccak256(head + sighting.root + sighting.registry + moment)
        assert sighting.head == head


def test_what_was_never_anchored_is_not_found(lab: Lab) -> None:
    """Another root, another sender, another contract and later blocks give nothing."""
    root = sha256(b"somewhere")
    inclusion = lab.anchored(root)
    chain, since = lab.chain, lab.founded.block_number
    assert not list(chain.sightings(lab.anchor, since=since, root=sha256(b"elsewhere")))
    assert not list(chain.sightings(lab.anchor, since=since, sender=Address(bytes(20))))
    assert not list(chain.sightings(lab.registry, since=since))
    assert not list(chain.sightings(lab.anchor, since=inclusion.block_number + 1, root=root))
    assert not list(chain.sightings(lab.anchor, since=chain.latest() + 1))


def test_unknown_blocks_and_transactions_are_none(lab: Lab) -> None:
    """Nothing is made up for what the chain does not hold."""
    assert lab.chain.block(lab.chain.latest() + 1_000_000) is None
    assert lab.chain.inclusion(bytes(32)) is None


def test_a_failed_transaction_is_reported_as_failed(lab: Lab) -> None:
    """A transaction that reverts is in the chain, took its fee, and anchored nothing."""
    inclusion = included(lab.chain, send(lab.notary, Call(lab.anchor, b"not a root"), gas=100_000))
    assert not inclusion.succeeded
    assert inclusion.created is None
    assert not [
        s for s in lab.chain.sightings(lab.anchor, since=inclusion.block_number) if s.tx_hash == inclusion.tx_hash
    ]


def test_a_deployment_names_what_it_made(lab: Lab) -> None:
    """The registry's address comes with the inclusion, and its code is there."""
    assert lab.founded.created == lab.registry
    assert lab.chain.code(lab.registry)
    assert lab.chain.code(Address(bytes(19) + b"\x77")) == b""


def test_a_view_that_reverts_says_why(lab: Lab) -> None:
    """The contract's own error is in the message."""
    with pytest.raises(OperatorError, match=r"NotARoot\(3\)"):
        lab.chain.call(lab.anchor, b"abc")


def test_members_approve_a_change_that_anyone_sends(lab: Lab) -> None:
    """The digest is computed here and accepted by the contract: a new member, k = 2, a new state in force."""
    newcomer = Address(sha256(lab.registry)[:20])
    founded = included(lab.chain, send(lab.notary, CONTRACTS.found([lab.member.address], threshold=1, state=STATE)))
    assert founded.created is not None
    registry = founded.created
    change = Change(sha256(b"the second state"), (newcomer,), (), threshold=2, epoch=2, deadline=2**40)
    digest = CONTRACTS.approval_digest(lab.chain.id, registry, change)
    call = CONTRACTS.change(registry, change, [lab.member.approve(digest)])
    assert included(lab.chain, send(lab.stranger, call)).succeeded
    consortium = CONTRACTS.consortium(lab.chain, registry)
    assert consortium.members == {lab.member.address, newcomer}
    assert (consortium.threshold, consortium.epoch, consortium.state) == (2, 2, change.state)
    with pytest.raises(OperatorError, match=r"WrongEpoch\(2, 3\)"):
        lab.stranger.quote(call)


def test_a_contract_that_is_not_the_published_one_is_refused(lab: Lab) -> None:
    """Neither another contract nor an empty address passes as a registry."""
    for address in (lab.anchor, Address(bytes(19) + b"\x77")):
        with pytest.raises(OperatorError, match="no ConsortiumRegistry of this release"):
            CONTRACTS.consortium(lab.chain, address)


def test_finality_follows_the_head(lab: Lab) -> None:
    """A block becomes final after a while; never one that is not there yet, and never fewer than before."""
    inclusion: Inclusion = lab.anchored(sha256(b"to be final"))
    deadline, before = time.monotonic() + FINALITY_PATIENCE, -1
    while before < inclusion.block_number:
        assert time.monotonic() < deadline, f"block {inclusion.block_number} is not final, only {before} is"
        finalized = lab.chain.finalized()
        assert before <= finalized <= lab.chain.latest()
        before = finalized
        time.sleep(0.02)
    (sighting,) = lab.chain.sightings(lab.anchor, since=inclusion.block_number, root=sha256(b"to be final"))
    assert sighting.block_hash == inclusion.block_hash


@pytest.mark.node
def test_a_reorganisation_takes_an_anchor_back_until_it_is_sent_again(tmp_path: Path) -> None:
    """Inclusion and sighting vanish with the block; the same bytes are taken once more."""
    with running_anvil(tmp_path) as node:
        lab = lab_on(node)
        transaction = send(lab.notary, CONTRACTS.anchor(lab.anchor, sha256(b"short-lived")))
        inclusion = included(lab.chain, transaction)
        before = lab.chain.block(inclusion.block_number)
        Node(node.url, timeout=10).ask("anvil_reorg", lab.chain.latest() - inclusion.block_number + 1, [])
        assert lab.chain.inclusion(transaction.hash) is None
        assert not list(lab.chain.sightings(lab.anchor, since=lab.founded.block_number))
        assert lab.chain.block(inclusion.block_number) != before
        lab.notary.broadcast(transaction)
        again = included(lab.chain, transaction)
        (sighting,) = lab.chain.sightings(lab.anchor, since=lab.founded.block_number)
        assert sighting.block_hash == again.block_hash != inclusion.block_hash


def _anchors_all(contract: Address, roots: list[Digest]) -> bytes:
    """Code that runs once, as a deployment, and passes each root to the contract as bare calldata."""
    code = b""
    for root in roots:
        store = b"\x7f" + root + b"\x60\x00\x52"  # PUSH32 root, PUSH1 0, MSTORE
        push = b"\x60\x00\x60\x00\x60\x20\x60\x00\x60\x00\x73" + contract  # no output, 32 bytes in, no value
        code += store + push + b"\x5a\xf1\x50"  # GAS, CALL, POP
    return code + b"\x00"


def test_a_registry_s_changes_are_read_back(lab: Lab) -> None:
    """Founding and change: epoch, state, k, who came, who went, who approved, and where; of this registry alone."""
    begun = included(lab.chain, send(lab.notary, CONTRACTS.found([lab.member.address], threshold=1, state=STATE)))
    assert begun.created is not None
    newcomer = Address(bytes([7]) * 20)
    change = Change(sha256(b"another state"), (newcomer,), (lab.member.address,), threshold=1, epoch=2, deadline=2**40)
    digest = CONTRACTS.approval_digest(lab.chain.id, begun.created, change)
    call = CONTRACTS.change(begun.created, change, [lab.member.approve(digest)])
    applied = included(lab.chain, send(lab.stranger, call))
    first, second = CONTRACTS.changes(lab.chain, begun.created)
    assert (first.epoch, first.state, first.threshold, first.approvers) == (1, STATE, 1, ())
    assert (first.added, first.removed, first.tx_hash) == ((lab.member.address,), (), begun.tx_hash)
    assert (second.epoch, second.state, second.approvers) == (2, change.state, (lab.member.address,))
    assert (second.added, second.removed) == ((newcomer,), (lab.member.address,))
    assert (second.block_number, second.tx_hash) == (applied.block_number, applied.tx_hash)
    there = {"since": begun.block_number, "until": begun.block_number}
    assert CONTRACTS.changes(lab.chain, begun.created, **there) == (first,)
    assert CONTRACTS.changes(lab.chain, begun.created, since=applied.block_number, after=1) == (second,)


def test_a_contract_has_code_from_its_block_on(lab: Lab) -> None:
    """None in the block before, and what it has now in its own."""
    begun = included(lab.chain, send(lab.notary, CONTRACTS.found([lab.member.address], threshold=1, state=STATE)))
    assert begun.created is not None
    assert lab.chain.code(begun.created, block=begun.block_number - 1) == b""
    assert lab.chain.code(begun.created, block=begun.block_number) == lab.chain.code(begun.created) != b""
