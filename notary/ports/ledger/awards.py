"""Which row of an institution's tables became which credential, so that no learner is given the same one twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from notary.core.digest import Digest
from notary.ports.ledger.credentials import CredentialId


@dataclass(frozen=True, slots=True)
class AwardRow:
    """A credential that was issued from a template and a row.

    `identity`: hash of the template's series and of who the row is about; one an
    institution. `substance`: hash of what the row said. `handed`: its link was
    written where the institution finds it; until then a link that a crash took is
    made anew.
    """

    credential: CredentialId
    institution: str
    identity: Digest
    substance: Digest
    handed: bool = False


class Awards(Protocol):
    """What was issued from templates. It is personal, and erased with the credential."""

    def add(self, rows: Sequence[AwardRow]) -> None:
        """Add rows of credentials that are there; OperatorError where the institution has one of this identity."""
        ...

    def known(self, institution: str, identities: Sequence[Digest]) -> dict[Digest, AwardRow]:
        """Return those identities the institution has issued for before."""
        ...

    def hand(self, credentials: Sequence[CredentialId]) -> None:
        """Note that their links were handed out."""
        ...

    def forget(self, name: CredentialId) -> None:
        """Forget a credential's row; one that is not there is no error."""
        ...
