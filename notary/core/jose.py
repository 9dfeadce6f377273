"""Compact JOSE: a JWT, or an SD-JWT with its disclosures (RFC 7515 §7.1, RFC 9901 §4).

Parsing only: which key a signature needs and what disclosures uncover is
decided elsewhere. Every part is canonical base64url, header and payload are
strict JSON objects. Encrypted tokens (five parts) and the JSON serialization
are other forms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from notary.core.canonical import JSON, load
from notary.core.encoding import from_base64url
from notary.core.errors import Malformed

MAX_SIZE = 2**20
MAX_DISCLOSURES = 1000
MAX_DEPTH = 32
WHITE_SPACE = b" \t\r\n"

_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


def looks_compact(data: bytes) -> bool:
    """Say whether trimmed text is three base64url parts, perhaps with disclosures behind."""
    return _COMPACT.fullmatch(data.partition(b"~")[0]) is not None


@dataclass(frozen=True, slots=True)
class CompactJws:
    """A token's parts; `signing_input` is the text its signature covers (RFC 7515 §5.2)."""

    header: dict[str, JSON]
    payload: dict[str, JSON]
    signing_input: bytes
    signature: bytes
    disclosures: tuple[str, ...]

    @classmethod
    def parse(cls, data: bytes, where: str) -> Self:
        """Read trimmed compact text; a key-binding JWT after the last "~" must look like one, no more."""
        if len(data) > MAX_SIZE:
            raise Malformed(f"{where} is too large", expected=f"at most {MAX_SIZE} bytes", actual=f"{len(data)} bytes")
        token, *rest = data.split(b"~")
        if not _COMPACT.fullmatch(token):
            raise Malformed(where, expected="compact JOSE: three parts of base64url")
        if rest and rest[-1] and not _COMPACT.fullmatch(rest[-1]):
            raise Malformed(f'{where}: what follows the last "~"', expected="nothing, or a key-binding JWT")
        if len(rest) > MAX_DISCLOSURES + 1:
            raise Malformed(f"{where}: disclosures", expected=f"at most {MAX_DISCLOSURES}", actual=len(rest) - 1)
        header, payload, signature = token.decode().split(".")
        return cls(
            _read_object(header, f"{where}, header"),
            _read_object(payload, f"{where}, payload"),
            f"{header}.{payload}".encode(),
            from_base64url(signature, f"{where}, signature"),
            tuple(part.decode("utf-8", "replace") for part in rest[:-1]),
        )


def _read_object(text: str, where: str) -> dict[str, JSON]:
    value = load(from_base64url(text, where), where, max_size=MAX_SIZE, max_depth=MAX_DEPTH).value
    if not isinstance(value, dict):
        raise Malformed(where, expected="a JSON object")
    return value
