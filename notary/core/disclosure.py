"""SD-JWT: what the holder chose to show, matched against what the issuer signed (RFC 9901 §7.1).

The signed payload holds digests, in `_sd` of an object or as `{"...": digest}`
in an array; a disclosure is the salted claim behind one. A disclosure behind no
digest was put there by somebody else. Only SHA-256 digests are known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from notary.core.canonical import JSON, load
from notary.core.digest import sha256
from notary.core.encoding import from_base64url, shorten, to_digest_text
from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.jose import MAX_DEPTH, MAX_SIZE

_DIGESTS = "_sd"
_ELEMENT = "..."
_ALGORITHM = "_sd_alg"


def disclose(payload: Mapping[str, JSON], disclosures: tuple[str, ...]) -> dict[str, JSON]:
    """Return the payload with every matched claim in its place and no digest left.

    Raises Mismatch for a disclosure that neither the payload nor another matched
    disclosure holds, Malformed for a digest that stands twice or a disclosure of
    another shape, Unsupported for digests other than sha-256.
    """
    algorithm = payload.get(_ALGORITHM, "sha-256")
    if algorithm != "sha-256":
        raise Unsupported("the credential's disclosures", expected="digests by sha-256", actual=shorten(algorithm))
    cover = _Cover({to_digest_text(sha256(text.encode())): _Disclosure.read(text) for text in disclosures})
    if len(cover.waiting) < len(disclosures):
        raise Malformed("a disclosure stands twice")
    shown = cover.uncover_object({name: value for name, value in payload.items() if name != _ALGORITHM}, 1)
    for forged in cover.waiting.values():
        raise Mismatch(f"the disclosure {forged} is not part of the credential: nothing signed holds its digest")
    return shown


@dataclass(frozen=True, slots=True)
class _Disclosure:
    """`[salt, name, value]` of an object's claim, or `[salt, value]` of an array's element."""

    name: str | None
    value: JSON

    @classmethod
    def read(cls, text: str) -> _Disclosure:
        where = f"disclosure {shorten(text)}"
        parts = load(from_base64url(text, where), where, max_size=MAX_SIZE, max_depth=MAX_DEPTH).value
        match parts:
            case [str(), value]:
                return cls(None, value)
            case [str(), str(name), value] if name not in (_DIGESTS, _ELEMENT):
                return cls(name, value)
        raise Malformed(where, expected="[salt, name, value] or [salt, value]")

    def __str__(self) -> str:
        return f"of {shorten(self.name)}" if self.name is not None else f"of an element, {shorten(self.value)}"


@dataclass(frozen=True, slots=True)
class _Cover:
    """Disclosures not yet matched, by digest, and every digest met so far."""

    waiting: dict[str, _Disclosure]
    met: set[str] = field(default_factory=set)

    def uncover(self, value: JSON, depth: int) -> JSON:
        if not isinstance(value, dict | list):
            return value
        if depth > MAX_DEPTH:  # disclosures within disclosures add up beyond what was counted when parsing
            raise Malformed("the credential with its disclosures is nested too deep", expected=f"{MAX_DEPTH} levels")
        return self.uncover_object(value, depth) if isinstance(value, dict) else self._uncover_array(value, depth)

    def uncover_object(self, members: Mapping[str, JSON], depth: int) -> dict[str, JSON]:
        shown = {name: self.uncover(value, depth + 1) for name, value in members.items() if name != _DIGESTS}
        digests = members.get(_DIGESTS, [])
        if not isinstance(digests, list):
            raise Malformed(_DIGESTS, expected="an array of digests", actual=shorten(digests))
        for digest in digests:
            disclosure = self._take(digest)
            if disclosure is None:
                continue
            if disclosure.name is None or disclosure.name in shown:
                raise Malformed(f"the disclosure {disclosure} stands where the name of a new claim is due")
            shown[disclosure.name] = self.uncover(disclosure.value, depth + 1)
        return shown

    def _uncover_array(self, items: list[JSON], depth: int) -> list[JSON]:
        shown = []
        for item in items:
            if not isinstance(item, dict) or item.keys() != {_ELEMENT}:
                shown.append(self.uncover(item, depth + 1))
                continue
            disclosure = self._take(item[_ELEMENT])
            if disclosure is None:
                continue
            if disclosure.name is not None:
                raise Malformed(f"the disclosure {disclosure} stands where an array's element is due")
            shown.append(self.uncover(disclosure.value, depth + 1))
        return shown

    def _take(self, digest: JSON) -> _Disclosure | None:
        """Meet a digest; give its disclosure, or None for one the holder hides (or a decoy)."""
        if not isinstance(digest, str):
            raise Malformed("a disclosure's digest", expected="a string", actual=shorten(digest))
        if digest in self.met:
            raise Malformed("a disclosure's digest stands twice", actual=shorten(digest))
        self.met.add(digest)
        return self.waiting.pop(digest, None)
