"""Keys that sign, and the time: what differs from one machine to the next."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Signer(Protocol):
    """A key that signs statements. The private part never leaves it."""

    @property
    def public_key_multibase(self) -> str:
        """The public key as in the Data Integrity suites (`z6Mk…`, `zDn…`)."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign: Ed25519 (64 bytes), or P-256 with SHA-256 as r ‖ s (64 bytes)."""
        ...


class Clock(Protocol):
    """What time it is. Times are claims to be shown; the block's time is what counts."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...
