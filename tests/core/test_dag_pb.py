import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.cid import Cid, Codec
from notary.core.dag_pb import MAX_SIZE, Fields, Link, Node, from_varint, to_varint
from notary.core.errors import Malformed

CHILD = Link(Cid.of(b"child"), 5)
SPELLED = bytes(Node((("a", CHILD),), b"\x08\x01"))
HASH = b"\x0a\x24" + bytes(CHILD.cid)
NAME, SIZE, DATA = b"\x12\x01a", b"\x18\x05", b"\x0a\x02\x08\x01"


def link(body: bytes) -> bytes:
    return b"\x12" + to_varint(len(body)) + body


def test_a_node_is_spelled_links_first_then_data() -> None:
    """The bytes are those of the specification: field 2 for each link, then field 1."""
    assert link(HASH + NAME + SIZE) + DATA == SPELLED


@given(
    st.lists(st.tuples(st.text(), st.integers(0, MAX_SIZE), st.sampled_from(Codec), st.binary(max_size=3))),
    st.binary(max_size=200),
)
def test_a_node_comes_back_from_its_bytes(entries: list[tuple[str, int, Codec, bytes]], data: bytes) -> None:
    """Any names, sizes and data are read as they were written."""
    node = Node(tuple((name, Link(Cid.of(child, codec), size)) for name, size, codec, child in entries), data)
    assert Node.from_bytes(bytes(node), "node") == node


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(DATA + link(HASH + NAME + SIZE), id="data before links"),
        pytest.param(link(NAME + HASH + SIZE) + DATA, id="name before hash"),
        pytest.param(link(HASH + SIZE) + DATA, id="no name"),
        pytest.param(link(HASH + NAME) + DATA, id="no size"),
        pytest.param(link(HASH + NAME + SIZE + SIZE) + DATA, id="size twice"),
        pytest.param(link(HASH + NAME + b"\x18\x85\x00") + DATA, id="size in a longer varint"),
        pytest.param(link(HASH + b"\x12\x01\xff" + SIZE) + DATA, id="name not UTF-8"),
        pytest.param(link(b"\x0a\x22\x12\x20" + bytes(32) + NAME + SIZE) + DATA, id="CIDv0"),
        pytest.param(link(HASH + NAME + SIZE), id="no data"),
        pytest.param(SPELLED + b"\x1a\x00", id="an unknown field"),
        pytest.param(SPELLED + DATA, id="data twice"),
        pytest.param(SPELLED[:-1], id="cut"),
        pytest.param(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", id="a length beyond memory"),
    ],
)
def test_another_spelling_of_a_node_is_refused(data: bytes) -> None:
    """Two readers that disagree about a node would see two trees under one CID."""
    with pytest.raises(Malformed):
        Node.from_bytes(data, "node")


@given(st.integers(0, MAX_SIZE))
def test_a_varint_comes_back(number: int) -> None:
    """Every number below 2^63 is read as it was written, and the position after it is right."""
    assert from_varint(b"x" + to_varint(number) + b"y", 1, "number") == (number, 1 + len(to_varint(number)))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x00", b"\xff" * 9, b"\xff" * 9 + b"\x01"])
def test_a_varint_that_is_cut_padded_or_too_long_is_refused(data: bytes) -> None:
    """One number has one varint (unsigned-varint specification)."""
    with pytest.raises(Malformed):
        from_varint(data, 0, "number")


@pytest.mark.parametrize("size", [-1, MAX_SIZE + 1])
def test_a_link_with_an_impossible_size_is_refused(size: int) -> None:
    """Sizes are those a varint of nine bytes holds."""
    with pytest.raises(Malformed):
        Link(CHILD.cid, size)


def test_fields_are_taken_only_in_the_order_asked_for() -> None:
    """A field with another tag than the one expected is malformed."""
    fields = Fields(b"\x08\x01", "fields")
    assert fields.next_is(0x08)
    with pytest.raises(Malformed, match="field 0x12"):
        fields.take(0x12)
    assert fields.number(0x08) == 1
    fields.end()
