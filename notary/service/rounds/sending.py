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
from notary.service.rounds.attempts import Purse, transaction

PATIENCE = 300.0
"""Seconds until a transaction is given up waiting for."""
_PAUSE = 0.05


def send(
    chain: Chain,
    wallet: Wallet,
    call: Call,
    *,
    ledger: Ledger | None = None,
    bearing: bytes | None = None,
    patience: float = PATIENCE,
) -> Inclusion:
    """Sign, store, broadcast and wait for a block; OperatorError when it reverts or is in no block in time.

    `bearing`: bytes that stand in every transaction for this purpose and in no
    other. One that was stored before a crash, and may still be mined, is gone on
    with; a second one would revert behind it.
    """
    if ledger is None:
        sent = _send_alone(wallet, call)
    else:
        purse = Purse(ledger, wallet, chain.id)
        sent = _send_again(chain, purse, call, bearing) or _send_stored(purse, call)
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


def _send_again(chain: Chain, purse: Purse, call: Call, bearing: bytes | None) -> SignedTransaction | None:
    """Send the newest stored attempt that bears these bytes again, for more where fees have risen; None for none open.

    One that is in a block already is returned as it is, unless it reverted there.
    """
    if bearing is None:
        return None
    with purse.ledger.read() as work:
        since = work.attempts.since(purse.chain, purse.wallet.address, purse.wallet.final_nonce())
    found = [row for row in since if row.manifest is None and bearing in row.raw]
    for row in reversed(found):
        inclusion = chain.inclusion(row.tx_hash)
        if inclusion is not None:
            return transaction(row) if inclusion.succeeded else None
    if not found:
        return None
    newest = purse.store_replacement(call, found[-1], now=datetime.now(UTC))
    purse.send(newest)
    return transaction(newest)


def _send_alone(wallet: Wallet, call: Call) -> SignedTransaction:
    signed = wallet.sign(call, nonce=wallet.next_nonce(), quote=wallet.quote(call))
    wallet.broadcast(signed)
    return signed


def _send_stored(purse: Purse, call: Call) -> SignedTransaction:
    stored = purse.store_next(call, now=datetime.now(UTC))
    assert stored is not None  # nothing declines it
    purse.send(stored)
    return transaction(stored)
