import io
from pathlib import Path

import aleph_cid
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoring.car import read_car, write_car
from anchoring.embedded_blocks import EmbeddedBlocks
from notary.core.cid import MAX_BLOCK, Cid, Codec, StoredBlock
from notary.core.dag_pb import to_varint
from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.unixfs import update_tree

ONE, TWO = StoredBlock.of(b"one"), StoredBlock.of(b"\x0a\x02\x08\x01", Codec.DAG_PB)
ARCHIVE = b"".join(write_car([TWO.cid], [ONE, TWO]))
HEADER_SIZE = 59
CIDV1 = "01551220"


def read(data: bytes) -> tuple[tuple[Cid, ...], list[StoredBlock]]:
    car = read_car(io.BytesIO(data))
    return car.roots, list(car.blocks)


def section(data: bytes) -> bytes:
    return to_varint(len(data)) + data


@given(st.lists(st.binary(max_size=300)), st.integers(0, 300))
def test_an_archive_comes_back(contents: list[bytes], roots: int) -> None:
    """Any blocks and any number of roots, in order."""
    blocks = [StoredBlock.of(content) for content in contents]
    names = [Cid.of(bytes([at % 256, at // 256])) for at in range(roots)]
    assert read(b"".join(write_car(names, blocks))) == (tuple(names), blocks)


def test_a_cut_archive_is_refused_wherever_it_is_cut() -> None:
    """Only the ends of whole blocks look like ends."""
    ends = {HEADER_SIZE, HEADER_SIZE + 1 + 36 + 3, len(ARCHIVE)}
    assert read(ARCHIVE[:HEADER_SIZE]) == ((TWO.cid,), [])
    for size in set(range(len(ARCHIVE))) - ends:
        with pytest.raises(Malformed):
            read(ARCHIVE[:size])


def test_any_flipped_bit_is_refused_or_names_another_root() -> None:
    """No change goes unseen but that of the root's own hash, which the pin then fails to find."""
    for at in range(len(ARCHIVE)):
        for bit in range(8):
            changed = bytearray(ARCHIVE)
            changed[at] ^= 1 << bit
            try:
                roots, blocks = read(bytes(changed))
            except (Malformed, Mismatch):
                continue
            assert roots != (TWO.cid,) or blocks[0].cid.codec != ONE.cid.codec or blocks[1].cid.codec != TWO.cid.codec


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00" + ARCHIVE, id="an empty header"),
        pytest.param(section(b"\xa1\x67version\x01"), id="no roots"),
        pytest.param(section(b"\xa2\x67version\x01\x65roots\x80"), id="keys in another order"),
        pytest.param(section(b"\xa2\x65roots\x98\x00\x67version\x01"), id="a count in a longer form"),
        pytest.param(section(b"\xa2\x65roots\x9f\xff\x67version\x01"), id="an array without length"),
        pytest.param(section(b"\xa2\x65roots\x80\x67version\x03"), id="version 3"),
        pytest.param(section(b"\xa3\x61x\x01\x65roots\x80\x67version\x01"), id="another member"),
        pytest.param(b"\x80" * 9 + b"\x01", id="a length that never ends"),
        pytest.param(b"\xff" * 8 + b"\x7f", id="a length beyond memory"),
        pytest.param(b"\xbb\x80\x00" + ARCHIVE[1:], id="a length in a longer form"),
        pytest.param(ARCHIVE + b"\x00", id="a section of length zero"),
        pytest.param(ARCHIVE + section(bytes.fromhex(CIDV1)), id="a section shorter than a CID"),
        pytest.param(ARCHIVE + section(bytes.fromhex("1220") + bytes(40)), id="a block with a CIDv0"),
        pytest.param(ARCHIVE + to_varint(36 + MAX_BLOCK + 1), id="a block beyond a mebibyte"),
    ],
)
def test_an_archive_spelled_otherwise_is_refused(data: bytes) -> None:
    """Lengths are checked before memory is taken for them."""
    with pytest.raises(Malformed):
        read(data)


def test_a_block_with_other_bytes_is_refused_when_it_is_reached() -> None:
    """The blocks before it were good and have been given."""
    car = read_car(io.BytesIO(ARCHIVE + section(bytes(ONE.cid) + b"two")))
    assert [next(car.blocks), next(car.blocks)] == [ONE, TWO]
    with pytest.raises(Mismatch, match=str(ONE.cid)):
        next(car.blocks)


def test_an_archive_is_read_from_a_stream_that_gives_a_byte_at_a_time() -> None:
    """A pipe may give less than was asked for."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 1))

    car = read_car(Slow(ARCHIVE))
    assert list(car.blocks) == [ONE, TWO]


def test_too_many_roots_are_refused() -> None:
    """A header has at most 65,535."""
    with pytest.raises(Malformed, match="65535"):
        next(write_car([ONE.cid] * 65536, []))


@pytest.mark.parametrize("name", ["sample-rw-bs-v2.car", "sample-unixfs-v2.car"])
def test_an_archive_of_version_2_is_refused_with_what_to_do(standards: Path, name: str) -> None:
    """It is not malformed; this release does not read it."""
    with pytest.raises(Unsupported, match="CARv1"):
        read((standards / "vectors" / "car" / name).read_bytes())


def test_the_version_1_archive_inside_a_version_2_one_is_read(standards: Path) -> None:
    """go-car's own sample: a directory in UnixFS and its file, every block checked."""
    outer = (standards / "vectors" / "car" / "sample-unixfs-v2.car").read_bytes()
    start, size = (int.from_bytes(outer[at : at + 8], "little") for at in (27, 35))
    roots, blocks = read(outer[start : start + size])
    assert StoredBlock.of(b"hello world\n") in blocks
    assert set(roots) <= {block.cid for block in blocks}
    assert b"".join(write_car(roots, blocks)) == outer[start : start + size]


def test_an_archive_over_another_hash_is_refused(standards: Path) -> None:
    """go-car's sample with BLAKE2b CIDs: not one block is taken on trust."""
    data = (standards / "vectors" / "car" / "sample-v1-with-zero-len-section2.car").read_bytes()
    with pytest.raises(Malformed, match="SHA-256"):
        read(data)


def test_an_archive_made_by_another_implementation_is_read(tmp_path: Path) -> None:
    """aleph-cid packs a folder; its root is ours and its blocks pass."""
    files = {"a/b": b"1", "large": bytes(300_000)}
    for path, content in files.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_bytes(content)
    aleph_cid.write_folder_car(tmp_path / "tree", tmp_path / "tree.car")
    root, blocks = update_tree(None, files, EmbeddedBlocks(tmp_path).get)
    with (tmp_path / "tree.car").open("rb") as stream:
        car = read_car(stream)
        assert car.roots == (root.cid,)
        assert set(car.blocks) == set(blocks)
