import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.digest import LeafIndex, TreeSize, leaf_hash
from notary.core.errors import Malformed
from notary.core.merkle import Tree
from notary.core.status import Status, StatusList, chunk_count, chunk_of, read_status

SIZES = st.integers(1, 600)


@given(st.data(), SIZES)
def test_what_was_set_is_read_from_list_and_chunk(data: st.DataObject, size: int) -> None:
    """Each credential's last status, and valid for all others, whichever way it is read."""
    listed = StatusList(TreeSize(size))
    expected = dict.fromkeys(range(size), Status.VALID)
    for index, status in data.draw(st.lists(st.tuples(st.integers(0, size - 1), st.sampled_from(Status)), max_size=30)):
        listed.set(LeafIndex(index), status)
        expected[index] = status
    chunks = list(listed.chunks())
    assert len(chunks) == chunk_count(TreeSize(size))
    for index, status in expected.items():
        assert listed.get(LeafIndex(index)) is status
        assert read_status(chunks[chunk_of(LeafIndex(index))], LeafIndex(index)) is status
    assert listed.root() == Tree(map(leaf_hash, chunks)).root
    assert bytes(StatusList(TreeSize(size), bytes(listed))) == bytes(listed) == b"".join(chunks)


def test_bits_stand_where_the_specification_says() -> None:
    """Credential i: chunk i/128, byte (i mod 128)/4, shift 6 - 2(i mod 4)."""
    listed = StatusList(TreeSize(129))
    listed.set(LeafIndex(0), Status.REPLACED)
    listed.set(LeafIndex(5), Status.REVOKED)
    listed.set(LeafIndex(127), Status.SUSPENDED)
    listed.set(LeafIndex(128), Status.REVOKED)
    first, second = listed.chunks()
    assert first == bytes([0b11000000, 0b00100000]) + bytes(29) + bytes([0b00000001])
    assert second == bytes([0b10000000]) + bytes(31)


@pytest.mark.parametrize("size, chunks", [(1, 1), (128, 1), (129, 2), (256, 2), (257, 3)])
def test_a_chunk_for_every_128_credentials(size: int, chunks: int) -> None:
    """Rounded up."""
    assert chunk_count(TreeSize(size)) == chunks


def test_bits_past_the_last_credential_are_zero() -> None:
    """Or one batch would have many lists."""
    with pytest.raises(Malformed, match="zero bits"):
        StatusList(TreeSize(3), bytes([0b00000001]) + bytes(31))
    assert StatusList(TreeSize(4), bytes([0b00000001]) + bytes(31)).get(LeafIndex(3)) is Status.SUSPENDED


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_chunks_of_another_length_are_refused(length: int) -> None:
    """A list has its size's chunks, and a chunk 32 bytes."""
    with pytest.raises(Malformed, match="32 bytes"):
        StatusList(TreeSize(1), bytes(length))
    with pytest.raises(Malformed, match="32 bytes"):
        read_status(bytes(length), LeafIndex(0))


@pytest.mark.parametrize("index", [-1, 3, 127])
def test_nobody_beyond_the_batch_has_a_status(index: int) -> None:
    """Neither to read nor to change."""
    listed = StatusList(TreeSize(3))
    for attempt in (listed.get, lambda at: listed.set(at, Status.REVOKED)):
        with pytest.raises(Malformed, match="0 to 2"):
            attempt(LeafIndex(index))


def test_the_gravest_status_is_the_highest() -> None:
    """So a joint award takes the maximum."""
    assert max(Status) is Status.REPLACED
    assert list(Status) == sorted([Status.VALID, Status.SUSPENDED, Status.REVOKED, Status.REPLACED])
