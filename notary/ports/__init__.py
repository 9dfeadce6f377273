"""What the domain needs from the world: chains, wallets, block stores, signers, a clock.

A Protocol stands here where a second implementation exists today; an embedded
one counts. Every implementation passes the same port suite (`tests/ports/`).
The ledger is the one database of the project and has its own port beside the
use cases that need it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notary.core.cid import Cid, StoredBlock
from notary.core.digest import Digest
from notary.core.evm import Address as Address

# ---------------------------------------------------------------- chain, read


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
class Inclusion:
    """A transaction seen in the canonical chain."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes
    succeeded: bool
    created: Address | None


class Chain(Protocol):
    """Reading one EVM chain. Nothing here changes anything; all of it is safe to repeat.

    A node that cannot be reached, stalls or contradicts itself raises
    OperatorError. A header that does not hash to the block's hash, or receipts
    that do not give its receiptsRoot, never leave this port.
    """

    @property
    def id(self) -> str:
        """CAIP-2 id, `eip155:N`, as the node itself says."""
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

    def call(self, to: Address, data: bytes) -> bytes:
        """Run a view at the newest block and return its bytes; OperatorError when it reverts."""
        ...

    def code(self, at: Address) -> bytes:
        """The code at an address, empty for none."""
        ...


# --------------------------------------------------------------- chain, write


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

    def quote(self, call: Call) -> Quote:
        """Estimate a call; OperatorError with the reason when it would revert."""
        ...

    def sign(self, call: Call, *, nonce: int, quote: Quote) -> SignedTransaction:
        """Sign without sending. The same arguments give the same bytes."""
        ...

    def broadcast(self, transaction: SignedTransaction) -> None:
        """Hand the bytes to the node. Safe to repeat: known or already mined is success."""
        ...


# ------------------------------------------------------------------ contracts


@dataclass(frozen=True, slots=True)
class Change:
    """What k members approve: a registry state, who comes and goes, and the next k.

    `epoch` is the one the change starts, the current one plus one; `deadline` is
    the last block time, in Unix seconds, at which it may be applied.
    """

    state: Digest
    added: tuple[Address, ...]
    removed: tuple[Address, ...]
    threshold: int
    epoch: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Approval:
    """A member's signature of a change's digest: 65 bytes, or whatever its ERC-1271 wallet takes."""

    signer: Address
    signature: bytes


@dataclass(frozen=True, slots=True)
class Consortium:
    """What a ConsortiumRegistry says at the newest block; `anchor` is its CredentialAnchor."""

    anchor: Address
    members: frozenset[Address]
    threshold: int
    epoch: int
    state: Digest


class Contracts(Protocol):
    """The consortium's contracts in words: calls for a wallet to send, and facts to read.

    Nothing here sends anything, and what members approve is computed here, never asked of a node.
    """

    def founded_at(self, creator: Address, nonce: int) -> tuple[Address, Address]:
        """The addresses of the registry and the anchor contract that the creator's next deployment gets."""
        ...

    def found(self, members: Iterable[Address], *, threshold: int, state: Digest) -> Call:
        """Deploy a registry, which deploys its anchor contract; the address comes with the inclusion."""
        ...

    def anchor(self, contract: Address, root: Digest, *, bare: bool = False) -> Call:
        """Anchor a root. `bare`: the transaction's input is the root itself, as Blockcerts verifiers read it.

        A bare root that begins like a function of the contract leaves no event.
        """
        ...

    def approval_digest(self, chain: str, registry: Address, change: Change) -> bytes:
        """The EIP-712 digest that members sign to approve this change, of this registry, on this chain."""
        ...

    def change(self, registry: Address, change: Change, approvals: Iterable[Approval]) -> Call:
        """Apply an approved change; anyone may send it."""
        ...

    def consortium(self, chain: Chain, registry: Address) -> Consortium:
        """Read a registry; OperatorError where the code there, or at its anchor, is not the published one."""
        ...


# -------------------------------------------------------------------- IPFS


class BlockStore(Protocol):
    """Content-addressed blocks, kept as long as a pin reaches them.

    Every block read is checked against its CID before it is returned. A store
    that cannot be reached raises OperatorError.
    """

    def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
        """Store blocks, in any order, and pin each CID of `pins` with all it reaches.

        `pins` is read after the last block, so that a file can be named once it
        has been taken. Durable on return; safe to repeat. OperatorError names a pin whose
        blocks are not all there, and then nothing new is pinned.
        """
        ...

    def get(self, cid: Cid) -> bytes:
        """The block's bytes, checked; OperatorError where it cannot be had."""
        ...

    def unpin(self, cid: Cid) -> None:
        """Let a pin go; one that is not there is no error."""
        ...

    def pins(self) -> Iterator[Cid]:
        """Every CID pinned here, in no order."""
        ...


# --------------------------------------------------------------- people's keys


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
