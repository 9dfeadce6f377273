"""What every use case works with: the parts of one notary, as ports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from notary.core.errors import OperatorError
from notary.core.keys import PublicKey
from notary.core.note import Note, SignatureType, VerifierKey
from notary.ports import Address, BlockStore, Chain, Clock, Contracts, Signer, Wallet
from notary.ports.ledger import ITSELF, Actor, Ledger
from notary.ports.mailer import Mailer
from notary.ports.witness import Witness


@dataclass(frozen=True, slots=True)
class Site:
    """One chain this notary anchors on: its wallet there, and the consortium's two contracts."""

    chain: Chain
    wallet: Wallet
    registry: Address
    contract: Address


@dataclass(frozen=True, slots=True)
class Store:
    """One place that keeps blocks: the data folder, or a node. `name`: what ledger and operator call it."""

    name: str
    blocks: BlockStore


@dataclass(frozen=True, slots=True)
class Post:
    """How learners are written to: a mail server, where the pages are, and the consortium's name."""

    mailer: Mailer
    url: str
    name: str

    def link(self, token: str) -> str:
        """Return the address of a learner's page."""
        return f"{self.url.rstrip('/')}/r/{token}"


@dataclass(frozen=True, slots=True)
class Notary:
    """A notary: it keeps the log `origin` and anchors it on every site.

    `patience`: seconds after which a transaction without a block is stuck; 0: ten times the chain's typical wait.
    `stores`: the places that `blocks` is made of. `by`: for whom it acts, as the journal says it.
    `post`: how learners are written to; None: by the institution's own mailer alone.
    """

    origin: str
    ledger: Ledger
    blocks: BlockStore
    contracts: Contracts
    sites: tuple[Site, ...]
    log_key: Signer
    clock: Clock
    random: Callable[[int], bytes]
    patience: int = 0
    witnesses: tuple[Witness, ...] = ()
    by: Actor = ITSELF
    stores: tuple[Store, ...] = ()
    post: Post | None = None

    @property
    def log_vkey(self) -> VerifierKey:
        """The log's public key, as verifiers keep it."""
        key = PublicKey.parse(self.log_key.public_key_multibase, "log key")
        return VerifierKey(self.origin, SignatureType.ED25519, key)

    def sign_note(self, text: str) -> str:
        """Sign a text as the log: a whole C2SP note."""
        return str(Note(text, (self.log_vkey.sign(text, self.log_key.sign),)))

    def site(self, chain: str) -> Site:
        """Return the site on a chain; OperatorError where this notary has none."""
        for site in self.sites:
            if site.chain.id == chain:
                return site
        known = ", ".join(site.chain.id for site in self.sites)
        raise OperatorError(f"this notary does not anchor on {chain}", expected=known or "a chain")
