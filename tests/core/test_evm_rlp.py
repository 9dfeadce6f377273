import sys
from collections.abc import Iterator

import pytest
import rlp as reference  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from notary.core.errors import Malformed
from notary.core.evm import rlp
from notary.core.evm.rlp import Item

LOREM = b"Lorem ipsum dolor sit amet, consectetur adipisicing elit"
THREE: Item = ((), ((),), ((), ((),)))

VECTORS: list[tuple[Item, str]] = [
    (b"dog", "83646f67"),
    ((b"cat", b"dog"), "c88363617483646f67"),
    (b"", "80"),
    ((), "c0"),
    (b"\x00", "00"),
    (b"\x0f", "0f"),
    (b"\x04\x00", "820400"),
    (THREE, "c7c0c1c0c3c0c1c0"),
    (LOREM, "b838" + LOREM.hex()),
    (b"\x80", "8180"),
    (b"s" * 55, "b7" + "73" * 55),
    ((b"\x01",) * 55, "f7" + "01" * 55),
    ((b"\x01",) * 56, "f838" + "01" * 56),
]

ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=8).map(tuple), max_leaves=40)


@pytest.mark.parametrize("item,encoded", VECTORS)
def test_examples_of_the_specification(item: Item, encoded: str) -> None:
    """The examples of Ethereum's RLP page, and the borders between its forms, encode and decode as printed."""
    assert rlp.encode(item).hex() == encoded
    assert rlp.decode(bytes.fromhex(encoded), "example") == item


@given(ITEMS)
def test_agrees_with_pyrlp(item: Item) -> None:
    """Another implementation writes the same bytes, and reading them gives the item back."""
    encoded = rlp.encode(item)
    assert encoded == reference.encode(item)
    assert rlp.decode(encoded, "item") == item


@given(st.binary(max_size=80) | ITEMS.map(rlp.encode).flatmap(lambda data: st.permutations(data).map(bytes)))
def test_whatever_decodes_has_one_spelling(data: bytes) -> None:
    """Random bytes are refused, or are exactly what their item encodes to."""
    try:
        item = rlp.decode(data, "noise")
    except Malformed:
        return
    assert rlp.encode(item) == data


@given(ITEMS, st.data())
def test_cut_or_continued_is_refused(item: Item, data: st.DataObject) -> None:
    """No encoding is the beginning of another one."""
    encoded = rlp.encode(item)
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(Malformed):
        rlp.decode(encoded[:cut], "cut")
    with pytest.raises(Malformed):
        rlp.decode(encoded + data.draw(st.binary(min_size=1, max_size=3)), "continued")


@pytest.mark.parametrize(
    "encoded,what",
    [
        ("", "one item of RLP, found 0"),
        ("0000", "one item of RLP, found 2"),
        ("8100", "a byte below 0x80 as itself"),
        ("817f", "a byte below 0x80 as itself"),
        ("b800", "a length in its shortest form"),
        ("b837" + "aa" * 55, "a length in its shortest form"),
        ("b90038" + "aa" * 56, "a length in its shortest form"),
        ("f803c20102", "a length in its shortest form"),
        ("f90038" + "01" * 56, "a length in its shortest form"),
        ("b8", "a length in its shortest form"),
        ("83646f", "ends early"),
        ("c88363617483646f", "ends early"),
        ("b838" + "aa" * 55, "ends early"),
        ("bfffffffffffffffff", "ends early"),
        ("ffffffffffffffffff", "ends early"),
        ("c18101", "ends early"),
        ("c1b83800", "ends early"),
        ("c2c2010203", "ends early"),
    ],
)
def test_every_other_spelling_is_refused(encoded: str, what: str) -> None:
    """Long forms of short lengths, leading zeros, and lengths beyond the end are malformed."""
    with pytest.raises(Malformed, match=what):
        rlp.decode(bytes.fromhex(encoded), "sample")


@pytest.fixture
def high_recursion_limit() -> Iterator[None]:
    """Importing py-evm raises the limit so far that the process would die before Python objects."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    yield
    sys.setrecursionlimit(before)


def nested(lists: int) -> bytes:
    """Return a list in a list in a list."""
    heads, size = [], 0
    for _ in range(lists):
        digits = rlp.from_integer(size)
        heads.append(bytes([0xC0 + size]) if size <= 55 else bytes([0xF7 + len(digits)]) + digits)
        size += len(heads[-1])
    return b"".join(reversed(heads))


def test_a_hundred_thousand_nested_lists_are_refused(high_recursion_limit: None) -> None:
    """Deep nesting is malformed, whatever the recursion limit: the process lives on."""
    with pytest.raises(Malformed, match="nested too deep: expected at most 16 levels"):
        rlp.decode(nested(100_000), "bomb")
    with pytest.raises(Malformed, match="nested too deep"):
        rlp.decode(nested(17), "bomb")
    assert rlp.encode(rlp.decode(nested(16), "deepest")) == nested(16)


def test_more_than_a_receipt_can_hold_is_refused() -> None:
    """Input above 4 MiB is refused unread; input of 4 MiB is read."""
    largest = rlp.encode(bytes(4 * 2**20 - 4))
    assert rlp.encode(rlp.decode(largest, "largest")) == largest
    with pytest.raises(Malformed, match="too large: expected at most 4194304 bytes, found 4194305 bytes"):
        rlp.decode(bytes(4 * 2**20 + 1), "flood")


@given(st.integers(0, 2**64 - 1))
def test_integers_are_big_endian_without_leading_zeros(value: int) -> None:
    """A number of up to eight bytes is written shortest, zero as the empty string, and read back."""
    digits = rlp.from_integer(value)
    assert not digits.startswith(b"\0")
    assert rlp.as_integer(digits, "number") == value


@pytest.mark.parametrize("item", [b"\0", b"\0\1", b"\1" + bytes(8), (), (b"\1",)])
def test_other_spellings_of_integers_are_refused(item: Item) -> None:
    """A leading zero, a ninth byte and a list are no numbers."""
    with pytest.raises(Malformed, match=r"number: expected an integer below 2\^64 without leading zeros"):
        rlp.as_integer(item, "number")


def test_negative_integers_have_no_encoding() -> None:
    """An index below zero is refused by name."""
    with pytest.raises(Malformed, match="expected 0 or more, found -1"):
        rlp.from_integer(-1)


def test_shapes_are_exact() -> None:
    """A list is no byte string, a byte string is no list, and sizes are kept to."""
    assert rlp.as_bytes(b"abc", "field") == rlp.as_bytes(b"abc", "field", 3) == b"abc"
    assert rlp.as_list((b"abc",), "field") == (b"abc",)
    with pytest.raises(Malformed, match="field: expected a byte string, found a list of 2"):
        rlp.as_bytes((b"", b""), "field")
    with pytest.raises(Malformed, match="field: expected 2 bytes, found 0x616263"):
        rlp.as_bytes(b"abc", "field", 2)
    with pytest.raises(Malformed, match="field: expected 32 bytes, found 33 bytes"):
        rlp.as_bytes(bytes(33), "field", 32)
    with pytest.raises(Malformed, match="field: expected a list, found 0x"):
        rlp.as_list(b"", "field")
