"""Sessions of people at the desk: an API key, opened in a browser for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notary.core.digest import Digest
from notary.ports.ledger.access import KeyId


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as the ledger keeps it: by the hash of its token. It opens what its key opens, until `expires`."""

    hash: Digest
    key: KeyId
    made: datetime
    expires: datetime


class Sessions(Protocol):
    """The sessions; one that is ended is gone."""

    def add(self, row: SessionRow) -> None:
        """Add a session of a key that is there."""
        ...

    def get(self, hashed: Digest) -> SessionRow | None:
        """Return the one with this hash."""
        ...

    def end(self, hashed: Digest) -> None:
        """End one; one that is not there is no error."""
        ...

    def sweep(self, before: datetime) -> None:
        """Forget what expired before a moment."""
        ...
