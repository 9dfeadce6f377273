"""Naming a document by its digest: a `ni` URI of RFC 6920 §3, without authority, by SHA-256."""

from __future__ import annotations

from notary.core.digest import Digest
from notary.core.encoding import from_digest_text, to_digest_text
from notary.core.errors import Malformed

_PREFIX = "ni:///sha-256;"


def to_ni(digest: Digest) -> str:
    """Return the URI that names what has this digest."""
    return _PREFIX + to_digest_text(digest)


def from_ni(text: str) -> Digest | None:
    """Return the digest that a URI names; None where it is another URI."""
    if not text.startswith(_PREFIX):
        return None
    try:
        return from_digest_text(text.removeprefix(_PREFIX), "ni")
    except Malformed:
        return None
