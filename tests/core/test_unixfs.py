from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

import aleph_cid
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core import unixfs
from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.dag_pb import MAX_SIZE, Link, Node, to_varint
from notary.core.errors import Malformed, Mismatch
from notary.core.unixfs import (
    CHUNK,
    MAX_DEPTH,
    MAX_LINKS,
    build_directory,
    build_file,
    links,
    read_directory,
    read_file,
    read_path,
    update_tree,
    walk,
)

EMPTY_DIRECTORY = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"
NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8).filter(
    lambda name: name not in {".", ".."}
)
TREES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.binary(max_size=40), max_size=12)


class Blocks:
    """A store in memory that remembers what was read."""

    def __init__(self, *blocks: StoredBlock) -> None:
        self.data: dict[Cid, bytes] = {}
        self.read: list[Cid] = []
        self.add(blocks)

    def add(self, blocks: Iterable[StoredBlock]) -> None:
        self.data.update((block.cid, block.data) for block in blocks)

    def __call__(self, cid: Cid) -> bytes:
        self.read.append(cid)
        return self.data[cid]


def file_of(*pieces: bytes) -> tuple[Link, list[StoredBlock]]:
    building, blocks = build_file(pieces), []
    while True:
        try:
            blocks.append(next(building))
        except StopIteration as end:
            return end.value, blocks


def tree_of(files: Mapping[str, bytes]) -> tuple[Link, Blocks]:
    root, blocks = update_tree(None, files, Blocks())
    return root, Blocks(*blocks)


def consistent(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out each path that lies below another path."""
    return {
        path: content for path, content in files.items() if not any(path.startswith(other + "/") for other in files)
    }


def content_of(count: int) -> bytes:
    return Random(0).randbytes(count)


def directory(*entries: tuple[str, Link], data: bytes = b"\x08\x01") -> StoredBlock:
    return StoredBlock.of(bytes(Node(entries, data)), Codec.DAG_PB)


def file_node(children: list[tuple[Link, int]], content: int | None = None, name: str = "") -> StoredBlock:
    total = sum(size for _, size in children) if content is None else content
    data = b"\x08\x02\x18" + to_varint(total) + b"".join(b"\x20" + to_varint(size) for _, size in children)
    return directory(*((name, link) for link, _ in children), data=data)


# ------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "size",
    [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK, MAX_LINKS * CHUNK, MAX_LINKS * CHUNK + 1, (MAX_LINKS + 3) * CHUNK],
)
def test_a_file_has_the_cid_that_kubo_gives_it(size: int) -> None:
    """An implementation that is not ours agrees at every size where the layout changes."""
    content = content_of(size)
    root, blocks = file_of(content)
    oracle = aleph_cid.CidHasher.for_ipfs_v1_raw_leaves()
    oracle.update(content)
    assert str(root.cid) == oracle.finalize()
    assert root.size == sum(len(block.data) for block in blocks)
    assert b"".join(read_file(root.cid, Blocks(*blocks), max_size=size)) == content


def balanced(leaves: list[tuple[Link, int]]) -> Link:
    """The layout said plainly: group what there is by as many as a node holds until one is left."""
    while len(leaves) > 1:
        groups = [leaves[at : at + unixfs.MAX_LINKS] for at in range(0, len(leaves), unixfs.MAX_LINKS)]
        nodes = [(file_node(group), group) for group in groups]
        leaves = [
            (Link(node.cid, len(node.data) + sum(link.size for link, _ in group)), sum(size for _, size in group))
            for node, group in nodes
        ]
    return leaves[0][0]


@pytest.mark.parametrize("count", [*range(1, 30), 81, 82, 83])
def test_a_file_of_many_levels_is_balanced(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """With leaves of two bytes and three links a node, every level is full but its last node."""
    monkeypatch.setattr(unixfs, "CHUNK", 2)
    monkeypatch.setattr(unixfs, "MAX_LINKS", 3)
    content = content_of(2 * count - 1)
    pieces = [content[at : at + 2] for at in range(0, len(content), 2)]
    root, blocks = file_of(content)
    assert root == balanced([(Link(Cid.of(piece), len(piece)), len(piece)) for piece in pieces])
    assert b"".join(read_file(root.cid, Blocks(*blocks), max_size=len(content))) == content


@given(st.lists(st.binary(max_size=50)))
def test_a_file_is_the_same_however_its_content_is_cut(pieces: list[bytes]) -> None:
    """A stream in pieces of any size gives the CID of the whole."""
    assert file_of(*pieces) == file_of(b"".join(pieces))


def test_blocks_come_as_they_are_made() -> None:
    """After one leaf's bytes have been given, its block is there and no more was read."""
    asked = 0

    def endless() -> Iterable[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield bytes(CHUNK)

    building = build_file(endless())
    assert len(next(building).data) == CHUNK
    assert asked == 1


def test_children_come_before_their_parents() -> None:
    """Whoever stores blocks in this order never holds a parent without its children."""
    _, blocks = file_of(content_of(2 * CHUNK + 1))
    seen: set[Cid] = set()
    for block in blocks:
        assert seen.issuperset(links(block))
        seen.add(block.cid)


def test_a_file_beyond_the_bound_is_refused_before_any_of_it_is_given() -> None:
    """The size that the root states is enough to refuse, and nothing below it is read."""
    root, blocks = file_of(content_of(3 * CHUNK))
    store = Blocks(*blocks)
    with pytest.raises(Malformed, match="too large"):
        next(read_file(root.cid, store, max_size=3 * CHUNK - 1))
    assert store.read == [root.cid]
    small, [leaf] = file_of(b"12345")
    with pytest.raises(Malformed, match="too large"):
        next(read_file(small.cid, Blocks(leaf), max_size=4))


LEAF = StoredBlock.of(bytes(CHUNK))
SHORT = StoredBlock.of(b"short")
FULL, REST = Link(LEAF.cid, CHUNK), Link(SHORT.cid, 5)


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(file_node([]), id="no parts"),
        pytest.param(file_node([(REST, 5), (REST, 5)]), id="a short leaf that is not the last"),
        pytest.param(file_node([(FULL, CHUNK), (REST, 6)]), id="a part larger than stated"),
        pytest.param(file_node([(FULL, CHUNK), (REST, 4)]), id="a part smaller than stated"),
        pytest.param(file_node([(FULL, CHUNK), (REST, 0)]), id="an empty part"),
        pytest.param(file_node([(FULL, CHUNK)], content=5), id="a size that is not the sum"),
        pytest.param(file_node([(FULL, CHUNK)], name="x"), id="a part with a name"),
        pytest.param(directory(("a", REST)), id="a directory"),
        pytest.param(directory(data=b"\x08\x05"), id="a shard"),
        pytest.param(directory(data=b"\x08\x02\x12\x01x\x18\x01"), id="content inside the node"),
        pytest.param(directory(data=b"\x08\x02\x18\x00\x38\xa4\x03"), id="a mode"),
        pytest.param(StoredBlock.of(b"junk", Codec.DAG_PB), id="no node"),
    ],
)
def test_a_file_node_that_does_not_add_up_is_refused(root: StoredBlock) -> None:
    """Sizes, parts and layout are checked before content is believed."""
    with pytest.raises(Malformed):
        b"".join(read_file(root.cid, Blocks(root, LEAF, SHORT), max_size=1 << 30))


def test_a_chain_of_nodes_ends_at_a_bounded_depth() -> None:
    """A thousand nodes above one leaf are refused after sixteen."""
    store, link = Blocks(LEAF), FULL
    for _ in range(1000):
        node = file_node([(link, CHUNK)])
        store.add([node])
        link = Link(node.cid, 0)
    with pytest.raises(Malformed, match="levels"):
        b"".join(read_file(link.cid, store, max_size=1 << 30))
    assert len(store.read) == MAX_DEPTH + 1


def test_a_block_that_its_cid_does_not_name_is_refused() -> None:
    """A store that gives other bytes is not believed."""
    root, blocks = file_of(content_of(CHUNK + 1))
    store = Blocks(*blocks)
    store.data[blocks[1].cid] = b"other"
    with pytest.raises(Mismatch):
        b"".join(read_file(root.cid, store, max_size=1 << 20))


# ------------------------------------------------------------- directories


def test_entries_stand_in_the_order_of_their_utf8_bytes() -> None:
    """Not UTF-16's: a character outside the basic plane comes after one at its end."""
    names = ["\U0001f600", "\uffee", "a", "B", "a.b", "ü"]
    _, block = build_directory(dict.fromkeys(names, REST))
    assert list(read_directory(block)) == ["B", "a", "a.b", "ü", "\uffee", "\U0001f600"]


def test_a_directory_that_kubo_would_shard_is_refused() -> None:
    """Beyond a block of 256 KiB the message says what to do; one entry fewer is made."""
    entries = {f"{at:0250d}": REST for at in range(885)}  # of 296 bytes each
    link, block = build_directory(entries)
    assert CHUNK - 300 < len(block.data) <= CHUNK
    assert link.size == len(block.data) + 885 * 5
    with pytest.raises(Malformed, match="subdirectories"):
        build_directory({**entries, "x" * 250: REST})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0", "x" * 256, "é" * 128, "\ud800"])
def test_a_name_that_readers_would_take_differently_is_refused(name: str) -> None:
    """Names are 1 to 255 bytes of UTF-8 without slash or NUL, and no dots that walk."""
    with pytest.raises(Malformed, match="name"):
        build_directory({name: REST})
    with pytest.raises(Malformed, match="name"):
        update_tree(None, {f"a/{name}/b" if name != "a/b" else "a//b": b""}, Blocks())


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(SHORT, id="a raw file"),
        pytest.param(file_node([(FULL, CHUNK)]), id="a file's node"),
        pytest.param(directory(data=b"\x08\x05"), id="a shard"),
        pytest.param(directory(data=b"\x08\x01\x38\xed\x03"), id="a mode"),
        pytest.param(directory(("b", REST), ("a", REST)), id="names out of order"),
        pytest.param(directory(("a", REST), ("a", FULL)), id="a name twice"),
        pytest.param(directory(("..", REST)), id="a name that walks up"),
        pytest.param(directory(("a/b", REST)), id="a name with a slash"),
    ],
)
def test_what_is_not_a_plain_directory_is_refused(block: StoredBlock) -> None:
    """A reader that took the first of two entries would see another tree than one that took the last."""
    with pytest.raises(Malformed):
        read_directory(block)


def test_sizes_that_overflow_are_refused() -> None:
    """Hostile sizes below do not make a size above that cannot be written."""
    with pytest.raises(Malformed, match="size"):
        build_directory({"a": Link(SHORT.cid, MAX_SIZE), "b": REST})


def test_the_children_of_a_block_are_its_links() -> None:
    """A raw block has none; a directory and a file have theirs."""
    assert links(SHORT) == ()
    assert links(directory(("a", REST), ("b", FULL))) == (SHORT.cid, LEAF.cid)
    assert links(file_node([(FULL, CHUNK), (REST, 5)])) == (LEAF.cid, SHORT.cid)


# ------------------------------------------------------------------- trees


@given(TREES.map(consistent))
def test_a_tree_has_the_cid_that_kubo_gives_it_and_gives_its_files_back(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    """An implementation that is not ours, run over a real folder, gives the same CID."""
    root, store = tree_of(files)
    found = {path: read_path(root.cid, path, store, max_size=40) for path, _ in walk(root.cid, store)}
    assert found == files
    folder = tmp_path_factory.mktemp("tree")
    short = {path: content for path, content in files.items() if path.isascii()}
    for path, content in short.items():
        place = Path(folder, path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    if short:
        assert str(tree_of(short)[0].cid) == aleph_cid.hash_folder(folder)


def test_names_that_are_not_ascii_have_the_cid_that_kubo_gives_them(tmp_path: Path) -> None:
    """Accents, other scripts and characters outside the basic plane."""
    files = {"ü/ñ": b"1", "水": b"2", "\U0001f600": b"3", "\uffee": b"4", "Z": b"5", "ü/z/é": b"6"}
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    assert str(tree_of(files)[0].cid) == aleph_cid.hash_folder(tmp_path)


@given(TREES.map(consistent), TREES, st.data())
def test_changing_a_tree_gives_the_tree_made_afresh(
    files: dict[str, bytes], more: dict[str, bytes], data: st.DataObject
) -> None:
    """Adding, replacing and removing paths leads to the same root as building the result at once."""
    gone = set(data.draw(st.lists(st.sampled_from(sorted(files)), unique=True))) if files else set()
    kept = {path: content for path, content in files.items() if path not in gone}
    changes = {
        path: content
        for path, content in consistent(more).items()
        if not any(f"{path}/".startswith(f"{old}/") or f"{old}/".startswith(f"{path}/") for old in files)
    }
    changed = {path: content + b"!" for path, content in kept.items() if len(path) % 2}
    root, store = tree_of(files)
    new_root, blocks = update_tree(root.cid, {**changes, **changed, **dict.fromkeys(gone)}, store)
    store.add(blocks)
    afresh, _ = tree_of({**kept, **changes, **changed})
    assert new_root == afresh
    assert {path for path, _ in walk(new_root.cid, store)} == {*kept, *changes}


def test_a_change_reads_only_the_directories_above_it() -> None:
    """In a tree of a thousand files, one changed file costs three reads and four blocks."""
    root, store = tree_of({f"{a}/{b}/{c}": bytes([a, b, c]) for a in range(10) for b in range(10) for c in range(10)})
    store.read.clear()
    _, new = update_tree(root.cid, {"4/5/6": b"changed"}, store)
    assert len(store.read) == 3
    assert len(new) == 4
    assert [block.cid.codec for block in new] == [Codec.RAW, Codec.DAG_PB, Codec.DAG_PB, Codec.DAG_PB]


def test_a_change_that_changes_nothing_gives_no_blocks_and_the_same_root() -> None:
    """The same content again, and removing what is not there."""
    root, store = tree_of({"a/b": b"1", "c": b"2"})
    assert update_tree(root.cid, {"a/b": b"1", "x/y": None, "z": None}, store) == (root, [])
    assert update_tree(root.cid, {}, store) == (root, [])


def test_a_directory_left_empty_goes_too() -> None:
    """Only the root may be empty."""
    root, store = tree_of({"a/b/c": b"1", "d": b"2"})
    without, _ = update_tree(root.cid, {"a/b/c": None}, store)
    assert without == tree_of({"d": b"2"})[0]
    nothing, _ = update_tree(root.cid, {"a/b/c": None, "d": None}, store)
    assert str(nothing.cid) == EMPTY_DIRECTORY == str(update_tree(None, {}, store)[0].cid)


def test_a_path_removes_whatever_it_names() -> None:
    """A directory goes with all that is in it, unread."""
    root, store = tree_of({"a/b": b"1", "a/c": b"2", "d": b"3"})
    assert update_tree(root.cid, {"a": None}, store)[0] == tree_of({"d": b"3"})[0]


@pytest.mark.parametrize("changes", [{"a": b"", "a/b": b""}, {"a/b": b"", "a": b""}, {"a/b/c": b"", "a/b": None}])
def test_a_path_that_is_a_file_and_a_directory_is_refused(changes: dict[str, bytes | None]) -> None:
    """Whatever the order in which the two are named."""
    with pytest.raises(Malformed, match="both"):
        update_tree(None, changes, Blocks())


def test_a_file_is_not_taken_for_a_directory() -> None:
    """A path below a file is malformed, for a small file and for one of several blocks."""
    root, store = tree_of({"small": b"1", "large": content_of(CHUNK + 1)})
    for path in ("small/x", "large/x"):
        with pytest.raises(Malformed, match="directory"):
            update_tree(root.cid, {path: b""}, store)
        with pytest.raises(Malformed, match="directory"):
            read_path(root.cid, path, store, max_size=1)


def test_reading_a_path_reads_nothing_else() -> None:
    """The directories above a file and the file itself."""
    root, store = tree_of({"a/b": content_of(CHUNK + 1), "a/c": b"2", "d/e": b"3"})
    store.read.clear()
    assert read_path(root.cid, "a/b", store, max_size=CHUNK + 1) == content_of(CHUNK + 1)
    assert len(store.read) == 5
    with pytest.raises(Malformed, match="no 'a/x'"):
        read_path(root.cid, "a/x", store, max_size=1)
    with pytest.raises(Malformed, match="at most 16 names"):
        read_path(root.cid, "/".join("a" * 17), store, max_size=1)


def test_a_walk_reads_no_leaf() -> None:
    """Files are named in the order of their names' bytes, with their links, unread."""
    root, store = tree_of({"b": content_of(CHUNK + 1), "a/z": b"1", "a.": b"2", "a/b/c": b"3"})
    assert [path for path, _ in walk(root.cid, store)] == ["a/b/c", "a/z", "a.", "b"]
    assert all(store.data[cid] != content_of(CHUNK) for cid in store.read)
    assert dict(walk(root.cid, store))["b"] == file_of(content_of(CHUNK + 1))[0]


def test_a_few_directories_cannot_stand_for_endless_ones() -> None:
    """Forty nested directories, each naming the next twice: refused for depth or emptiness, not walked."""
    link, block = build_directory({})
    store = Blocks(block)
    for _ in range(40):
        link, block = build_directory({"a": link, "b": link})
        store.add([block])
    with pytest.raises(Malformed, match="16 levels"):
        list(walk(link.cid, store))
    empty, block = build_directory({})
    above, outer = build_directory({"a": empty})
    with pytest.raises(Malformed, match="something in it"):
        list(walk(above.cid, Blocks(block, outer)))
    assert list(walk(empty.cid, Blocks(block))) == []


def test_a_path_of_sixteen_names_is_made_and_walked() -> None:
    """What can be built can be read back: the two bounds are one."""
    path = "/".join("abcdefghijklmnop")
    root, store = tree_of({path: b"deep"})
    assert [name for name, _ in walk(root.cid, store)] == [path]
    assert read_path(root.cid, path, store, max_size=4) == b"deep"
