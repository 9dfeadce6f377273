"""Sending a transaction that is not an anchor and waiting until it is in a block.

Anchors have a life of their own (`anchoring`): they are stored before they are
sent. Founding and changing a consortium are done by a person who waits.
"""

from __future__ import annotations

import time

from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.ports import Call, Chain, Inclusion, Wallet

PATIENCE = 300.0
"""Seconds until a transaction is given up waiting for."""
_PAUSE = 0.05


def send(chain: Chain, wallet: Wallet, call: Call, *, patience: float = PATIENCE) -> Inclusion:
    """Sign, broadcast and wait for a block; OperatorError when it reverts or is in no block in time."""
    transaction = wallet.sign(call, nonce=wallet.next_nonce(), quote=wallet.quote(call))
    wallet.broadcast(transaction)
    deadline = time.monotonic() + patience
    while (inclusion := chain.inclusion(transaction.hash)) is None:
        if time.monotonic() > deadline:
            raise OperatorError(
                f"transaction {to_hex(transaction.hash)} is in no block of {chain.id} after {patience:.0f} s",
                hint="It may still come: look before sending again",
            )
        time.sleep(_PAUSE)
    if not inclusion.succeeded:
        raise OperatorError(f"transaction {to_hex(transaction.hash)} on {chain.id} reverted")
    return inclusion
