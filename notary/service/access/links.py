"""The secret of a private link: 128 random bits, given out once; the ledger keeps its hash alone."""

from __future__ import annotations

from collections.abc import Callable

from notary.core.digest import Digest, sha256
from notary.core.encoding import to_base64url

TOKEN_SIZE = 16
"""Random bytes of a link's token."""


def draw_token(random: Callable[[int], bytes]) -> str:
    """Draw a link's token, as it stands in the link."""
    return token_of(random(TOKEN_SIZE))


def token_of(drawn: bytes) -> str:
    """Return a token as it stands in a link, of so many random bytes that were drawn."""
    return to_base64url(drawn)


def link_hash(token: str) -> Digest:
    """Return what the ledger keeps of a link."""
    return sha256(token.encode())
