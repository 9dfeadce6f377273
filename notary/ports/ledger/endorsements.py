"""What others say of credentials: endorsements that receipts carry as attachments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notary.core.digest import Digest
from notary.ports.ledger.credentials import CredentialId


@dataclass(frozen=True, slots=True)
class EndorsementRow:
    """An EndorsementCredential of a credential: its JCS bytes, and their digest."""

    credential: CredentialId
    digest: Digest
    data: bytes
    added: datetime


class Endorsements(Protocol):
    """The endorsements."""

    def add(self, row: EndorsementRow) -> None:
        """Add one to a credential that is there; the same again changes nothing."""
        ...

    def of(self, name: CredentialId) -> tuple[EndorsementRow, ...]:
        """Return a credential's endorsements in the order they were added."""
        ...

    def forget(self, name: CredentialId) -> None:
        """Forget a credential's endorsements."""
        ...
