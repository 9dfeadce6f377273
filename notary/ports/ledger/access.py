"""API keys: who may call from afar, as what, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType, Protocol

from notary.core.digest import Digest

KeyId = NewType("KeyId", str)
"""How people name an API key: 12 characters that follow from its hash and open nothing."""


class Role(StrEnum):
    """What an API key is for. None of them includes another."""

    OPERATOR = "operator"
    """Watches the whole notary: batches, journal, keys; sees no credential. May revoke any key."""
    ISSUER = "issuer"
    """Works for one institution: submits, seals, signs, fetches receipts."""
    AUDITOR = "auditor"
    """Reads states, batches and journal, of one institution or of all, without personal data."""


@dataclass(frozen=True, slots=True)
class ApiKeyRow:
    """An API key as the ledger keeps it: by its hash. `institution`: a member's DID, or None for the whole notary.

    It opens from `made` until `expires` (exclusive) unless `revoked` is set. `used`: the last day it opened something.
    """

    id: KeyId
    hash: Digest
    role: Role
    institution: str | None
    made: datetime
    expires: datetime
    revoked: datetime | None = None
    used: date | None = None


class ApiKeys(Protocol):
    """The keys; one that was made is kept for ever, so that the journal can name it."""

    def add(self, row: ApiKeyRow) -> None:
        """Add a key; OperatorError where its id or hash is there already."""
        ...

    def get(self, name: KeyId) -> ApiKeyRow | None:
        """Return one by its id."""
        ...

    def by_hash(self, key: Digest) -> ApiKeyRow | None:
        """Return the key with this hash."""
        ...

    def all(self, institution: str | None = None) -> tuple[ApiKeyRow, ...]:
        """Return the keys of one institution or all there are, oldest first."""
        ...

    def revoke(self, name: KeyId, moment: datetime) -> None:
        """End a key; one that was revoked before keeps its moment, one that is not there is no error."""
        ...

    def use(self, name: KeyId, day: date) -> None:
        """Note that a key opened something on a day."""
        ...
