"""Keys made from their names, and the institutions that hold them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256 as _sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from notary.core.canonical import JSON, canonical
from notary.core.credential import Credential
from notary.core.digest import sha256
from notary.core.encoding import to_base58, to_base64url, to_digest_text
from notary.core.keys import Algorithm, PublicKey
from notary.core.note import SignatureType, VerifierKey
from notary.core.proof import DataIntegrityProof, signing_input
from notary.core.registry import (
    MemberKey,
    MemberRecord,
    Period,
    Programme,
)
from notary.core.statement import (
    Recognition,
    SignedStatement,
    Statement,
    message_to_sign,
)

ALWAYS = Period(None, None)
LICENCE = "https://alpha.example/achievements/licence"


@cache
def _private(name: str, algorithm: Algorithm) -> Ed25519PrivateKey | EllipticCurvePrivateKey:
    seed = _sha256(name.encode()).digest()
    if algorithm is Algorithm.ED25519:
        return Ed25519PrivateKey.from_private_bytes(seed)
    return derive_private_key(int.from_bytes(seed[1:]) + 1, SECP256R1())


@dataclass(frozen=True, slots=True)
class Key:
    """A private key made from its name."""

    name: str
    algorithm: Algorithm = Algorithm.ED25519

    @property
    def public(self) -> PublicKey:
        public = _private(self.name, self.algorithm).public_key()
        if self.algorithm is Algorithm.ED25519:
            return PublicKey.ed25519(public.public_bytes(Encoding.Raw, PublicFormat.Raw))
        return PublicKey.p256(public.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))

    def sign(self, message: bytes) -> bytes:
        private = _private(self.name, self.algorithm)
        if isinstance(private, Ed25519PrivateKey):
            return private.sign(message)
        r, s = decode_dss_signature(private.sign(message, ECDSA(SHA256(), deterministic_signing=True)))
        return r.to_bytes(32) + s.to_bytes(32)

    def vkey(self, kind: SignatureType = SignatureType.ED25519, name: str | None = None) -> VerifierKey:
        """The key under a C2SP name: its own, or another."""
        return VerifierKey(name or self.name, kind, self.public)


@dataclass(frozen=True, slots=True)
class Institution:
    """A member record, and the key that signs in its name."""

    record: MemberRecord
    key: Key

    @property
    def did(self) -> str:
        return self.record.id

    @classmethod
    def named(cls, name: str, recognition: Recognition, algorithm: Algorithm = Algorithm.ED25519) -> Institution:
        """Make one with a DID, an https alias, a DID document and one key for both purposes."""
        host = f"{name.split(maxsplit=1)[0].lower()}.example"
        did, key = f"did:web:{host}", Key(f"{host} key", algorithm)
        method = f"{did}#key-1"
        document: JSON = {
            "id": did,
            "verificationMethod": [{"id": method, "publicKeyMultibase": key.public.multibase}],
            "assertionMethod": [method],
        }
        record = MemberRecord(
            id=did,
            aliases=(f"https://{host}/issuer",),
            name=name,
            recognition=recognition,
            programmes=(),
            period=ALWAYS,
            successor=None,
            keys=(MemberKey(method, key.public.multibase, ("batch", "status"), ALWAYS, custodial=False),),
            did_document=document,
        )
        return cls(record, key)

    def but(self, **changes: Any) -> Institution:
        """The same institution with another record."""
        return replace(self, record=replace(self.record, **changes))

    def but_key(self, **changes: Any) -> Institution:
        """The same institution whose record has its key otherwise."""
        return self.but(keys=(replace(self.record.keys[0], **changes),))

    def sign(self, statement: Statement, *, key: Key | None = None, method: str | None = None) -> SignedStatement:
        key, method = key or self.key, method or self.record.keys[0].id
        suite = key.public.cryptosuite
        signature = key.sign(message_to_sign(statement, suite, method))
        return SignedStatement(statement, DataIntegrityProof(suite, method, signature))

    def badge(self, learner: str, **changes: Any) -> Credential:
        """Issue an Open Badges 3.0 credential, with its own proof."""
        unsigned = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": self.did,
            "name": "Harbour Pilot's Licence",
            "credentialSubject": {"name": learner, "achievement": {"id": LICENCE, "name": "Licence"}},
            "validFrom": "2026-01-01T00:00:00Z",
            **changes,
        }
        method = self.record.keys[0].id
        options = DataIntegrityProof.options(self.key.public.cryptosuite, method)
        signature = "z" + to_base58(self.key.sign(signing_input(unsigned, options)))
        return Credential.of_json(canonical({**unsigned, "proof": {**options, "proofValue": signature}}), learner)

    def token(self, learner: str, **changes: Any) -> Credential:
        """Issue an SD-JWT; the learner's name is a disclosure, shown."""
        disclosure = to_base64url(canonical([f"salt of {learner}", "name", learner]))
        payload = {
            "iss": self.did,
            "type": ["VerifiableCredential"],
            "name": "Harbour Pilot's Licence",
            "credentialSubject": {"achievement": {"id": LICENCE}, "_sd": [to_digest_text(sha256(disclosure.encode()))]},
            **changes,
        }
        header: JSON = {"alg": "EdDSA", "kid": self.record.keys[0].id}
        signed = f"{to_base64url(canonical(header))}.{to_base64url(canonical(payload))}"
        jws = f"{signed}.{to_base64url(self.key.sign(signed.encode()))}"
        return Credential.of_jose(f"{jws}~{disclosure}~".encode(), learner)


ALPHA = Institution.named("Alpha University", Recognition.AUTHORISED).but(programmes=(Programme(LICENCE, "REG 7"),))
BETA = Institution.named("Beta College", Recognition.COMMUNITY, Algorithm.P256)
GAMMA = Institution.named("Gamma Institute", Recognition.AUTHORISED)
DELTA = Institution.named("Delta Academy", Recognition.AUTHORISED)
