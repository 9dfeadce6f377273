from collections.abc import Sequence

import pytest
import rlp as reference_rlp  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from notary.core.errors import Malformed, Mismatch, NotaryError
from notary.core.evm import keccak256, rlp
from notary.core.evm.rlp import Item
from notary.core.evm.trie import Trie, _read_path, _write_path, lookup

ENTRIES = st.dictionaries(st.binary(max_size=4), st.binary(min_size=1, max_size=40), min_size=1, max_size=40)


def of_receipts(count: int) -> dict[bytes, bytes]:
    """Return values as a block's trie holds them: each at the RLP of its index."""
    return {rlp.encode(rlp.from_integer(at)): b"tx_receipt %d " % at * 10 for at in range(count)}


def flip(data: bytes, bit: int) -> bytes:
    """Return the bytes with one bit changed."""
    return (int.from_bytes(data) ^ 1 << bit).to_bytes(len(data))


def forged(node: Item, key: bytes) -> tuple[bytes, bytes, list[bytes]]:
    """Return what `lookup` is given by a forger who makes up a root over one node."""
    encoded = rlp.encode(node)
    return keccak256(encoded), key, [encoded]


@pytest.mark.parametrize(
    "entries,root",
    [
        ({}, "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"),
        (
            {b"doe": b"reindeer", b"dog": b"puppy", b"dogglesworth": b"cat"},
            "8aad789dff2f538bca5d8ea56e8abe10f4c7ba3a5dea95fea4cd6e7c3a1168d3",
        ),
        (
            {b"foo": b"bar", b"food": b"bass"},
            "17beaa1648bafa633cda809c90c04af50fc8aed3cb40d16efbddee6fdf63c4c3",
        ),
        (
            {b"do": b"verb", b"dog": b"puppy", b"doge": b"coin", b"horse": b"stallion"},
            "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84",
        ),
    ],
)
def test_roots_of_the_public_vectors(entries: dict[bytes, bytes], root: str) -> None:
    """The tries of Ethereum's own tests have the roots printed there, and every value proves."""
    trie = Trie.of(entries)
    assert trie.root.hex() == root
    for key, value in entries.items():
        assert lookup(trie.root, key, trie.proof(key)) == value


@pytest.mark.parametrize(
    "path,leaf,packed",
    [
        ("12345", False, "112345"),
        ("012345", False, "00012345"),
        ("0f1cb8", True, "200f1cb8"),
        ("f1cb8", True, "3f1cb8"),
        ("", True, "20"),
    ],
)
def test_hex_prefix_examples(path: str, leaf: bool, packed: str) -> None:
    """The examples of Ethereum's page on tries pack and unpack as printed there."""
    assert _write_path(path, leaf=leaf).hex() == packed
    assert _read_path(bytes.fromhex(packed)) == (path, leaf)


@pytest.mark.parametrize("packed", ["", "00", "0512", "2a", "40", "51", "ff12"])
def test_other_hex_prefixes_are_refused(packed: str) -> None:
    """Unknown flags, a padding nibble that is not zero and an extension of nothing are malformed."""
    with pytest.raises(Malformed, match="expected hex-prefix encoding"):
        _read_path(bytes.fromhex(packed))


@given(ENTRIES)
def test_agrees_with_py_trie(entries: dict[bytes, bytes]) -> None:
    """Another implementation gets the same root, and reads each value from our proof."""
    reference = HexaryTrie({})
    for key, value in entries.items():
        reference[key] = value
    trie = Trie.of(entries)
    assert trie.root == reference.root_hash
    for key, value in entries.items():
        proof = trie.proof(key)
        assert lookup(trie.root, key, proof) == value
        nodes = [reference_rlp.decode(node) for node in proof]
        assert HexaryTrie.get_from_proof(trie.root, key, nodes) == value  # type: ignore[no-untyped-call]


def test_roots_of_blocks_of_every_size() -> None:
    """Blocks of 1 to 300 transactions have the root that another implementation computes."""
    reference = HexaryTrie({})
    for count in range(1, 301):
        entries = of_receipts(count)
        key = rlp.encode(rlp.from_integer(count - 1))
        reference[key] = entries[key]
        trie = Trie.of(entries)
        assert trie.root == reference.root_hash
        assert lookup(trie.root, key, trie.proof(key)) == entries[key]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 18, 127, 128, 129, 130, 255, 256, 257, 258, 300])
def test_every_index_proves(count: int) -> None:
    """In a block of any size, every transaction receipt is proven, by a handful of nodes."""
    entries = of_receipts(count)
    trie = Trie.of(entries)
    for key, value in entries.items():
        proof = trie.proof(key)
        assert lookup(trie.root, key, proof) == value
        assert len(proof) <= 7


@given(st.integers(1, 300), st.data())
def test_any_flipped_bit_fails(count: int, data: st.DataObject) -> None:
    """One bit changed in root, key or any node, and nothing is proven."""
    trie = Trie.of(of_receipts(count))
    key = data.draw(st.sampled_from(list(of_receipts(count))))
    proof = list(trie.proof(key))
    with pytest.raises(Mismatch):
        lookup(flip(trie.root, data.draw(st.integers(0, 255))), key, proof)
    with pytest.raises(NotaryError):
        lookup(trie.root, flip(key, data.draw(st.integers(0, 8 * len(key) - 1))), proof)
    at = data.draw(st.integers(0, len(proof) - 1))
    proof[at] = flip(proof[at], data.draw(st.integers(0, 8 * len(proof[at]) - 1)))
    with pytest.raises(Mismatch, match="trie node has another hash"):
        lookup(trie.root, key, proof)


@given(ENTRIES, st.data())
def test_a_node_more_or_less_fails(entries: dict[bytes, bytes], data: st.DataObject) -> None:
    """Every node is needed, none is superfluous, and their order is fixed."""
    trie = Trie.of(entries)
    key = data.draw(st.sampled_from(list(entries)))
    proof = trie.proof(key)
    at = data.draw(st.integers(0, len(proof)))
    extra = data.draw(st.sampled_from([*trie.nodes.values(), b""]))
    wrong: list[Sequence[bytes]] = [(*proof[:at], extra, *proof[at:]), proof[:-1], ()]
    if len(proof) > 1:
        wrong += [proof[1:], proof[::-1]]
    for nodes in wrong:
        with pytest.raises((Malformed, Mismatch)):
            lookup(trie.root, key, nodes)


@given(ENTRIES, st.binary(max_size=4))
def test_what_is_not_there_cannot_be_proven(entries: dict[bytes, bytes], key: bytes) -> None:
    """A key without a value has no proof, nor does another key's proof serve it."""
    trie = Trie.of({k: v for k, v in entries.items() if k != key})
    with pytest.raises(Mismatch, match="the trie holds nothing at this key"):
        trie.proof(key)
    for other in entries.keys() - {key}:
        with pytest.raises((Malformed, Mismatch)):
            lookup(trie.root, key, trie.proof(other))


def test_messages_of_proofs_cut_and_continued() -> None:
    """A proof that ends early names the hash it lacks; one that goes on says how long it should be."""
    trie = Trie.of(of_receipts(20))
    key = rlp.encode(rlp.from_integer(0))
    proof = trie.proof(key)
    with pytest.raises(Malformed, match=r"trie proof ends early: expected a node that hashes to 0x[0-9a-f]{64}"):
        lookup(trie.root, key, proof[:-1])
    with pytest.raises(Malformed, match="goes on after the value: expected 2, found 3"):
        lookup(trie.root, key, [*proof, proof[-1]])


def test_thousands_of_nodes_are_refused_unread() -> None:
    """A proof longer than its key's path is refused before a node is hashed."""
    with pytest.raises(Malformed, match="trie proof is too long: expected at most 3 nodes, found 5000"):
        lookup(bytes(32), b"\x80", [b"\xc0"] * 5000)


def test_an_interior_node_is_no_value() -> None:
    """A value is a byte string: neither a node in its place nor an empty one passes."""
    for value in ((b"\x20", b"x"), ()):
        with pytest.raises(Malformed, match="value of a trie: expected a byte string"):
            lookup(*forged((b"\x20\x80", value), b"\x80"))
    with pytest.raises(Mismatch, match="holds nothing"):
        lookup(*forged((b"\x20\x80", b""), b"\x80"))
    with pytest.raises(Mismatch, match="holds nothing"):
        lookup(*forged((b"",) * 17, b""))
    with pytest.raises(Malformed, match="value of a trie: expected at least one byte"):
        Trie.of({b"\x80": b""})


@pytest.mark.parametrize(
    "node,what",
    [
        (b"text", "trie node: expected a list"),
        ((), "expected 2 or 17 items, found 0"),
        ((b"\x20\x80", b"x", b""), "expected 2 or 17 items, found 3"),
        ((b"",) * 16, "expected 2 or 17 items, found 16"),
        (((b"\x20\x80",), b"x"), "path of a trie node: expected a byte string"),
        ((b"\x00", b"\xaa" * 32), "expected hex-prefix encoding"),
        ((b"\x18", b"\xaa" * 31), "hash of a trie node: expected 32 bytes, found 31 bytes"),
        ((b"\x18", (b"\x30", b"\xaa" * 29)), "trie node within its parent: expected less than 32 bytes"),
    ],
)
def test_forged_nodes_are_refused(node: Item, what: str) -> None:
    """A node under a root of the forger's own is still held to the format."""
    with pytest.raises(Malformed, match=what):
        lookup(*forged(node, b"\x80"))


def test_a_short_node_belongs_into_its_parent() -> None:
    """A node shorter than a hash is refused outside its parent, and taken within."""
    leaf: Item = (b"\x30", b"short")
    outside, encoded = rlp.encode((b"\x18", keccak256(rlp.encode(leaf)))), rlp.encode(leaf)
    with pytest.raises(Malformed, match="outside its parent: expected at least 32 bytes, found 8"):
        lookup(keccak256(outside), b"\x80", [outside, encoded])
    for value in (b"short", b"\xaa" * 28):
        assert lookup(*forged((b"\x18", (b"\x30", value)), b"\x80")) == value
