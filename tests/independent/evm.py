"""From a block header to an Anchored event (docs/spec/verification.md#evm-proof)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from Crypto.Hash import keccak

from tests.independent.strict_json import Malformed, Mismatch, Unsupported, require

Item = Any  # bytes, or a list of items
ANCHORED = bytes.fromhex("4d0ce50a81086727a93f7db1120ec7d21d24da61b9a9b0af67e7935d91b5c2ea")


@dataclass(frozen=True)
class Block:
    """What is read of a header."""

    hash: str
    receipts_root: bytes
    number: int
    time: int


@dataclass(frozen=True)
class Event:
    """An Anchored event and its contract."""

    contract: str
    root: bytes
    notary: str
    registry: bytes


def keccak256(data: bytes) -> bytes:
    """The hash of Ethereum."""
    return keccak.new(digest_bits=256, data=data).digest()


def rlp(data: bytes) -> Item:
    """The one item that fills all bytes."""
    require(len(data) <= 4 << 20, Malformed, "too long")
    item, end = _item(data, 0, len(data), 0)
    require(end == len(data), Malformed, "bytes left over")
    return item


def _item(data: bytes, at: int, end: int, level: int) -> tuple[Item, int]:
    require(at < end, Malformed, "an end too early")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    base = 0xC0 if first >= 0xC0 else 0x80
    size, start = first - base, at + 1
    if size > 55:
        digits = data[start : start + size - 55]
        start += size - 55
        size = int.from_bytes(digits)
        require(start <= end and digits[0] != 0 and size > 55, Malformed, "a length not in its shortest form")
    stop = start + size
    require(stop <= end, Malformed, "an end too early")
    if base == 0x80:
        require(size != 1 or data[start] >= 0x80, Malformed, "a byte behind a prefix")
        return data[start:stop], stop
    require(level < 16, Malformed, "lists too deep")
    items = []
    while start < stop:
        item, start = _item(data, start, stop, level + 1)
        items.append(item)
    return items, stop


def encode(item: Item) -> bytes:
    """RLP of an item."""
    if isinstance(item, list):
        body, base = b"".join(map(encode, item)), 0xC0
    elif len(item) == 1 and item[0] < 0x80:
        return bytes(item)
    else:
        body, base = bytes(item), 0x80
    if len(body) <= 55:
        return bytes([base + len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes([base + 55 + len(size)]) + size + body


def _octets(item: Item, size: int) -> bytes:
    require(isinstance(item, bytes) and len(item) == size, Malformed, f"not {size} bytes")
    return bytes(item)


def _list(item: Item, what: str) -> list[Item]:
    require(isinstance(item, list), Malformed, f"{what} is no list")
    return list(item)


def _integer(item: Item) -> int:
    require(isinstance(item, bytes) and len(item) <= 8 and item[:1] != b"\0", Malformed, "no integer")
    return int.from_bytes(item)


def header(raw: bytes) -> Block:
    """What a raw header says."""
    fields = _list(rlp(raw), "a header")
    require(len(fields) >= 15, Malformed, "a header too short")
    _octets(fields[0], 32)
    return Block("0x" + keccak256(raw).hex(), _octets(fields[5], 32), _integer(fields[8]), _integer(fields[11]))


def _nibbles(data: bytes) -> list[int]:
    return [nibble for byte in data for nibble in (byte >> 4, byte & 15)]


def _hex_prefix(item: Item) -> tuple[bool, list[int]]:
    require(isinstance(item, bytes) and item != b"", Malformed, "no path")
    flag, *path = _nibbles(item)
    require(flag < 4, Malformed, "no path")
    if not flag & 1:
        require(path[0] == 0, Malformed, "padding")
        path = path[1:]
    leaf = flag >= 2
    require(leaf or path != [], Malformed, "an extension of nothing")
    return leaf, path


def trie_value(root: bytes, transaction: int, proof: Sequence[bytes]) -> bytes:
    """The value in the trie at RLP(transaction)."""
    key = encode(transaction.to_bytes((transaction.bit_length() + 7) // 8))
    require(len(proof) <= 2 * len(key) + 1, Malformed, "too many nodes")
    path, left = _nibbles(key), list(proof)
    node = _next_node(root, left)
    value: Item = None
    while value is None:
        if len(node) == 17:
            if not path:
                value = node[16]
            else:
                node, path = _go_on(node[path[0]], left), path[1:]
            continue
        require(len(node) == 2, Malformed, "no node")
        leaf, part = _hex_prefix(node[0])
        require(part == path if leaf else path[: len(part)] == part, Mismatch, "no such key")
        if leaf:
            value = node[1]
        else:
            node, path = _go_on(node[1], left), path[len(part) :]
    require(not left, Malformed, "nodes left over")
    require(isinstance(value, bytes), Malformed, "a value that is a list")
    require(value != b"", Mismatch, "no such key")
    return bytes(value)


def _next_node(expected: bytes, left: list[bytes]) -> list[Item]:
    require(left != [], Malformed, "a node lacking")
    raw = left.pop(0)
    require(keccak256(raw) == expected, Mismatch, "another node")
    return _list(rlp(raw), "a node")


def _go_on(target: Item, left: list[bytes]) -> list[Item]:
    if isinstance(target, list):
        require(len(encode(target)) < 32, Malformed, "a node that should be hashed")
        return target
    require(target != b"", Mismatch, "no such key")
    require(left == [] or len(left[0]) >= 32, Malformed, "a node that should not be hashed")
    return _next_node(_octets(target, 32), left)


def _log(item: Item) -> tuple[bytes, list[bytes], bytes]:
    fields = _list(item, "a log")
    require(len(fields) == 3, Malformed, "no log")
    topics = [_octets(topic, 32) for topic in _list(fields[1], "topics")]
    require(len(topics) <= 4 and isinstance(fields[2], bytes), Malformed, "no log")
    return _octets(fields[0], 20), topics, fields[2]


def logs(value: bytes) -> list[tuple[bytes, list[bytes], bytes]]:
    """All logs of a transaction receipt."""
    if value[0] < 0xC0:
        require(value[0] in {1, 2, 3, 4}, Unsupported, "a transaction type not known")
        value = value[1:]
    fields = _list(rlp(value), "a receipt")
    require(len(fields) == 4, Malformed, "no receipt")
    _integer(fields[1])
    _octets(fields[2], 256)
    found = [_log(item) for item in _list(fields[3], "logs")]
    require(fields[0] == b"\1", Mismatch, "a transaction that failed")
    return found


def event(receipts_root: bytes, transaction: int, index: int, proof: Sequence[bytes]) -> Event:
    """The event at this place."""
    found = logs(trie_value(receipts_root, transaction, proof))
    require(index < len(found), Mismatch, "no such log")
    contract, topics, data = found[index]
    right = len(topics) == 3 and topics[0] == ANCHORED and len(data) == 64 and not any(topics[2][:12])
    require(right, Mismatch, "another event")
    return Event("0x" + contract.hex(), topics[1], "0x" + topics[2][12:].hex(), data[32:])
