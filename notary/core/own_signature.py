"""An issuer's signature on its own credential, as `own_proof` checks it.

Two forms: an embedded Data Integrity proof by the JCS suite of the key
(vc-di-eddsa §3.3.1, vc-di-ecdsa §3.3.1), or a compact VC-JWT as Open Badges 3.0
§8.2 makes it. The private key stays with the caller, who signs the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import orjson

from notary.core.canonical import JSON, canonical
from notary.core.digest import sha256
from notary.core.encoding import parse_time, to_base58, to_base64url
from notary.core.errors import Malformed
from notary.core.keys import Algorithm, PublicKey
from notary.core.proof import PROOF_TYPE, PURPOSE

_PROOF = "proof"
_ALG = {Algorithm.ED25519: "EdDSA", Algorithm.P256: "ES256"}


class Unsigned(NamedTuple):
    """A credential up to its signature, which covers `message` and stands between `head` and `tail`."""

    message: bytes
    head: bytes
    tail: bytes


@dataclass(frozen=True, slots=True)
class CredentialKey:
    """A key that signs credentials. `method`: its DID URL; `sign`: 64 bytes of signature for a message."""

    key: PublicKey
    method: str
    sign: Callable[[bytes], bytes]

    def prove(self, credential: Mapping[str, JSON], created: str) -> bytes:
        """Return the RFC 8785 bytes of the credential with an embedded proof, the one item of `proof`.

        `created` is a claim. Malformed where it has a proof already, or no canonical form.
        """
        return self.finish(self.to_prove(credential, created))

    def token(self, credential: Mapping[str, JSON]) -> bytes:
        """Return the credential as a compact token; its id, issuer, subject and period stand as claims too.

        Malformed where it has no id, no issuer's id or no `validFrom`, which Open Badges 3.0 §8.2.3 requires.
        """
        return self.finish(self.to_token(credential))

    def to_prove(self, credential: Mapping[str, JSON], created: str) -> Unsigned:
        """Return all of `prove` that needs no private key."""
        if _PROOF in credential:
            raise Malformed("the credential to be signed", expected="no proof", actual="one")
        context = canonical(credential["@context"]) if "@context" in credential else None
        options, opened, closed = _proof(self.key.cryptosuite, created, self.method, context)
        # Made canonical once, in the two halves that the proof stands between: signed is the text without it
        # (as `proof.signing_input` says), given out is the text with it.
        before = canonical({name: value for name, value in credential.items() if name < _PROOF})[1:-1]
        after = canonical({name: value for name, value in credential.items() if name > _PROOF})[1:-1]
        message = options + sha256(b"{%b}" % b",".join(filter(None, (before, after))))
        head = b",".join(filter(None, (before, b'"proof":' + opened)))
        tail = b",".join(filter(None, (closed, after)))
        return Unsigned(message, b"{" + head, tail + b"}")

    def to_token(self, credential: Mapping[str, JSON]) -> Unsigned:
        """Return all of `token` that needs no private key."""
        header = {"alg": _ALG[self.key.algorithm], "kid": self.method, "typ": "JWT"}
        text = f"{_part(header)}.{_part({**credential, **_claims(credential)})}".encode()
        return Unsigned(text, text + b".", b"")

    def finish(self, unsigned: Unsigned) -> bytes:
        """Sign: base58btc within a proof, base64url at a token's end."""
        signature = self.sign(unsigned.message)
        text = to_base58(signature) if unsigned.tail else to_base64url(signature)
        return unsigned.head + text.encode() + unsigned.tail


@lru_cache(maxsize=8)
def _proof(cryptosuite: str, created: str, method: str, context: bytes | None) -> tuple[bytes, bytes, bytes]:
    """Return the hash of a proof's options, and its bytes before and after the signature: one class shares them."""
    options: dict[str, JSON] = {
        "type": PROOF_TYPE,
        "cryptosuite": cryptosuite,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": PURPOSE,
    }
    if context is not None:
        options["@context"] = orjson.loads(context)
    # Within a string every quotation mark is escaped, so these bytes are the member.
    opened, value, closed = canonical([{**options, "proofValue": "z"}]).partition(b'"proofValue":"z')
    return sha256(canonical(options)), opened + value, closed


def _claims(credential: Mapping[str, JSON]) -> dict[str, JSON]:
    issuer, subject = _id(credential.get("issuer")), credential.get("credentialSubject")
    claims: dict[str, JSON] = {
        "iss": issuer or "",
        "jti": credential.get("id"),
        "nbf": _seconds(credential, "validFrom"),
    }
    if "validUntil" in credential:
        claims["exp"] = _seconds(credential, "validUntil")
    if isinstance(subject, dict) and "id" in subject:
        claims["sub"] = subject["id"]
    if not issuer or not claims["jti"]:
        raise Malformed("the credential to be signed", expected="an id and an issuer with one")
    return claims


def _id(value: JSON) -> JSON:
    return value.get("id") if isinstance(value, dict) else value


def _seconds(credential: Mapping[str, JSON], name: str) -> int:
    value = credential.get(name)
    return int(parse_time(value if isinstance(value, str) else "", name).timestamp())


def _part(value: Mapping[str, JSON]) -> str:
    return to_base64url(canonical(dict(value)))
