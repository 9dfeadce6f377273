"""What every block store promises, run on each of them; then what one alone promises."""

import io
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import ipfshttpclient
import pytest

from anchoring import batches
from anchoring.car import export_car, import_car
from anchoring.embedded_blocks import FILE, EmbeddedBlocks
from anchoring.kubo import KuboBlocks
from notary.core.cid import Cid, StoredBlock
from notary.core.dag_pb import Link
from notary.core.errors import Malformed, OperatorError
from notary.core.unixfs import CHUNK, build_directory, build_file, links, read_path, update_tree, walk
from notary.ports import BlockStore
from notary.service.notary import Store
from notary.service.pins.stores import Stores
from notary.store import open_ledger
from tests.clocks import Standing
from tests.parts import KuboNode

NAMES = ["checkpoint", "tile/0/x000/123", "ü/ñandú", "水", "\U0001f600", "batch/1/leaves"]


@pytest.fixture(params=["embedded", pytest.param("kubo", marks=pytest.mark.node), "several"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlockStore]:
    if request.param == "embedded":
        yield EmbeddedBlocks(tmp_path)
        return
    if request.param == "several":
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        ledger = open_ledger(f"sqlite:///{tmp_path / 'ledger'}")
        yield Stores([Store(folder.name, EmbeddedBlocks(folder)) for folder in folders], ledger, Standing())
        ledger.close()
        return
    node: KuboNode = request.getfixturevalue("kubo")
    yield KuboBlocks(node.api, timeout=3)


def nothing(cid: Cid) -> bytes:
    raise AssertionError(f"{cid} was read")


def tree() -> tuple[Cid, list[StoredBlock], dict[str, bytes]]:
    """A tree that no test made before, with a file of several leaves."""
    files = {name: os.urandom(50) for name in NAMES} | {"large": os.urandom(2 * CHUNK + 5)}
    root, blocks = update_tree(None, files, nothing)
    return root.cid, blocks, files


def fresh() -> StoredBlock:
    return StoredBlock.of(os.urandom(40))


# ------------------------------------------------------------ every store


def test_a_block_comes_back(store: BlockStore) -> None:
    """Raw blocks and nodes, empty and of a mebibyte."""
    _, node = build_directory({"a": Link(fresh().cid, 40)})
    for block in (fresh(), node, StoredBlock.of(b""), StoredBlock.of(os.urandom(1 << 20))):
        store.put([block], pins=[])
        assert store.get(block.cid) == block.data


def test_a_tree_is_pinned_by_its_root_and_read_back(store: BlockStore) -> None:
    """Directories, names in any script, a file of several leaves."""
    root, blocks, files = tree()
    store.put(blocks, pins=[root])
    assert root in set(store.pins())
    assert {path for path, _ in walk(root, store.get)} == set(files)
    assert {path: read_path(root, path, store.get, max_size=1 << 20) for path in files} == files


def test_only_what_was_pinned_is_listed(store: BlockStore) -> None:
    """The blocks below a pin are kept, but no pins themselves."""
    root, blocks, _ = tree()
    store.put(blocks, pins=[root])
    assert not {block.cid for block in blocks} - {root} & set(store.pins())


def test_the_next_tree_needs_only_its_new_blocks(store: BlockStore) -> None:
    """An anchor puts the changed file and the directories above it; the rest is there."""
    root, blocks, files = tree()
    store.put(blocks, pins=[root])
    changed, new = update_tree(root, {"tile/0/x000/123": b"changed"}, store.get)
    assert len(new) == 5
    store.put(new, pins=[changed.cid])
    store.unpin(root)
    assert read_path(changed.cid, "large", store.get, max_size=1 << 20) == files["large"]
    assert changed.cid in set(store.pins())
    assert root not in set(store.pins())


def test_putting_and_unpinning_are_safe_to_repeat(store: BlockStore) -> None:
    """Twice is once."""
    root, blocks, _ = tree()
    store.put(blocks, pins=[root, root])
    store.put(blocks, pins=[root])
    store.put([], pins=[root])
    assert list(store.pins()).count(root) == 1
    store.unpin(root)
    store.unpin(root)
    assert root not in set(store.pins())


def test_blocks_may_come_in_any_order(store: BlockStore) -> None:
    """Archives from elsewhere have parents first."""
    root, blocks, _ = tree()
    store.put(reversed(blocks), pins=[root])
    assert root in set(store.pins())


def test_several_pins_in_one_put(store: BlockStore) -> None:
    """An anchor pins its tree, its manifest and its preimage together."""
    root, blocks, _ = tree()
    manifest, preimage = fresh(), fresh()
    store.put([*blocks, manifest, preimage], pins=[root, manifest.cid, preimage.cid])
    assert {root, manifest.cid, preimage.cid} <= set(store.pins())


def test_a_pin_may_be_known_only_after_the_blocks(store: BlockStore) -> None:
    """A file is streamed in one pass: its CID is read from `pins` when its last block has been taken."""
    root: list[Cid] = []

    def built() -> Iterator[StoredBlock]:
        link = yield from build_file([os.urandom(CHUNK + 1)])
        root.append(link.cid)

    store.put(built(), pins=(cid for cid in root))
    assert root[0] in set(store.pins())


def test_a_put_larger_than_one_portion_is_whole(store: BlockStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are written in portions; the pin stands on all of them."""
    monkeypatch.setattr(batches, "BATCH", CHUNK)
    root, blocks, _ = tree()
    store.put(iter(blocks), pins=[root])
    assert root in set(store.pins())
    assert all(store.get(block.cid) == block.data for block in blocks)


def test_a_pin_whose_blocks_are_not_all_there_is_refused_and_nothing_is_pinned(store: BlockStore) -> None:
    """The message names the pin; a pin that was whole, in the same put, is not left behind."""
    root, blocks, _ = tree()
    whole, kept = fresh(), fresh()
    store.put([kept], pins=[kept.cid])
    lacking = [block for block in blocks if block.cid.codec.name != "RAW" or len(block.data) != 50]
    before = set(store.pins())
    with pytest.raises(OperatorError, match=str(root)):
        store.put([*lacking, whole], pins=[kept.cid, whole.cid, root])
    assert set(store.pins()) == before
    store.put(blocks, pins=[root])
    assert root in set(store.pins())


def test_a_pin_that_is_not_there_is_refused(store: BlockStore) -> None:
    """A name alone cannot be pinned."""
    cid = fresh().cid
    with pytest.raises(OperatorError, match=str(cid)):
        store.put([], pins=[cid])
    assert cid not in set(store.pins())


def test_a_block_that_is_not_there_is_an_error_that_names_it(store: BlockStore) -> None:
    """Never empty bytes."""
    cid = fresh().cid
    with pytest.raises(OperatorError, match=str(cid)):
        store.get(cid)


def test_a_source_that_breaks_is_reported_as_itself_and_nothing_is_pinned(store: BlockStore) -> None:
    """An archive that turns out damaged is not taken for a damaged store."""
    root, blocks, _ = tree()

    def breaking() -> Iterator[StoredBlock]:
        yield from blocks[:3]
        raise Malformed("the archive ends")

    with pytest.raises(Malformed, match="the archive ends"):
        store.put(breaking(), pins=[root])
    assert root not in set(store.pins())


def test_an_archive_carries_a_tree_to_another_store(store: BlockStore, tmp_path: Path) -> None:
    """Out of any store into an empty one, and from there back, byte for byte the same archive."""
    root, blocks, files = tree()
    manifest = fresh()
    store.put([*blocks, manifest], pins=[root, manifest.cid])
    archive = b"".join(export_car(store, [root, manifest.cid]))
    (tmp_path / "other").mkdir()
    other = EmbeddedBlocks(tmp_path / "other")
    assert import_car(other, io.BytesIO(archive)) == (root, manifest.cid)
    assert set(other.pins()) == {root, manifest.cid}
    assert read_path(root, "水", other.get, max_size=50) == files["水"]
    assert b"".join(export_car(other, [root, manifest.cid])) == archive
    assert import_car(store, io.BytesIO(archive)) == (root, manifest.cid)


class Failing:
    """A store whose next write fails, before or after it happened."""

    def __init__(self, store: BlockStore, *, happened: bool) -> None:
        self._store, self._happened, self._armed = store, happened, True
        self.get, self.kept, self.pins, self.sweep = store.get, store.kept, store.pins, store.sweep

    def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
        self._fail(lambda: self._store.put(blocks, pins=pins))

    def unpin(self, cid: Cid) -> None:
        self._fail(lambda: self._store.unpin(cid))

    def _fail(self, write: Callable[[], None]) -> None:
        fails, self._armed = self._armed, False
        if not fails or self._happened:
            write()
        if fails:
            raise OperatorError("the connection broke")


@pytest.mark.parametrize("happened", [False, True])
def test_a_put_that_failed_or_failed_but_happened_is_repeated(store: BlockStore, happened: bool) -> None:
    """Whoever got an error puts again, and the end is the same."""
    root, blocks, _ = tree()
    failing: BlockStore = Failing(store, happened=happened)
    with pytest.raises(OperatorError):
        failing.put(blocks, pins=[root])
    assert (root in set(store.pins())) is happened
    failing.put(blocks, pins=[root])
    assert list(store.pins()).count(root) == 1
    assert all(store.get(block.cid) == block.data for block in blocks)


@pytest.mark.parametrize("happened", [False, True])
def test_an_unpin_that_failed_or_failed_but_happened_is_repeated(store: BlockStore, happened: bool) -> None:
    """Letting go twice is letting go."""
    block = fresh()
    store.put([block], pins=[block.cid])
    failing: BlockStore = Failing(store, happened=happened)
    with pytest.raises(OperatorError):
        failing.unpin(block.cid)
    assert (block.cid in set(store.pins())) is not happened
    failing.unpin(block.cid)
    assert block.cid not in set(store.pins())


def test_what_a_store_keeps_itself_is_told_from_what_it_lacks(store: BlockStore) -> None:
    """Bytes, or None: never an error for a block that is not there, and never a long search for it."""
    block, empty = fresh(), StoredBlock.of(b"")
    store.put([block, empty], pins=[block.cid, empty.cid])
    began = time.monotonic()
    assert (store.kept(block.cid), store.kept(empty.cid), store.kept(fresh().cid)) == (block.data, b"", None)
    assert time.monotonic() - began < 2


def test_sweeping_leaves_whatever_is_pinned(store: BlockStore) -> None:
    """With all it reaches."""
    root, blocks, files = tree()
    store.put([*blocks, fresh()], pins=[root])
    store.sweep()
    assert {path: read_path(root, path, store.get, max_size=1 << 20) for path in files} == files


def test_threads_share_a_store(store: BlockStore) -> None:
    """Eight threads put and read at once."""

    def work(_: int) -> bool:
        root, blocks, files = tree()
        store.put(blocks, pins=[root])
        return read_path(root, "checkpoint", store.get, max_size=50) == files["checkpoint"]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(16)))


# --------------------------------------------------------------- embedded


def spoil(folder: Path, cid: Cid, data: bytes) -> None:
    with sqlite3.connect(folder / FILE) as database:
        database.execute("UPDATE block SET data = ? WHERE cid = ?", (data, bytes(cid)))
    database.close()


@pytest.mark.parametrize("damage", [b"", b"other", bytes(2 << 20)])
def test_a_block_damaged_on_disk_is_found_and_mended_by_putting_it_again(tmp_path: Path, damage: bytes) -> None:
    """Bytes that the CID does not name are never returned."""
    store, block = EmbeddedBlocks(tmp_path), fresh()
    store.put([block], pins=[block.cid])
    spoil(tmp_path, block.cid, damage)
    with pytest.raises(OperatorError, match="damaged"):
        store.get(block.cid)
    assert store.kept(block.cid) is None
    store.put([block], pins=[])
    assert store.get(block.cid) == block.data


def test_a_pin_over_a_damaged_node_is_refused(tmp_path: Path) -> None:
    """What a node reaches cannot be known from other bytes than its own."""
    store = EmbeddedBlocks(tmp_path)
    root, blocks, _ = tree()
    store.put(blocks, pins=[])
    spoil(tmp_path, root, b"\x0a\x02\x08\x01")
    with pytest.raises(OperatorError, match="damaged"):
        store.put([], pins=[root])
    assert not list(store.pins())


def test_a_missing_child_is_named(tmp_path: Path) -> None:
    """However deep it lies, so that the operator knows what to look for."""
    store = EmbeddedBlocks(tmp_path)
    root, blocks, _ = tree()
    missing = next(block for block in blocks if len(block.data) == 50)
    with pytest.raises(OperatorError, match=f"{root}.*{missing.cid}"):
        store.put([block for block in blocks if block != missing], pins=[root])


def test_a_later_pin_looks_at_new_blocks_only(tmp_path: Path) -> None:
    """What was once found whole is not read again: a directory damaged since goes unseen until it is read."""
    store = EmbeddedBlocks(tmp_path)
    files = {f"{a}/{b}": bytes([a, b]) for a in range(20) for b in range(20)}
    root, blocks = update_tree(None, files, nothing)
    store.put(blocks, pins=[root.cid])
    changed, new = update_tree(root.cid, {"3/4": b"changed"}, store.get)
    spoiled = next(cid for cid in links(new[-1]) if cid in links(blocks[-1]))
    spoil(tmp_path, spoiled, b"spoiled")
    store.put(new, pins=[changed.cid])
    assert changed.cid in set(store.pins())


def test_sweeping_frees_what_no_pin_reaches(tmp_path: Path) -> None:
    """Blocks shared with a tree that is still pinned stay."""
    store = EmbeddedBlocks(tmp_path)
    root, blocks, files = tree()
    store.put([*blocks, fresh()], pins=[root])
    changed, new = update_tree(root, {"checkpoint": b"new", "large": None}, store.get)
    store.put(new, pins=[changed.cid])
    assert store.sweep() == 1
    store.unpin(root)
    assert store.sweep() == 6  # the old root and checkpoint, and the large file: a node and three leaves
    assert store.sweep() == 0
    assert read_path(changed.cid, "水", store.get, max_size=50) == files["水"]
    with pytest.raises(OperatorError, match="cannot pin"):
        store.put([], pins=[root])


def test_a_folder_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    """The operator reads which file and why."""
    with pytest.raises(OperatorError, match="absent"):
        EmbeddedBlocks(tmp_path / "absent")


def put_trees(folder: str, count: int, done: "multiprocessing.queues.Queue[list[str]]") -> None:
    store, roots = EmbeddedBlocks(Path(folder)), []
    for _ in range(count):
        root, blocks, _ = tree()
        store.put(blocks, pins=[root])
        roots.append(str(root))
    done.put(roots)


def test_processes_share_a_folder(tmp_path: Path) -> None:
    """Four processes open one store that none has made yet, and all their pins stand."""
    context = multiprocessing.get_context("spawn")
    done = context.Queue()
    workers = [context.Process(target=put_trees, args=(str(tmp_path), 10, done)) for _ in range(4)]
    for worker in workers:
        worker.start()
    roots = {root for _ in workers for root in done.get(timeout=60)}
    for worker in workers:
        worker.join()
    store = EmbeddedBlocks(tmp_path)
    assert {str(pin) for pin in store.pins()} == roots
    assert len(roots) == 40
    b"".join(export_car(store, list(store.pins())))


WRITER = """
import sys
from pathlib import Path
from anchoring.embedded_blocks import EmbeddedBlocks
from tests.ports.test_block_store import tree
store = EmbeddedBlocks(Path(sys.argv[1]))
while True:
    root, blocks, _ = tree()
    print(root, flush=True)
    store.put(blocks, pins=[root])
    print("done", flush=True)
"""


@pytest.mark.parametrize("seen", range(1, 9))
def test_a_killed_writer_leaves_all_of_a_put_or_none(tmp_path: Path, seen: int) -> None:
    """What was acknowledged is there; what is pinned is whole; the store goes on."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    printed = [writer.stdout.readline().strip() for _ in range(2 * seen + seen % 2)]
    writer.send_signal(signal.SIGKILL)
    printed += writer.stdout.read().split()
    writer.wait()
    writer.stdout.close()
    acknowledged = {root for root, after in pairwise(printed) if after == "done"}
    store = EmbeddedBlocks(tmp_path)
    pinned = set(store.pins())
    assert acknowledged <= {str(pin) for pin in pinned} <= set(printed)
    b"".join(export_car(store, sorted(pinned)))
    root, blocks, _ = tree()
    store.put(blocks, pins=[root])
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


# ------------------------------------------------------------------- Kubo


@pytest.mark.node
@pytest.mark.filterwarnings("ignore:The 'strict' parameter:FutureWarning")
def test_kubo_itself_gives_our_cids(kubo: KuboNode, tmp_path: Path) -> None:
    """A folder added by the node has the root computed here, sizes and names included."""
    files = {name: os.urandom(50) for name in NAMES} | {"large": os.urandom(46 << 20), "empty": b""}
    root, _ = update_tree(None, files, nothing)
    for name, content in files.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_bytes(content)
    added = ipfshttpclient.Client(kubo.multiaddr).add(
        tmp_path / "tree",
        recursive=True,
        cid_version=1,
        raw_leaves=True,
        chunker="size-262144",
        opts={"max-file-links": "174"},
    )
    assert added[-1]["Hash"] == str(root.cid)
    assert int(added[-1]["Size"]) == root.size


@pytest.mark.node
def test_an_archive_made_by_kubo_is_read(kubo: KuboNode, tmp_path: Path) -> None:
    """Its `dag export` writes parents first."""
    root, blocks, _ = tree()
    KuboBlocks(kubo.multiaddr).put(blocks, pins=[root])
    archive = ipfshttpclient.Client(kubo.multiaddr).dag.export(str(root))
    store = EmbeddedBlocks(tmp_path)
    assert import_car(store, io.BytesIO(archive)) == (root,)


@pytest.mark.node
@pytest.mark.filterwarnings("ignore:The 'strict' parameter:FutureWarning")
def test_pins_that_others_made_on_the_node_are_left_out(kubo: KuboNode) -> None:
    """A CIDv0, which this project never writes, does not disturb the list."""
    added = ipfshttpclient.Client(kubo.multiaddr).add_bytes(os.urandom(20))
    assert added.startswith("Qm")
    assert added not in {str(pin) for pin in KuboBlocks(kubo.multiaddr).pins()}


def collect(content: bytes) -> tuple[Link, list[StoredBlock]]:
    building, blocks = build_file([content]), []
    while True:
        try:
            blocks.append(next(building))
        except StopIteration as end:
            return end.value, blocks


@pytest.mark.node
def test_an_item_of_evidence_at_its_cap_is_put_into_kubo(kubo: KuboNode) -> None:
    """64 MiB go in five portions, under one pin."""
    link, blocks = collect(os.urandom(64 << 20))
    store = KuboBlocks(kubo.multiaddr)
    store.put(blocks, pins=[link.cid])
    assert link.cid in set(store.pins())
    store.unpin(link.cid)
