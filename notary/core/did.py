"""Keys of a credential's own proof: from a did:key, or from the member's pinned DID document.

Nothing is resolved over a network: a did:key is its own document (did:key
method §2), and a member's document stands in the registry. Whoever found a key
is told whether it is the issuer's: a did:key proves nothing about an issuer it
does not name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notary.core.canonical import JSON
from notary.core.encoding import shorten
from notary.core.errors import Malformed, NotaryError, Unsupported
from notary.core.keys import PublicKey

DID_KEY = "did:key:"


def parse_did_key(url: str, where: str) -> PublicKey:
    """Read `did:key:M` or `did:key:M#M`; a fragment that is not M again is malformed."""
    multibase, hash_sign, fragment = url.removeprefix(DID_KEY).partition("#")
    if not url.startswith(DID_KEY) or (hash_sign and fragment != multibase):
        raise Malformed(where, expected="did:key:M or did:key:M#M", actual=shorten(url))
    if not multibase.startswith("z"):
        raise Unsupported(f"{where} is a did:key of another version or base", actual=shorten(url))
    return PublicKey.parse(multibase, where)


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key a proof names; `issuers_own` when the issuer's own ids or document vouch for it."""

    key: PublicKey
    issuers_own: bool


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a credential's own keys may come from: what the registry says of its issuer.

    `ids` are the member's id and aliases, `document` its pinned didDocument;
    without a member, did:key alone is left. Of a document only keys for
    `assertionMethod` count that are neither expired nor revoked in it (CID 1.0
    §2.2, §2.3.1); keys of other kinds are passed over.
    """

    ids: frozenset[str] = frozenset()
    document: JSON = None

    def find(self, name: str, issuer: str) -> FoundKey | None:
        """Look a key up by DID URL, fragment or JWK `kid`; None where it is not known here.

        Raises Malformed or Unsupported for a did:key that is no key of ours.
        """
        if ":" not in name and issuer.startswith(DID_KEY):
            name = issuer
        if name.startswith(DID_KEY):
            key = parse_did_key(name, "did:key")
            did = name.partition("#")[0]
            return FoundKey(key, issuers_own=did == issuer or did in self.ids or self.holds(key))
        named = [key for names, key in self._assertion_keys() if name in names]
        return FoundKey(named[0], issuers_own=True) if len(named) == 1 else None

    def holds(self, key: PublicKey) -> bool:
        """Say whether the document lists this key for assertions."""
        return any(key == listed for _, listed in self._assertion_keys())

    def _assertion_keys(self) -> Iterator[tuple[set[str], PublicKey]]:
        """Give each key the document lists for assertions, with the names it goes by."""
        if not isinstance(self.document, dict) or not isinstance(did := self.document.get("id"), str):
            return
        methods = {
            _absolute(name, did): method
            for method in _items(self.document.get("verificationMethod"))
            if isinstance(method, dict) and isinstance(name := method.get("id"), str)
        }
        for item in _items(self.document.get("assertionMethod")):
            method = methods.get(_absolute(item, did)) if isinstance(item, str) else item
            if not isinstance(method, dict) or method.keys() & {"expires", "revoked"}:
                continue
            key = _method_key(method)
            if key is not None:
                yield _names(method, did), key


def _items(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [value]


def _absolute(name: str, did: str) -> str:
    return did + name if name.startswith("#") else name


def _method_key(method: dict[str, JSON]) -> PublicKey | None:
    multibase, jwk = method.get("publicKeyMultibase"), method.get("publicKeyJwk")
    try:
        if isinstance(multibase, str):
            return PublicKey.parse(multibase, "publicKeyMultibase")
        if isinstance(jwk, dict):
            return PublicKey.from_jwk(jwk, "publicKeyJwk")
    except NotaryError:
        pass  # a key this release cannot use is no key here; the others still are
    return None


def _names(method: dict[str, JSON], did: str) -> set[str]:
    """Give a method's DID URL, its fragment with and without "#", and its JWK's `kid`."""
    names = set()
    if isinstance(name := method.get("id"), str):
        url = _absolute(name, did)
        fragment = url.partition("#")[2]
        names |= {url, fragment, "#" + fragment}
    if isinstance(jwk := method.get("publicKeyJwk"), dict) and isinstance(kid := jwk.get("kid"), str):
        names.add(kid)
    return names
