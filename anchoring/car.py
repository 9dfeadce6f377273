"""CARv1, the archive of IPFS blocks (ipld.io/specs/transport/car/carv1), streamed both ways.

An archive is a header that names roots, then blocks. Nothing in it is signed:
what an import promises is only that each block has the hash of its CID, and
that every root pinned from it is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from notary.core.cid import MAX_BLOCK, Cid, StoredBlock
from notary.core.dag_pb import from_varint, to_varint
from notary.core.errors import Malformed, Unsupported
from notary.core.unixfs import links
from notary.ports import BlockStore

_CID_SIZE = 36
_MAX_ROOTS = 0xFFFF
_CARV2_PRAGMA = bytes.fromhex("0aa16776657273696f6e02")
_WHERE = "CAR"

# The header is DAG-CBOR {"roots": [CID, …], "version": 1}: one spelling, so it is compared, not parsed.
_BEFORE_ROOTS = b"\xa2\x65roots"
_ROOT = b"\xd8\x2a\x58\x25\x00"
_AFTER_ROOTS = b"\x67version\x01"
_MAX_HEADER = len(_BEFORE_ROOTS) + 3 + _MAX_ROOTS * (len(_ROOT) + _CID_SIZE) + len(_AFTER_ROOTS)


@dataclass(frozen=True, slots=True)
class Car:
    """An archive being read: its roots, and its blocks, checked one by one as they are taken."""

    roots: tuple[Cid, ...]
    blocks: Iterator[StoredBlock]


def write_car(roots: Sequence[Cid], blocks: Iterable[StoredBlock]) -> Iterator[bytes]:
    """Give an archive piece by piece."""
    header = _header(roots)
    yield to_varint(len(header)) + header
    for block in blocks:
        yield to_varint(_CID_SIZE + len(block.data)) + bytes(block.cid) + block.data


def read_car(stream: BinaryIO) -> Car:
    """Read an archive's header; its blocks follow as they are asked for.

    Malformed for anything but CARv1 of CIDv1 blocks (raw or dag-pb, SHA-256) of
    at most 1 MiB, Mismatch for a block that its CID does not name, Unsupported
    for CARv2.
    """
    size = _size(stream, _MAX_HEADER)
    header = b"" if size is None else _take(stream, size)
    if to_varint(len(header)) + header == _CARV2_PRAGMA:
        raise Unsupported(_WHERE, expected="version 1", actual="version 2", hint="Export it again as CARv1.")
    return Car(_roots(header), _blocks(stream))


def export_car(store: BlockStore, roots: Sequence[Cid]) -> Iterator[bytes]:
    """Give an archive of everything the roots reach, each block once, children first."""
    return write_car(roots, _reachable(store, roots))


def import_car(store: BlockStore, stream: BinaryIO) -> tuple[Cid, ...]:
    """Store an archive's blocks and pin its roots, which are returned.

    The store refuses a root whose blocks are neither in the archive nor there.
    """
    car = read_car(stream)
    store.put(car.blocks, pins=car.roots)
    return car.roots


def _header(roots: Sequence[Cid]) -> bytes:
    if len(roots) < 24:
        count = bytes([0x80 + len(roots)])
    elif len(roots) < 0x100:
        count = bytes([0x98, len(roots)])
    elif len(roots) <= _MAX_ROOTS:
        count = b"\x99" + len(roots).to_bytes(2)
    else:
        raise Malformed(_WHERE, expected=f"at most {_MAX_ROOTS} roots", actual=len(roots))
    return _BEFORE_ROOTS + count + b"".join(_ROOT + bytes(root) for root in roots) + _AFTER_ROOTS


def _roots(header: bytes) -> tuple[Cid, ...]:
    """Cut the roots out where the only possible header has them, and compare with that header."""
    width = len(_ROOT) + _CID_SIZE
    first = header.find(_ROOT)
    roots: tuple[Cid, ...] = ()
    if first >= 0:
        ends = range(first + width, len(header) - len(_AFTER_ROOTS) + 1, width)
        roots = tuple(Cid.from_bytes(header[end - _CID_SIZE : end], f"{_WHERE}, root") for end in ends)
    if header != _header(roots):
        raise Malformed(f"{_WHERE}, header", expected="DAG-CBOR of roots and version 1, of CIDv1 over SHA-256")
    return roots


def _blocks(stream: BinaryIO) -> Iterator[StoredBlock]:
    while (size := _size(stream, _CID_SIZE + MAX_BLOCK)) is not None:
        section = _take(stream, size)
        cid = Cid.from_bytes(section[:_CID_SIZE], f"{_WHERE}, block")
        yield StoredBlock(cid, section[_CID_SIZE:])


def _size(stream: BinaryIO, most: int) -> int | None:
    """Read the length before a section, or None at the end of the stream."""
    prefix = b""
    while byte := stream.read(1):
        prefix += byte
        if byte[0] < 0x80 or len(prefix) == 9:
            break
    if not prefix:
        return None
    size, _ = from_varint(prefix, 0, f"{_WHERE}, length of a section")
    if not 0 < size <= most:
        raise Malformed(f"{_WHERE}, length of a section", expected=f"1 to {most}", actual=size)
    return size


def _take(stream: BinaryIO, size: int) -> bytes:
    data = bytearray()
    while len(data) < size and (piece := stream.read(size - len(data))):
        data += piece
    if len(data) < size:
        raise Malformed(f"{_WHERE} ends within a section", expected=f"{size} bytes", actual=f"{len(data)} bytes")
    return bytes(data)


def _reachable(store: BlockStore, roots: Sequence[Cid]) -> Iterator[StoredBlock]:
    """Give every block below the roots, children first; memory grows with the CIDs, not the bytes."""
    seen: set[Cid] = set()
    for root in roots:
        waiting: list[StoredBlock | Cid] = [root]
        while waiting:
            top = waiting.pop()
            if isinstance(top, StoredBlock):
                yield top
            elif top not in seen:
                seen.add(top)
                block = StoredBlock(top, store.get(top))
                waiting.append(block)
                waiting.extend(reversed(links(block)))
