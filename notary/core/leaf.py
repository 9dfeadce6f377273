"""The leaf: what one credential commits to. Permanent; one vector each in docs/spec/leaf.md.

The salt keeps a public tree from confirming a guess about a credential. Form,
evidence and digest stand at fixed offsets, so no two inputs share bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from notary.core.digest import SIZE, ZERO, Digest, sha256
from notary.core.errors import Malformed

_TAG = b"\x00credential-notary/v1\x00"
"""RFC 9162's leaf prefix, then this format's domain."""


class Form(IntEnum):
    """What a credential's digest is taken over."""

    JSON = 1
    """The RFC 8785 bytes of a JSON credential."""
    FILE = 2
    """The bytes of any file: submitted by an institution, not issued by it."""
    JOSE = 3
    """A compact JWT or SD-JWT, trimmed, up to the first `~`."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A credential's digest and evidence under a random salt."""

    form: Form
    salt: bytes
    digest: Digest
    evidence: Digest = ZERO

    def __post_init__(self) -> None:
        if len(self.salt) != SIZE:
            raise Malformed("salt", expected=f"{SIZE} bytes", actual=f"{len(self.salt)} bytes")

    def hash(self) -> Digest:
        """Return leaf_hash(tag ‖ form[1] ‖ salt[32] ‖ digest[32] ‖ evidence[32])."""
        return hash_leaf(self.form, self.salt, self.digest, self.evidence)


def hash_leaf(form: int, salt: bytes, digest: bytes, evidence: bytes) -> Digest:
    """Hash a leaf's parts, whose sizes the caller vouches for: 32 bytes each, form in one."""
    return sha256(_TAG + bytes((form,)) + salt + digest + evidence)
