import pytest

from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.evm import (
    Address,
    Event,
    Header,
    TxReceipt,
    prove_tx_receipt,
    proven_tx_receipt,
    rlp,
    tx_receipts_trie,
)
from notary.core.evm.rlp import Item

EVENT = Event(address=Address(b"c" * 20), topics=(b"t" * 32, b"u" * 32, b"v" * 32, b"w" * 32), data=b"data")
LOG: Item = (EVENT.address, EVENT.topics, EVENT.data)


def fields(*, status: Item = b"\x01", gas: Item = b"\x52\x08", bloom: Item = bytes(256), logs: Item = (LOG,)) -> Item:
    """Return the four fields of a transaction receipt."""
    return status, gas, bloom, logs


def header_over(tx_receipts: list[bytes]) -> Header:
    """Return the header of a block with these receipts."""
    return Header(
        hash=b"h" * 32, parent_hash=b"p" * 32, receipts_root=tx_receipts_trie(tx_receipts).root, number=1, timestamp=1
    )


@pytest.mark.parametrize("prefix", [b"", b"\x01", b"\x02", b"\x03", b"\x04"])
def test_legacy_and_typed_receipts_are_read(prefix: bytes) -> None:
    """A receipt of every transaction type says whether it succeeded, and lists its events."""
    raw = rlp.encode(fields(logs=(LOG, LOG)))
    assert TxReceipt.parse(prefix + raw) == TxReceipt(succeeded=True, events=(EVENT, EVENT))
    failed = rlp.encode(fields(status=b"", logs=()))
    assert TxReceipt.parse(prefix + failed) == TxReceipt(succeeded=False, events=())


@pytest.mark.parametrize("kind", [0, 5, 0x7E, 0x7F, 0x80, 0xBF])
def test_nothing_is_said_about_unknown_transaction_types(kind: int) -> None:
    """A transaction type that came later may mean anything: unsupported, not malformed."""
    with pytest.raises(Unsupported, match=rf"of a transaction type: expected .*, found {kind}"):
        TxReceipt.parse(bytes([kind]) + rlp.encode(fields()))


@pytest.mark.parametrize(
    "item,what",
    [
        ((b"\x01", b"", bytes(256)), "expected 4 fields, found 3"),
        ((b"\x01", b"", bytes(256), (), b""), "expected 4 fields, found 5"),
        (fields(status=b"s" * 32), "status: expected 0 or 1, found '7373"),
        (fields(status=b"\x02"), "status: expected 0 or 1, found '02'"),
        (fields(status=b"\x00"), "status: expected 0 or 1, found '00'"),
        (fields(status=()), "status: expected a byte string"),
        (fields(gas=b"\x00"), "cumulative gas used: expected an integer"),
        (fields(bloom=bytes(255)), "logs bloom: expected 256 bytes, found 255 bytes"),
        (fields(logs=b""), "logs: expected a list"),
        (fields(logs=(b"",)), "log 0: expected a list"),
        (fields(logs=(LOG, LOG[:2])), "log 1: expected address, topics and data, found 2 fields"),
        (fields(logs=((bytes(19), (), b""),)), "log 0, address: expected 20 bytes"),
        (fields(logs=((bytes(20), b"", b""),)), "log 0, topics: expected a list"),
        (fields(logs=((bytes(20), (bytes(32),) * 5, b""),)), "log 0: expected at most 4 topics, found 5"),
        (fields(logs=((bytes(20), (bytes(31),), b""),)), "log 0, topic: expected 32 bytes"),
        (fields(logs=((bytes(20), (), ()),)), "log 0, data: expected a byte string"),
    ],
)
def test_other_receipts_are_malformed(item: Item, what: str) -> None:
    """Any other shape is refused, and so is a state root in the status's place (before Byzantium)."""
    with pytest.raises(Malformed, match=what):
        TxReceipt.parse(rlp.encode(item))


@pytest.mark.parametrize(
    "raw", [b"", b"\x02", b"\xc0", b"\x02\x02" + rlp.encode(fields()), rlp.encode(fields()) + b"\0"]
)
def test_nothing_stands_around_a_receipt(raw: bytes) -> None:
    """An empty receipt, one with two types and one with a tail are malformed."""
    with pytest.raises(Malformed):
        TxReceipt.parse(raw)


def test_receipts_are_proven_at_their_index_only() -> None:
    """What is proven for one transaction is nothing for another."""
    raws = [rlp.encode(fields(gas=bytes([at + 1]), status=b"\x01" if at else b"")) for at in range(3)]
    header = header_over(raws)
    for at, raw in enumerate(raws):
        proof = prove_tx_receipt(header, raws, transaction=at)
        assert proven_tx_receipt(header, transaction=at, proof=proof) == TxReceipt.parse(raw)
        with pytest.raises((Malformed, Mismatch)):
            proven_tx_receipt(header, transaction=(at + 1) % 3, proof=proof)


def test_no_proof_is_made_from_other_receipts() -> None:
    """Receipts that a node invents, drops or reorders do not have the block's receiptsRoot."""
    raws = [rlp.encode(fields(gas=bytes([at + 1]))) for at in range(3)]
    header = header_over(raws)
    for wrong in (raws[:2], raws[::-1], [*raws, raws[0]], []):
        with pytest.raises(Mismatch, match="receiptsRoot of the block: expected 0x"):
            prove_tx_receipt(header, wrong, transaction=0)


def test_no_proof_is_made_for_a_transaction_that_is_not_there() -> None:
    """An index beyond the block's transactions, or below zero, is refused."""
    raws = [rlp.encode(fields())]
    with pytest.raises(Mismatch, match="the trie holds nothing at this key: expected 0x01"):
        prove_tx_receipt(header_over(raws), raws, transaction=1)
    with pytest.raises(Mismatch, match="the trie holds nothing at this key: expected 0x80"):
        prove_tx_receipt(header_over([]), [], transaction=0)
    with pytest.raises(Malformed, match="expected 0 or more, found -1"):
        prove_tx_receipt(header_over(raws), raws, transaction=-1)
