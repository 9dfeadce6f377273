"""What a node says of a registry's changes: believed only where it is what was asked for, and whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode

from anchoring.contracts import PublishedContracts
from anchoring.evm import EvmChain
from notary.core.errors import OperatorError
from notary.core.evm import Address, keccak256
from notary.ports import AppliedChange
from tests.ports.fake_node import running

pytestmark = pytest.mark.loopback
REGISTRY = Address(b"\x44" * 20)
TOPIC = keccak256(b"ChangeApplied(uint64,bytes32,uint64,address[],address[],address[])")
MEMBER = "0x" + "01" * 20


def log(epoch: int = 1, **changes: Any) -> dict[str, Any]:
    """The event of a change, as a node shows it."""
    data = encode(["uint64", "address[]", "address[]", "address[]"], [1, [MEMBER], [], []])
    return {
        "address": "0x" + REGISTRY.hex(),
        "topics": ["0x" + TOPIC.hex(), "0x" + epoch.to_bytes(32).hex(), "0x" + bytes(32).hex()],
        "data": "0x" + data.hex(),
        "blockNumber": hex(6 + epoch),
        "blockHash": "0x" + bytes(32).hex(),
        "transactionHash": "0x" + bytes([epoch] * 32).hex(),
        **changes,
    }


def changes(*logs: Any) -> tuple[AppliedChange, ...]:
    with running(
        {"eth_chainId": lambda: "0x7", "eth_blockNumber": lambda: "0x9", "eth_getLogs": lambda _: logs}
    ) as node:
        return PublishedContracts().changes(EvmChain(node.url), REGISTRY)


def test_changes_are_read_in_their_order() -> None:
    """Founding and one change; what is in no block yet, or was taken back, is none."""
    found = changes(log(1), log(2), log(3, blockHash=None), log(3, removed=True))
    assert [(change.epoch, change.block_number) for change in found] == [(1, 7), (2, 8)]
    assert found[0].added == (Address(b"\x01" * 20),)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: log(address="0x" + "55" * 20),
        lambda: log(topics=[]),
        lambda: log(topics=["0x" + "00" * 32]),
        lambda: log(topics=["0x" + TOPIC.hex()]),
        lambda: log(data="0x"),
        lambda: log(data="0x" + "ff" * 128),
        lambda: log(data="nothing"),
        lambda: log(blockNumber=None),
        lambda: log(epoch=2),
        lambda: None,
        dict,
    ],
)
def test_what_cannot_be_a_registrys_change_is_refused(spoil: Callable[[], Any]) -> None:
    """Another contract's or another event, data that is none, an epoch that lacks the one before."""
    with pytest.raises(OperatorError):
        changes(spoil())
