"""What a wallet has signed, and why it signs no more for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notary.ports.ledger.anchors import ManifestNumber


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One signed transaction, stored before it is broadcast; fees are in wei.

    Those that share a nonce replace each other: one of them at most is ever
    mined, and it may be any. `manifest`: the one it anchors, or None.
    """

    tx_hash: bytes
    chain: str
    sender: bytes
    nonce: int
    raw: bytes
    gas: int
    fee_per_gas: int
    tip_per_gas: int
    sent: datetime
    manifest: ManifestNumber | None = None


class Attempts(Protocol):
    """The nonce ledger: every transaction that a wallet of this notary has signed."""

    def add(self, row: AttemptRow) -> None:
        """Add an attempt; OperatorError where this transaction is there already."""
        ...

    def of(self, manifest: ManifestNumber, chain: str) -> tuple[AttemptRow, ...]:
        """Return the attempts at anchoring a manifest on a chain, by nonce and fee: the newest is the last."""
        ...

    def since(self, chain: str, sender: bytes, nonce: int) -> tuple[AttemptRow, ...]:
        """Return a sender's attempts from a nonce on, by nonce and fee."""
        ...

    def next_nonce(self, chain: str, sender: bytes) -> int:
        """Return the nonce after the highest this sender has signed with on a chain; 0 for none."""
        ...


@dataclass(frozen=True, slots=True)
class HeldRow:
    """Why anchoring on a chain stands still, in the operator's words, and since when.

    `outage`: its node does not answer, which may pass by itself; else somebody must act.
    """

    chain: str
    reason: str
    since: datetime
    outage: bool = False


class Held(Protocol):
    """The chains on which anchoring stands still; each goes on by itself when its reason is gone."""

    def all(self) -> tuple[HeldRow, ...]:
        """Return all, by chain."""
        ...

    def hold(self, row: HeldRow) -> None:
        """Add a chain, or give the one that is held another reason; it stays held since it first was."""
        ...

    def release(self, chain: str) -> None:
        """Let a chain go on; one that is not held is no error."""
        ...
