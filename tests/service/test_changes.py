"""Reading a registry's whole past from a node that gives little at once: from its founding on, and never twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_abi.abi import encode

from anchoring.contracts import PublishedContracts
from anchoring.evm import EvmChain
from notary.core.digest import Digest
from notary.core.errors import Malformed, OperatorError
from notary.core.evm import Address, keccak256
from notary.ports import Chain, Consortium
from notary.service.governance.changes import PAGE, Known, founding_block, read_changes, read_known, write_known
from tests.ports.fake_node import Answer, Says, running

pytestmark = pytest.mark.loopback

REGISTRY = Address(b"\x44" * 20)
TOPIC = keccak256(b"ChangeApplied(uint64,bytes32,uint64,address[],address[],address[])")
FOUNDED, LATEST, FINAL = 21_900_123, 22_400_000, 22_399_936
AT_ONCE = 9_000
BLOCKS = (FOUNDED, FOUNDED + 5, FOUNDED + 2 * PAGE, FINAL + 1)
"""Where the four changes are; the last is not final."""


class Told(PublishedContracts):
    """The published contracts, where the registry's epoch is known and its code is not looked at."""

    def __init__(self, epoch: int = len(BLOCKS)) -> None:
        self.epoch = epoch

    def consortium(self, chain: Chain, registry: Address) -> Consortium:  # noqa: ARG002  # the port
        return Consortium(Address(bytes(20)), frozenset(), 1, self.epoch, Digest(bytes(32)))


@dataclass
class Node:
    """A node of a long chain: few blocks at once, and what a test makes it do."""

    keeps_states: bool = True
    forgets: bool = False
    left: int = 10**9
    ranges: list[tuple[int, int]] = field(default_factory=list)
    latest: int = LATEST
    final: int = FINAL
    blocks: tuple[int, ...] = BLOCKS

    def logs(self, asked: dict[str, Any]) -> Any:
        start, end = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        if end - start >= AT_ONCE:
            raise Says("query returned more than 10000 results")
        if not self.left:
            raise Says("daily limit reached")
        self.left -= 1
        self.ranges.append((start, end))
        return [event(epoch, at) for epoch, at in enumerate(self.blocks, 1) if start <= at <= end]

    def code(self, _: str, block: str) -> str:
        if block == "latest":
            return "0x60"
        if int(block, 16) < self.latest - 128:
            if self.forgets:
                return "0x"
            if not self.keeps_states:
                raise Says("missing trie node")
        return "0x60" if int(block, 16) >= self.blocks[0] else "0x"

    @contextmanager
    def served(self) -> Iterator[EvmChain]:
        answers: dict[str, Answer] = {
            "eth_chainId": lambda: "0x7",
            "eth_blockNumber": lambda: hex(self.latest),
            "eth_getBlockByNumber": lambda *_: {"number": hex(self.final)},
            "eth_getLogs": self.logs,
            "eth_getCode": self.code,
        }
        with running(answers) as node:
            yield EvmChain(node.url)


def event(epoch: int, block: int) -> dict[str, Any]:
    data = encode(["uint64", "address[]", "address[]", "address[]"], [1, ["0x" + "01" * 20], [], []])
    return {
        "address": "0x" + REGISTRY.hex(),
        "topics": ["0x" + TOPIC.hex(), "0x" + epoch.to_bytes(32).hex(), "0x" + bytes(32).hex()],
        "data": "0x" + data.hex(),
        "blockNumber": hex(block),
        "blockHash": "0x" + bytes(32).hex(),
        "transactionHash": "0x" + bytes([epoch] * 32).hex(),
    }


def test_reading_begins_where_the_registry_was_founded() -> None:
    """Found by its code in a chain of 22 million blocks; no range is wider than the node takes."""
    node = Node()
    with node.served() as chain:
        assert founding_block(chain, REGISTRY, Told()) == FOUNDED
        found = read_changes(chain, REGISTRY, Told())
    assert [change.block_number for change in found] == list(BLOCKS)
    assert min(start for start, _ in node.ranges) == FOUNDED
    assert len(node.ranges) < 3 * (LATEST - FOUNDED) / AT_ONCE


def test_a_founding_that_is_known_is_not_looked_for() -> None:
    """The notary's own ledger says in which block: nothing is asked of the node's older states."""
    node = Node(keeps_states=False)
    with node.served() as chain:
        assert len(read_changes(chain, REGISTRY, Told(), since=FOUNDED)) == len(BLOCKS)
    assert min(start for start, _ in node.ranges) == FOUNDED


@pytest.mark.parametrize("node", [Node(keeps_states=False), Node(forgets=True)], ids=["says so", "says there is none"])
def test_a_node_without_older_states_is_read_from_the_beginning(node: Node) -> None:
    """It says that it has thrown them away, or wrongly that there was no code: either way every change is found."""
    node.latest, node.final, node.blocks = 60_000, 59_000, (31_234, 40_000)
    with node.served() as chain:
        assert founding_block(chain, REGISTRY, Told(2)) == 0
        found = read_changes(chain, REGISTRY, Told(2))
    assert [change.block_number for change in found] == [31_234, 40_000]


def test_a_run_that_was_stopped_goes_on_where_it_was() -> None:
    """The node stops answering half-way; the next run asks for nothing that lies in what was kept."""
    node, kept = Node(left=40), list[Known]()
    with node.served() as chain:
        with pytest.raises(OperatorError, match="daily limit"):
            read_changes(chain, REGISTRY, Told(), since=FOUNDED, keep=kept.append)
        (known,) = read_known(write_known((kept[-1],)))
        assert known == kept[-1]
        assert known.until >= FOUNDED + PAGE - 1
        node.left, node.ranges = 10**9, []
        found = read_changes(chain, REGISTRY, Told(), known=known, keep=kept.append)
    assert [change.epoch for change in found] == [1, 2, 3, 4]
    assert min(start for start, _ in node.ranges) == known.until + 1
    assert kept[-1].until == FINAL
    assert [change.epoch for change in kept[-1].changes] == [1, 2, 3]


def test_what_is_final_is_asked_for_once() -> None:
    """The second run reads the few blocks after the last final one."""
    node, kept = Node(), list[Known]()
    with node.served() as chain:
        first = read_changes(chain, REGISTRY, Told(), since=FOUNDED, keep=kept.append)
        node.ranges = []
        assert read_changes(chain, REGISTRY, Told(), known=kept[-1]) == first
    assert node.ranges == [(FINAL + 1, LATEST)]


def test_a_node_that_hides_the_last_change_is_found_out() -> None:
    """The registry counts one epoch more than the node shows."""
    with Node().served() as chain, pytest.raises(OperatorError, match="does not show every change"):
        read_changes(chain, REGISTRY, Told(len(BLOCKS) + 1), since=FOUNDED)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"type":"credential-notary/changes/v1","registries":[{}]}', b"[" * 999])
def test_a_file_that_is_none_is_refused(data: bytes) -> None:
    """Read as strictly as any other."""
    with pytest.raises(Malformed):
        read_known(data)
