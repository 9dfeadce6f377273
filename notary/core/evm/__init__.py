"""What an EVM block proves, without a node: header, transaction receipts, and the `Anchored` event.

Pure, and permanent: changes here break the anchors of receipts already issued.
Whether a block is in the chain and final is not decided here.
"""

from notary.core.evm.anchored import AnchoredEvent, anchored_event
from notary.core.evm.header import Header
from notary.core.evm.keccak import keccak256
from notary.core.evm.tx_receipt import (
    Address,
    Event,
    TxReceipt,
    prove_tx_receipt,
    proven_tx_receipt,
    tx_receipts_trie,
)

__all__ = [
    "Address",
    "AnchoredEvent",
    "Event",
    "Header",
    "TxReceipt",
    "anchored_event",
    "keccak256",
    "prove_tx_receipt",
    "proven_tx_receipt",
    "tx_receipts_trie",
]
