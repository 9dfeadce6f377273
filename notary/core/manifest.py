"""The anchor: one 32-byte root that commits a whole log and every status. Spec: docs/spec/manifest.md.

The anchor root is an RFC 9162 node over H(manifest) and the Blockcerts root, so
its 65-byte preimage is a raw IPFS block whose CID names exactly the 32 bytes on
chain: from them anybody walks to the manifest, the tiles and every proof.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.canonical import JSON, canonical
from notary.core.cid import Cid
from notary.core.digest import ZERO, Digest, TreeSize, sha256
from notary.core.encoding import to_digest_text
from notary.core.errors import Malformed
from notary.core.shape import Closed

TYPE = "credential-notary/anchor/v1"
MAX_SIZE = 256 * 1024
"""Bytes of a manifest's JCS: one raw IPFS block."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """State of a log when it was anchored.

    `size` and `root` are the log's, `snapshot` commits the newest status of
    every batch in it, `legacy` the Blockcerts trees, `tree` the pinned
    directory. `previous` is H of the manifest last anchored, `since` its size:
    a statement is judged by the one manifest with since <= log index < size.
    """

    origin: str
    since: int
    size: TreeSize
    root: Digest
    snapshot: Digest
    legacy: Digest | None
    previous: Digest | None
    tree: Cid
    time: str

    def __post_init__(self) -> None:
        if self.since > self.size:
            raise Malformed("manifest.since", expected=f"at most the size {self.size}", actual=self.since)
        if self.previous is None and self.since:
            raise Malformed("manifest.since", expected="0 where there is no previous manifest", actual=self.since)

    @classmethod
    def parse(cls, value: JSON, where: str = "manifest") -> Manifest:
        """Read a closed manifest."""
        fields = Closed.typed(value, where, TYPE, "origin since size root snapshot legacy previous tree time")
        return cls(
            origin=fields.origin("origin"),
            since=fields.count("since"),
            size=TreeSize(fields.count("size", 1)),
            root=fields.digest("root"),
            snapshot=fields.digest("snapshot"),
            legacy=fields.optional("legacy", fields.digest),
            previous=fields.optional("previous", fields.digest),
            tree=Cid.parse(fields.text("tree"), fields.path("tree")),
            time=fields.time("time"),
        )

    def to_json(self) -> JSON:
        """Return the closed manifest."""
        return {
            "type": TYPE,
            "origin": self.origin,
            "since": self.since,
            "size": self.size,
            "root": to_digest_text(self.root),
            "snapshot": to_digest_text(self.snapshot),
            "legacy": None if self.legacy is None else to_digest_text(self.legacy),
            "previous": None if self.previous is None else to_digest_text(self.previous),
            "tree": str(self.tree),
            "time": self.time,
        }

    def block(self) -> bytes:
        """Return the JCS bytes, as they are pinned."""
        return canonical(self.to_json())

    def digest(self) -> Digest:
        """Return H(JCS(manifest))."""
        return sha256(self.block())

    def judges(self, entry: int) -> bool:
        """Say whether the statement at this log index is judged by this manifest."""
        return self.since <= entry < self.size

    def anchor_preimage(self) -> bytes:
        """Return 0x01 ‖ H(manifest) ‖ legacy root or zeros: 65 bytes, pinned as a raw block."""
        return b"\x01" + self.digest() + (self.legacy or ZERO)

    def anchor_root(self) -> Digest:
        """Return the 32 bytes that go on every chain."""
        return sha256(self.anchor_preimage())


def snapshot_entry(batch: Digest, status: Digest | None) -> bytes:
    """Return the snapshot's leaf data at a batch's log index: its id and its newest status statement's.

    At a status statement's own index the leaf data is the empty string.
    """
    return canonical({"batch": to_digest_text(batch), "status": None if status is None else to_digest_text(status)})
