"""Documents named by their digest (RFC 6920), and the claims that a credential names so."""

import pytest

from notary.core.canonical import JSON, canonical
from notary.core.credential import read
from notary.core.digest import sha256
from notary.core.naming import from_ni, to_ni
from notary.core.summary import CLAIM, summarize

NAMED = to_ni(sha256(b"Hello World!"))


def test_the_example_of_the_rfc() -> None:
    """RFC 6920 §8.1: the digest of "Hello World!", without an authority."""
    assert NAMED == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"
    assert from_ni(NAMED) == sha256(b"Hello World!")


@pytest.mark.parametrize(
    "text", ["", "https://x.example", "ni:///sha-256;short", f"{NAMED}=", "ni:///sha-256-32;f4OxZQ", f"{NAMED}?ct=text"]
)
def test_what_names_no_whole_digest_names_nothing(text: str) -> None:
    """Another URI, a truncated hash, padding, a parameter."""
    assert from_ni(text) is None


@pytest.mark.parametrize(
    "evidence, claims",
    [
        ([{"id": NAMED, "genre": CLAIM}], (sha256(b"Hello World!"),)),
        ({"id": NAMED, "genre": CLAIM}, (sha256(b"Hello World!"),)),
        ([{"id": NAMED, "genre": "Photo"}], ()),
        ([{"id": "https://x.example", "genre": CLAIM}], ()),
        ([{"genre": CLAIM}, "text", None], ()),
    ],
)
def test_a_summary_names_the_claims_that_evidence_names(evidence: JSON, claims: tuple[bytes, ...]) -> None:
    """By digest and by genre; whatever else stands there names none."""
    credential = read(canonical({"issuer": "did:web:x.example", "evidence": evidence}), "it")
    assert summarize(credential).claims == claims
