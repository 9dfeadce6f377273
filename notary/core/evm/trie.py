"""The Merkle-Patricia trie: roots, proofs, and values proven by them (Yellow Paper, appendix D).

A block commits its transaction receipts under one root, each at the RLP of its
index. A proof is the nodes from the root down to the value, each named by its
Keccak-256 in the one before; nodes shorter than a hash stand in their parents.
Paths are written as hex digits, one a nibble. Absence is never proven here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

from notary.core.encoding import shorten, to_hex
from notary.core.errors import Malformed, Mismatch
from notary.core.evm.keccak import keccak256
from notary.core.evm.rlp import Item, as_bytes, as_list, decode, encode

_HASH_SIZE = 32
_BRANCH = 17
"""Items of a branch: a child for every nibble, and the value of the path that ends there."""


def lookup(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the value at `key` under `root`; the proof's nodes are exactly those on the way, in order.

    Raises Malformed for a proof that is none, Mismatch where it leads elsewhere
    or the trie holds nothing at the key.
    """
    most = 2 * len(key) + 1
    if len(proof) > most:
        raise Malformed("trie proof is too long", expected=f"at most {most} nodes", actual=len(proof))
    nodes = iter(proof)

    def next_node(digest: bytes) -> bytes:
        node = next(nodes, None)
        if node is None:
            raise Malformed("trie proof ends early", expected=f"a node that hashes to {to_hex(digest)}")
        actual = keccak256(node)
        if actual != digest:
            raise Mismatch("trie node has another hash", expected=to_hex(digest), actual=to_hex(actual))
        return node

    value = _descend(root, key, next_node)
    unused = sum(1 for _ in nodes)
    if unused:
        raise Malformed("trie proof goes on after the value", expected=len(proof) - unused, actual=len(proof))
    return value


@dataclass(frozen=True, slots=True)
class Trie:
    """A whole trie: its root, and its nodes by their hashes."""

    root: bytes
    nodes: Mapping[bytes, bytes]

    @classmethod
    def of(cls, entries: Mapping[bytes, bytes]) -> Self:
        """Build the trie of these values; an empty value is none and is refused."""
        nodes: dict[bytes, bytes] = {}

        def refer_to(node: Item) -> Item:
            encoded = encode(node)
            return node if len(encoded) < _HASH_SIZE else keep(encoded)

        def keep(encoded: bytes) -> bytes:
            digest = keccak256(encoded)
            nodes[digest] = encoded
            return digest

        def build(part: list[tuple[str, bytes]]) -> Item:
            """Return the node of sorted paths and values."""
            first, value = part[0]
            if len(part) == 1:
                return _write_path(first, leaf=True), value
            shared = _shared_start(first, part[-1][0])
            if shared:
                return _write_path(shared, leaf=False), refer_to(build([(p[len(shared) :], v) for p, v in part]))
            children: list[Item] = [b""] * _BRANCH
            if not first:
                children[-1] = value
            for nibble, group in groupby(part if first else part[1:], key=lambda entry: entry[0][0]):
                children[int(nibble, 16)] = refer_to(build([(p[1:], v) for p, v in group]))
            return tuple(children)

        if not all(entries.values()):
            raise Malformed("value of a trie", expected="at least one byte")
        paths = sorted((key.hex(), value) for key, value in entries.items())
        root = keep(encode(build(paths) if paths else b""))
        return cls(root, nodes)

    def proof(self, key: bytes) -> tuple[bytes, ...]:
        """Return the nodes from the root to the value at `key`; Mismatch where there is none."""
        path: list[bytes] = []

        def take(digest: bytes) -> bytes:
            path.append(self.nodes[digest])
            return path[-1]

        _descend(self.root, key, take)
        return tuple(path)


def _descend(root: bytes, key: bytes, node_of: Callable[[bytes], bytes]) -> bytes:
    """Walk from the root to the value at `key`, fetching each node by its hash.

    It ends: a node that is left for the next one has taken at least a nibble of the path.
    """
    path, node = key.hex(), decode(node_of(root), "trie root")
    while node != b"":
        items = as_list(node, "trie node")
        if len(items) == _BRANCH:
            if not path:
                return _value(items[-1], key)
            child, path = items[int(path[0], 16)], path[1:]
        elif len(items) == 2:
            segment, is_leaf = _read_path(as_bytes(items[0], "path of a trie node"))
            if path == segment and is_leaf:
                return _value(items[1], key)
            if is_leaf or not path.startswith(segment):
                break
            child, path = items[1], path[len(segment) :]
        else:
            raise Malformed("trie node", expected=f"2 or {_BRANCH} items", actual=len(items))
        node = _resolve(child, node_of)
    raise _absent(key)


def _resolve(reference: Item, node_of: Callable[[bytes], bytes]) -> Item:
    """Return the node that stands in its parent, if shorter than a hash, or behind its hash; empty for none."""
    if reference == b"":
        return reference
    if isinstance(reference, tuple):
        if len(encode(reference)) >= _HASH_SIZE:
            raise Malformed("trie node within its parent", expected=f"less than {_HASH_SIZE} bytes")
        return reference
    encoded = node_of(as_bytes(reference, "hash of a trie node", _HASH_SIZE))
    if len(encoded) < _HASH_SIZE:
        raise Malformed("trie node outside its parent", expected=f"at least {_HASH_SIZE} bytes", actual=len(encoded))
    return decode(encoded, "trie node")


def _value(item: Item, key: bytes) -> bytes:
    value = as_bytes(item, "value of a trie")
    if not value:
        raise _absent(key)
    return value


def _absent(key: bytes) -> Mismatch:
    return Mismatch("the trie holds nothing at this key", expected=to_hex(key))


def _shared_start(first: str, last: str) -> str:
    """Return what two paths begin with; of a sorted list's first and last, what all begin with."""
    length = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    return first[:length]


def _write_path(path: str, *, leaf: bool) -> bytes:
    """Pack nibbles with their parity and the node's kind (hex-prefix, Yellow Paper, appendix C)."""
    flag = 2 * leaf + len(path) % 2
    return bytes.fromhex(f"{flag}{path}" if flag % 2 else f"{flag}0{path}")


def _read_path(packed: bytes) -> tuple[str, bool]:
    """Unpack a hex-prefixed path and whether it ends in a leaf."""
    digits = packed.hex()
    leaf = digits[:1] in ("2", "3")
    path = digits[1:] if digits[:1] in ("1", "3") else digits[2:]
    if packed != _write_path(path, leaf=leaf) or not (path or leaf):
        raise Malformed("path of a trie node", expected="hex-prefix encoding", actual=shorten(digits))
    return path, leaf
