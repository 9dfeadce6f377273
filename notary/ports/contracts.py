"""The consortium's contracts in words: what to send them, what members approve, what they say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from notary.core.canonical import JSON
from notary.core.digest import Digest
from notary.core.evm import Address
from notary.ports.chain import Call, Chain


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


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """A change that a registry applied, as its event tells; the founding is epoch 1, approved by nobody."""

    epoch: int
    state: Digest
    threshold: int
    added: tuple[Address, ...]
    removed: tuple[Address, ...]
    approvers: tuple[Address, ...]
    block_number: int
    tx_hash: bytes


class Contracts(Protocol):
    """The consortium's contracts in words: calls for a wallet to send, and facts to read.

    Nothing here sends anything, and what members approve is computed here, never asked of a node.
    """

    def founded_at(self, creator: Address, nonce: int) -> tuple[Address, Address]:
        """The addresses of the registry and the anchor contract that the creator's next deployment gets."""
        ...

    def anchor_of(self, registry: Address) -> Address:
        """The address of the anchor contract that a registry deploys; whether it is there, `consortium` says."""
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

    def typed_data(self, chain: str, registry: Address, change: Change) -> JSON:
        """The same as EIP-712 typed data, as a wallet takes it (`eth_signTypedData_v4`)."""
        ...

    def approves(self, digest: bytes, approval: Approval, chain: Chain | None) -> bool:
        """Whether the registry would count an approval: by the signer's key, else by its ERC-1271 wallet.

        Without a chain only keys are known.
        """
        ...

    def change(self, registry: Address, change: Change, approvals: Iterable[Approval]) -> Call:
        """Apply an approved change; anyone may send it."""
        ...

    def consortium(self, chain: Chain, registry: Address) -> Consortium:
        """Read a registry; OperatorError where the code there, or at its anchor, is not the published one."""
        ...

    def changes(
        self, chain: Chain, registry: Address, *, since: int = 0, until: int | None = None, after: int = 0
    ) -> tuple[AppliedChange, ...]:
        """The changes a registry applied in these blocks, its founding first; `after`: the epoch before the first.

        OperatorError where an epoch is missing between them.
        """
        ...

    def registry_of(self, chain: Chain, anchor: Address) -> Address:
        """The registry that deployed an anchor contract; OperatorError where that is not the published one."""
        ...
