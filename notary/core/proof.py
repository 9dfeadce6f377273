"""W3C Data Integrity proofs by the two JCS suites: eddsa-jcs-2022 and ecdsa-jcs-2019.

What is signed is H(JCS(proof without proofValue)) ‖ H(JCS(document without
proof)), so purpose, key and suite are covered too (vc-di-eddsa §3.3,
vc-di-ecdsa §3.3). Our statements carry the closed form, DataIntegrityProof; a
credential's own proofs may hold whatever else the W3C allows. Key lookup, proof
sets and proof chains are not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from notary.core.canonical import JSON, canonical
from notary.core.digest import sha256
from notary.core.encoding import from_base58, shorten, to_base58
from notary.core.errors import Malformed, Mismatch
from notary.core.keys import SIGNATURE_SIZE, Algorithm, PublicKey
from notary.core.shape import Closed

PROOF_TYPE = "DataIntegrityProof"
PURPOSE = "assertionMethod"
CRYPTOSUITES = tuple(algorithm.cryptosuite for algorithm in Algorithm)


def signing_input(document: Mapping[str, JSON], options: Mapping[str, JSON]) -> bytes:
    """Return the 64 bytes a proof signs.

    `document` is without `proof`, `options` is the proof without `proofValue`.
    Where `options` has an `@context`, the document's must begin with it, and is
    replaced by it before hashing (vc-di-eddsa §3.3.2 step 4): contexts a holder
    appended later are not signed. Raises Mismatch.
    """
    if "@context" in options:
        signed, carried = _contexts(options["@context"]), _contexts(document.get("@context"))
        if carried[: len(signed)] != signed:
            raise Mismatch("the proof was made for another @context", expected=shorten(signed), actual=shorten(carried))
        document = {**document, "@context": options["@context"]}
    return sha256(canonical(dict(options))) + sha256(canonical(dict(document)))


def verify_embedded(document: Mapping[str, JSON], proof: Mapping[str, JSON], key: PublicKey) -> None:
    """Check one of a document's own proofs, as if it were the only one.

    The caller has found `key` by the proof's verificationMethod. Raises Malformed
    for a proofValue that is none, Mismatch for what does not verify.
    """
    _check_cryptosuite(proof.get("cryptosuite"), key)
    signature = read_proof_value(proof.get("proofValue"), "proof.proofValue")
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    key.verify(signature, signing_input(unsecured, options))


def read_proof_value(value: JSON, where: str) -> bytes:
    """Read a `proofValue`: base58btc multibase of 64 bytes."""
    if not isinstance(value, str) or not value.startswith("z"):
        raise Malformed(where, expected="base58btc multibase (z…)", actual=shorten(value))
    signature = from_base58(value[1:], where)
    if len(signature) != SIGNATURE_SIZE:
        raise Malformed(where, expected=f"{SIGNATURE_SIZE} bytes", actual=f"{len(signature)} bytes")
    return signature


@dataclass(frozen=True, slots=True)
class DataIntegrityProof:
    """The `proof` of a batch or status statement (format `proof`): closed, always assertionMethod."""

    cryptosuite: str
    verification_method: str
    signature: bytes

    def __post_init__(self) -> None:
        if self.cryptosuite not in CRYPTOSUITES:
            raise Malformed("proof.cryptosuite", expected=" or ".join(CRYPTOSUITES), actual=shorten(self.cryptosuite))
        if not self.verification_method:
            raise Malformed("proof.verificationMethod", expected="a string that is not empty")
        if len(self.signature) != SIGNATURE_SIZE:
            raise Malformed("proof.proofValue", expected="64 bytes", actual=f"{len(self.signature)} bytes")

    @classmethod
    def read(cls, value: JSON, where: str = "proof") -> Self:
        """Read the closed object; Malformed for anything else."""
        fields = Closed.of(value, where, "type cryptosuite verificationMethod proofPurpose proofValue")
        fields.one_of("type", (PROOF_TYPE,))
        fields.one_of("proofPurpose", (PURPOSE,))
        return cls(
            fields.one_of("cryptosuite", CRYPTOSUITES),
            fields.filled("verificationMethod"),
            read_proof_value(fields.value("proofValue"), fields.path("proofValue")),
        )

    @staticmethod
    def options(cryptosuite: str, verification_method: str) -> dict[str, JSON]:
        """Give the proof without its value: what a signer signs beside the document."""
        return {
            "type": PROOF_TYPE,
            "cryptosuite": cryptosuite,
            "verificationMethod": verification_method,
            "proofPurpose": PURPOSE,
        }

    def to_json(self) -> dict[str, JSON]:
        """Give the object as it stands in a statement."""
        return {
            **self.options(self.cryptosuite, self.verification_method),
            "proofValue": "z" + to_base58(self.signature),
        }

    def verify(self, document: Mapping[str, JSON], key: PublicKey) -> None:
        """Check this proof of a document given without it; Mismatch where it is not `key`'s."""
        _check_cryptosuite(self.cryptosuite, key)
        key.verify(self.signature, signing_input(document, self.options(self.cryptosuite, self.verification_method)))


def _check_cryptosuite(cryptosuite: JSON, key: PublicKey) -> None:
    if cryptosuite != key.cryptosuite:
        raise Mismatch("the proof's cryptosuite", expected=key.cryptosuite, actual=shorten(cryptosuite))


def _contexts(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [value]
