"""dag-pb, the node format of UnixFS (ipld.io/specs/codecs/dag-pb).

Protobuf lets one node be written in many ways: fields in another order, longer
varints, unknown fields. Here a node has one spelling, the one Kubo writes
(links before data; hash, name and size in every link), and the decoder refuses
any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.cid import Cid
from notary.core.errors import Malformed

MAX_SIZE = 2**63 - 1
"""Largest number written: what a multiformats varint of nine bytes holds."""

_LINK, _DATA = 0x12, 0x0A
_HASH, _NAME, _TSIZE = 0x0A, 0x12, 0x18


@dataclass(frozen=True, slots=True)
class Link:
    """What a parent says of a child: its CID and Tsize, the bytes of all blocks from it down."""

    cid: Cid
    size: int

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise Malformed(f"size of {self.cid}", expected=f"0 to {MAX_SIZE}", actual=self.size)


@dataclass(frozen=True, slots=True)
class Node:
    """A node: its links with their names, in order, and its data."""

    links: tuple[tuple[str, Link], ...]
    data: bytes

    def __bytes__(self) -> bytes:
        parts: list[bytes] = []
        for name, link in self.links:
            body = (
                _field(_HASH, bytes(link.cid)) + _field(_NAME, name.encode()) + bytes([_TSIZE]) + to_varint(link.size)
            )
            parts.append(_field(_LINK, body))
        return b"".join(parts) + _field(_DATA, self.data)

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Node:
        """Read a node; Malformed for any spelling but the one `bytes(node)` gives."""
        fields, links = Fields(data, where), []
        while fields.next_is(_LINK):
            link = Fields(fields.take(_LINK), where)
            cid = Cid.from_bytes(link.take(_HASH), f"{where}, a link's hash")
            name = link.take(_NAME)
            size = link.number(_TSIZE)
            link.end()
            try:
                links.append((name.decode(), Link(cid, size)))
            except UnicodeDecodeError as error:
                raise Malformed(f"{where}, a link's name", expected="UTF-8") from error
        payload = fields.take(_DATA)
        fields.end()
        return cls(tuple(links), payload)


class Fields:
    """Protobuf fields, taken one after the other by the tag that must come next."""

    __slots__ = ("_at", "_data", "_where")

    def __init__(self, data: bytes, where: str) -> None:
        self._data, self._where, self._at = data, where, 0

    def next_is(self, tag: int) -> bool:
        """Say whether the next field has this tag."""
        return self._data[self._at : self._at + 1] == bytes([tag])

    def number(self, tag: int) -> int:
        """Take a varint field."""
        if not self.next_is(tag):
            raise Malformed(self._where, expected=f"field {tag:#04x} at byte {self._at}")
        value, self._at = from_varint(self._data, self._at + 1, self._where)
        return value

    def take(self, tag: int) -> bytes:
        """Take a field of bytes."""
        size = self.number(tag)
        value = self._data[self._at : self._at + size]
        if len(value) != size:
            raise Malformed(self._where, expected=f"{size} bytes at byte {self._at}", actual=f"{len(value)} bytes")
        self._at += size
        return value

    def end(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self._data):
            raise Malformed(self._where, expected=f"{self._at} bytes", actual=f"{len(self._data)} bytes")


def to_varint(number: int) -> bytes:
    """Write an unsigned LEB128 integer below 2^63 (github.com/multiformats/unsigned-varint)."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def from_varint(data: bytes, at: int, where: str) -> tuple[int, int]:
    """Read an unsigned LEB128 integer and the position after it: nine bytes at most, none superfluous."""
    number = 0
    for count, byte in enumerate(data[at : at + 9]):
        number |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if byte == 0 and count:
                break
            return number, at + count + 1
    raise Malformed(where, expected=f"a minimal varint of at most nine bytes at byte {at}")


def _field(tag: int, value: bytes) -> bytes:
    return bytes([tag]) + to_varint(len(value)) + value
