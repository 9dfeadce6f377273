"""The composition root: which parts a notary is made of, by its settings. Nothing else chooses parts."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from api.key_files import KeyFile, read_secret, write_secret
from api.settings import EMBEDDED, FILE, ChainSetting, Settings
from notary.core.encoding import from_hex
from notary.core.errors import OperatorError
from notary.ports import Address
from notary.service.notary import Notary, Site

if TYPE_CHECKING:
    from anchoring.evm_key import EvmKey
    from anchoring.wallet import TransactionKey
    from notary.ports import BlockStore, Chain, Contracts, Wallet
    from notary.store.ledger import SqlLedger

MACHINE_MADE = 1 << 12
"""scrypt's cost for a passphrase of 256 random bits, which nobody guesses."""
PASSPHRASE = "passphrase"  # noqa: S105  # a file's name
LEDGER = "ledger.sqlite3"
"""The embedded ledger's file in the data folder."""
LEAST_COINS = 10**17
"""Wei below which the embedded chain's faucet fills the wallet up."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Keys:
    """The notary's own keys, in the data folder: its log's, its wallet's, and its consortium member's."""

    log: KeyFile
    wallet: EvmKey
    governor: EvmKey


@contextmanager
def open_notary(settings: Settings, *, chains: bool = True) -> Iterator[Notary]:
    """Put a founded notary together; every part is let go at the end.

    Without `chains` it has no sites: what needs no chain starts at once, and works while none is reached.
    """
    if not settings.founded:
        raise OperatorError(f"there is no notary in {settings.data}", hint="Found one: notary init")
    contracts = open_contracts()
    with ExitStack() as stack:
        sites = []
        keys = open_keys(settings.data) if chains else None
        for setting in settings.chains if keys else ():
            assert keys is not None
            chain, wallet = open_chain(stack, settings, setting, keys.wallet)
            registry = Address(from_hex(setting.registry or "", f"{FILE}, registry", 20))
            # No node is asked: one that is down delays its own anchors alone. What stands there is checked before use.
            sites.append(Site(chain, wallet, registry, contracts.anchor_of(registry)))
        yield Notary(
            origin=settings.origin,
            ledger=open_ledger(stack, settings),
            blocks=open_blocks(settings),
            contracts=contracts,
            sites=tuple(sites),
            log_key=keys.log if keys else open_log_key(settings.data),
            clock=SystemClock(),
            random=secrets.token_bytes,
            patience=settings.patience,
        )


def open_chain(stack: ExitStack, settings: Settings, setting: ChainSetting, key: EvmKey) -> tuple[Chain, Wallet]:
    """Open one chain with the wallet that pays there; the embedded one gives the wallet its coins."""
    from anchoring.wallet import KeyWallet

    cap = settings.fee_cap or None
    payer = open_payer(settings, key)
    if setting.node == EMBEDDED:
        from anchoring.embedded_chain import EmbeddedChain

        folder = settings.data / "chain"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        embedded = EmbeddedChain(folder)
        stack.callback(embedded.close)
        if embedded.balance(payer.address) < LEAST_COINS:
            embedded.fund(payer.address)
        return embedded, KeyWallet(embedded, payer, cap=cap)
    from anchoring.evm import EvmChain
    from anchoring.profiles import Profiles

    own = settings.data / "chains.toml"
    chain = EvmChain(setting.node, profiles=Profiles.load(own if own.exists() else None), known=setting.id)
    return chain, KeyWallet(chain, payer, cap=cap)


def open_payer(settings: Settings, key: EvmKey) -> TransactionKey:
    """Return what signs transactions: the data folder's own key, or an account of an external signer."""
    if not settings.signer:
        return key
    from anchoring.external_key import ExternalKey

    address = Address(from_hex(settings.signer_account.lower(), f"{FILE}, signer_account", 20))
    return ExternalKey(settings.signer, address)


def open_blocks(settings: Settings) -> BlockStore:
    """Open the block store."""
    if settings.ipfs == EMBEDDED:
        from anchoring.embedded_blocks import EmbeddedBlocks

        folder = settings.data / "blocks"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return EmbeddedBlocks(folder)
    from anchoring.kubo import KuboBlocks

    return KuboBlocks(settings.ipfs)


def open_ledger(stack: ExitStack, settings: Settings) -> SqlLedger:
    """Open the ledger, brought to this release's tables."""
    from notary.store import open_ledger as open_sql

    url = settings.database
    if url == EMBEDDED:
        url = f"sqlite:///{settings.data / LEDGER}"
    ledger = open_sql(url)
    stack.callback(ledger.close)
    return ledger


def open_contracts() -> Contracts:
    """Return the contracts as this release ships them."""
    from anchoring.contracts import PublishedContracts

    return PublishedContracts()


# ----------------------------------------------------------------------- keys


def make_keys(data: Path, environment: Mapping[str, str] = os.environ) -> Keys:
    """Draw the notary's keys into a new data folder, or open those that are there already."""
    from anchoring.evm_key import WORK, EvmKey

    folder = data / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    given = environment.get("NOTARY_PASSPHRASE")
    if not given and not (folder / PASSPHRASE).exists():
        write_secret(folder / PASSPHRASE, secrets.token_hex(32).encode())
    passphrase = operator_passphrase(data, environment)
    if not (folder / "log.pem").exists():
        KeyFile.create(folder / "log.pem", passphrase)
    for name in ("wallet.json", "governor.json"):
        if not (folder / name).exists():
            EvmKey.generate().save(folder / name, passphrase, work=WORK if given else MACHINE_MADE)
    return open_keys(data, environment)


def open_keys(data: Path, environment: Mapping[str, str] = os.environ) -> Keys:
    """Open the notary's keys."""
    from anchoring.evm_key import EvmKey

    folder, passphrase = data / "keys", operator_passphrase(data, environment)
    return Keys(
        log=open_log_key(data, environment),
        wallet=EvmKey.load(folder / "wallet.json", passphrase),
        governor=EvmKey.load(folder / "governor.json", passphrase),
    )


def open_log_key(data: Path, environment: Mapping[str, str] = os.environ) -> KeyFile:
    """Open the log's key alone."""
    return KeyFile.load(data / "keys" / "log.pem", operator_passphrase(data, environment))


def operator_passphrase(data: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return what encrypts the notary's keys: NOTARY_PASSPHRASE, or the file drawn with the data folder."""
    given = environment.get("NOTARY_PASSPHRASE")
    return given or read_secret(data / "keys" / PASSPHRASE).decode()
