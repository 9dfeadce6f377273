"""Strict JSON in, RFC 8785 (JCS) bytes out.

Two parsers that disagree about one document are two documents. So input is
refused where readers differ: duplicate names, integral numbers a double cannot
hold, NaN, lone surrogates, nesting that exhausts a stack. Depth is counted
before any parser sees the text.

The fast path (orjson with sorted names) is taken only where it provably equals
RFC 8785: names sort alike in UTF-8 and UTF-16 unless a character outside the
basic plane occurs, and integers below 2^53 have one spelling. Anything doubtful
takes the slow path (`json` with hooks, then rfc8785).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias, cast

import orjson
import rfc8785

from notary.core.encoding import shorten
from notary.core.errors import Malformed

JSON: TypeAlias = bool | int | float | str | list["JSON"] | dict[str, "JSON"] | None

MAX_DEPTH = 64
"""Depth of any JSON text hashed here; a credential's and a DID document's is 32."""
MAX_INTEGER = 2**53 - 1

_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_NOT_DIGITS = bytes(set(range(256)) - set(b"0123456789"))
_DOUBTFUL_NUMBER = re.compile(rb"[0-9][.eE]|-0|[0-9]{16}")
_STRINGS = frozenset({str})
_WHITE_SPACE = b" \t\r\n"


class Document(NamedTuple):
    """A strictly parsed JSON text: its value and its RFC 8785 bytes. A tuple, for there are very many."""

    value: JSON
    canonical: bytes


class Kept(dict[str, JSON]):
    """An object with its RFC 8785 bytes, for one that very many values share: it is written once. Not to be changed."""

    __slots__ = ("canonical",)

    def __init__(self, members: dict[str, JSON]) -> None:
        super().__init__(members)
        self.canonical = canonical(members)


def load(data: bytes, where: str, *, max_size: int, max_depth: int = MAX_DEPTH) -> Document:
    """Parse UTF-8 JSON strictly and give its canonical bytes.

    `where` names the text in messages. Raises Malformed.
    """
    if len(data) > max_size:
        raise Malformed(f"{where} is too large", expected=f"at most {max_size} bytes", actual=f"{len(data)} bytes")
    outside = _outside_strings(data)
    _check_depth(outside, where, max_depth)
    if not (outside.translate(None, _NOT_DIGITS) and _DOUBTFUL_NUMBER.search(outside)):
        try:
            value = orjson.loads(data)
            canonical_bytes = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            return _load_slowly(data, where)  # for the message; it refuses too, or is right
        if _is_basic(canonical_bytes) and _keeps_members(data, outside, canonical_bytes):
            return Document(value, canonical_bytes)
    return _load_slowly(data, where)


def canonical(value: JSON) -> bytes:
    """Return the RFC 8785 bytes of a value built in memory; Malformed where it has none."""
    if _is_plain(value):
        try:
            fast = orjson.dumps(value, _keeping, orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS)
        except orjson.JSONEncodeError:
            pass  # a lone surrogate, or nested beyond orjson: the slow path says which
        else:
            if _is_basic(fast):
                return fast
    return _canonical_slowly(value, "value")


def depth_of(value: JSON) -> int:
    """Return how deep arrays and objects are nested: 0 for a plain value."""
    deepest, waiting = 0, [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, dict | list):
            deepest = max(deepest, depth + 1)
            waiting.extend((inner, depth + 1) for inner in (item.values() if isinstance(item, dict) else item))
    return deepest


def _outside_strings(data: bytes) -> bytes:
    """Return the text without its strings: brackets, colons, commas, numbers and words.

    On any prefix a JSON parser accepts, backslashes stand in strings alone: with
    escaped backslashes gone, then escaped quotes, every quote left begins or ends
    a string. So this cuts where the parser does, and what is counted here is
    never less than what the parser meets.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(data.split(b'"')[::2])


def _keeps_members(data: bytes, outside: bytes, canonical_bytes: bytes) -> bool:
    """Say whether no name stood twice: a parser that drops a member drops its text, or its colon.

    Without escapes strings come out as they went in, and so do words and numbers
    that are not doubtful: only white space may be missing. With them a string may
    change its length and gain a colon, so those outside of strings are counted.
    """
    if b"\\" not in data:
        return len(data) - len(outside) + len(outside.translate(None, _WHITE_SPACE)) == len(canonical_bytes)
    return outside.count(b":") == _outside_strings(canonical_bytes).count(b":")


def _is_basic(data: bytes) -> bool:
    """Say whether UTF-8 text has no character outside the basic plane: none of the five bytes they begin with."""
    if data.isascii():
        return True
    return not (b"\xf0" in data or b"\xf1" in data or b"\xf2" in data or b"\xf3" in data or b"\xf4" in data)


def _check_depth(outside: bytes, where: str, max_depth: int) -> None:
    if outside.count(b"{") + outside.count(b"[") <= max_depth:
        return
    depth = 0
    for bracket in outside.translate(None, _NOT_BRACKETS):
        if bracket in b"[{":
            depth += 1
            if depth > max_depth:
                raise Malformed(f"{where} is nested too deep", expected=f"at most {max_depth} levels")
        else:
            depth -= 1


def _load_slowly(data: bytes, where: str) -> Document:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"{where} is not UTF-8", actual=f"byte {data[error.start]:#04x} at {error.start}") from error

    def unique(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
        members = dict(pairs)
        if len(members) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise Malformed(f"{where}: the name {shorten(twice)} stands twice in one object")
        return members

    def number(convert: Callable[[str], int | float]) -> Callable[[str], int | float]:
        def read(text: str) -> int | float:
            if abs(float(text)) > MAX_INTEGER:  # every double beyond is integral; inf is caught too
                raise Malformed(
                    f"{where}: the number {shorten(text)} is beyond what every reader holds",
                    expected=f"at most {MAX_INTEGER}",
                )
            return convert(text)

        return read

    def constant(name: str) -> None:
        raise Malformed(f"{where}: {name} is no JSON number")

    try:
        value = json.loads(
            text,
            object_pairs_hook=unique,
            parse_int=number(int),
            parse_float=number(float),
            parse_constant=constant,
        )
    except json.JSONDecodeError as error:
        raise Malformed(
            f"{where} is no JSON: {error.msg}", actual=f"line {error.lineno} column {error.colno}"
        ) from error
    return Document(cast("JSON", value), _canonical_slowly(value, where))


def _canonical_slowly(value: JSON, where: str) -> bytes:
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:  # the latter for a name
        raise Malformed(f"{where} has no canonical form: {error}") from error


def _is_plain(value: JSON) -> bool:
    """Say whether orjson writes this value as RFC 8785 does, names outside the basic plane aside."""
    waiting: list[JSON] = [value]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is str or kind is bool or item is None or kind is Kept:
            continue
        if kind is int:
            if not -MAX_INTEGER <= cast("int", item) <= MAX_INTEGER:
                return False
        elif kind is dict:
            members = cast("dict[str, JSON]", item)
            if not _STRINGS.issuperset(map(type, members)):
                return False
            waiting.extend(members.values())
        elif kind is list:
            waiting.extend(cast("list[JSON]", item))
        else:
            return False
    return True


def _keeping(value: Kept) -> orjson.Fragment:
    """Give orjson what it asks for: of plain values it knows all but this one."""
    return orjson.Fragment(value.canonical)
