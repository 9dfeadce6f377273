"""The contracts' words: encodings against an independent library, code on chain against the artifacts."""

import json
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

import anchoring
from anchoring.contracts import Artifact, PublishedContracts, created_address, revert_reason
from anchoring.evm_key import EvmKey
from notary.core.digest import Digest, sha256
from notary.core.encoding import to_hex
from notary.core.evm import Address, keccak256
from notary.core.evm.anchored import TOPIC
from notary.ports import Approval, Change

CONTRACTS = PublishedContracts()
REGISTRY = Address(b"\x11" * 20)
ROOT = sha256(b"root")

addresses = st.binary(min_size=20, max_size=20).map(Address)
words = st.integers(0, 2**64 - 1)
changes = st.builds(
    Change,
    state=st.binary(min_size=32, max_size=32).map(Digest),
    added=st.lists(addresses, max_size=4).map(tuple),
    removed=st.lists(addresses, max_size=4).map(tuple),
    threshold=words,
    epoch=words,
    deadline=words,
)


@given(changes, addresses, st.integers(1, 2**53))
def test_what_members_approve_is_the_typed_data_of_eip_712(change: Change, registry: Address, chain: int) -> None:
    """The digest equals that of an independent EIP-712 implementation, as wallets show it."""
    fields = ("state", "added", "removed", "threshold", "epoch", "deadline")
    types = ("bytes32", "address[]", "address[]", "uint64", "uint64", "uint64")
    domain = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    message = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [{"name": name, "type": kind} for name, kind in domain.items()],
                "Change": [{"name": name, "type": kind} for name, kind in zip(fields, types, strict=True)],
            },
            "primaryType": "Change",
            "domain": {
                "name": "ConsortiumRegistry",
                "version": "1",
                "chainId": chain,
                "verifyingContract": to_hex(registry),
            },
            "message": {
                "state": bytes(change.state),
                "added": [to_hex(address) for address in change.added],
                "removed": [to_hex(address) for address in change.removed],
                "threshold": change.threshold,
                "epoch": change.epoch,
                "deadline": change.deadline,
            },
        }
    )
    expected = keccak256(b"\x19" + message.version + message.header + message.body)
    assert CONTRACTS.approval_digest(f"eip155:{chain}", registry, change) == expected


def test_an_approval_is_of_one_change_one_contract_and_one_chain() -> None:
    """Changing any of the three changes what is signed."""
    change = Change(ROOT, (), (), 1, 2, 3)
    digests = {
        CONTRACTS.approval_digest("eip155:1", REGISTRY, change),
        CONTRACTS.approval_digest("eip155:2", REGISTRY, change),
        CONTRACTS.approval_digest("eip155:1", Address(bytes(20)), change),
        CONTRACTS.approval_digest("eip155:1", REGISTRY, Change(ROOT, (), (), 1, 2, 4)),
        CONTRACTS.approval_digest("eip155:1", REGISTRY, Change(ROOT, (REGISTRY,), (), 1, 2, 3)),
        CONTRACTS.approval_digest("eip155:1", REGISTRY, Change(ROOT, (), (REGISTRY,), 1, 2, 3)),
    }
    assert len(digests) == 6


def test_approvals_are_sent_in_ascending_order_of_signers() -> None:
    """The registry takes them in no other order."""
    change = Change(ROOT, (REGISTRY,), (), 1, 2, 3)
    approvals = [Approval(Address(bytes([at]) * 20), bytes([at]) * 65) for at in (9, 1, 5)]
    call = CONTRACTS.change(REGISTRY, change, approvals)
    fields = (ROOT, (REGISTRY,), (), 1, 2, 3)
    given_ = [(Address(bytes([at]) * 20), bytes([at]) * 65) for at in (1, 5, 9)]
    types = ["(bytes32,address[],address[],uint64,uint64,uint64)", "(address,bytes)[]"]
    assert call.to == REGISTRY
    assert call.data == keccak256(f"applyChange({','.join(types)})".encode())[:4] + encode(types, [fields, given_])


def test_an_anchor_is_the_root_itself_or_a_function_s_argument() -> None:
    """Bare, it is what a stock Blockcerts verifier reads from the transaction."""
    assert CONTRACTS.anchor(REGISTRY, ROOT, bare=True).data == ROOT
    assert CONTRACTS.anchor(REGISTRY, ROOT).data == keccak256(b"anchor(bytes32)")[:4] + ROOT


def test_a_deployment_is_the_published_code_and_its_arguments() -> None:
    """Nothing but the constructor's arguments follows the artifact's bytes."""
    call = CONTRACTS.found([REGISTRY], threshold=1, state=ROOT)
    creation = Artifact.load("ConsortiumRegistry").creation
    assert call.to is None
    assert call.data == creation + encode(["address[]", "uint64", "bytes32"], [[REGISTRY], 1, ROOT])


@pytest.mark.parametrize("name", ["ConsortiumRegistry", "CredentialAnchor"])
def test_code_is_compared_without_its_immutables(name: str) -> None:
    """What the constructor wrote may differ; any other byte, or one more, is another contract."""
    artifact = Artifact.load(name)
    code = bytearray(artifact.runtime)
    for start, length in artifact.immutables:
        code[start : start + length] = b"\x5a" * length
    assert artifact.is_code(bytes(code))
    free = set(range(len(code))) - {at for start, length in artifact.immutables for at in range(start, start + length)}
    for at in sorted(free)[:: max(1, len(free) // 200)]:
        altered = bytearray(code)
        altered[at] ^= 1
        assert not artifact.is_code(bytes(altered))
    assert not artifact.is_code(bytes(code) + b"\0")
    assert not artifact.is_code(b"")


def test_the_core_reads_the_event_that_the_contract_emits() -> None:
    """The event in the artifact's interface has the topic that verification looks for."""
    path = Path(anchoring.__file__).parent / "artifacts" / "CredentialAnchor.json"
    (event,) = (entry for entry in json.loads(path.read_bytes())["abi"] if entry["type"] == "event")
    signature = f"{event['name']}({','.join(each['type'] for each in event['inputs'])})"
    assert keccak256(signature.encode()) == TOPIC


def test_reverts_are_explained() -> None:
    """Solidity's own errors, ours by name with their values, the rest as bytes, silence as None."""
    text = keccak256(b"Error(string)")[:4] + encode(["string"], ["no coins"])
    refused = keccak256(b"NotApproved(address)")[:4] + encode(["address"], [REGISTRY])
    assert revert_reason(text) == "Error(no coins)"
    assert revert_reason(keccak256(b"Panic(uint256)")[:4] + bytes(31) + b"\x11") == "Panic(17)"
    assert revert_reason(refused) == f"NotApproved({to_hex(REGISTRY)})"
    assert revert_reason(refused[:-1]) == f"reverted with {to_hex(refused[:-1])}"
    assert revert_reason(b"\x01\x02\x03\x04") == "reverted with 0x01020304"
    assert revert_reason(b"") is None


def test_a_contract_s_address_comes_from_its_creator_and_nonce() -> None:
    """The best known pair: the first contract of an account, as Ethereum's own documentation computes it."""
    creator = Address(bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"))
    expected = ["cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d", "343c43a37d37dff08ae8c4a11544c718abb4fcf8"]
    assert [created_address(creator, nonce).hex() for nonce in range(2)] == expected


def test_an_approval_recovers_to_its_signer() -> None:
    """65 bytes, r ‖ s ‖ v, with s in the lower half of the order as the contract demands."""
    key = EvmKey.generate()
    approval = key.approve(ROOT)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    assert approval.signer == key.address
    assert len(approval.signature) == 65
    assert int.from_bytes(approval.signature[32:64]) <= order // 2
    assert approval.signature[64] in (27, 28)


@given(changes, addresses, st.integers(1, 2**53))
def test_typed_data_for_a_wallet_is_what_is_approved(change: Change, registry: Address, chain: int) -> None:
    """What is exported, hashed by an independent implementation, is the digest the contract computes."""
    typed = json.loads(json.dumps(CONTRACTS.typed_data(f"eip155:{chain}", registry, change)))
    message = encode_typed_data(full_message=typed)
    digest = keccak256(b"\x19" + message.version + message.header + message.body)
    assert digest == CONTRACTS.approval_digest(f"eip155:{chain}", registry, change)


def test_signatures_the_registry_would_not_take_approve_nothing() -> None:
    """Another signer, another digest, the other s, another v, another length: none of them counts."""
    key = EvmKey.generate()
    good = key.approve(ROOT)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    r, s, v = good.signature[:32], int.from_bytes(good.signature[32:64]), good.signature[64]
    assert CONTRACTS.approves(ROOT, good, None)
    assert not CONTRACTS.approves(sha256(b"another"), good, None)
    assert not CONTRACTS.approves(ROOT, Approval(REGISTRY, good.signature), None)
    for signature in (
        r + (order - s).to_bytes(32) + bytes([55 - v]),  # the same signature, malleated
        r + s.to_bytes(32) + bytes([v - 27]),
        r + s.to_bytes(32) + bytes([55 - v]),
        good.signature[:64],
        good.signature + b"\0",
        bytes(65),
        b"\xff" * 64 + b"\x1b",
        b"",
    ):
        assert not CONTRACTS.approves(ROOT, Approval(key.address, signature), None)
