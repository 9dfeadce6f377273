"""Receipts, put together from what notaries hold."""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.credential import Credential
from notary.core.digest import LeafIndex, leaf_hash
from notary.core.evidence import EvidenceManifest
from notary.core.merkle import Tree
from notary.core.receipt import (
    Commitment,
    EvidenceKey,
    Receipt,
    StatusChange,
    StatusProof,
    Submission,
)
from notary.core.status import PER_CHUNK
from tests.world.notaries import Anchoring, Batch, Notary


@dataclass(frozen=True, slots=True)
class Award:
    """A credential, what stands behind it, and the batches that hold it: several where it is joint."""

    credential: Credential
    batches: tuple[Batch, ...]
    evidence: EvidenceManifest | None = None
    evidence_keys: tuple[EvidenceKey, ...] = ()


class _Commitments:
    """The commitments a receipt comes to use, in the order in which it names them."""

    def __init__(self, notary: Notary, as_of: int | None) -> None:
        self.notary = notary
        self.newest = notary.anchorings[-1 if as_of is None else as_of]
        self.used: list[tuple[Anchoring, set[str]]] = []

    def number(self, anchoring: Anchoring, *members: str) -> int:
        for at, (used, needed) in enumerate(self.used):
            if used is anchoring:
                needed.update(members)
                return at
        self.used.append((anchoring, set(members)))
        return len(self.used) - 1

    def judging(self, entry: int) -> Anchoring:
        return next(a for a in self.notary.anchorings if a.manifest.judges(entry))

    def submission(self, batch: Batch, credential: Credential) -> Submission:
        index, anchoring = batch.index(credential), self.judging(batch.entry)
        return Submission(
            salt=batch.salts[index],
            index=index,
            path=batch.paths[index],
            signed=batch.signed,
            entry=batch.entry,
            log_path=anchoring.log_paths[batch.entry],
            commitment=self.number(anchoring, batch.signed.statement.issuer),
            status=self._status(batch, index),
        )

    def _status(self, batch: Batch, index: LeafIndex) -> StatusProof:
        path, newest = self.newest.snapshot_paths[batch.entry], self.newest.newest_status(batch.signed.id)
        change = None if newest is None else self._change(batch, index, newest)
        return StatusProof(self.number(self.newest), path, change)

    def _change(self, batch: Batch, index: LeafIndex, entry: LeafIndex) -> StatusChange:
        signed, anchoring = self.newest.statements[entry], self.judging(entry)
        chunks, at = list(self.notary.lists[signed.id].chunks()), index // PER_CHUNK
        return StatusChange(
            signed=signed,
            entry=entry,
            path=anchoring.log_paths[entry],
            commitment=self.number(anchoring, signed.statement.issuer, batch.signed.statement.issuer),
            chunk=chunks[at],
            chunk_path=list(Tree(map(leaf_hash, chunks)).paths())[at],
        )

    def commitments(self) -> tuple[Commitment, ...]:
        return tuple(anchoring.commitment(members) for anchoring, members in self.used)


def receipt_of(award: Award, *, as_of: int | None = None) -> Receipt:
    """Make a receipt, its statuses as of an anchor of the log, by default the newest."""
    book = _Commitments(award.batches[0].notary, as_of)
    return Receipt(
        form=award.credential.form,
        content=award.credential.content,
        evidence=award.evidence,
        evidence_keys=award.evidence_keys,
        submissions=tuple(book.submission(batch, award.credential) for batch in award.batches),
        commitments=book.commitments(),
    )
