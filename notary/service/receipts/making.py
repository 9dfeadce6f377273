"""Making receipts: everything a verifier needs, from the ledger alone.

A receipt is made when its anchor is final. Its status is as of the newest final
anchor: made later, it shows more commitments, the one that judges its batch, the
newest, and the one that judges the statement by which its status changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from notary.core.canonical import JSON
from notary.core.credential import Credential
from notary.core.errors import IssuerError, Pending
from notary.core.leaf import Form
from notary.core.merkle import Tree, inclusion_path
from notary.core.receipt import Commitment, EvidenceKey, Receipt, Submission
from notary.ports.ledger import BatchId, CredentialId, CredentialRow, ManifestNumber, ManifestRow, UnitOfWork
from notary.service.errors import Absent
from notary.service.evidence.manifest import read_evidence
from notary.service.notary import Notary
from notary.service.receipts.committed import Committed, commitment, committed
from notary.service.receipts.endorsements import attachments
from notary.service.submission.joint import find_joint
from notary.service.submission.seal import find_batch


def receipt(notary: Notary, credential: CredentialId) -> Receipt:
    """Make one credential's receipt, as of the newest final anchor.

    Pending until its anchor is final, and of a joint award until every institution's
    is; Absent where there is no such credential, IssuerError where it was erased.
    """
    with notary.ledger.read() as work:
        row = work.credentials.get(credential)
        if row is None:
            raise Absent(f"there is no credential {credential}", hint="See index.csv: notary receipt --batch")
        if row.batch is None:
            raise Pending(f"credential {credential} waits for its batch", hint="Seal it: notary seal")
        return _Maker(work).make(row)


def batch_receipts(notary: Notary, batch: BatchId) -> Iterator[tuple[CredentialRow, Receipt]]:
    """Make the receipts of a batch, one at a time, by index; erased credentials are left out."""
    with notary.ledger.read() as work:
        maker = _Maker(work)
        maker.batch(find_batch(work, batch).id)  # what is pending is said before the first
        for row in work.credentials.of_batch(batch):
            if row.digest is not None:
                yield row, maker.make(row)


@dataclass(slots=True)
class _Maker:
    """Makes receipts in one unit of work; what several share is put together once."""

    work: UnitOfWork
    _batches: dict[BatchId, tuple[Committed, Tree]] = field(default_factory=dict)
    _commitments: dict[tuple[ManifestNumber, frozenset[str]], Commitment] = field(default_factory=dict)

    def batch(self, number: BatchId) -> tuple[Committed, Tree]:
        """Return what a batch's receipts share, and the tree of its leaves."""
        if number not in self._batches:
            found = committed(self.work, find_batch(self.work, number))
            self._batches[number] = found, Tree(self.work.credentials.leaves(number))
        return self._batches[number]

    def make(self, row: CredentialRow) -> Receipt:
        """Make the receipt of a credential that has a place: one submission for each institution."""
        if row.salt is None:
            raise IssuerError(f"credential {row.id} was erased", hint="Its learner's own receipt still verifies")
        assert row.batch is not None
        joint = find_joint(self.work, self.batch(row.batch)[0].batch, row)
        rows = (row, *joint)
        rests: dict[ManifestNumber, tuple[ManifestRow, set[str]]] = {}
        for each in rows:
            for number, (manifest, speakers) in self._shared(each).manifests().items():
                rests.setdefault(number, (manifest, set()))[1].update(speakers)
        numbered = {number: at for at, number in enumerate(sorted(rests))}
        evidence = None if row.evidence is None else read_evidence(self.work, row.evidence)
        return Receipt(
            form=row.form,
            content=_content(row),
            evidence=row.evidence if evidence is None else evidence[0],
            evidence_keys=() if evidence is None else tuple(EvidenceKey(*pair) for pair in evidence[1].items()),
            submissions=tuple(self._submission(each, numbered) for each in rows),
            commitments=tuple(self._commitment(*rests[number]) for number in sorted(rests)),
            attachments=attachments(self.work, row.id),
        )

    def _shared(self, row: CredentialRow) -> Committed:
        assert row.batch is not None
        return self.batch(row.batch)[0]

    def _submission(self, row: CredentialRow, numbered: dict[ManifestNumber, int]) -> Submission:
        assert row.batch is not None
        assert row.index is not None
        assert row.salt is not None
        shared, tree = self.batch(row.batch)
        return Submission(
            salt=row.salt,
            index=row.index,
            path=inclusion_path(row.index, tree.size, tree.node),
            signed=shared.signed,
            entry=shared.entry,
            log_path=shared.log_path,
            commitment=numbered[shared.judging.number],
            status=shared.statuses.proof(self.work, row.index, numbered),
        )

    def _commitment(self, manifest: ManifestRow, speakers: set[str]) -> Commitment:
        key = manifest.number, frozenset(speakers)
        if key not in self._commitments:
            self._commitments[key] = commitment(self.work, manifest, speakers)
        return self._commitments[key]


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
