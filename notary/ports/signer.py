"""Keys that sign, and the time: what differs from one machine to the next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from notary.core.canonical import JSON
from notary.core.proof import DataIntegrityProof
from notary.core.statement import Statement


class Signer(Protocol):
    """A key that signs statements. The private part never leaves it."""

    @property
    def public_key_multibase(self) -> str:
        """The public key as in the Data Integrity suites (`z6Mk…`, `zDn…`)."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign: Ed25519 (64 bytes), or P-256 with SHA-256 as r ‖ s (64 bytes)."""
        ...


@runtime_checkable
class StatementSigner(Protocol):
    """A key elsewhere, whose keeper wants to see what is signed: it is given the whole statement.

    The proof that comes back is believed by nobody before it is verified.
    """

    @property
    def public_key_multibase(self) -> str:
        """The public key as in the Data Integrity suites (`z6Mk…`, `zDn…`)."""
        ...

    def prove(self, statement: Statement, method: str, summary: Mapping[str, JSON]) -> DataIntegrityProof:
        """Ask for a proof by the key of this id; `summary`: what a person was shown. OperatorError for none."""
        ...


AnySigner: TypeAlias = Signer | StatementSigner


class Clock(Protocol):
    """What time it is. Times are claims to be shown; the block's time is what counts."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...
