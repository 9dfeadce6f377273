"""From 32 bytes on a chain to the manifest they commit, and to the tree it names. Spec: docs/spec/manifest.md.

Whoever has an anchor root needs nothing else: its preimage is the raw block whose
hash it is, that names the manifest, and the manifest names the tree. Every block
is checked against its CID, so none of this rests on a node's word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from notary.core.canonical import load
from notary.core.cid import Cid, Codec
from notary.core.digest import Digest
from notary.core.encoding import to_digest_text
from notary.core.errors import Malformed, Mismatch, NotaryError
from notary.core.manifest import MAX_SIZE, Manifest
from notary.core.unixfs import read_path
from notary.ports import BlockReader

T = TypeVar("T")

MAX_FILE = 1 << 30
"""Bytes of the largest file of a tree: the leaves of 32 million credentials."""
_PREIMAGE_SIZE = 65


def walk_root(root: Digest, blocks: BlockReader) -> Manifest:
    """Return the manifest an anchor root commits.

    OperatorError where a block cannot be had; Malformed or Mismatch where it is something else.
    """
    preimage = blocks.get(Cid(Codec.RAW, root))
    if len(preimage) != _PREIMAGE_SIZE or preimage[0] != 1:
        raise Malformed("what this root commits", expected="65 bytes that begin with 0x01", actual=len(preimage))
    manifest = read_manifest(Digest(preimage[1:33]), blocks)
    if manifest.anchor_root() != root:
        raise Mismatch("the manifest's legacy root is not the one anchored", actual=to_digest_text(root))
    return manifest


def read_manifest(digest: Digest, blocks: BlockReader) -> Manifest:
    """Return the manifest of a digest."""
    data = blocks.get(Cid(Codec.RAW, digest))
    manifest = Manifest.parse(load(data, "manifest", max_size=MAX_SIZE).value)
    if manifest.block() != data:
        raise Malformed("manifest", expected="its RFC 8785 bytes", actual="another spelling")
    return manifest


@dataclass(frozen=True, slots=True)
class PinnedTree:
    """A pinned directory, read by path; directories are fetched once."""

    cid: Cid
    blocks: BlockReader
    _directories: dict[Cid, bytes] = field(default_factory=dict, repr=False, compare=False)

    def read(self, path: str, *, max_size: int = MAX_FILE) -> bytes:
        """Return a file; Malformed where the tree has no such file, OperatorError where a block cannot be had."""
        return read_path(self.cid, path, self._get, max_size=max_size)

    def find(self, path: str, *, max_size: int = MAX_FILE) -> bytes | None:
        """Return a file, or None where it is not there, cannot be had or is damaged."""
        return attempt(lambda: self.read(path, max_size=max_size))

    def _get(self, cid: Cid) -> bytes:
        if cid.codec is Codec.RAW:
            return self.blocks.get(cid)
        if cid not in self._directories:
            self._directories[cid] = self.blocks.get(cid)
        return self._directories[cid]


def attempt(ask: Callable[[], T]) -> T | None:
    """Return what can be had, or None: what is missing is listed by whoever asked, and nothing rests on it."""
    try:
        return ask()
    except NotaryError:
        return None
