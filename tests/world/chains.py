"""Chains that mine real blocks: a header of 21 fields over a trie of transaction receipts; and registry states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from notary.core.cid import Cid
from notary.core.digest import LeafIndex
from notary.core.evm import keccak256, rlp, tx_receipts_trie
from notary.core.evm.anchored import TOPIC
from notary.core.merkle import Tree
from notary.core.receipt import (
    MemberProof,
)
from notary.core.registry import (
    MemberRecord,
    RegistryState,
    sort_records,
)

MAIN = "eip155:1"
SIDE = "eip155:100"


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry state, and the records its root is over."""

    state: RegistryState
    records: tuple[MemberRecord, ...]

    @classmethod
    def of(cls, records: Iterable[MemberRecord], **state: Any) -> Registry:
        """Commit records in a state; the rest of the state is given."""
        ordered = tuple(sort_records(records))
        lines = b"".join(record.line() + b"\n" for record in ordered)
        tree = Tree([record.hash() for record in ordered])
        return cls(RegistryState(size=tree.size, root=tree.root, records=Cid.of(lines), **state), ordered)

    def member(self, did: str) -> MemberProof:
        """Prove a member's record."""
        index = [record.id for record in self.records].index(did)
        path = list(Tree([record.hash() for record in self.records]).paths())[index]
        return MemberProof(self.records[index], LeafIndex(index), path)


def header_of(chain: str, number: int, time: int, receipts_root: bytes) -> bytes:
    """Write a block header as chains do since Prague: 21 fields."""
    parent = keccak256(f"{chain} {number - 1}".encode())
    fields: list[bytes] = [
        *(parent, bytes(32), bytes(20), bytes(32), bytes(32), receipts_root, bytes(256), b""),
        *(rlp.from_integer(number), rlp.from_integer(36_000_000), rlp.from_integer(90_000), rlp.from_integer(time)),
        *(b"", bytes(32), bytes(8), rlp.from_integer(7), bytes(32), b"", b"", bytes(32), bytes(32)),
    ]
    return rlp.encode(tuple(fields))


def tx_receipt_of(*events: tuple[bytes, Sequence[bytes], bytes], status: int = 1) -> bytes:
    """Write an EIP-1559 transaction's receipt: address, topics and data of each event."""
    logs = tuple((address, tuple(topics), data) for address, topics, data in events)
    return b"\x02" + rlp.encode((rlp.from_integer(status), rlp.from_integer(31_356), bytes(256), logs))


@dataclass(slots=True)
class Chain:
    """A chain with a consortium's contract on it; `blocks` are those with its anchors, from number `first` on."""

    id: str
    contract: bytes
    first: int = 1000
    blocks: dict[int, bytes] = field(default_factory=dict)

    def mine(
        self,
        root: bytes,
        notary: bytes,
        registry: bytes,
        *,
        time: int,
        number: int | None = None,
        emitter: bytes | None = None,
        status: int = 1,
        neighbours: int = 2,
    ) -> tuple[bytes, int, tuple[bytes, ...]]:
        """Mine a block with an `Anchored` event among other transactions; return header, transaction, proof."""
        number = number or self.first + len(self.blocks)
        other = tx_receipt_of((bytes(20), (keccak256(b"Transfer"),), b"1"))
        event = (emitter or self.contract, (TOPIC, root, bytes(12) + notary), keccak256(root) + registry)
        ours = tx_receipt_of(event, status=status)
        trie = tx_receipts_trie([*[other] * neighbours, ours])
        header = header_of(self.id, number, time, trie.root)
        self.blocks[number] = keccak256(header)
        return header, neighbours, trie.proof(rlp.encode(rlp.from_integer(neighbours)))
