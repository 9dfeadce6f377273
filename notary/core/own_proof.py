"""The credential's own proof: what its issuer signed, wherever it is anchored.

Two Data Integrity suites (eddsa-jcs-2022, ecdsa-jcs-2019) and two JOSE
algorithms (EdDSA, ES256) are checked. Every other is *unknown* by its name,
never a pass. So is a signature that verifies under a key nothing ties to the
issuer: anybody can make one in any issuer's name.
"""

from __future__ import annotations

from dataclasses import replace

from notary.core.canonical import JSON
from notary.core.credential import Credential
from notary.core.did import FoundKey, KeySource
from notary.core.disclosure import disclose
from notary.core.encoding import shorten
from notary.core.errors import Malformed, NotaryError, Unsupported
from notary.core.finding import Finding
from notary.core.jose import CompactJws
from notary.core.keys import JOSE_ALGORITHMS, PublicKey
from notary.core.proof import CRYPTOSUITES, PROOF_TYPE, PURPOSE, verify_embedded
from notary.core.summary import issuer

MAX_PROOFS = 16
"""Most proofs looked at: each hashes the whole document again."""
_WEIGHT = {"pass": 0, "unknown": 1, "fail": 2}


def own_proof(credential: Credential, keys: KeySource) -> Finding:
    """Check a credential's embedded proofs, or a token's signature and disclosures.

    Of several proofs the worst finding stands, so that a release that knows more
    suites never turns a pass into a fail.
    """
    try:
        name = issuer(credential)
    except Malformed as error:
        return Finding.of("fail", error)
    if name is None or credential.claims is None:
        return Finding("unknown", "a file carries no proof that could be read")
    if credential.token is not None:
        return _token(credential.token, keys, name)
    return _embedded(credential.claims, keys, name)


def _embedded(document: dict[str, JSON], keys: KeySource, issuer_id: str) -> Finding:
    proof = document.get("proof")
    proofs = proof if isinstance(proof, list) else [] if proof is None else [proof]
    if not proofs:
        return Finding("unknown", "the credential carries no proof of its own")
    if len(proofs) > MAX_PROOFS:
        return Finding("unknown", "too many proofs to check", f"at most {MAX_PROOFS}", str(len(proofs)))
    findings = [_one(document, item, keys, issuer_id) for item in proofs]
    worst = max(findings, key=lambda finding: _WEIGHT[finding.state])
    return replace(worst, message="; ".join(dict.fromkeys(finding.message for finding in findings)))


def _one(document: dict[str, JSON], proof: JSON, keys: KeySource, issuer_id: str) -> Finding:
    if not isinstance(proof, dict):
        return Finding("fail", "the credential's proof is malformed", "a JSON object", shorten(proof))
    kind, suite, method = proof.get("type"), proof.get("cryptosuite"), proof.get("verificationMethod")
    if kind != PROOF_TYPE or suite not in CRYPTOSUITES:
        return _not_checked(f"proofs by {shorten(suite if kind == PROOF_TYPE else kind)}")
    if "previousProof" in proof:
        return _not_checked("proof chains (previousProof)")
    if proof.get("proofPurpose") != PURPOSE:
        return Finding("fail", "the proof is for another purpose", PURPOSE, shorten(proof.get("proofPurpose")))
    if not isinstance(method, str):
        return Finding("fail", "the proof names no verificationMethod", "a string", shorten(method))
    try:
        found = keys.find(method, issuer_id)
        if found is None:
            return _key_not_known(method)
        verify_embedded(document, proof, found.key)
    except Unsupported as error:
        return Finding.of("unknown", error)
    except NotaryError as error:
        return Finding.of("fail", error)
    return _verified(f"the proof by {suite}", found)


def _token(token: CompactJws, keys: KeySource, issuer_id: str) -> Finding:
    alg = token.header.get("alg")
    if alg == "none":
        return Finding("fail", "the token is not signed (alg none)")
    try:
        disclose(token.payload, token.disclosures)
        if "crit" in token.header:
            return _not_checked(f"the token's critical extensions {shorten(token.header['crit'])}")
        if not isinstance(alg, str) or alg not in JOSE_ALGORITHMS:
            return _not_checked(f"signatures by {shorten(alg)}")
        found = _token_key(token.header, keys, issuer_id)
        if found is None:
            return _key_not_known(token.header.get("kid"))
        if found.key.algorithm is not JOSE_ALGORITHMS[alg]:
            return Finding("fail", "the token's algorithm is not its key's", found.key.algorithm.label, alg)
        found.key.verify(token.signature, token.signing_input)
    except Unsupported as error:
        return Finding.of("unknown", error)
    except NotaryError as error:
        return Finding.of("fail", error)
    return _verified(f"the signature by {alg}", found)


def _token_key(header: dict[str, JSON], keys: KeySource, issuer_id: str) -> FoundKey | None:
    """Find the key by `kid`, else by the issuer's own did:key, else take the header's `jwk` (RFC 7515 §4.1.3)."""
    kid, jwk = header.get("kid"), header.get("jwk")
    found = keys.find(kid if isinstance(kid, str) else issuer_id, issuer_id)
    if found is None and isinstance(jwk, dict):
        key = PublicKey.from_jwk(jwk, "jwk")
        found = FoundKey(key, issuers_own=keys.holds(key))
    return found


def _verified(what: str, found: FoundKey) -> Finding:
    if not found.issuers_own:
        return Finding(
            "unknown",
            f"{what} verifies, but nothing known here ties its key {found.key.multibase} to the issuer",
            settle="a member record whose ids or didDocument name this key",
        )
    message = f"{what} verifies under the issuer's key {found.key.multibase}"
    return Finding("pass", message, algorithm=found.key.algorithm.label)


def _not_checked(what: str) -> Finding:
    return Finding("unknown", f"{what} are not checked by this release", settle="a verifier that knows them")


def _key_not_known(name: JSON) -> Finding:
    return Finding(
        "unknown",
        f"the key {shorten(name)} is not known here",
        settle="a member record whose didDocument lists it for assertions; nothing is looked up on the network",
    )
