"""What was submitted, and what its leaves are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol

from notary.core.digest import Digest, LeafIndex
from notary.core.leaf import Form
from notary.ports.ledger.batches import BatchId

CredentialId = NewType("CredentialId", str)
"""How people name a submitted credential: 12 characters, unique in a ledger, unrelated to its contents."""


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A submitted credential. Erased: `salt` and `digest` are None, and `content` too.

    `content` is what a receipt carries, in bytes, where the institution's policy
    retains it. `source` and `line` say where it came from. `link` is the hash of
    the learner's private link's token. `leaf` is set with batch and index, and
    outlives erasure: the tree stays.
    """

    id: CredentialId
    institution: str
    form: Form
    salt: bytes | None
    digest: Digest | None
    evidence: Digest | None
    content: bytes | None
    learner: str | None
    title: str | None
    source: str
    line: int | None
    link: Digest
    accepted: datetime
    batch: BatchId | None = None
    index: LeafIndex | None = None
    leaf: Digest | None = None


@dataclass(frozen=True, slots=True)
class LeafRow:
    """What a credential's leaf is made of, and where it came from: a `CredentialRow` without the credential."""

    id: CredentialId
    form: Form
    salt: bytes | None
    digest: Digest | None
    evidence: Digest | None
    source: str
    line: int | None


class Credentials(Protocol):
    """What was submitted."""

    def add(self, rows: Sequence[CredentialRow]) -> None:
        """Add rows in bulk."""
        ...

    def known(self, institution: str, digests: Sequence[Digest]) -> set[Digest]:
        """Return those digests this institution has submitted before."""
        ...

    def unsealed(self, institution: str) -> Iterator[LeafRow]:
        """Yield what waits for a batch, in the order of submission, streamed."""
        ...

    def place(self, batch: BatchId, leaves: Iterable[tuple[CredentialId, Digest]]) -> None:
        """Give credentials their batch, their leaf and, in this order, their index from 0.

        OperatorError where one is not there or has a place already.
        """
        ...

    def positions(self, batch: BatchId) -> Iterator[LeafRow]:
        """Yield what a batch's leaves are made of, by index, streamed."""
        ...

    def of_batch(self, batch: BatchId) -> Iterator[CredentialRow]:
        """Yield a batch's credentials by index, streamed."""
        ...

    def leaves(self, batch: BatchId) -> Iterator[Digest]:
        """Yield a batch's leaves by index, streamed."""
        ...

    def evidence(self, batch: BatchId) -> set[Digest]:
        """Return the digests of the evidence manifests that a batch's credentials have."""
        ...

    def get(self, name: CredentialId) -> CredentialRow | None:
        """Return one."""
        ...

    def by_link(self, link: Digest) -> CredentialRow | None:
        """Return the one behind a learner's link."""
        ...

    def by_digest(self, digest: Digest) -> tuple[CredentialRow, ...]:
        """Return every position of a digest, in the order of submission."""
        ...

    def waiting(self) -> dict[str, int]:
        """Return how many credentials wait for a batch, by institution."""
        ...

    def count(self) -> int:
        """Return how many credentials were accepted, erased ones too."""
        ...

    def sharing(self, evidence: Digest) -> int:
        """Return how many credentials have this evidence manifest."""
        ...

    def erase(self, name: CredentialId) -> None:
        """Forget a credential: content, salt, digest, evidence, learner, title and source; its place and leaf stay.

        One that waits for a batch waits no more. Safe to repeat; one that is not there is no error.
        """
        ...
