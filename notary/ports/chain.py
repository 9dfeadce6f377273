"""One EVM chain: reading it, and a wallet that pays on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from notary.core.digest import Digest
from notary.core.errors import OperatorError
from notary.core.evm import Address, Event


class Outage(OperatorError):
    """A node does not answer now: it may pass by itself, and nothing is wrong with what was asked."""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header and the receipts of all its transactions, checked against each other.

    `header` is the raw RLP whose Keccak-256 is `hash`; `tx_receipts` are the
    EIP-2718 encoded receipts in order, whose trie root is the header's
    receiptsRoot. `time` is the header's timestamp in Unix seconds.
    """

    number: int
    hash: bytes
    time: int
    header: bytes
    tx_receipts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Sighting:
    """An `Anchored` event seen in the canonical chain; it may vanish until final.

    `transaction` is the index in its block, `log` the index within that
    transaction's receipt. `head` chains all that the sender anchored there, and
    `registry` is the state digest in force, both as the event carries them.
    """

    root: Digest
    sender: Address
    head: bytes
    registry: Digest
    tx_hash: bytes
    block_number: int
    block_hash: bytes
    transaction: int
    log: int


@dataclass(frozen=True, slots=True)
class Logged:
    """Any contract's event in the canonical chain, and where; it may vanish until final."""

    event: Event
    block_number: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A transaction seen in the canonical chain."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    succeeded: bool
    created: Address | None


class Chain(Protocol):
    """Reading one EVM chain. Nothing here changes anything; all of it is safe to repeat.

    A node that cannot be reached or stalls raises Outage, one that contradicts
    itself OperatorError. A header that does not hash to the block's hash, or receipts
    that do not give its receiptsRoot, never leave this port.
    """

    @property
    def id(self) -> str:
        """CAIP-2 id, `eip155:N`, as the node itself says."""
        ...

    def check_id(self) -> None:
        """Ask the node anew which chain it is on; OperatorError where that is another than `id`."""
        ...

    @property
    def typical_wait(self) -> int:
        """Seconds from sending a transaction until its block is usually final."""
        ...

    def latest(self) -> int:
        """Number of the newest block."""
        ...

    def finalized(self) -> int:
        """Number of the newest block that is final under the chain's profile; -1 for none."""
        ...

    def block(self, number: int) -> Block | None:
        """The canonical block of that number, or None where there is none."""
        ...

    def inclusion(self, tx_hash: bytes) -> Inclusion | None:
        """Where a transaction stands in the canonical chain now, or None."""
        ...

    def sightings(
        self, contract: Address, *, since: int = 0, root: Digest | None = None, sender: Address | None = None
    ) -> Iterator[Sighting]:
        """The contract's `Anchored` events from block `since` on, in order, filtered by root and sender."""
        ...

    def events(self, contract: Address, topic: bytes, *, since: int = 0, until: int | None = None) -> Iterator[Logged]:
        """The contract's events whose first topic is this, from block `since` to `until` or the newest, in order."""
        ...

    def call(self, to: Address, data: bytes) -> bytes:
        """Run a view at the newest block and return its bytes; OperatorError when it reverts."""
        ...

    def code(self, at: Address, *, block: int | None = None) -> bytes:
        """The code at an address, empty for none; at an earlier block, where the node keeps its state."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """What a transaction asks for: code of a contract to be made (`to` None), or a call."""

    to: Address | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Quote:
    """What a call would cost now, in wei: `gas` units at most, each at most `fee_per_gas`."""

    gas: int
    fee_per_gas: int
    tip_per_gas: int

    @property
    def fee(self) -> int:
        """Most that will be paid, in wei."""
        return self.gas * self.fee_per_gas


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction ready to be sent: stored before it is broadcast, sent again byte for byte."""

    hash: bytes
    raw: bytes
    nonce: int
    quote: Quote


class Wallet(Protocol):
    """One account that pays on one chain. Errors of the node are OperatorErrors."""

    @property
    def address(self) -> Address:
        """The account."""
        ...

    def balance(self) -> int:
        """What the account holds at the newest block, in wei."""
        ...

    def next_nonce(self) -> int:
        """Number of the account's transactions in the chain and the node's pool."""
        ...

    def final_nonce(self) -> int:
        """Number of the account's transactions in final blocks: no lower nonce can be used any more."""
        ...

    def quote(self, call: Call, *, replacing: Quote | None = None) -> Quote:
        """Estimate a call; OperatorError with the reason when it would revert, or costs more than the cap.

        To replace a transaction at its nonce, both fees are raised by an eighth
        at least, which every node takes; `replacing` itself comes back where fees
        have not risen.
        """
        ...

    def sign(self, call: Call, *, nonce: int, quote: Quote) -> SignedTransaction:
        """Sign without sending. The same arguments give the same bytes."""
        ...

    def broadcast(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to the node. Safe to repeat: known or already mined is success."""
        ...
