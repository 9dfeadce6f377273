"""What an issuer signs itself: the W3C's own example comes out byte for byte, and every form verifies."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from notary.core.canonical import JSON, canonical
from notary.core.credential import read
from notary.core.did import KeySource
from notary.core.encoding import from_base58
from notary.core.errors import Malformed
from notary.core.keys import PublicKey
from notary.core.own_proof import own_proof
from notary.core.own_signature import CredentialKey
from notary.core.period import period

ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def ed25519(private: Ed25519PrivateKey = ED25519) -> CredentialKey:
    """A did:key that signs with Ed25519."""
    key = PublicKey.ed25519(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    return CredentialKey(key, f"did:key:{key.multibase}#{key.multibase}", private.sign)


def p256() -> CredentialKey:
    """A did:key that signs with P-256."""
    private = generate_private_key(SECP256R1())

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(message, ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)

    key = PublicKey.p256(private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    return CredentialKey(key, f"did:key:{key.multibase}#{key.multibase}", sign)


def badge(signer: CredentialKey, **more: Any) -> dict[str, Any]:
    """A credential of the key's own did:key."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:uuid:2f0e32f6-0c4f-4a8e-9c0a-5b9f6a1f0f5e",
        "type": ["VerifiableCredential"],
        "issuer": {"id": signer.method.partition("#")[0]},
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:learner"},
        **more,
    }


def test_the_published_example_is_signed_byte_for_byte(standards: Path) -> None:
    """W3C vc-di-eddsa, appendix B.2: the same key, document and time give the same proofValue."""
    folder = standards / "vectors" / "vc-di-eddsa"
    signed = json.loads((folder / "eddsa-jcs-2022" / "signedJCS.json").read_bytes())
    pair = json.loads((folder / "keyPair.json").read_bytes())
    private = Ed25519PrivateKey.from_private_bytes(from_base58(pair["privateKeyMultibase"][1:], "key")[2:])
    proof = signed.pop("proof")
    made = CredentialKey(PublicKey.parse(pair["publicKeyMultibase"], "key"), proof["verificationMethod"], private.sign)
    assert json.loads(made.prove(signed, proof["created"])) == {**signed, "proof": [proof]}


@pytest.mark.parametrize("signer", [ed25519(), p256()], ids=["Ed25519", "P-256"])
def test_both_forms_verify_by_the_issuers_own_key(signer: CredentialKey) -> None:
    """An embedded proof and a token, by each kind of key; one changed letter fails."""
    keys = KeySource()
    proven = signer.prove(badge(signer), "2026-01-01T00:00:00Z")
    token = signer.token(badge(signer))
    assert proven == canonical(json.loads(proven))
    for data in (proven, token):
        assert own_proof(read(data, "badge"), keys).state == "pass"
    assert own_proof(read(proven.replace(b":learner", b":earner"), "badge"), keys).state == "fail"
    assert own_proof(read(token[:-4] + (b"AAAA" if token[-4:] != b"AAAA" else b"BBBB"), "badge"), keys).state == "fail"


def test_a_token_carries_what_open_badges_requires() -> None:
    """Issuer, id, subject and period stand as registered claims beside the credential's own members."""
    signer = ed25519()
    found = read(signer.token(badge(signer, validUntil="2027-01-01T00:00:00Z")), "badge")
    assert found.token is not None
    assert found.token.header == {"alg": "EdDSA", "kid": signer.method, "typ": "JWT"}
    claims = found.token.payload
    assert (claims["iss"], claims["jti"]) == (signer.method.partition("#")[0], badge(signer)["id"])
    assert (claims["nbf"], claims["exp"], claims["sub"]) == (1767225600, 1798761600, "did:example:learner")
    assert period(found, datetime(2026, 6, 1, tzinfo=UTC)).state == "pass"


def test_a_subject_without_an_id_makes_no_claim_of_one() -> None:
    """A learner named by an identity object has no `sub`; a document without contexts signs none."""
    signer = ed25519()
    bare = badge(signer, credentialSubject={"type": ["AchievementSubject"]}, issuer=signer.method.partition("#")[0])
    del bare["@context"]
    found = read(signer.token(bare), "badge")
    assert found.token is not None
    assert not found.token.payload.keys() & {"sub", "exp"}
    for part in ({"name": "before the proof"}, {"validFrom": "after it"}, {}, {"\U0001d504": "beyond", "\ue000": "it"}):
        made = signer.prove(part, "2026-01-01T00:00:00Z")
        assert made == canonical(json.loads(made))
    (proof,) = json.loads(signer.prove(bare, "2026-01-01T00:00:00Z"))["proof"]
    assert "@context" not in proof


def test_what_cannot_be_signed_is_refused() -> None:
    """A credential with a proof already, and a token without id, issuer or period."""
    signer = ed25519()
    with pytest.raises(Malformed, match="no proof"):
        signer.prove(badge(signer, proof=[]), "2026-01-01T00:00:00Z")
    changes: tuple[dict[str, JSON], ...] = ({"id": None}, {"issuer": {}}, {"validFrom": 3})
    for change in changes:
        with pytest.raises(Malformed):
            signer.token(badge(signer, **change))
