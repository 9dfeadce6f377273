from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.digest import Digest, LeafIndex, TreeSize, leaf_hash
from notary.core.errors import Malformed
from notary.core.log import (
    MAX_ENTRY,
    Checkpoint,
    Tile,
    changed_tiles,
    decode_entries,
    encode_entries,
    entry_hash,
    index_path,
    parse_index_path,
    tile_data,
    tile_reader,
)
from notary.core.merkle import NodeReader, Tree, consistency_path, inclusion_path, tree_root

# The example of c2sp.org/tlog-checkpoint.
TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT = Digest(bytes.fromhex("0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"))

LEAVES = [leaf_hash(at.to_bytes(4)) for at in range(70_000)]
LOG = Tree(LEAVES)


# Checkpoints


def test_the_specifications_checkpoint_is_read_and_written_alike() -> None:
    """Origin, tree size and root of c2sp.org/tlog-checkpoint's example."""
    checkpoint = Checkpoint.parse(TEXT)
    assert checkpoint == Checkpoint("example.com/behind-the-sofa", TreeSize(20_852_163), ROOT)
    assert checkpoint.text == TEXT


def test_extension_lines_are_kept() -> None:
    """They are signed, so they are written back; they change nothing."""
    checkpoint = Checkpoint.parse(TEXT + "one\n\u2014 two\n")
    assert checkpoint.extensions == ("one", "\u2014 two")
    assert checkpoint.root == ROOT
    assert checkpoint.text == TEXT + "one\n\u2014 two\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT[:-1],
        "\n" + TEXT,
        TEXT + "\n",
        TEXT + "one\n\n",
        TEXT + "\none\n",
        TEXT + "one",
        TEXT.replace("example.com/behind-the-sofa", ""),
        TEXT.replace("example.com", "example.com "),
        TEXT.replace("example.com", "example+com"),
        TEXT.replace("20852163", ""),
        TEXT.replace("20852163", "0"),
        TEXT.replace("20852163", "020852163"),
        TEXT.replace("20852163", "+20852163"),
        TEXT.replace("20852163", "-20852163"),
        TEXT.replace("20852163", "2.0852163e7"),
        TEXT.replace("20852163", str(2**63)),
        TEXT.replace("20852163\n", ""),
        TEXT.replace("2I=", "2I"),
        TEXT.replace("2I=", "2J="),
        TEXT.replace("/Xaj", "_Xaj"),
        TEXT.replace("CsUY", ""),
        TEXT.replace("CsUY", "CsUYCsUY"),
        TEXT.replace("CsUY", " CsUY"),
        TEXT.replace("\n", "\r\n"),
        "example.com\n1\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """Lines missing or empty, another spelling of size or root, an origin no key name could be, an empty tree."""
    with pytest.raises(Malformed):
        Checkpoint.parse(text)


@given(size=st.integers(1, 2**63 - 1), root=st.binary(min_size=32, max_size=32))
def test_every_checkpoint_survives_writing_and_reading(size: int, root: bytes) -> None:
    """What a log signs is what a verifier reads."""
    checkpoint = Checkpoint("notary.example/log", TreeSize(size), Digest(root))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


@pytest.mark.parametrize(
    "origin, size, extensions",
    [("", 1, ()), ("a b", 1, ()), ("a+b", 1, ()), ("a\nb", 1, ()), ("a", 0, ()), ("a", 1, ("",)), ("a", 1, ("b\nc",))],
)
def test_no_checkpoint_is_made_that_could_not_be_read(origin: str, size: int, extensions: tuple[str, ...]) -> None:
    """Origin, size and extension lines are checked before anything is signed."""
    with pytest.raises(Malformed):
        Checkpoint(origin, TreeSize(size), ROOT, extensions)


# Paths


@pytest.mark.parametrize(
    "index, path",
    [
        (0, "000"),
        (7, "007"),
        (999, "999"),
        (1000, "x001/000"),
        (1_234_067, "x001/x234/067"),
        (10**9, "x001/x000/x000/000"),
    ],
)
def test_indexes_are_written_in_groups_of_three_digits(index: int, path: str) -> None:
    """1234067 is x001/x234/067, as in c2sp.org/tlog-tiles."""
    assert index_path(index) == path
    assert parse_index_path(path) == index


@given(st.integers(0, 2**63))
def test_every_index_has_one_path(index: int) -> None:
    """An index read back is the index that was written."""
    assert parse_index_path(index_path(index)) == index


@pytest.mark.parametrize(
    "text",
    ["", "0", "0000", "x000/001", "001/002", "x001", "x001/x002", "x001/2", "/001", "001/", "001\n", "٠٠١"],
)
def test_other_spellings_of_an_index_are_refused(text: str) -> None:
    """Two paths for one index would be two names for one file."""
    with pytest.raises(Malformed, match="x001/x234/067"):
        parse_index_path(text)


def test_tiles_are_named_as_c2sp_names_them() -> None:
    """Full tiles by level and index, partial ones by their width too, entries beside level 0."""
    assert Tile(0, 1_234_067).path == "tile/0/x001/x234/067"
    assert Tile(2, 0, 1).path == "tile/2/000.p/1"
    assert Tile(0, 273, 112).entries_path == "tile/entries/273.p/112"


@given(level=st.integers(0, 63), index=st.integers(0, 2**40), width=st.integers(1, 256))
def test_every_tile_name_survives_writing_and_reading(level: int, index: int, width: int) -> None:
    """A tile's path names that tile and no other."""
    tile = Tile(level, index, width)
    _, at, name = tile.path.split("/", 2)
    assert Tile.parse(at, name) == tile


@pytest.mark.parametrize(
    "level, name",
    [
        ("00", "000"),
        ("64", "000"),
        ("-1", "000"),
        ("", "000"),
        ("0", ""),
        ("0", "0"),
        ("0", "x000/001"),
        ("0", "000.p/"),
        ("0", "000.p/0"),
        ("0", "000.p/01"),
        ("0", "000.p/256"),
        ("0", "000.p/257"),
        ("0", "000.p/1/"),
        ("0", "000.p/1.p/1"),
        ("0", "000.q/1"),
        ("0", "../checkpoint"),
    ],
)
def test_what_is_no_tile_name_is_refused(level: str, name: str) -> None:
    """A path that a log would not write is no tile."""
    with pytest.raises(Malformed):
        Tile.parse(level, name)


@pytest.mark.parametrize("level, index, width", [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_no_tile_has_a_place_outside_the_tree(level: int, index: int, width: int) -> None:
    """Levels 0 to 63, indexes from 0, widths 1 to 256."""
    with pytest.raises(Malformed, match="tile"):
        Tile(level, index, width)


# Tiles


def tiles_of(size: int) -> list[Tile]:
    return list(changed_tiles(0, TreeSize(size)))


def test_the_specifications_tree_of_70000_has_its_tiles() -> None:
    """273 full tiles and one of 112 at level 0, one full and one of 17 at level 1, one of 1 at level 2."""
    tiles = Counter((tile.level, tile.width) for tile in tiles_of(70_000))
    assert tiles == {(0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1}


@pytest.mark.parametrize(
    "size, paths",
    [
        (1, ["tile/0/000.p/1"]),
        (255, ["tile/0/000.p/255"]),
        (256, ["tile/0/000", "tile/1/000.p/1"]),
        (257, ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]),
        (65_536, [*(f"tile/0/{at:03}" for at in range(256)), "tile/1/000", "tile/2/000.p/1"]),
    ],
)
def test_trees_at_the_tiles_edges_have_their_tiles(size: int, paths: list[str]) -> None:
    """A tree of 256 has a full tile and a partial one above it; empty tiles are never served."""
    assert [tile.path for tile in tiles_of(size)] == paths


@given(sizes=st.tuples(st.integers(0, 70_000), st.integers(1, 70_000)).map(sorted))
def test_growing_changes_the_tiles_that_gained_nodes(sizes: list[int]) -> None:
    """The tiles of the new tree that the old one did not have, and no others."""
    old, new = sizes
    before = set(tiles_of(old)) if old else set()
    changed = list(changed_tiles(old, TreeSize(new)))
    assert len(set(changed)) == len(changed)
    assert set(changed) == set(tiles_of(new)) - before


def stored(tiles: Iterator[Tile]) -> dict[str, bytes]:
    return {tile.path: tile_data(tile, LOG.node) for tile in tiles}


FILES = stored(changed_tiles(0, TreeSize(70_000)))


def test_a_tile_holds_the_specifications_hashes() -> None:
    """Level 0 holds the leaves, level 1 the roots of full tiles below."""
    assert FILES["tile/0/273.p/112"] == b"".join(LEAVES[273 * 256 :])
    assert FILES["tile/1/000"][:32] == Tree(LEAVES[:256]).root
    assert FILES["tile/2/000.p/1"] == Tree(LEAVES[: 256 * 256]).root


def test_root_and_proofs_come_from_few_tiles() -> None:
    """A monitor makes every proof of a log of 70,000 entries from at most six tiles, each fetched once."""
    fetched: list[str] = []

    def fetch(tile: Tile) -> bytes:
        fetched.append(tile.path)
        return FILES[tile.path]

    size = TreeSize(70_000)
    asks: list[Callable[[NodeReader], object]] = [
        lambda read: tree_root(size, read),
        lambda read: inclusion_path(LeafIndex(12_345), size, read),
        lambda read: consistency_path(TreeSize(54_321), size, read),
    ]
    for ask in asks:
        fetched.clear()
        assert ask(tile_reader(size, fetch)) == ask(LOG.node)
        assert len(set(fetched)) == len(fetched) <= 6


@given(sizes=st.tuples(st.integers(1, 3000), st.integers(1, 3000)).map(sorted), data=st.data())
def test_tiles_prove_what_the_log_proves(sizes: list[int], data: st.DataObject) -> None:
    """A log served step by step as it grew gives the root and proofs of every size it had."""
    old, new = map(TreeSize, sizes)
    files = stored(changed_tiles(0, old)) | stored(changed_tiles(old, new))
    for size in (old, new):
        read = tile_reader(size, lambda tile: files[tile.path])
        index = LeafIndex(data.draw(st.integers(0, size - 1)))
        assert tree_root(size, read) == Tree(LEAVES[:size]).root
        assert inclusion_path(index, size, read) == inclusion_path(index, size, LOG.node)
    read = tile_reader(new, lambda tile: files[tile.path])
    assert consistency_path(old, new, read) == consistency_path(old, new, LOG.node)


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data[:-32], lambda data: data + bytes(32)])
def test_a_tile_of_another_length_is_refused(change: Callable[[bytes], bytes]) -> None:
    """A tile holds exactly the nodes that its tree has there."""
    read = tile_reader(TreeSize(300), lambda tile: change(tile_data(tile, LOG.node)))
    with pytest.raises(Malformed, match="bytes"):
        tree_root(TreeSize(300), read)


def test_nodes_outside_the_tree_are_refused() -> None:
    """No tile is asked for that the tree does not have."""
    read = tile_reader(TreeSize(300), lambda tile: tile_data(tile, LOG.node))
    for level, index in ((0, 512), (8, 1), (16, 0)):
        with pytest.raises(Malformed):
            read(level, index)


# Entries


def test_an_entry_is_a_leaf() -> None:
    """An entry's leaf is H(0x00 ‖ entry), up to the 65,535 bytes a bundle can hold."""
    assert entry_hash(b"entry") == leaf_hash(b"entry")
    assert entry_hash(bytes(MAX_ENTRY)) == leaf_hash(bytes(MAX_ENTRY))
    with pytest.raises(Malformed, match="at most 65535 bytes"):
        entry_hash(bytes(MAX_ENTRY + 1))


def test_a_bundle_gives_each_length_in_two_bytes() -> None:
    """Big-endian, before its entry (c2sp.org/tlog-tiles, log entries)."""
    assert encode_entries([b"abc", b"", b"d" * 258]) == b"\x00\x03abc\x00\x00\x01\x02" + b"d" * 258
    with pytest.raises(Malformed, match="at most 65535 bytes"):
        encode_entries([bytes(MAX_ENTRY + 1)])


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_every_bundle_survives_writing_and_reading(entries: list[bytes]) -> None:
    """Entries read back are the entries that were written."""
    assert decode_entries(encode_entries(entries), len(entries)) == tuple(entries)


BUNDLE = encode_entries([b"one", b"two", b"three"])


@pytest.mark.parametrize(
    "data, width",
    [(BUNDLE, 2), (BUNDLE, 4), (BUNDLE[:-1], 3), (BUNDLE + b"\x00", 3), (BUNDLE[:-6], 3), (b"", 1), (b"\x00", 1)],
)
def test_a_bundle_holds_its_entries_and_nothing_else(data: bytes, width: int) -> None:
    """Cut short, too long, or of another width, a bundle is refused."""
    with pytest.raises(Malformed, match="and nothing else"):
        decode_entries(data, width)
