"""The values nodes answer with: JSON whose integers and bytes are hex. Every reader raises Malformed."""

from __future__ import annotations

import re

from notary.core.canonical import JSON
from notary.core.encoding import shorten
from notary.core.errors import Malformed

_HEX = re.compile(r"0x[0-9a-fA-F]*")


def members(value: JSON, where: str) -> dict[str, JSON]:
    """Return a JSON object of a node; unlike ours it may have members that nobody knows."""
    if not isinstance(value, dict):
        raise Malformed(where, expected="a JSON object", actual=shorten(value))
    return value


def items(value: JSON, where: str) -> list[JSON]:
    """Return a JSON array of a node."""
    if not isinstance(value, list):
        raise Malformed(where, expected="a JSON array", actual=shorten(value))
    return value


def quantity(value: JSON, where: str) -> int:
    """Read an integer written as 0x and hex; nodes differ in leading zeros."""
    if not isinstance(value, str) or not _HEX.fullmatch(value) or not 2 < len(value) <= 66:
        raise Malformed(where, expected="an integer as 0x and hex", actual=shorten(value))
    return int(value, 16)


def data(value: JSON, where: str, size: int | None = None) -> bytes:
    """Read bytes written as 0x and hex, of exactly `size` where that is given; nodes differ in case."""
    if not isinstance(value, str) or not _HEX.fullmatch(value) or len(value) % 2:
        raise Malformed(where, expected="bytes as 0x and hex", actual=shorten(value))
    found = bytes.fromhex(value[2:])
    if size not in (None, len(found)):
        raise Malformed(where, expected=f"{size} bytes", actual=f"{len(found)} bytes")
    return found
