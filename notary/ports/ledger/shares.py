"""What learners show of their credentials, and to whom they gave the link."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol

from notary.core.digest import Digest
from notary.ports.ledger.credentials import CredentialId

ShareId = NewType("ShareId", str)
"""How a learner's page names a share: 12 characters that follow from its hash and open nothing."""


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A copy that a learner shares. `hash`: of the link's token. `expires` (exclusive): None for no end.

    `items`: digests of the evidence items it opens. `named`: whether the preview card says whose it is.
    """

    id: ShareId
    hash: Digest
    credential: CredentialId
    made: datetime
    expires: datetime | None
    items: tuple[Digest, ...] = ()
    named: bool = False


class Shares(Protocol):
    """The shares; one that its learner ends is gone."""

    def add(self, row: ShareRow) -> None:
        """Add a share of a credential that is there."""
        ...

    def by_hash(self, hashed: Digest) -> ShareRow | None:
        """Return the one behind a link."""
        ...

    def of(self, name: CredentialId) -> tuple[ShareRow, ...]:
        """Return a credential's shares, the oldest first."""
        ...

    def end(self, name: CredentialId, ended: ShareId) -> None:
        """End one of a credential's shares; one that is not there is no error."""
        ...

    def sweep(self, before: datetime) -> None:
        """Forget what expired before a moment."""
        ...

    def forget(self, name: CredentialId) -> None:
        """Forget a credential's shares."""
        ...
