import sys
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace as altered

import pytest
import rlp as reference_rlp  # type: ignore[import-untyped]
from eth_tester import EthereumTester, PyEVMBackend
from hypothesis import given
from hypothesis import strategies as st

from notary.core.digest import Digest
from notary.core.errors import Malformed, Mismatch, NotaryError
from notary.core.evm import (
    Address,
    AnchoredEvent,
    Event,
    Header,
    anchored_event,
    keccak256,
    prove_tx_receipt,
    rlp,
    tx_receipts_trie,
)
from notary.core.evm.anchored import TOPIC

# Emits Anchored(calldata[0:32], caller, block number, 7); reverts without calldata.
RUNTIME = bytes.fromhex(
    "36 6009 57 6000 6000 fd 5b"  # if (calldatasize == 0) revert
    "43 6000 52 6007 6020 52"  # memory: number, 7
    f"33 6000 35 7f{TOPIC.hex()} 6040 6000 a3 00"  # log3
)
DEPLOYMENT = bytes([0x60, len(RUNTIME), 0x80, 0x60, 11, 0x60, 0, 0x39, 0x60, 0, 0xF3]) + RUNTIME

EVENT = Event(address=Address(b"c" * 20), topics=(TOPIC, b"r" * 32, bytes(12) + b"n" * 20), data=b"h" * 32 + b"s" * 32)


@dataclass(frozen=True, slots=True)
class Mined:
    """A block that a real EVM made: anchors by typed and legacy transactions, one failed."""

    raw: bytes
    hash: bytes
    time: int
    tx_receipts: list[bytes]
    contract: bytes
    senders: list[bytes]

    def event(self, transaction: int) -> AnchoredEvent:
        """Prove the first event of a transaction."""
        header = Header.parse(self.raw)
        proof = prove_tx_receipt(header, self.tx_receipts, transaction=transaction)
        return anchored_event(header, transaction=transaction, log=0, proof=proof)


@pytest.fixture(scope="module")
def mined() -> Iterator[Mined]:
    """Deploy the contract to py-evm and mine a block of 20 anchors, the last one failing."""
    limit = sys.getrecursionlimit()
    backend = PyEVMBackend.from_mnemonic("test test test test test test test test test test test junk", num_accounts=21)
    tester = EthereumTester(backend, auto_mine_transactions=False)
    deployer, *senders = tester.get_accounts()
    typed = {"gas": 100_000, "max_fee_per_gas": 10**10, "max_priority_fee_per_gas": 10**9}
    legacy = {"gas": 100_000, "gas_price": 10**10}
    deployed = tester.send_transaction({"from": deployer, "data": "0x" + DEPLOYMENT.hex(), **typed})
    tester.mine_block()
    contract = tester.get_transaction_receipt(deployed)["contract_address"]
    for at, sender in enumerate(senders):
        data = "0x" + (bytes([at + 1]) * 32 if at < 19 else b"").hex()
        fee = legacy if at % 3 == 1 else typed
        tester.send_transaction({"from": sender, "to": contract, "data": data, **fee})
    tester.mine_block()
    chain = tester.backend.chain
    head = chain.get_canonical_head()
    tx_receipts = chain.get_canonical_block_by_number(head.block_number).get_receipts(chain.chaindb)
    yield Mined(
        raw=reference_rlp.encode(head),
        hash=head.hash,
        time=head.timestamp,
        tx_receipts=[tx_receipt.encode() for tx_receipt in tx_receipts],
        contract=bytes.fromhex(contract[2:]),
        senders=[bytes.fromhex(sender[2:]) for sender in senders],
    )
    sys.setrecursionlimit(limit)


def test_the_topic_is_the_hash_of_the_events_signature() -> None:
    """The event's first topic is Keccak-256 of the signature in the contract's interface."""
    assert keccak256(b"Anchored(bytes32,address,bytes32,bytes32)") == TOPIC


@pytest.mark.parametrize(
    "data,digest",
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_keccak_is_not_sha3(data: bytes, digest: str) -> None:
    """The hash is Ethereum's, from before SHA-3 was standardised."""
    assert keccak256(data).hex() == digest


def test_a_real_block_proves_every_anchor(mined: Mined) -> None:
    """Of a block made by a real EVM, header, receipts and events are read as the EVM wrote them."""
    header = Header.parse(mined.raw)
    assert (header.hash, header.number, header.timestamp) == (mined.hash, 2, mined.time)
    assert header.receipts_root == tx_receipts_trie(mined.tx_receipts).root
    for at, sender in enumerate(mined.senders[:19]):
        assert mined.event(at) == AnchoredEvent(
            contract=Address(mined.contract),
            root=Digest(bytes([at + 1]) * 32),
            notary=Address(sender),
            head=(2).to_bytes(32),
            registry=Digest((7).to_bytes(32)),
        )


def test_a_failed_transaction_anchors_nothing(mined: Mined) -> None:
    """Status 0 is refused before its events are looked at."""
    with pytest.raises(Mismatch, match="transaction 19 failed: expected status 1, found status 0"):
        mined.event(19)


@pytest.mark.parametrize("log", [-1, 1, 2**53])
def test_a_log_that_is_not_there(mined: Mined, log: int) -> None:
    """An index beyond the transaction's events, or one that counts from the end, is refused."""
    header = Header.parse(mined.raw)
    proof = prove_tx_receipt(header, mined.tx_receipts, transaction=3)
    with pytest.raises(Mismatch, match=f"events of transaction 3: expected log {log}, found 1"):
        anchored_event(header, transaction=3, log=log, proof=proof)


@given(st.data())
def test_any_flipped_bit_of_a_real_proof_fails(mined: Mined, data: st.DataObject) -> None:
    """One bit changed in the header's receiptsRoot, an index or a node: no event, or another header."""
    transaction = data.draw(st.integers(0, 18))
    header = Header.parse(mined.raw)
    proof = list(prove_tx_receipt(header, mined.tx_receipts, transaction=transaction))
    other = transaction ^ 1 << data.draw(st.integers(0, 52))
    with pytest.raises(NotaryError):
        anchored_event(header, transaction=other, log=0, proof=proof)
    at = data.draw(st.integers(0, len(proof) - 1))
    proof[at] = flip(proof[at], data)
    with pytest.raises(Mismatch):
        anchored_event(header, transaction=transaction, log=0, proof=proof)
    try:
        changed = Header.parse(flip(mined.raw, data))
    except Malformed:
        return
    assert changed.hash != mined.hash


def flip(raw: bytes, data: st.DataObject) -> bytes:
    """Return the bytes with one bit changed."""
    return (int.from_bytes(raw) ^ 1 << data.draw(st.integers(0, 8 * len(raw) - 1))).to_bytes(len(raw))


def test_an_event_is_read_word_by_word() -> None:
    """Root and notary are topics, head and registry are data, and the contract is who emitted it."""
    assert AnchoredEvent.of(EVENT) == AnchoredEvent(
        contract=Address(b"c" * 20),
        root=Digest(b"r" * 32),
        notary=Address(b"n" * 20),
        head=b"h" * 32,
        registry=Digest(b"s" * 32),
    )


@pytest.mark.parametrize(
    "event,what",
    [
        (altered(EVENT, topics=()), "event of another kind: expected 0x4d0c.*, found an event without topics"),
        (altered(EVENT, topics=(b"t" * 32, *EVENT.topics[1:])), "event of another kind: .*, found 0x7474"),
        (altered(EVENT, topics=EVENT.topics[:2]), "another shape: expected 3 topics and 64 bytes, found 2 topics"),
        (altered(EVENT, topics=(*EVENT.topics, b"t" * 32)), "another shape: .*, found 4 topics"),
        (altered(EVENT, data=EVENT.data[:63]), "another shape: .* and 63 bytes"),
        (altered(EVENT, data=EVENT.data + b"\0"), "another shape: .* and 65 bytes"),
        (altered(EVENT, topics=(*EVENT.topics[:2], b"\1" * 32)), "expected an address in 32 bytes, found 0x0101"),
    ],
)
def test_other_events_are_refused(event: Event, what: str) -> None:
    """An event of another name or shape is not read as an anchor."""
    with pytest.raises(Mismatch, match=what):
        AnchoredEvent.of(event)


def test_a_forged_trie_is_no_crash() -> None:
    """A header of the forger's own, over a transaction receipt of nested lists, is malformed."""
    bomb = b"\xf8\x60" + b"\xc1" * 95 + b"\xc0"
    trie = tx_receipts_trie([bomb])
    header = Header(hash=bytes(32), parent_hash=bytes(32), receipts_root=trie.root, number=1, timestamp=1)
    with pytest.raises(Malformed):
        anchored_event(header, transaction=0, log=0, proof=list(trie.nodes.values()))
    with pytest.raises(Malformed, match="too long: expected at most 3 nodes, found 4000"):
        anchored_event(header, transaction=0, log=0, proof=[rlp.encode(b"")] * 4000)
