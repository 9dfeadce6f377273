"""What was submitted, and what its leaves are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, NewType, Protocol

from notary.core.digest import Digest, LeafIndex, TreeSize
from notary.core.leaf import Form
from notary.ports.ledger.batches import BatchId

CredentialId = NewType("CredentialId", str)
"""How people name a submitted credential: 12 characters, unique in a ledger, unrelated to its contents.

They are `id_of` its first link, so that one index finds both. Of a token with 128 random bits, 60 of its hash
tell nothing.
"""

_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
"""Every byte as one of 32 letters: an id is 60 bits, and is read out without mistakes."""


def id_of(link: Digest) -> CredentialId:
    """Return the id of the credential that comes in with a link: five bits of each of its first twelve bytes."""
    return CredentialId(link[:12].translate(_LETTERS).decode())


class NewCredential(NamedTuple):
    """A credential as it comes in: its `CredentialRow` to be, and what is looked at again before it is sealed.

    `issuer`: as which it names its issuer; `until`: when its validity ends; `again`:
    whether the institution has submitted the same digest before; `achievement`: the
    one it is for, None where that is not known. A tuple, for there are very many.
    """

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
    leaf: Digest
    issuer: str | None = None
    until: datetime | None = None
    again: bool = False
    achievement: str | None = None

    @property
    def id(self) -> CredentialId:
        """Its name from now on."""
        return id_of(self.link)


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A submitted credential. Erased: `salt` and `digest` are None, and `content` too.

    `content` is what a receipt carries, in bytes, where the institution's policy
    retains it. `source` and `line` say where it came from. `link` is the hash of
    the learner's private link's token. `leaf` is what it commits to; with batch
    and index it outlives erasure, for the tree stays.
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


class NameRow(NamedTuple):
    """What people look a credential up by. A tuple, for there are very many."""

    id: CredentialId
    learner: str | None
    title: str | None
    source: str
    line: int | None
    batch: BatchId | None


class Credentials(Protocol):
    """What was submitted."""

    def add(self, credentials: Sequence[NewCredential]) -> None:
        """Add credentials in bulk, in the order of submission; they wait for a batch."""
        ...

    def known(self, institution: str, digests: Sequence[Digest]) -> set[Digest]:
        """Return those digests this institution has submitted before."""
        ...

    def unsealed(self, institution: str) -> Iterator[LeafRow]:
        """Yield what waits for a batch, in the order of submission, streamed."""
        ...

    def unsealed_leaves(self, institution: str) -> Iterator[Digest]:
        """Yield the leaves of what waits for a batch, in the order of submission, streamed."""
        ...

    def unsealed_notable(
        self, institution: str, *, issuers: Sequence[str], at: datetime, programmes: Sequence[str] = ()
    ) -> Iterator[tuple[CredentialRow, bool]]:
        """Yield what waits for a batch and deserves a second look, in the order of submission, streamed.

        Without learner or title where it is no file; submitted before, which is said beside
        it; of an issuer that is not the institution's id or one of `issuers`; with a validity
        that has ended at a moment. With `programmes` also what is for another achievement than
        these, or may be.
        """
        ...

    def unsealed_evidence(self, institution: str) -> set[Digest]:
        """Return the digests of the evidence manifests of what waits for a batch."""
        ...

    def place(self, batch: BatchId, institution: str) -> TreeSize:
        """Give everything that waits its batch and, in the order of submission, its index from 0; return how much.

        OperatorError where nothing waits.
        """
        ...

    def positions(self, batch: BatchId) -> Iterator[LeafRow]:
        """Yield what a batch's leaves are made of, by index, streamed."""
        ...

    def of_batch(self, batch: BatchId) -> Iterator[CredentialRow]:
        """Yield a batch's credentials by index, streamed."""
        ...

    def of_institution(self, institution: str) -> Iterator[CredentialRow]:
        """Yield an institution's credentials, those that wait for a batch too, in the order of submission, streamed."""
        ...

    def names(self, institution: str) -> Iterator[NameRow]:
        """Yield what an institution's credentials are called, erased ones left out, in the order of submission."""
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
        """Return the one behind a learner's link, whichever of its links that is."""
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

    def relink(self, name: CredentialId, link: Digest, made: datetime) -> None:
        """Give a credential another learner's link: all before open nothing. One that is not there is no error."""
        ...

    def link_also(self, links: Sequence[tuple[CredentialId, Digest]], made: datetime) -> None:
        """Give credentials that are there one more link each, beside the ones they have.

        Of these further links a credential keeps the 20 made last.
        """
        ...

    def erase(self, name: CredentialId) -> None:
        """Forget a credential: content, salt, digest, evidence, learner, title and source; its place and leaf stay.

        One that waits for a batch waits no more. Safe to repeat; one that is not there is no error.
        """
        ...
