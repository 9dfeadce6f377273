"""Nodes that fail and lie, in front of a real one: what a proxy answers instead of it, for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.faults.nodes import Rpc
from tests.independent.evm import keccak256
from tests.ports.fake_node import Answer, FakeNode, Hangs, RawReply, Says

SEND, TX_RECEIPT = "eth_sendRawTransaction", "eth_getTransactionReceipt"
STALL = 22.0
"""Seconds: longer than the notary waits for one answer."""


class Everything(dict[str, Answer]):
    """One answer to every question."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    def __contains__(self, _: object) -> bool:
        return True

    def __getitem__(self, _: str) -> Answer:
        return self._answer


@contextmanager
def instead(proxy: FakeNode, answers: dict[str, Answer]) -> Iterator[None]:
    """Let the proxy say this until the block ends."""
    proxy.answers = answers
    try:
        yield
    finally:
        proxy.answers = {}


def errors(_: FakeNode) -> dict[str, Answer]:
    """Every question is an error of the node's."""

    def says(*_: Any) -> Any:
        raise Says("internal error")

    return Everything(says)


def unavailable(_: FakeNode) -> dict[str, Answer]:
    """HTTP 503, as a gateway in front of a dead node says it."""

    def says(*_: Any) -> Any:
        raise RawReply(b"<h1>Service Unavailable</h1>", 503)

    return Everything(says)


def silence(_: FakeNode) -> dict[str, Answer]:
    """Every connection ends without a reply."""

    def says(*_: Any) -> Any:
        raise Hangs

    return Everything(says)


def nonsense(_: FakeNode) -> dict[str, Answer]:
    """Every answer is of another kind than was asked for."""
    return Everything(lambda *_: {"result": [None, "0x"]})


def another_chain(_: FakeNode) -> dict[str, Answer]:
    """It says it is on Ethereum's mainnet."""
    return {"eth_chainId": lambda: "0x1"}


def sends_and_fails(proxy: FakeNode) -> dict[str, Answer]:
    """It takes a transaction and says that it did not."""

    def send(raw: str) -> Any:
        proxy.ask(SEND, raw)
        raise Says("internal error")

    return {SEND: send, "eth_getTransactionByHash": lambda _: None}


def stalls(proxy: FakeNode) -> dict[str, Answer]:
    """It takes the first transaction, and answers when nobody waits any more."""
    first: list[str] = []

    def send(raw: str) -> Any:
        answer = proxy.ask(SEND, raw)
        if not first:
            first.append(raw)
            time.sleep(STALL)
        return answer

    return {SEND: send}


def forgets(_: FakeNode) -> dict[str, Answer]:
    """It takes every transaction with thanks, and none of them anywhere."""
    return {SEND: lambda raw: "0x" + keccak256(bytes.fromhex(raw[2:])).hex()}


def fails_in_receipts(proxy: FakeNode) -> dict[str, Answer]:
    """Every transaction reverted, it says."""

    def lie(tx_hash: str) -> Any:
        found = proxy.ask(TX_RECEIPT, tx_hash)
        return found and {**found, "status": "0x0"}

    return {TX_RECEIPT: lie}


def invents_blocks(proxy: FakeNode) -> dict[str, Answer]:
    """Every transaction stands in a block that is not there."""

    def lie(tx_hash: str) -> Any:
        found = proxy.ask(TX_RECEIPT, tx_hash)
        return found and {**found, "blockHash": "0x" + keccak256(tx_hash.encode()).hex()}

    return {TX_RECEIPT: lie}


def invents_inclusion(proxy: FakeNode) -> dict[str, Answer]:
    """What was sent is in the newest block at once, it says, and passes nothing on."""

    def lie(tx_hash: str) -> Any:
        block = proxy.ask("eth_getBlockByNumber", "latest", False)
        fields = {"blockHash": block["hash"], "blockNumber": block["number"], "transactionIndex": "0x0"}
        made: dict[str, Any] = {
            "transactionHash": tx_hash,
            "status": "0x1",
            "type": "0x2",
            "logs": [],
            "contractAddress": None,
        }
        return proxy.ask(TX_RECEIPT, tx_hash) or {**made, **fields}

    return {**forgets(proxy), TX_RECEIPT: lie}


def hides_events(_: FakeNode) -> dict[str, Answer]:
    """No event was ever left."""
    return {"eth_getLogs": lambda _: []}


def alters_blocks(proxy: FakeNode) -> dict[str, Answer]:
    """Headers say another time than their hash commits."""

    def lie(number: str, full: bool) -> Any:
        found = proxy.ask("eth_getBlockByNumber", number, full)
        return found and {**found, "timestamp": hex(int(found["timestamp"], 16) + 60)}

    return {"eth_getBlockByNumber": lie}


class Holding:
    """It keeps what it is sent to itself; the laboratory decides which of them is ever mined."""

    def __init__(self) -> None:
        self.held: list[str] = []

    def answers(self, _: FakeNode) -> dict[str, Answer]:
        """Take every transaction, and pass none on."""

        def send(raw: str) -> Any:
            if raw not in self.held:
                self.held.append(raw)
            return "0x" + keccak256(bytes.fromhex(raw[2:])).hex()

        return {SEND: send}

    def let_go(self, rpc: Rpc) -> None:
        """Pass the first one on: the one that was replaced since."""
        rpc.ask(SEND, self.held[0])


Lie = Callable[[FakeNode], dict[str, Answer]]
FAILURES: tuple[Lie, ...] = (errors, unavailable, silence, nonsense, sends_and_fails)
LIES: tuple[Lie, ...] = (fails_in_receipts, invents_blocks, invents_inclusion, hides_events, alters_blocks)
