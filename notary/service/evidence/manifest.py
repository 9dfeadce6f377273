"""Evidence: encrypted, pinned, and named by a manifest that only ledger and receipts hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

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


def attach(
    notary: Notary, exhibits: Sequence[Exhibit], narrative: str | None = None, *, public: bool = False
) -> Digest:
    """Encrypt and pin evidence, keep its manifest and keys, and return the manifest's digest.

    Each item has a key of its own, so that one can be shown without the others.
    `public`: pinned as it is instead, for everybody and for ever; nobody can take that back.
    """
    from notary.service.evidence.encryption import encrypt

    items: list[EvidenceItem] = []
    keys: dict[Digest, str] = {}
    for exhibit in exhibits:
        if public:
            items.append(_pin_public(notary.blocks, exhibit))
            continue
        sealed = encrypt(exhibit.data, exhibit.name)
        with sealed.ciphertext as ciphertext:
            cid = pin_file(notary.blocks, ciphertext)
        items.append(EvidenceItem(exhibit.name, exhibit.media_type, sealed.size, sealed.digest, cid, encrypted=True))
        keys[sealed.digest] = sealed.identity
    manifest = EvidenceManifest(tuple(items), narrative)
    with notary.ledger.begin() as work:
        work.evidence.add(manifest.digest(), canonical(manifest.to_json()), keys)
    return manifest.digest()


def read_evidence(work: UnitOfWork, digest: Digest) -> tuple[EvidenceManifest, dict[Digest, str]] | None:
    """Return a manifest and its keys; None where they were erased."""
    found = work.evidence.get(digest)
    if found is None:
        return None
    data, keys = found
    return EvidenceManifest.parse(load(data, "evidence manifest", max_size=MANIFEST_SIZE).value), keys


def public_cids(work: UnitOfWork, batch: BatchId) -> set[Cid]:
    """Return the CIDs of everything pinned as evidence for a batch."""
    manifests = (read_evidence(work, digest) for digest in work.credentials.evidence(batch))
    return {item.cid for found in manifests if found for item in found[0].items}


def _pin_public(blocks: BlockStore, exhibit: Exhibit) -> EvidenceItem:
    from notary.service.evidence.encryption import bounded

    reader = bounded(exhibit.data, exhibit.name)
    cid = pin_file(blocks, reader)
    digest = Digest(reader.hash.digest())
    return EvidenceItem(exhibit.name, exhibit.media_type, reader.size, digest, cid, encrypted=False)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def pin_file(blocks: BlockStore, stream: _Readable) -> Cid:
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


def _pieces(stream: _Readable) -> Iterator[bytes]:
    while piece := stream.read(_PIECE):
        yield piece
