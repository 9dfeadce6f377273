"""A batch's statuses as anybody may fetch them: the whole list, and what proves it, in one public file.

`statuses/ID.json` of a mirror, ID being the batch statement's. It says of a batch
what a receipt says of one credential, and so tells nobody which one is looked at.
Whoever fetches it puts it into the receipt at hand and verifies that: a source is
believed in nothing, and can at worst withhold what is newer.

Needs the core alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from notary.core.canonical import JSON, canonical, load
from notary.core.digest import Digest, LeafIndex, leaf_hash
from notary.core.encoding import from_base64url, to_base64url, to_digest_text
from notary.core.errors import Malformed
from notary.core.merkle import Tree, inclusion_path
from notary.core.receipt import Commitment, Receipt, StatusProof, Submission
from notary.core.shape import Closed
from notary.core.status import StatusList, chunk_of

TYPE = "credential-notary/statuses/v1"
MAX_SIZE = 48 << 20
"""Bytes: the list of a hundred million credentials."""


def bundle_path(batch: Digest) -> str:
    """Return where a mirror has the statuses of a batch, by its statement's id."""
    return f"statuses/{to_digest_text(batch)}.json"


@dataclass(frozen=True, slots=True)
class StatusBundle:
    """`status` as in a receipt, of the batch's first credential; `chunks`: all of them, None where all are valid."""

    batch: Digest
    status: StatusProof
    chunks: bytes | None
    commitments: tuple[Commitment, ...]

    def __post_init__(self) -> None:
        change = self.status.change
        named = {self.status.commitment} | ({change.commitment} if change else set())
        if not named <= set(range(len(self.commitments))) or (change is None) != (self.chunks is None):
            raise Malformed("statuses", expected="the commitments it names, and chunks exactly where there is a change")

    @classmethod
    def parse(cls, data: bytes) -> StatusBundle:
        """Read the file."""
        value = load(data, "statuses", max_size=MAX_SIZE).value
        fields = Closed.typed(value, "statuses", TYPE, "batch status chunks commitments")
        text = fields.optional("chunks", fields.text)
        return cls(
            batch=fields.digest("batch"),
            status=StatusProof.parse(fields.value("status"), fields.path("status")),
            chunks=None if text is None else from_base64url(text, fields.path("chunks")),
            commitments=fields.each("commitments", Commitment.parse),
        )

    def __bytes__(self) -> bytes:
        value: JSON = {
            "type": TYPE,
            "batch": to_digest_text(self.batch),
            "status": self.status.to_json(),
            "chunks": None if self.chunks is None else to_base64url(self.chunks),
            "commitments": [commitment.to_json() for commitment in self.commitments],
        }
        return canonical(value)

    def proof(self, submission: Submission) -> StatusProof:
        """Return the status of one credential of the batch; Malformed where the list is not one of its size."""
        if self.status.change is None or self.chunks is None:
            return self.status
        chunks = list(StatusList(submission.statement.size, self.chunks).chunks())
        tree, at = Tree(map(leaf_hash, chunks)), chunk_of(submission.index)
        if at >= len(chunks):
            raise Malformed("submission.index", expected=f"below {submission.statement.size}", actual=submission.index)
        path = inclusion_path(LeafIndex(at), tree.size, tree.node)
        return replace(self.status, change=replace(self.status.change, chunk=chunks[at], chunk_path=path))


def refreshed(receipt: Receipt, bundles: dict[Digest, StatusBundle]) -> Receipt:
    """Return the receipt with the statuses of these bundles, by batch statement's id, in place of its own."""
    commitments: dict[bytes, tuple[int, Commitment]] = {}

    def place(commitment: Commitment) -> int:
        return commitments.setdefault(canonical(commitment.to_json()), (len(commitments), commitment))[0]

    def moved(status: StatusProof, of: tuple[Commitment, ...]) -> StatusProof:
        change = status.change
        if change is not None:
            change = replace(change, commitment=place(of[change.commitment]))
        return replace(status, commitment=place(of[status.commitment]), change=change)

    submissions = []
    for submission in receipt.submissions:
        judging = place(receipt.commitments[submission.commitment])
        bundle, status = bundles.get(submission.signed.id), submission.status
        if bundle is not None:
            status = moved(bundle.proof(submission), bundle.commitments)
        elif status is not None:
            status = moved(status, receipt.commitments)
        submissions.append(replace(submission, commitment=judging, status=status))
    return replace(
        receipt,
        submissions=tuple(submissions),
        commitments=tuple(commitment for _, commitment in commitments.values()),
    )
