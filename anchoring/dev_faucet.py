"""Coins on a development chain: from an account whose key the node itself holds (anvil, geth --dev)."""

from __future__ import annotations

import time

from anchoring.rpc import Node
from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.ports import Address

COINS = 10**18
_PATIENCE = 30.0


def fund(url: str, account: Address, amount: int = COINS) -> bool:
    """Give an account `amount` wei where the node unlocks one that has them; say whether it did.

    On a real chain nothing is unlocked, and nothing happens.
    """
    node = Node(url, timeout=10)
    if _balance(node, to_hex(account)) >= amount:
        return True
    accounts = node.ask("eth_accounts")
    if not isinstance(accounts, list) or not accounts:
        return False
    node.ask("eth_sendTransaction", {"from": accounts[0], "to": to_hex(account), "value": hex(amount)})
    deadline = time.monotonic() + _PATIENCE
    while _balance(node, to_hex(account)) < amount:
        if time.monotonic() > deadline:
            raise OperatorError(
                f"the development chain at {node.host} makes no blocks", hint="Start it with a block time"
            )
        time.sleep(0.1)
    return True


def _balance(node: Node, account: str) -> int:
    return int(str(node.ask("eth_getBalance", account, "latest")), 16)
