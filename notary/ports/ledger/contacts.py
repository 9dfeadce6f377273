"""Whom a credential's link goes to: kept apart from the credential, and gone with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from notary.ports.ledger.credentials import CredentialId


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A learner's address for one credential. `email` is in lower case; `name` as the institution writes it."""

    credential: CredentialId
    email: str
    name: str | None


class Contacts(Protocol):
    """Where learners are reached."""

    def add(self, rows: Sequence[ContactRow]) -> None:
        """Add contacts of credentials that are there and have none."""
        ...

    def get(self, name: CredentialId) -> ContactRow | None:
        """Return a credential's contact."""
        ...

    def emails(self, names: Sequence[CredentialId]) -> dict[CredentialId, str]:
        """Return the addresses of those credentials that have a contact."""
        ...

    def by_email(self, email: str) -> tuple[ContactRow, ...]:
        """Return every contact with an address (in lower case), in the order of submission."""
        ...

    def forget(self, name: CredentialId) -> None:
        """Forget a credential's contact; one that is not there is no error."""
        ...
