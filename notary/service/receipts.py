"""Making receipts: everything a verifier needs, from the ledger alone.

A receipt is made when its anchor is final. Its status is as of the newest final
anchor: made later, it shows two commitments, the one that judges its batch and
the newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from notary.core.canonical import JSON, load
from notary.core.credential import Credential
from notary.core.digest import Digest, LeafIndex
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError, Pending
from notary.core.leaf import Form
from notary.core.merkle import Tree, inclusion_path
from notary.core.receipt import Commitment, EvidenceKey, EvmAnchor, Path, Receipt, StatusProof, Submission
from notary.core.statement import SignedStatement
from notary.ports.ledger import AnchorState, BatchId, BatchRow, CredentialId, CredentialRow, ManifestRow, UnitOfWork
from notary.service.anchoring import read_manifest
from notary.service.errors import Absent
from notary.service.evidence_manifest import read_manifest as read_evidence
from notary.service.log import read_statement
from notary.service.notary import Notary
from notary.service.registry import members_at
from notary.service.snapshot import take_snapshot

_ANCHOR_SIZE = 4 << 20


def receipt(notary: Notary, credential: CredentialId) -> Receipt:
    """Make one credential's receipt.

    Pending until its anchor is final, Absent where there is no such credential,
    IssuerError where it was erased.
    """
    with notary.ledger.read() as work:
        row = work.credentials.get(credential)
        if row is None:
            raise Absent(f"there is no credential {credential}", hint="See index.csv: notary receipt --batch")
        if row.batch is None or row.index is None:
            raise Pending(f"credential {credential} waits for its batch", hint="Seal it: notary seal")
        common = _common(work, _batch(work, row.batch))
        tree = Tree(work.credentials.leaves(row.batch))
        return _assemble(work, common, row, inclusion_path(row.index, tree.size, tree.node))


def batch_receipts(notary: Notary, batch: BatchId) -> Iterator[tuple[CredentialRow, Receipt]]:
    """Make the receipts of a batch, one at a time, by index; erased credentials are left out."""
    with notary.ledger.read() as work:
        common = _common(work, _batch(work, batch))
        paths = Tree(work.credentials.leaves(batch)).paths()
        for row, path in zip(work.credentials.of_batch(batch), paths, strict=True):
            if row.digest is not None:
                yield row, _assemble(work, common, row, path)


@dataclass(frozen=True, slots=True)
class _Common:
    """What all receipts of a batch share."""

    signed: SignedStatement
    entry: LeafIndex
    log_path: Path
    commitments: tuple[Commitment, ...]
    status: StatusProof


def _batch(work: UnitOfWork, number: BatchId) -> BatchRow:
    batch = work.batches.get(number)
    if batch is None:
        raise Absent(f"there is no batch {number}", hint="See the batches: notary batches")
    return batch


def _common(work: UnitOfWork, batch: BatchRow) -> _Common:
    if batch.statement is None or batch.entry is None:
        raise Pending(f"batch {batch.id} is not signed yet", hint=f"Sign it: notary sign {batch.id}")
    final = _final_manifests(work)
    judging = next((row for row in final if read_manifest(row).judges(batch.entry)), None)
    if judging is None:
        raise Pending(f"batch {batch.id} is not final on any chain yet", hint="See how far it is: notary batches")
    newest = final[-1]
    manifest = read_manifest(judging)
    commitments = [_commitment(work, judging, batch.institution)]
    if newest.number != judging.number:
        commitments.append(_commitment(work, newest, None))
    snapshot = take_snapshot(work, read_manifest(newest).size).tree
    signed = read_statement(batch.statement)
    return _Common(
        signed=signed,
        entry=batch.entry,
        log_path=inclusion_path(batch.entry, manifest.size, work.log.node),
        commitments=tuple(commitments),
        status=StatusProof(
            commitment=len(commitments) - 1,
            path=inclusion_path(batch.entry, snapshot.size, snapshot.node),
            change=None,
        ),
    )


def _final_manifests(work: UnitOfWork) -> list[ManifestRow]:
    final = {row.manifest for row in work.anchors.anchors() if row.state is AnchorState.FINAL}
    return [row for row in work.anchors.manifests() if row.number in final]


def _commitment(work: UnitOfWork, row: ManifestRow, speaker: str | None) -> Commitment:
    """Put a final manifest's commitment together, with the record of whoever it lets speak."""
    anchors: list[EvmAnchor] = []
    for anchor in work.anchors.anchors(row.number):
        if anchor.proof is None:
            continue
        found = EvmAnchor.parse(load(anchor.proof, "anchor", max_size=_ANCHOR_SIZE).value, "anchor")
        members = () if speaker is None else (members_at(work, anchor.registry).prove(speaker),)
        anchors.append(replace(found, members=members, notes=anchor.notes))
    return Commitment(read_manifest(row), row.checkpoint, tuple(anchors))


def _assemble(work: UnitOfWork, common: _Common, row: CredentialRow, path: Path) -> Receipt:
    if row.salt is None or row.index is None:
        raise IssuerError(f"credential {row.id} was erased", hint="Its learner's own receipt still verifies")
    evidence = None if row.evidence is None else read_evidence(work, row.evidence)
    submission = Submission(
        salt=row.salt,
        index=row.index,
        path=path,
        signed=common.signed,
        entry=common.entry,
        log_path=common.log_path,
        commitment=0,
        status=common.status,
    )
    return Receipt(
        form=row.form,
        content=_content(row),
        evidence=row.evidence if evidence is None else evidence[0],
        evidence_keys=() if evidence is None else tuple(EvidenceKey(*pair) for pair in evidence[1].items()),
        submissions=(submission,),
        commitments=common.commitments,
    )


def _content(row: CredentialRow) -> JSON | bytes:
    """Return what the receipt carries as `credential`; None where the institution does not retain it."""
    if row.content is None:
        return None
    where = f"credential {row.id}"
    match row.form:
        case Form.JSON:
            return Credential.of_json(row.content, where).content
        case Form.FILE:
            return row.content
        case Form.JOSE:
            return row.content.decode()


def find_positions(notary: Notary, digest: Digest) -> tuple[CredentialRow, ...]:
    """Return every position of a digest, of the institutions that answer look-ups.

    Absent where there is none: whoever holds no such credential learns nothing.
    """
    with notary.ledger.read() as work:
        rows = work.credentials.by_digest(digest)
        settings = {row.institution: work.institutions.get(row.institution) for row in rows}
    found = tuple(row for row in rows if (chosen := settings[row.institution]) is None or chosen.lookup)
    if not found:
        raise Absent(f"no credential with the digest {to_digest_text(digest)} is known here")
    return found
