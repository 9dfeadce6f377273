"""UnixFS files and directories as blocks (specs.ipfs.tech/unixfs), with Kubo's CIDs.

A manifest names a tree by its CID, and whoever checks it computes that CID
again. So this layout is permanent: CIDv1, raw leaves of 262,144 bytes, nodes
of at most 174 links, balanced; directories unsharded, entries in the order of
their names' UTF-8 bytes; no mode, no mtime, no symlinks.

Blocks read here come from strangers. Every reader checks a block against its
CID, accepts a node in the one spelling written here, and does work in
proportion to what it yields, however the blocks refer to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Self, TypeAlias

from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.dag_pb import Fields, Link, Node, to_varint
from notary.core.encoding import shorten
from notary.core.errors import Malformed

CHUNK = 262_144
"""Bytes of every leaf of a file but the last."""
MAX_LINKS = 174
"""Links of a file's node: Kubo's default, so that a node stays below 8 KiB."""
MAX_DIRECTORY = 262_144
"""Bytes of a directory's block; Kubo would split a larger one (HAMT) and name it otherwise."""
MAX_DEPTH = 16
"""Directories above a file, and nodes above a file's leaf."""

Read: TypeAlias = Callable[[Cid], bytes]
"""Gives a block's bytes; what it gives is checked here."""

_Changes: TypeAlias = "dict[str, _Changes | bytes | None]"

_DIRECTORY = b"\x08\x01"
_FILE = 2
_TYPE, _FILE_SIZE, _BLOCK_SIZE = 0x08, 0x18, 0x20


# ------------------------------------------------------------------- files


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a file: its block or subtree, and how many bytes of the file are in it."""

    link: Link
    content: int


@dataclass(frozen=True, slots=True)
class _FileNode:
    """A file's node: at least one part, none empty."""

    parts: tuple[_Part, ...]

    @property
    def content(self) -> int:
        return sum(part.content for part in self.parts)

    def block(self) -> StoredBlock:
        sizes = b"".join(bytes([_BLOCK_SIZE]) + to_varint(part.content) for part in self.parts)
        data = bytes([_TYPE, _FILE, _FILE_SIZE]) + to_varint(self.content) + sizes
        return StoredBlock.of(bytes(Node(tuple(("", part.link) for part in self.parts), data)), Codec.DAG_PB)

    @classmethod
    def read(cls, node: Node, where: str) -> Self:
        fields = Fields(node.data, where)
        kind, content = fields.number(_TYPE), fields.number(_FILE_SIZE)
        sizes = [fields.number(_BLOCK_SIZE) for _ in node.links]
        fields.end()
        if kind != _FILE or not sizes or 0 in sizes or sum(sizes) != content or any(name for name, _ in node.links):
            raise Malformed(where, expected="a file's node: parts without names whose sizes add up, none empty")
        return cls(tuple(_Part(link, size) for (_, link), size in zip(node.links, sizes, strict=True)))


def build_file(pieces: Iterable[bytes]) -> Generator[StoredBlock, None, Link]:
    """Give a file's blocks as they are made, children first, and return its link.

    `pieces` is the content, cut anywhere. Memory stays at one leaf and one node
    a level. A file of at most one leaf is that raw block itself.
    """
    levels: list[list[_Part]] = [[]]
    for leaf in _leaves(pieces):
        block = StoredBlock.of(leaf)
        yield block
        levels[0].append(_Part(Link(block.cid, len(leaf)), len(leaf)))
        height = 0
        while len(levels[height]) == MAX_LINKS:
            yield from _close(levels, height)
            height += 1
    height = 0
    while height < len(levels) - 1 or len(levels[height]) > 1:
        if levels[height]:
            yield from _close(levels, height)
        height += 1
    return levels[height][0].link


def _close(levels: list[list[_Part]], height: int) -> Iterator[StoredBlock]:
    """Make a node of the parts waiting at a height and let it wait one level higher."""
    node = _FileNode(tuple(levels[height]))
    block = node.block()
    yield block
    if height + 1 == len(levels):
        levels.append([])
    size = len(block.data) + sum(part.link.size for part in node.parts)
    levels[height + 1].append(_Part(Link(block.cid, size), node.content))
    levels[height].clear()


def _leaves(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut the content into leaves; the empty file is one empty leaf."""
    waiting, empty = bytearray(), True
    for piece in pieces:
        waiting += piece
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
            empty = False
    if waiting or empty:
        yield bytes(waiting)


def read_file(root: Cid, read: Read, *, max_size: int) -> Iterator[bytes]:
    """Give a file's content, leaf by leaf; Malformed, before any of it, when it is beyond `max_size`."""
    waiting: list[tuple[Cid, int | None, int]] = [(root, None, 0)]
    while waiting:
        cid, promised, depth = waiting.pop()
        block, where = _fetch(cid, read), f"file {root}"
        if cid.codec is Codec.RAW:
            content = len(block.data)
            # Full leaves bound the reads: else a node could name one leaf of one byte over and over.
            if waiting and content != CHUNK:
                raise Malformed(where, expected=f"leaves of {CHUNK} bytes", actual=content)
        else:
            if depth == MAX_DEPTH:
                raise Malformed(where, expected=f"at most {MAX_DEPTH} levels of nodes")
            node = _FileNode.read(Node.from_bytes(block.data, where), where)
            content = node.content
            waiting.extend((part.link.cid, part.content, depth + 1) for part in reversed(node.parts))
        if promised is None and content > max_size:
            raise Malformed(f"{where} is too large", expected=f"at most {max_size} bytes", actual=f"{content} bytes")
        if promised is not None and content != promised:
            raise Malformed(where, expected=f"{promised} bytes in {cid}", actual=f"{content} bytes")
        if cid.codec is Codec.RAW:
            yield block.data


# ------------------------------------------------------------- directories


def build_directory(entries: Mapping[str, Link]) -> tuple[Link, StoredBlock]:
    """Make one directory of named files and directories; Malformed beyond 256 KiB."""
    named = sorted(((_checked(name), link) for name, link in entries.items()), key=lambda entry: entry[0].encode())
    data = bytes(Node(tuple(named), _DIRECTORY))
    if len(data) > MAX_DIRECTORY:
        raise Malformed(
            f"directory of {len(named)} entries, {shorten(named[0][0])} to {shorten(named[-1][0])}",
            expected=f"a block of at most {MAX_DIRECTORY} bytes",
            actual=f"{len(data)} bytes",
            hint="Spread the entries over subdirectories, as tile indexes are.",
        )
    block = StoredBlock.of(data, Codec.DAG_PB)
    return _directory_link(block, entries), block


def read_directory(block: StoredBlock) -> dict[str, Link]:
    """Read a directory's entries; Malformed for a file, a sharded directory, names out of order or twice."""
    where = f"directory {block.cid}"
    if block.cid.codec is Codec.RAW:
        raise Malformed(where, expected="a directory", actual="a file")
    return _entries(Node.from_bytes(block.data, where), where)


def _entries(node: Node, where: str) -> dict[str, Link]:
    if node.data != _DIRECTORY:
        raise Malformed(where, expected="an unsharded directory, without mode or time")
    names = [_checked(name).encode() for name, _ in node.links]
    if any(left >= right for left, right in pairwise(names)):
        raise Malformed(where, expected="names in the order of their bytes, each once")
    return dict(node.links)


def links(block: StoredBlock) -> tuple[Cid, ...]:
    """The children of any block: what must be there too before it is worth a pin."""
    if block.cid.codec is Codec.RAW:
        return ()
    return tuple(link.cid for _, link in Node.from_bytes(block.data, f"block {block.cid}").links)


# ------------------------------------------------------------------- trees


def walk(root: Cid, read: Read) -> Iterator[tuple[str, Link]]:
    """Give every file below a directory, as path and link, in the order of the names' bytes.

    Files are not read. An empty directory below the root is malformed: no tree
    made here has one, and a few would name more of them than could ever be read.
    """
    yield from _walk(read_directory(_fetch(root, read)), "", read, MAX_DEPTH)


def _walk(entries: dict[str, Link], prefix: str, read: Read, depth: int) -> Iterator[tuple[str, Link]]:
    for name, link in entries.items():
        path = prefix + name
        if link.cid.codec is Codec.RAW:
            yield path, link
            continue
        where = f"directory {shorten(path)}"
        node = Node.from_bytes(_fetch(link.cid, read).data, where)
        if node.data != _DIRECTORY:
            yield path, link
            continue
        below = _entries(node, where)
        if not below or depth == 1:
            raise Malformed(where, expected=f"something in it, and at most {MAX_DEPTH} levels")
        yield from _walk(below, path + "/", read, depth - 1)


def read_path(root: Cid, path: str, read: Read, *, max_size: int) -> bytes:
    """Return the content of one file below a directory, reading nothing else."""
    cid = root
    for name in _split(path):
        entry = read_directory(_fetch(cid, read)).get(name)
        if entry is None:
            raise Malformed(f"directory {root} has no {shorten(path)}", expected=shorten(name), actual="no such entry")
        cid = entry.cid
    return b"".join(read_file(cid, read, max_size=max_size))


def update_tree(root: Cid | None, changes: Mapping[str, bytes | None], read: Read) -> tuple[Link, list[StoredBlock]]:
    """Put files into the directory tree at `root` and return its new link and the blocks that are new.

    `changes` maps paths to a file's content, or to None for what shall not be
    there. `root` None is the empty tree. Only directories on a changed path are
    read, so the cost is theirs and the changed files', never the tree's. Blocks
    come children first. A directory left empty goes too, the root excepted.
    """
    new: list[StoredBlock] = []
    link = _update(root, _nest(changes), read, new)
    if link is None:
        link, block = build_directory({})
        new.append(block)
    return link, new


def _update(old: Cid | None, changes: _Changes, read: Read, new: list[StoredBlock]) -> Link | None:
    """Change one directory; None when nothing is left in it."""
    block = None if old is None else _fetch(old, read)
    before = {} if block is None else read_directory(block)
    entries = dict(before)
    for name, change in changes.items():
        there = before.get(name)
        link = None
        if isinstance(change, dict):
            link = _update(there.cid if there else None, change, read, new)
        elif change is not None:
            link, blocks = _file(change)
            if link != there:
                new.extend(blocks)
        if link is None:
            entries.pop(name, None)
        else:
            entries[name] = link
    if not entries:
        return None
    if block is not None and entries == before:
        return _directory_link(block, before)
    made, block = build_directory(entries)
    new.append(block)
    return made


def _file(content: bytes) -> tuple[Link, list[StoredBlock]]:
    blocks: list[StoredBlock] = []
    building = build_file([content])
    while True:
        try:
            blocks.append(next(building))
        except StopIteration as end:
            return end.value, blocks


def _nest(changes: Mapping[str, bytes | None]) -> _Changes:
    """Turn paths into nested directories; a path that is both a file and a directory is malformed."""
    top: _Changes = {}
    for path, content in changes.items():
        *above, last = _split(path)
        inside = top
        for name in above:
            deeper = inside.setdefault(name, {})
            if not isinstance(deeper, dict):
                raise Malformed(f"path {shorten(path)}", expected="a file or a directory", actual="both")
            inside = deeper
        if last in inside:
            raise Malformed(f"path {shorten(path)}", expected="a file or a directory", actual="both")
        inside[last] = content
    return top


def _split(path: str) -> list[str]:
    names = path.split("/")
    if len(names) > MAX_DEPTH:
        raise Malformed(f"path {shorten(path)}", expected=f"at most {MAX_DEPTH} names")
    return [_checked(name) for name in names]


def _checked(name: str) -> str:
    """Return a name that every file system and every reader takes for one entry."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise Malformed(f"name {shorten(name)}", expected="text that UTF-8 can hold") from error
    if name in {"", ".", ".."} or "/" in name or "\0" in name or size > 255:
        raise Malformed(f"name {shorten(name)}", expected="1 to 255 bytes, no slash, no NUL, not . or ..")
    return name


def _directory_link(block: StoredBlock, entries: Mapping[str, Link]) -> Link:
    return Link(block.cid, len(block.data) + sum(link.size for link in entries.values()))


def _fetch(cid: Cid, read: Read) -> StoredBlock:
    return StoredBlock(cid, read(cid))
