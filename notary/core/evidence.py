"""The evidence manifest: what stands behind a credential, named by digest. Spec: docs/spec/evidence.md.

It lives in receipt and ledger only; public are the CIDs of ciphertexts.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.canonical import JSON, canonical
from notary.core.cid import Cid
from notary.core.digest import Digest, sha256
from notary.core.encoding import to_digest_text
from notary.core.errors import Malformed
from notary.core.shape import Closed

TYPE = "credential-notary/evidence/v1"
AGE = "age"


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """One file: digest and size of its plaintext, CID of what is pinned (a ciphertext where `encrypted`)."""

    name: str
    media_type: str
    size: int
    digest: Digest
    cid: Cid
    encrypted: bool

    @classmethod
    def parse(cls, value: JSON, where: str) -> EvidenceItem:
        """Read a closed item."""
        fields = Closed.of(value, where, "name mediaType size digest cid encryption")
        encryption = fields.value("encryption")
        if encryption not in (None, AGE):
            raise Malformed(fields.path("encryption"), expected='"age" or null')
        return cls(
            name=fields.filled("name"),
            media_type=fields.filled("mediaType"),
            size=fields.count("size"),
            digest=fields.digest("digest"),
            cid=Cid.parse(fields.text("cid"), fields.path("cid")),
            encrypted=encryption is not None,
        )

    def to_json(self) -> JSON:
        """Return the closed item."""
        return {
            "name": self.name,
            "mediaType": self.media_type,
            "size": self.size,
            "digest": to_digest_text(self.digest),
            "cid": str(self.cid),
            "encryption": AGE if self.encrypted else None,
        }


@dataclass(frozen=True, slots=True)
class EvidenceManifest:
    """Items in the order given, and a narrative or null; one of them at least is there."""

    items: tuple[EvidenceItem, ...]
    narrative: str | None

    def __post_init__(self) -> None:
        if not self.items and self.narrative is None:
            raise Malformed("evidence manifest", expected="items or a narrative", actual="neither")

    @classmethod
    def parse(cls, value: JSON, where: str = "evidence") -> EvidenceManifest:
        """Read a closed manifest."""
        fields = Closed.typed(value, where, TYPE, "items narrative")
        return cls(fields.each("items", EvidenceItem.parse), fields.optional("narrative", fields.filled))

    def to_json(self) -> JSON:
        """Return the closed manifest."""
        return {"type": TYPE, "items": [item.to_json() for item in self.items], "narrative": self.narrative}

    def digest(self) -> Digest:
        """Return H(JCS(manifest)), the leaf's `evidence`."""
        return sha256(canonical(self.to_json()))
