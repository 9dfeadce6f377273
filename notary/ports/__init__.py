"""What the domain needs from the world: chains, contracts, block stores, signers, a clock, a ledger.

A Protocol stands here where a second implementation exists today; an embedded
one counts. Every implementation passes the same port suite (`tests/ports/`).
"""

from notary.core.evm import Address
from notary.ports.blocks import BlockStore
from notary.ports.chain import Block, Call, Chain, Inclusion, Quote, Sighting, SignedTransaction, Wallet
from notary.ports.contracts import Approval, Change, Consortium, Contracts
from notary.ports.signer import Clock, Signer

__all__ = [
    "Address",
    "Approval",
    "Block",
    "BlockStore",
    "Call",
    "Chain",
    "Change",
    "Clock",
    "Consortium",
    "Contracts",
    "Inclusion",
    "Quote",
    "Sighting",
    "SignedTransaction",
    "Signer",
    "Wallet",
]
