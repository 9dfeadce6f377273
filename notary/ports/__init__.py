"""What the domain needs from the world: chains, contracts, block stores, signers, a clock, a ledger.

A Protocol stands here where a second implementation exists today; an embedded
one counts. Every implementation passes the same port suite (`tests/ports/`).
"""

from notary.core.evm import Address
from notary.ports.blocks import BlockStore
from notary.ports.chain import Block, Call, Chain, Inclusion, Logged, Outage, Quote, Sighting, SignedTransaction, Wallet
from notary.ports.contracts import AppliedChange, Approval, Change, Consortium, Contracts
from notary.ports.mirror import BlockReader, Mirror, Missing
from notary.ports.signer import AnySigner, Clock, Signer, StatementSigner

__all__ = [
    "Address",
    "AnySigner",
    "AppliedChange",
    "Approval",
    "Block",
    "BlockReader",
    "BlockStore",
    "Call",
    "Chain",
    "Change",
    "Clock",
    "Consortium",
    "Contracts",
    "Inclusion",
    "Logged",
    "Mirror",
    "Missing",
    "Outage",
    "Quote",
    "Sighting",
    "SignedTransaction",
    "Signer",
    "StatementSigner",
    "Wallet",
]
