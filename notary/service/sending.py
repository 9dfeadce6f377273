"""Sending a transaction that is not an anchor and waiting until it is in a block.

Anchors have a life of their own (`carrying`). Founding and changing a consortium
are done by a person who waits; their nonces come from the same ledger, where one
is at hand.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.ports import Call, Chain, Inclusion, SignedTransaction, Wallet
from notary.ports.ledger import Ledger
from notary.service.attempts import Purse, transaction

PATIENCE = 300.0
"""Seconds until a transaction is given up waiting for."""
_PAUSE = 0.05


def send(
    chain: Chain, wallet: Wallet, call: Call, *, ledger: Ledger | None = None, patience: float = PATIENCE
) -> Inclusion:
    """Sign, store, broadcast and wait for a block; OperatorError when it reverts or is in no block in time."""
    sent = _send_alone(wallet, call) if ledger is None else _send_stored(Purse(ledger, wallet, chain.id), call)
    deadline = time.monotonic() + patience
    while (inclusion := chain.inclusion(sent.hash)) is None:
        if time.monotonic() > deadline:
            raise OperatorError(
                f"transaction {to_hex(sent.hash)} is in no block of {chain.id} after {patience:.0f} s",
                hint="It may still come: look before sending again",
            )
        time.sleep(_PAUSE)
    if not inclusion.succeeded:
        raise OperatorError(f"transaction {to_hex(sent.hash)} on {chain.id} reverted")
    return inclusion


def _send_alone(wallet: Wallet, call: Call) -> SignedTransaction:
    signed = wallet.sign(call, nonce=wallet.next_nonce(), quote=wallet.quote(call))
    wallet.broadcast(signed)
    return signed


def _send_stored(purse: Purse, call: Call) -> SignedTransaction:
    stored = purse.store_next(call, now=datetime.now(UTC))
    assert stored is not None  # nothing declines it
    purse.send(stored)
    return transaction(stored)
