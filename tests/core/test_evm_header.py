import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.errors import Malformed
from notary.core.evm import Header, keccak256, rlp, tx_receipts_trie
from notary.core.evm.rlp import Item

EMPTY_TRIE = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
GENESIS: list[Item] = [
    bytes(32),
    bytes.fromhex("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"),
    bytes(20),
    bytes.fromhex("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"),
    EMPTY_TRIE,
    EMPTY_TRIE,
    bytes(256),
    bytes.fromhex("0400000000"),
    b"",
    bytes.fromhex("1388"),
    b"",
    b"",
    bytes.fromhex("11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"),
    bytes(32),
    bytes.fromhex("0000000000000042"),
]
"""Ethereum's first block."""


def altered(**fields: Item) -> bytes:
    """Return the genesis header with fields replaced, by their index: `altered(_8=b"")`."""
    header = list(GENESIS)
    for index, value in fields.items():
        header[int(index[1:])] = value
    return rlp.encode(tuple(header))


def test_ethereums_first_block() -> None:
    """The genesis header hashes to the block hash that every explorer shows."""
    header = Header.parse(rlp.encode(tuple(GENESIS)))
    assert header.hash.hex() == "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
    assert (header.number, header.timestamp, header.parent_hash) == (0, 0, bytes(32))
    assert header.receipts_root == EMPTY_TRIE == tx_receipts_trie([]).root


def test_fields_are_read_by_index() -> None:
    """Parent, receiptsRoot, number and timestamp stand where every fork has left them."""
    header = Header.parse(altered(_0=b"p" * 32, _5=b"r" * 32, _8=b"\x01\x02", _11=b"\x65\x00\x00\x00"))
    assert (header.parent_hash, header.receipts_root) == (b"p" * 32, b"r" * 32)
    assert (header.number, header.timestamp) == (0x0102, 0x65000000)


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_headers_of_later_forks_are_read(more: list[bytes]) -> None:
    """Fields that a fork adds at the end change the hash and nothing else."""
    raw = rlp.encode((*GENESIS, *more))
    header = Header.parse(raw)
    assert header.hash == keccak256(raw)
    assert header.receipts_root == EMPTY_TRIE


@given(st.integers(0, 8 * len(rlp.encode(tuple(GENESIS))) - 1))
def test_any_flipped_bit_gives_another_hash(bit: int) -> None:
    """A header with one bit changed is malformed, or has another hash."""
    raw = rlp.encode(tuple(GENESIS))
    changed = (int.from_bytes(raw) ^ 1 << bit).to_bytes(len(raw))
    try:
        header = Header.parse(changed)
    except Malformed:
        return
    assert header.hash != Header.parse(raw).hash


@pytest.mark.parametrize(
    "raw,what",
    [
        (rlp.encode(b"header"), "block header: expected a list"),
        (rlp.encode(tuple(GENESIS[:14])), "at least 15 fields, found 14"),
        (altered(_0=bytes(31)), "parentHash: expected 32 bytes, found 31 bytes"),
        (altered(_5=bytes(33)), "receiptsRoot: expected 32 bytes, found 33 bytes"),
        (altered(_8=b"\0"), "number: expected an integer"),
        (altered(_8=()), "number: expected an integer"),
        (altered(_11=b"\0\1"), "timestamp: expected an integer"),
        (altered(_11=b"\1" + bytes(8)), "timestamp: expected an integer"),
        (rlp.encode(tuple(GENESIS)) + b"\0", "expected one item of RLP, found 2"),
    ],
)
def test_other_headers_are_malformed(raw: bytes, what: str) -> None:
    """A header too short, or with a field of another shape, is refused by the field's name."""
    with pytest.raises(Malformed, match=what):
        Header.parse(raw)
