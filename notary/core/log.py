"""The log as anyone can read it: checkpoints and tiles (c2sp.org/tlog-checkpoint, c2sp.org/tlog-tiles).

Everything here is static files. A tile is 256 nodes of one level in a row, level
L standing for the tree's level 8·L; an entry bundle is the 256 entries under one
tile of level 0. Neither is authenticated by itself: whoever reads them computes
the root and compares it with a signed checkpoint's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

from notary.core.digest import SIZE, Digest, TreeSize, leaf_hash
from notary.core.encoding import from_base64, shorten, to_base64
from notary.core.errors import Malformed
from notary.core.merkle import NodeReader, Tree
from notary.core.note import read_decimal
from notary.core.shape import read_origin

MAX_ENTRY = 65_535
"""Bytes of one entry: an entry bundle gives its length in 16 bits."""
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT

_INDEX_PATH = re.compile(r"(?:x[0-9]{3}/){0,6}[0-9]{3}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log signs: its root at a size. Extension lines are signed too, and mean nothing here."""

    origin: str
    size: TreeSize
    root: Digest
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        read_origin(self.origin, "checkpoint, origin")
        if self.size < 1:
            raise Malformed("checkpoint, tree size", expected="at least 1 leaf", actual=self.size)
        if not all(self.extensions) or any("\n" in line for line in self.extensions):
            raise Malformed("checkpoint, extension lines", expected="lines that are not empty")

    @classmethod
    def parse(cls, text: str, where: str = "checkpoint") -> Self:
        """Read a signed note's text: origin, tree size, root, any extension lines."""
        origin, _, rest = text.partition("\n")
        size, _, rest = rest.partition("\n")
        root, end, rest = rest.partition("\n")
        if not end or (rest and not rest.endswith("\n")):
            raise Malformed(where, expected="three lines or more, each with its line feed")
        tree_size = TreeSize(read_decimal(size, f"{where}, tree size"))
        return cls(origin, tree_size, Digest(from_base64(root, f"{where}, root")), tuple(rest.split("\n")[:-1]))

    @property
    def text(self) -> str:
        """The text to sign."""
        return "\n".join((self.origin, str(self.size), to_base64(self.root), *self.extensions, ""))


def index_path(index: int) -> str:
    """Return an index in groups of three digits, as C2SP writes it: 1234067 is x001/x234/067."""
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))


def parse_index_path(text: str, where: str = "index") -> int:
    """Read an index in groups of three digits."""
    index = int(text.replace("/", "").replace("x", "")) if _INDEX_PATH.fullmatch(text) else -1
    if index < 0 or index_path(index) != text:
        raise Malformed(where, expected="an index like x001/x234/067", actual=shorten(text))
    return index


@dataclass(frozen=True, slots=True)
class Tile:
    """The place of a tile: its level, its index there, and how many nodes it holds (256 when full)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (0 <= self.level < 64 and self.index >= 0 and 1 <= self.width <= TILE_WIDTH):
            raise Malformed("tile", expected="level 0 to 63, index from 0, width 1 to 256", actual=self)

    @classmethod
    def holding(cls, level: int, index: int, size: TreeSize) -> Self:
        """Return the tile of level `level` and this index as it stands in a tree of `size` leaves."""
        return cls(level, index, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))

    @classmethod
    def parse(cls, level: str, name: str, where: str = "tile") -> Self:
        """Read the two parts of a tile's path; what stands after `entries/` is read with level 0."""
        index, _, width = name.partition(".p/")
        tile = cls(
            read_decimal(level, f"{where}, level"),
            parse_index_path(index, f"{where}, index"),
            read_decimal(width, f"{where}, width") if width else TILE_WIDTH,
        )
        if tile._name != name:
            raise Malformed(where, expected=tile._name, actual=shorten(name))
        return tile

    @property
    def path(self) -> str:
        """Where the tile's nodes stand, below the log's prefix."""
        return f"tile/{self.level}/{self._name}"

    @property
    def entries_path(self) -> str:
        """Where the entries under a tile of level 0 stand."""
        return f"tile/entries/{self._name}"

    @property
    def _name(self) -> str:
        return index_path(self.index) + (f".p/{self.width}" if self.width < TILE_WIDTH else "")


def changed_tiles(old_size: int, new_size: TreeSize) -> Iterator[Tile]:
    """Yield the tiles a log grown from `old_size` leaves (0: none) serves anew, level by level.

    Those of level 0 have new entry bundles too. The old size's partial tiles
    stay as they are, for whoever holds its checkpoint.
    """
    for level in range((new_size.bit_length() + TILE_HEIGHT - 1) // TILE_HEIGHT):
        old, new = old_size >> TILE_HEIGHT * level, new_size >> TILE_HEIGHT * level
        if old < new:
            for index in range(old // TILE_WIDTH, (new - 1) // TILE_WIDTH + 1):
                yield Tile.holding(level, index, new_size)


def tile_data(tile: Tile, read: NodeReader) -> bytes:
    """Return a tile's nodes, joined."""
    first = tile.index * TILE_WIDTH
    return b"".join(read(tile.level * TILE_HEIGHT, first + at) for at in range(tile.width))


def tile_reader(size: TreeSize, read_tile: Callable[[Tile], bytes]) -> NodeReader:
    """Return a node reader over the tiles of a tree of `size` leaves, each asked for once.

    Nodes between the tiles' levels are hashed from the tile below them.
    """
    trees: dict[Tile, Tree] = {}

    def read(level: int, index: int) -> Digest:
        tile_level, above = divmod(level, TILE_HEIGHT)
        at, within = divmod(index << above, TILE_WIDTH)
        tile = Tile.holding(tile_level, at, size)
        if tile not in trees:
            trees[tile] = Tree(_nodes(tile, read_tile(tile)))
        return trees[tile].node(above, within >> above)

    return read


def entry_hash(entry: bytes) -> Digest:
    """Return the leaf of a log entry; Malformed where a bundle could not hold it."""
    if len(entry) > MAX_ENTRY:
        raise Malformed("log entry", expected=f"at most {MAX_ENTRY} bytes", actual=len(entry))
    return leaf_hash(entry)


def encode_entries(entries: Iterable[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length in two bytes, big-endian."""
    bundle = bytearray()
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise Malformed("log entry", expected=f"at most {MAX_ENTRY} bytes", actual=len(entry))
        bundle += len(entry).to_bytes(2) + entry
    return bytes(bundle)


def decode_entries(data: bytes, width: int, where: str = "entry bundle") -> tuple[bytes, ...]:
    """Read the `width` entries of a bundle, which hold all of its bytes."""
    entries = []
    at = 0
    for _ in range(width):
        start = at + 2
        at = start + int.from_bytes(data[at:start])
        entries.append(data[start:at])
    if at != len(data):
        raise Malformed(where, expected=f"{width} entries and nothing else", actual=f"{len(data)} bytes")
    return tuple(entries)


def _nodes(tile: Tile, data: bytes) -> Iterator[Digest]:
    if len(data) != tile.width * SIZE:
        raise Malformed(tile.path, expected=f"{tile.width * SIZE} bytes", actual=f"{len(data)} bytes")
    return (Digest(data[at : at + SIZE]) for at in range(0, len(data), SIZE))
