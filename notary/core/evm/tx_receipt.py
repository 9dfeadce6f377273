"""Transaction receipts: what a transaction did, under its block's receiptsRoot (Yellow Paper §4.4.1, EIP-2718).

The receipt is the consensus encoding, as the trie holds it. Whether it is in a
block is proven by `proven_tx_receipt`; its logs bloom repeats the logs and is
not looked into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NewType, Self

from notary.core.encoding import shorten, to_hex
from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.evm import rlp
from notary.core.evm.header import Header
from notary.core.evm.trie import Trie, lookup

Address = NewType("Address", bytes)
"""20 bytes of an EVM account or contract."""

_TYPES = (1, 2, 3, 4)
"""EIP-2930, EIP-1559, EIP-4844, EIP-7702: all with the legacy receipt's four fields."""
_FIELDS = 4
_FIRST_LIST = 0xC0
_BLOOM_SIZE = 256
_MOST_TOPICS = 4


@dataclass(frozen=True, slots=True)
class Event:
    """One log entry: the contract that wrote it, up to four 32-byte topics, and data."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes

    @classmethod
    def read(cls, item: rlp.Item, where: str) -> Self:
        """Read a log entry of a transaction receipt."""
        fields = rlp.as_list(item, where)
        if len(fields) != 3:
            raise Malformed(where, expected="address, topics and data", actual=f"{len(fields)} fields")
        topics = rlp.as_list(fields[1], f"{where}, topics")
        if len(topics) > _MOST_TOPICS:
            raise Malformed(where, expected=f"at most {_MOST_TOPICS} topics", actual=len(topics))
        return cls(
            address=Address(rlp.as_bytes(fields[0], f"{where}, address", 20)),
            topics=tuple(rlp.as_bytes(topic, f"{where}, topic", 32) for topic in topics),
            data=rlp.as_bytes(fields[2], f"{where}, data"),
        )


@dataclass(frozen=True, slots=True)
class TxReceipt:
    """Whether a transaction succeeded (EIP-658) and the events it left."""

    succeeded: bool
    events: tuple[Event, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Read a legacy or typed receipt. Unsupported for a transaction type unknown here.

        A receipt from before Byzantium holds a state root where the status is: it
        does not say whether the transaction succeeded, and is refused.
        """
        where = "transaction receipt"
        if raw and raw[0] < _FIRST_LIST:
            if raw[0] not in _TYPES:
                raise Unsupported(f"{where} of a transaction type", expected=_TYPES, actual=raw[0])
            raw = raw[1:]
        fields = rlp.as_list(rlp.decode(raw, where), where)
        if len(fields) != _FIELDS:
            raise Malformed(where, expected=f"{_FIELDS} fields", actual=len(fields))
        status, gas_used, bloom, logs = fields
        if status not in (b"", b"\x01"):
            actual = rlp.as_bytes(status, f"{where}, status")
            raise Malformed(f"{where}, status", expected="0 or 1", actual=shorten(actual.hex()))
        rlp.as_integer(gas_used, f"{where}, cumulative gas used")
        rlp.as_bytes(bloom, f"{where}, logs bloom", _BLOOM_SIZE)
        return cls(
            succeeded=status == b"\x01",
            events=tuple(
                Event.read(log, f"{where}, log {at}") for at, log in enumerate(rlp.as_list(logs, f"{where}, logs"))
            ),
        )


def tx_receipts_trie(tx_receipts: Sequence[bytes]) -> Trie:
    """Build the trie of all receipts of a block, in their order: its root is the header's receiptsRoot."""
    return Trie.of({_key(at): tx_receipt for at, tx_receipt in enumerate(tx_receipts)})


def prove_tx_receipt(header: Header, tx_receipts: Sequence[bytes], *, transaction: int) -> tuple[bytes, ...]:
    """Return the proof of one receipt out of all receipts of its block.

    Mismatch where these are not the block's receipts or it has no such transaction.
    """
    trie = tx_receipts_trie(tx_receipts)
    if trie.root != header.receipts_root:
        raise Mismatch("receiptsRoot of the block", expected=to_hex(header.receipts_root), actual=to_hex(trie.root))
    return trie.proof(_key(transaction))


def proven_tx_receipt(header: Header, *, transaction: int, proof: Sequence[bytes]) -> TxReceipt:
    """Return the receipt of the transaction at this index of the block, once its proof holds."""
    return TxReceipt.parse(lookup(header.receipts_root, _key(transaction), proof))


def _key(transaction: int) -> bytes:
    """Return where a block's trie holds the receipt of a transaction: the RLP of its index."""
    return rlp.encode(rlp.from_integer(transaction))
