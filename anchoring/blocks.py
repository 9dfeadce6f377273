"""Blocks as nodes describe them in JSON, back in the bytes that their hashes commit.

Nothing here is believed: `checked` lets a block pass only if its header hashes
to the block's hash and its transaction receipts give the header's receiptsRoot.
A wrong guess about a later fork's field is thus an error, never a wrong proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import dropwhile

from anchoring.answers import data, items, members, quantity
from notary.core.canonical import JSON
from notary.core.encoding import to_hex
from notary.core.errors import Mismatch, Unsupported
from notary.core.evm import Header, rlp, tx_receipts_trie
from notary.ports import Block

_Read = Callable[[JSON, str], bytes]


def _integer(value: JSON, where: str) -> bytes:
    return rlp.from_integer(quantity(value, where))


_FIRST_FIELDS: Mapping[str, _Read] = {
    "parentHash": data,
    "sha3Uncles": data,
    "miner": data,
    "stateRoot": data,
    "transactionsRoot": data,
    "receiptsRoot": data,
    "logsBloom": data,
    "difficulty": _integer,
    "number": _integer,
    "gasLimit": _integer,
    "gasUsed": _integer,
    "timestamp": _integer,
    "extraData": data,
    "mixHash": data,
    "nonce": data,
}
"""The header of the first chains, in order (Yellow Paper §4.4)."""

_LATER_FIELDS: Mapping[str, _Read] = {
    "baseFeePerGas": _integer,  # London, EIP-1559
    "withdrawalsRoot": data,  # Shanghai, EIP-4895
    "blobGasUsed": _integer,  # Cancun, EIP-4844
    "excessBlobGas": _integer,
    "parentBeaconBlockRoot": data,  # Cancun, EIP-4788
    "requestsHash": data,  # Prague, EIP-7685
    "blockAccessListHash": data,  # Amsterdam, EIP-7928
    "slotNumber": _integer,  # Amsterdam, EIP-7843
}
"""What forks have added at the end. A chain that lacks one in between writes it empty, as geth does."""

_LEGACY = 0
_OPTIMISM_DEPOSIT = 0x7E
_TYPES = frozenset((
    *(_LEGACY, 1, 2, 3, 4),  # EIP-2718, 2930, 1559, 4844, 7702
    *(0x64, 0x65, 0x66, 0x68, 0x69, 0x6A),  # Arbitrum Nitro: deposit, unsigned, contract, retry, submit, internal
    _OPTIMISM_DEPOSIT,
))  # fmt: skip
"""Every block of Arbitrum and of the OP Stack begins with a transaction of its own type."""


def encode_header(fields: Mapping[str, JSON]) -> bytes:
    """Encode the header of a block as `eth_getBlockBy…` gives it."""
    first = [read(fields[name], name) for name, read in _FIRST_FIELDS.items()]
    later = [None if fields.get(name) is None else read(fields[name], name) for name, read in _LATER_FIELDS.items()]
    present = [*dropwhile(lambda field: field is None, reversed(later))][::-1]
    return rlp.encode((*first, *(field or b"" for field in present)))


def encode_tx_receipt(value: JSON) -> bytes:
    """Encode a transaction receipt as the trie holds it (EIP-2718); Unsupported for a type unknown here."""
    fields = members(value, "transaction receipt")
    kind = quantity(fields.get("type", "0x0"), "type")
    if kind not in _TYPES:
        raise Unsupported(f"transaction receipt of type {kind:#x}", expected=", ".join(map(hex, sorted(_TYPES))))
    # Before Byzantium the state in between stood where the status is.
    outcome = _integer(fields["status"], "status") if "status" in fields else data(fields["root"], "root")
    encoded: tuple[rlp.Item, ...] = (
        outcome,
        _integer(fields["cumulativeGasUsed"], "cumulativeGasUsed"),
        data(fields["logsBloom"], "logsBloom"),
        tuple(_log(log) for log in items(fields["logs"], "logs")),
    )
    if kind == _OPTIMISM_DEPOSIT and fields.get("depositReceiptVersion") is not None:
        # The nonce is committed since Canyon only, and the version says so (OP Stack specification, deposits).
        encoded += (
            _integer(fields["depositNonce"], "depositNonce"),
            _integer(fields["depositReceiptVersion"], "version"),
        )
    return (b"" if kind == _LEGACY else bytes([kind])) + rlp.encode(encoded)


def checked(block_hash: bytes, header: bytes, tx_receipts: Sequence[bytes]) -> Block:
    """Return the block once its hash commits the header and the header commits the receipts; Mismatch if not."""
    read = Header.parse(header)
    if read.hash != block_hash:
        raise Mismatch("block header", expected=f"the hash {to_hex(block_hash)}", actual=to_hex(read.hash))
    root = tx_receipts_trie(tx_receipts).root
    if root != read.receipts_root:
        raise Mismatch(
            f"transaction receipts of block {read.number}",
            expected=f"receiptsRoot {to_hex(read.receipts_root)}",
            actual=to_hex(root),
        )
    return Block(read.number, read.hash, read.timestamp, header, tuple(tx_receipts))


def _log(value: JSON) -> rlp.Item:
    fields = members(value, "log")
    topics = tuple(data(topic, "topic", 32) for topic in items(fields["topics"], "topics"))
    return data(fields["address"], "address", 20), topics, data(fields["data"], "data")
