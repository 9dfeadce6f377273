"""Evidence: encrypted, pinned, and named by a manifest that only ledger and receipts hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from notary.core.canonical import canonical, load
from notary.core.cid import Cid, StoredBlock
from notary.core.digest import Digest
from notary.core.evidence import EvidenceItem, EvidenceManifest
from notary.core.unixfs import build_file
from notary.ports import BlockStore
from notary.ports.ledger import BatchId, UnitOfWork
from notary.service.notary import Notary

MANIFEST_SIZE = 1 << 20
_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One evidence file as an institution hands it over."""

    name: str
    media_type: str
    data: BinaryIO


def attach(notary: Notary, exhibits: Sequence[Exhibit], narrative: str | None = None) -> Digest:
    """Encrypt and pin evidence, keep its manifest and keys, and return the manifest's digest.

    Each item has a key of its own, so that one can be shown without the others.
    """
    from notary.service.evidence import encrypt

    items: list[EvidenceItem] = []
    keys: dict[Digest, str] = {}
    for exhibit in exhibits:
        sealed = encrypt(exhibit.data, exhibit.name)
        with sealed.ciphertext as ciphertext:
            cid = pin_file(notary.blocks, ciphertext)
        items.append(EvidenceItem(exhibit.name, exhibit.media_type, sealed.size, sealed.digest, cid, encrypted=True))
        keys[sealed.digest] = sealed.identity
    manifest = EvidenceManifest(tuple(items), narrative)
    with notary.ledger.begin() as work:
        work.evidence.add(manifest.digest(), canonical(manifest.to_json()), keys)
    return manifest.digest()


def read_manifest(work: UnitOfWork, digest: Digest) -> tuple[EvidenceManifest, dict[Digest, str]] | None:
    """Return a manifest and its keys; None where they were erased."""
    found = work.evidence.get(digest)
    if found is None:
        return None
    data, keys = found
    return EvidenceManifest.parse(load(data, "evidence manifest", max_size=MANIFEST_SIZE).value), keys


def public_cids(work: UnitOfWork, batch: BatchId) -> set[Cid]:
    """Return the CIDs of everything pinned as evidence for a batch."""
    manifests = (read_manifest(work, digest) for digest in work.credentials.evidence(batch))
    return {item.cid for found in manifests if found for item in found[0].items}


def pin_file(blocks: BlockStore, stream: BinaryIO) -> Cid:
    """Store a file as UnixFS blocks, never whole in memory, and pin it; return its CID."""
    root: list[Cid] = []

    def built() -> Iterator[StoredBlock]:
        link = yield from build_file(_pieces(stream))
        root.append(link.cid)

    parts = built()
    blocks.put(parts, pins=_late(root))
    return root[0]


def _late(root: list[Cid]) -> Iterable[Cid]:
    """Give the root once the blocks before it have been taken: a file's CID is known at its end."""
    yield from root


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece
