import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from notary.core.encoding import to_base58
from notary.core.errors import Malformed, Mismatch
from notary.core.keys import PublicKey
from notary.core.proof import CRYPTOSUITES, DataIntegrityProof, read_proof_value, signing_input, verify_embedded

PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = PublicKey.ed25519(PRIVATE.public_key().public_bytes_raw())
METHOD = "did:web:uni.example#2026"

SUITES = [
    ("vc-di-eddsa/eddsa-jcs-2022", "JCS", "vc-di-eddsa/keyPair.json"),
    ("vc-di-ecdsa/ecdsa-jcs-2019-p256", "JCSECDSAP256", "vc-di-ecdsa/p256KeyPair.json"),
]


def signed(document: dict[str, Any]) -> DataIntegrityProof:
    options = DataIntegrityProof.options("eddsa-jcs-2022", METHOD)
    return DataIntegrityProof("eddsa-jcs-2022", METHOD, PRIVATE.sign(signing_input(document, options)))


def split(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    return unsecured, {name: value for name, value in document["proof"].items() if name != "proofValue"}


@pytest.mark.parametrize("folder, suffix, pair", SUITES)
def test_the_w3c_vectors_hash_and_verify(standards: Path, folder: str, suffix: str, pair: str) -> None:
    """The hash of proof and document is the specification's, and its signature verifies under its key."""
    vectors = standards / "vectors"
    document = json.loads((vectors / folder / f"signed{suffix}.json").read_text())
    combined = (vectors / folder / f"combinedHash{suffix}.txt").read_text().strip()
    assert signing_input(*split(document)).hex() == combined
    key = PublicKey.parse(json.loads((vectors / pair).read_text())["publicKeyMultibase"], "key")
    verify_embedded(document, document["proof"], key)
    for change in ({"name": "Another Credential"}, {"@context": document["@context"][:1]}):
        with pytest.raises(Mismatch):
            verify_embedded({**document, **change}, document["proof"], key)
    with pytest.raises(Mismatch):
        verify_embedded(document, {**document["proof"], "created": "2024-02-24T23:36:38Z"}, key)


def test_a_key_proves_by_its_own_suite_only(standards: Path) -> None:
    """A P-384 proof, and a proof of the other suite, does not verify under a key of this one."""
    folder = standards / "vectors/vc-di-ecdsa/ecdsa-jcs-2019-p384"
    document = json.loads((folder / "signedJCSECDSAP384.json").read_text())
    with pytest.raises(Mismatch, match="cryptosuite"):
        verify_embedded(document, document["proof"], KEY)
    with pytest.raises(Mismatch, match="cryptosuite"):
        DataIntegrityProof("ecdsa-jcs-2019", METHOD, bytes(64)).verify({}, KEY)


def test_contexts_appended_after_signing_are_not_signed() -> None:
    """A document whose @context begins with the proof's verifies; one that does not is another document."""
    options: dict[str, Any] = {**DataIntegrityProof.options("eddsa-jcs-2022", METHOD), "@context": ["a", "b"]}
    plain = signing_input({"@context": ["a", "b"]}, options)
    assert signing_input({"@context": ["a", "b", "c"]}, options) == plain
    assert signing_input({"@context": "a"}, {**options, "@context": "a"}) != plain
    others: list[Any] = [["b", "a"], ["a"], "a", None]
    for contexts in others:
        with pytest.raises(Mismatch, match="@context"):
            signing_input({"@context": contexts}, options)
    with pytest.raises(Mismatch, match="@context"):
        signing_input({}, options)


@given(st.dictionaries(st.text(max_size=8), st.integers(-9, 9), max_size=4), st.integers(0, 511))
def test_a_statements_proof_survives_writing_and_no_change(document: dict[str, Any], bit: int) -> None:
    """A proof is read back as it was written and verifies; with any bit flipped it does not."""
    proof = signed(document)
    assert DataIntegrityProof.read(proof.to_json()) == proof
    proof.verify(document, KEY)
    flipped = (int.from_bytes(proof.signature) ^ 1 << bit).to_bytes(64)
    with pytest.raises(Mismatch):
        DataIntegrityProof(proof.cryptosuite, METHOD, flipped).verify(document, KEY)
    with pytest.raises(Mismatch):
        proof.verify({**document, "more": 1}, KEY)
    with pytest.raises(Mismatch):
        DataIntegrityProof(proof.cryptosuite, METHOD + "x", proof.signature).verify(document, KEY)


def test_a_statements_proof_says_exactly_five_things() -> None:
    """The written proof has the five members of the format, and nothing else."""
    assert signed({}).to_json() == {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
        "proofValue": "z" + to_base58(signed({}).signature),
    }
    assert CRYPTOSUITES == ("eddsa-jcs-2022", "ecdsa-jcs-2019")


@pytest.mark.parametrize(
    "change",
    [
        {"created": "2026-01-01T00:00:00Z"},
        {"type": "Ed25519Signature2020"},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"proofPurpose": "authentication"},
        {"verificationMethod": ""},
        {"verificationMethod": None},
        {"proofValue": None},
        {"proofValue": "u" + "A" * 86},
        {"proofValue": "z0"},
        {"proofValue": "z" + to_base58(bytes(63))},
        {"proofValue": "z" + to_base58(bytes(65))},
    ],
)
def test_a_statements_proof_is_closed(change: dict[str, Any]) -> None:
    """Another member, type, suite, purpose or value is malformed."""
    with pytest.raises(Malformed):
        DataIntegrityProof.read({**signed({}).to_json(), **change})


@pytest.mark.parametrize(
    "cryptosuite, method, signature",
    [("eddsa-rdfc-2022", METHOD, bytes(64)), ("eddsa-jcs-2022", "", bytes(64)), ("eddsa-jcs-2022", METHOD, b"")],
)
def test_holding_a_proof_means_it_is_well_formed(cryptosuite: str, method: str, signature: bytes) -> None:
    """No proof of another suite, without a method or of another length can be made."""
    with pytest.raises(Malformed):
        DataIntegrityProof(cryptosuite, method, signature)


def test_a_proof_value_keeps_leading_zero_bytes() -> None:
    """Base58 carries the zeros a signature may begin with."""
    assert read_proof_value("z" + to_base58(bytes(64)), "proofValue") == bytes(64)
