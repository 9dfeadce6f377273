import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from notary.core.canonical import JSON
from notary.core.did import FoundKey, KeySource, parse_did_key
from notary.core.errors import Malformed, NotaryError, Unsupported
from notary.core.keys import PublicKey
from tests.core.jose_tools import ISSUER, KEY

DID = "did:web:uni.example"
OTHER = PublicKey.ed25519(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw())
METHOD: dict[str, JSON] = {
    "id": f"{DID}#one",
    "type": "Multikey",
    "controller": DID,
    "publicKeyMultibase": KEY.multibase,
}


def document(methods: Any, assertions: Any) -> KeySource:
    return KeySource(frozenset([DID]), {"id": DID, "verificationMethod": methods, "assertionMethod": assertions})


def test_every_did_key_of_the_vectors_is_its_key(standards: Path) -> None:
    """A did:key, with or without its fragment, gives the key it spells."""
    for did in json.loads((standards / "vectors/did-key/ed25519-x25519.json").read_text()):
        multibase = did.removeprefix("did:key:")
        for url in (did, f"{did}#{multibase}"):
            assert parse_did_key(url, "key").multibase == multibase


@pytest.mark.parametrize(
    "url, error",
    [
        (f"{ISSUER}#", Malformed),
        (f"{ISSUER}#{OTHER.multibase}", Malformed),
        (f"{ISSUER}?a=b", Malformed),
        (KEY.multibase, Malformed),
        ("did:key:", Unsupported),
        ("did:key:1.1:z6Mk", Unsupported),
        ("did:key:u7QE", Unsupported),
        ("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", Unsupported),
    ],
)
def test_a_did_key_has_one_spelling(url: str, error: type[NotaryError]) -> None:
    """Another fragment, a query, another version, base or kind of key is not read."""
    with pytest.raises(error):
        parse_did_key(url, "key")


def test_a_did_key_is_the_issuers_only_where_something_says_so() -> None:
    """It must be the issuer, one of the member's ids or in the member's document: anybody can make another."""
    url = f"{ISSUER}#{KEY.multibase}"
    assert KeySource().find(url, ISSUER) == FoundKey(KEY, issuers_own=True)
    assert KeySource().find(url, DID) == FoundKey(KEY, issuers_own=False)
    assert KeySource(frozenset([ISSUER])).find(url, DID) == FoundKey(KEY, issuers_own=True)
    assert document([METHOD], [f"{DID}#one"]).find(url, DID) == FoundKey(KEY, issuers_own=True)


def test_an_issuer_that_is_a_did_key_needs_no_key_id() -> None:
    """A bare or relative key id under a did:key issuer can only be that key."""
    assert KeySource().find("thumbprint", ISSUER) == FoundKey(KEY, issuers_own=True)
    assert KeySource().find(f"#{KEY.multibase}", ISSUER) == FoundKey(KEY, issuers_own=True)
    assert KeySource().find("https://a.example#1", ISSUER) is None


JWK = {"kty": "OKP", "crv": "Ed25519", "x": "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg", "kid": "thumb"}


@pytest.mark.parametrize(
    "methods, assertions",
    [
        ([METHOD], [f"{DID}#one"]),
        ([METHOD], f"{DID}#one"),
        (METHOD, "#one"),
        ([{**METHOD, "id": "#one"}], ["#one"]),
        ([], [METHOD]),
        ([7, {"id": 7}, METHOD], ["#missing", 7, f"{DID}#one"]),
        ([{"id": "#one", "publicKeyJwk": JWK}], ["#one"]),
        ([METHOD, {"id": "#two", "publicKeyMultibase": "zQ3sh"}, {"id": "#three"}], ["#one", "#two", "#three"]),
    ],
)
def test_a_documents_assertion_key_is_found_by_its_names(methods: Any, assertions: Any) -> None:
    """A method listed or embedded for assertions is found by its URL and its fragment; other keys are passed over."""
    source = document(methods, assertions)
    for name in (f"{DID}#one", "#one", "one"):
        assert source.find(name, DID) == FoundKey(KEY, issuers_own=True)
    assert source.holds(KEY)
    assert not source.holds(OTHER)


def test_a_jwk_is_found_by_its_kid() -> None:
    """A token may name a JWK by its `kid` alone; a method without an id has no other name."""
    source = document([], [{"publicKeyJwk": JWK}])
    assert source.find("thumb", DID) == FoundKey(KEY, issuers_own=True)
    assert source.find("one", DID) is None


@pytest.mark.parametrize(
    "source",
    [
        KeySource(),
        KeySource(document="text"),
        KeySource(document={"assertionMethod": [METHOD]}),
        document([METHOD], []),
        document([METHOD], None),
        document([{**METHOD, "revoked": "2026-01-01T00:00:00Z"}], ["#one"]),
        document([{**METHOD, "expires": "2026-01-01T00:00:00Z"}], ["#one"]),
        document([], [METHOD, {**METHOD, "publicKeyMultibase": OTHER.multibase}]),
    ],
)
def test_a_key_not_listed_for_assertions_once_is_not_known(source: KeySource) -> None:
    """Keys for other purposes, expired, revoked or named twice are no keys of the issuer."""
    assert source.find(f"{DID}#one", DID) is None


def test_a_public_did_document_gives_its_key(standards: Path) -> None:
    """The DCC's DID document lists one assertion key, found by its URL."""
    text = (standards / "cases/dcc/dids/oidf/did.json").read_text()
    value = json.loads(text)
    name = value["assertionMethod"][0]["id"]
    found = KeySource(frozenset([value["id"]]), value).find(name, value["id"])
    assert found is not None
    assert found.issuers_own
    assert found.key.multibase == name.partition("#")[2]
