"""Recursive Length Prefix, canonical only (Yellow Paper, appendix B).

A byte string that decodes here encodes to itself again: a second spelling would
be a second hash of the same header. Depth is bounded, so hostile nesting ends in
Malformed whatever the recursion limit is; time and memory grow with the input.
"""

from __future__ import annotations

from typing import TypeAlias

from notary.core.errors import Malformed

Item: TypeAlias = bytes | tuple["Item", ...]
"""A byte string, or a list of items."""

MAX_SIZE = 4 << 20
"""Largest encoding decoded: no learner's receipt, which carries it, is larger."""
MAX_DEPTH = 16
"""Lists within lists that are decoded; headers need 1, transaction receipts and trie nodes 4."""

_STRING = 0x80
_LIST = 0xC0
_SHORT = 55
"""Longest payload whose length is in the first byte."""


def encode(item: Item) -> bytes:
    """Return the RLP of an item."""
    if isinstance(item, tuple):
        payload = b"".join(map(encode, item))
        return _prefix(_LIST, len(payload)) + payload
    if len(item) == 1 and item[0] < _STRING:
        return item
    return _prefix(_STRING, len(item)) + item


def decode(data: bytes, where: str) -> Item:
    """Read one item that fills `data`; `where` names it in messages. Raises Malformed."""
    if len(data) > MAX_SIZE:
        raise Malformed(f"{where} is too large", expected=f"at most {MAX_SIZE} bytes", actual=f"{len(data)} bytes")
    items = _read(data, 0, len(data), MAX_DEPTH, where)
    if len(items) != 1:
        raise Malformed(where, expected="one item of RLP", actual=len(items))
    return items[0]


def from_integer(value: int) -> bytes:
    """Return the byte string of a non-negative integer: big-endian, shortest, empty for 0."""
    if value < 0:
        raise Malformed("integer in RLP", expected="0 or more", actual=value)
    return value.to_bytes((value.bit_length() + 7) // 8)


def as_integer(item: Item, where: str) -> int:
    """Read an integer below 2^64 without leading zeros."""
    if not isinstance(item, bytes) or len(item) > 8 or item[:1] == b"\0":
        raise Malformed(where, expected="an integer below 2^64 without leading zeros", actual=_shape(item))
    return int.from_bytes(item)


def as_bytes(item: Item, where: str, size: int | None = None) -> bytes:
    """Read a byte string, of exactly `size` bytes where that is given."""
    if not isinstance(item, bytes) or size not in (None, len(item)):
        expected = "a byte string" if size is None else f"{size} bytes"
        raise Malformed(where, expected=expected, actual=_shape(item))
    return item


def as_list(item: Item, where: str) -> tuple[Item, ...]:
    """Read a list."""
    if not isinstance(item, tuple):
        raise Malformed(where, expected="a list", actual=_shape(item))
    return item


def _prefix(kind: int, length: int) -> bytes:
    if length <= _SHORT:
        return bytes([kind + length])
    digits = from_integer(length)
    return bytes([kind + _SHORT + len(digits)]) + digits


def _read(data: bytes, at: int, limit: int, depth: int, where: str) -> tuple[Item, ...]:
    """Return the items from `at` that end exactly at `limit`, with at most `depth` lists one in another."""
    items: list[Item] = []
    while at < limit:
        first = data[at]
        if first < _STRING:
            items.append(data[at : at + 1])
            at += 1
            continue
        is_list = first >= _LIST
        length, start = first - (_LIST if is_list else _STRING), at + 1
        if length > _SHORT:
            digits = data[start : start + length - _SHORT]
            start, length = start + length - _SHORT, int.from_bytes(digits)
            if digits[:1] == b"\0" or length <= _SHORT:
                raise Malformed(f"{where}, byte {at}", expected="a length in its shortest form")
        end = start + length
        if end > limit:
            raise Malformed(f"{where} ends early", expected=f"an item from byte {at} to {end}", actual=f"{limit} bytes")
        if is_list:
            if not depth:
                raise Malformed(f"{where} is nested too deep", expected=f"at most {MAX_DEPTH} levels")
            items.append(_read(data, start, end, depth - 1, where))
        elif length == 1 and data[start] < _STRING:
            raise Malformed(f"{where}, byte {at}", expected="a byte below 0x80 as itself")
        else:
            items.append(data[start:end])
        at = end
    return tuple(items)


def _shape(item: Item) -> str:
    if isinstance(item, tuple):
        return f"a list of {len(item)}"
    return f"0x{item.hex()}" if len(item) <= 8 else f"{len(item)} bytes"
