import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.cid import MAX_BLOCK, Cid, Codec, StoredBlock
from notary.core.digest import sha256
from notary.core.errors import Malformed, Mismatch

EMPTY = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
EMPTY_DIRECTORY = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


def test_the_empty_block_has_the_cid_every_ipfs_node_gives_it() -> None:
    """`ipfs add --cid-version=1` of an empty file."""
    assert str(Cid.of(b"")) == EMPTY


def test_the_empty_directory_has_the_cid_every_ipfs_node_gives_it() -> None:
    """`ipfs add -r --cid-version=1` of an empty directory."""
    assert str(Cid.of(b"\x0a\x02\x08\x01", Codec.DAG_PB)) == EMPTY_DIRECTORY


@given(st.binary(), st.sampled_from(Codec))
def test_a_cid_comes_back_from_its_text_and_its_bytes(data: bytes, codec: Codec) -> None:
    """Both forms are read as they were written, and name exactly these bytes."""
    cid = Cid.of(data, codec)
    assert Cid.parse(str(cid)) == cid == Cid.from_bytes(bytes(cid))
    assert cid.digest == sha256(data)
    assert cid.matches(data)
    assert not cid.matches(data + b"\0")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("b", id="nothing after the prefix"),
        pytest.param("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn", id="CIDv0"),
        pytest.param(EMPTY.upper(), id="upper case"),
        pytest.param("b" + EMPTY[1:].upper(), id="upper case after the prefix"),
        pytest.param(EMPTY + "=", id="padded"),
        pytest.param(EMPTY[:-1] + "v", id="stray low bits"),
        pytest.param(EMPTY[:-1], id="cut"),
        pytest.param("bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", id="dag-cbor"),
        pytest.param("b" + "é" * 58, id="not base32"),
    ],
)
def test_another_spelling_or_kind_of_cid_is_refused(text: str) -> None:
    """One block has one name here."""
    with pytest.raises(Malformed):
        Cid.parse(text)


def test_a_block_holds_the_bytes_its_cid_names() -> None:
    """A block with other bytes cannot be made."""
    block = StoredBlock.of(b"data")
    assert StoredBlock(block.cid, b"data") == block
    with pytest.raises(Mismatch, match=str(block.cid)):
        StoredBlock(block.cid, b"other")


def test_a_block_is_at_most_one_mebibyte() -> None:
    """Every IPFS node takes a block of that size; a larger one cannot be made."""
    assert len(StoredBlock.of(bytes(MAX_BLOCK)).data) == MAX_BLOCK
    with pytest.raises(Malformed, match="1048576"):
        StoredBlock.of(bytes(MAX_BLOCK + 1))
