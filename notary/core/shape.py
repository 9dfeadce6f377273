"""Reading closed JSON objects: all members present, no others, each of its exact type.

A hashed object that tolerated an unknown member would let two readers see two
things in one digest. Types are exact: `true` is no integer, `1.0` is no integer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from notary.core.canonical import JSON, MAX_INTEGER
from notary.core.digest import Digest
from notary.core.encoding import from_base64url, from_digest_text, from_hex, parse_time, shorten
from notary.core.errors import Malformed, Unsupported

PREFIX = "credential-notary/"

T = TypeVar("T")

_DID = re.compile(r"did:[a-z0-9]+(?::[A-Za-z0-9._%-]+)+", re.ASCII)
_CHAIN = re.compile(r"eip155:[1-9][0-9]{0,15}", re.ASCII)
_ORIGIN = re.compile(r"[!-*,-~]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Closed:
    """The members of one closed object, read by name and type.

    `where` is the object's path in messages. Every reader raises Malformed.
    """

    members: dict[str, JSON]
    where: str

    @classmethod
    def of(cls, value: JSON, where: str, names: str, optional: str = "") -> Closed:
        """Take an object with exactly the members in `names`, perhaps those in `optional`."""
        if not isinstance(value, dict):
            raise Malformed(where, expected="a JSON object")
        if value.keys() != (required := names_of(names)):
            missing = required - value.keys()
            if missing:
                raise Malformed(f"{where} lacks {', '.join(sorted(missing))}")
            more = value.keys() - required - names_of(optional)
            if more:
                unknown = ", ".join(map(shorten, sorted(more)))
                raise Malformed(f"{where} has members its format does not know: {unknown}")
        return cls(value, where)

    @classmethod
    def typed(cls, value: JSON, where: str, kind: str, names: str) -> Closed:
        """Take an object of this `type`, which is looked at first: another version has other members."""
        if isinstance(value, dict) and "type" in value:
            cls(value, where).kind(kind)
        return cls.of(value, where, f"type {names}")

    def kind(self, expected: str) -> None:
        """Check `type`: another version of a type of ours is Unsupported, anything else Malformed."""
        found = self.text("type")
        if found == expected:
            return
        family = expected.rpartition("/")[0] + "/"
        if found.startswith(family):
            raise Unsupported(f"{self.where} is of another version", expected=expected, actual=shorten(found))
        raise Malformed(f"{self.where}, type", expected=expected, actual=shorten(found))

    def path(self, name: str) -> str:
        """Return the path of a member, for messages."""
        return f"{self.where}.{name}"

    def has(self, name: str) -> bool:
        """Say whether an optional member is present."""
        return name in self.members

    def value(self, name: str) -> JSON:
        """Return a member as it stands."""
        return self.members[name]

    def text(self, name: str) -> str:
        """Return a string."""
        value = self.members[name]
        if not isinstance(value, str):
            raise Malformed(self.path(name), expected="a string", actual=shorten(value))
        return value

    def filled(self, name: str) -> str:
        """Return a string that is not empty."""
        value = self.text(name)
        if not value:
            raise Malformed(self.path(name), expected="a string that is not empty")
        return value

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """Return a string out of a fixed list."""
        value = self.text(name)
        if value not in choices:
            raise Malformed(self.path(name), expected=" or ".join(choices), actual=shorten(value))
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean."""
        value = self.members[name]
        if not isinstance(value, bool):
            raise Malformed(self.path(name), expected="true or false", actual=shorten(value))
        return value

    def count(self, name: str, least: int = 0) -> int:
        """Return an integer from `least` to 2^53−1."""
        value = self.members[name]
        if type(value) is not int or not least <= value <= MAX_INTEGER:
            raise Malformed(self.path(name), expected=f"an integer from {least}", actual=shorten(value))
        return value

    def items(self, name: str) -> list[JSON]:
        """Return an array."""
        value = self.members[name]
        if not isinstance(value, list):
            raise Malformed(self.path(name), expected="an array", actual=shorten(value))
        return value

    def each(self, name: str, read: Callable[[JSON, str], T]) -> tuple[T, ...]:
        """Return an array's items, each read with its own path."""
        return tuple(read(item, f"{self.path(name)}[{at}]") for at, item in enumerate(self.items(name)))

    def did(self, name: str) -> str:
        """Return a DID."""
        return read_did(self.members[name], self.path(name))

    def chain(self, name: str) -> str:
        """Return a chain's CAIP-2 id."""
        return read_chain(self.members[name], self.path(name))

    def origin(self, name: str) -> str:
        """Return a log's origin."""
        return read_origin(self.members[name], self.path(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return an array of strings that are not empty."""
        return self.each(name, read_text)

    def data(self, name: str) -> bytes:
        """Return the bytes of a base64url string."""
        return from_base64url(self.text(name), self.path(name))

    def digest(self, name: str) -> Digest:
        """Return a digest."""
        return from_digest_text(self.text(name), self.path(name))

    def digests(self, name: str) -> tuple[Digest, ...]:
        """Return a proof path: 32-byte siblings joined into one base64url string."""
        data = self.data(name)
        if len(data) % 32:
            raise Malformed(self.path(name), expected="a multiple of 32 bytes", actual=f"{len(data)} bytes")
        return tuple(Digest(data[at : at + 32]) for at in range(0, len(data), 32))

    def hex(self, name: str, size: int) -> bytes:
        """Return bytes written as 0x and lower-case hex."""
        return from_hex(self.text(name), self.path(name), size)

    def time(self, name: str) -> str:
        """Return a time's text, once it is one: times are claims, shown and never compared."""
        value = self.text(name)
        parse_time(value, self.path(name))
        return value

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Read a member that may be null: `fields.optional("legacy", fields.digest)`."""
        return None if self.members[name] is None else read(name)


@cache
def names_of(text: str) -> frozenset[str]:
    """Return the names in a list of them, as `Closed.of` is given."""
    return frozenset(text.split())


def read_did(value: JSON, where: str) -> str:
    """Return a DID without path, query or fragment (W3C DID Core §3.1)."""
    text = read_text(value, where)
    if len(text) > 1024 or not _DID.fullmatch(text):
        raise Malformed(where, expected="a DID, like did:web:college.example", actual=shorten(text))
    return text


def read_chain(value: JSON, where: str) -> str:
    """Return a CAIP-2 id of an EVM chain."""
    text = read_text(value, where)
    if not _CHAIN.fullmatch(text):
        raise Malformed(where, expected="a CAIP-2 chain id, like eip155:1", actual=shorten(text))
    return text


def read_origin(value: JSON, where: str) -> str:
    """Return a log's origin: visible ASCII without `+` (C2SP signed-note key names)."""
    text = read_text(value, where)
    if not _ORIGIN.fullmatch(text):
        raise Malformed(where, expected="a log origin, like notary.example/log", actual=shorten(text))
    return text


def read_text(value: JSON, where: str) -> str:
    """Return an array item that is a string and not empty."""
    if not isinstance(value, str) or not value:
        raise Malformed(where, expected="a string that is not empty", actual=shorten(value))
    return value
