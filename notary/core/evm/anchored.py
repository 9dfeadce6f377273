"""The `Anchored` event of a CredentialAnchor, proven to be in a block.

Verification step 8: header → receiptsRoot → transaction receipt with status 1 →
event. That the block is final, that the contract is trusted, and that the root
and the registry state are the receipt's are other steps; the caller compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from notary.core.digest import Digest
from notary.core.encoding import to_hex
from notary.core.errors import Mismatch
from notary.core.evm.header import Header
from notary.core.evm.tx_receipt import Address, Event, proven_tx_receipt

TOPIC = bytes.fromhex("4d0ce50a81086727a93f7db1120ec7d21d24da61b9a9b0af67e7935d91b5c2ea")
"""Keccak-256 of `Anchored(bytes32,address,bytes32,bytes32)`: the event's first topic."""
_TOPICS = 3
_DATA_SIZE = 64
_ADDRESS_PADDING = bytes(12)


@dataclass(frozen=True, slots=True)
class AnchoredEvent:
    """`Anchored(bytes32 indexed root, address indexed notary, bytes32 head, bytes32 registry)`.

    `contract` is who emitted it. `head` chains all of the notary's anchors there;
    `registry` is the digest of the registry state then in force.
    """

    contract: Address
    root: Digest
    notary: Address
    head: bytes
    registry: Digest

    @classmethod
    def of(cls, event: Event) -> Self:
        """Read an event; Mismatch where it is another one. Any contract can emit it: compare `contract`."""
        if event.topics[:1] != (TOPIC,):
            found = to_hex(event.topics[0]) if event.topics else "an event without topics"
            raise Mismatch("event of another kind", expected=to_hex(TOPIC), actual=found)
        if len(event.topics) != _TOPICS or len(event.data) != _DATA_SIZE:
            raise Mismatch(
                "event named Anchored of another shape",
                expected=f"{_TOPICS} topics and {_DATA_SIZE} bytes",
                actual=f"{len(event.topics)} topics and {len(event.data)} bytes",
            )
        _, root, notary = event.topics
        if not notary.startswith(_ADDRESS_PADDING):
            raise Mismatch("notary of an Anchored event", expected="an address in 32 bytes", actual=to_hex(notary))
        return cls(
            contract=event.address,
            root=Digest(root),
            notary=Address(notary[12:]),
            head=event.data[:32],
            registry=Digest(event.data[32:]),
        )


def anchored_event(header: Header, *, transaction: int, log: int, proof: Sequence[bytes]) -> AnchoredEvent:
    """Return the `Anchored` event at this log of this transaction of the block.

    `transaction` is an index in the block, `log` one within the transaction's
    receipt, `proof` the trie nodes from receiptsRoot down. Raises Malformed,
    Mismatch, or Unsupported for a transaction type unknown here.
    """
    tx_receipt = proven_tx_receipt(header, transaction=transaction, proof=proof)
    if not tx_receipt.succeeded:
        raise Mismatch(f"transaction {transaction} failed", expected="status 1", actual="status 0")
    if not 0 <= log < len(tx_receipt.events):
        raise Mismatch(f"events of transaction {transaction}", expected=f"log {log}", actual=len(tx_receipt.events))
    return AnchoredEvent.of(tx_receipt.events[log])
