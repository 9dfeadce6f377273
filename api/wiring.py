"""The composition root: which parts a notary is made of, by its settings. Nothing else chooses parts."""

from __future__ import annotations

import os
import pwd
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from api.key_files import KeyFile, read_secret, write_secret
from api.settings import EMBEDDED, FILE, ChainSetting, Settings
from notary.core.encoding import from_hex
from notary.core.errors import OperatorError
from notary.core.note import SignatureType, VerifierKey
from notary.ports import Address
from notary.ports.ledger import Actor
from notary.service.notary import Notary, Post, Site, Store
from notary.service.rounds.schedule import Schedule

if TYPE_CHECKING:
    from anchoring.evm_key import EvmKey
    from anchoring.wallet import TransactionKey
    from notary.ports import BlockStore, Chain, Contracts, Wallet
    from notary.ports.ledger import Ledger
    from notary.ports.witness import Witness
    from notary.store.ledger import SqlLedger

MACHINE_MADE = 1 << 12
"""scrypt's cost for a passphrase of 256 random bits, which nobody guesses."""
PASSPHRASE = "passphrase"  # noqa: S105  # a file's name
LEDGER = "ledger.sqlite3"
"""The embedded ledger's file in the data folder."""
WORKFLOWS = "workflows.sqlite3"
"""The embedded engine's file: what it holds is found again in the ledger, so it is in no backup."""
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
        ledger = open_ledger(stack, settings)
        blocks, stores = open_blocks(settings, ledger)
        yield Notary(
            origin=settings.origin,
            ledger=ledger,
            blocks=blocks,
            contracts=contracts,
            sites=tuple(sites),
            log_key=keys.log if keys else open_log_key(settings.data),
            clock=SystemClock(),
            random=secrets.token_bytes,
            patience=settings.patience,
            witnesses=open_witnesses(settings),
            by=Actor("command line", _account()),
            stores=stores,
            post=open_post(settings),
        )


def open_post(settings: Settings) -> Post | None:
    """Return how learners are written to, None where no mail server is set; it is not reached yet."""
    if not settings.smtp:
        return None
    from api.smtp import Smtp

    server = Smtp.of(settings)
    return None if server is None else Post(server, settings.public_url, settings.name)


def _account() -> str:
    """Return the name of the account this process runs as."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


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


def open_blocks(settings: Settings, ledger: Ledger) -> tuple[BlockStore, tuple[Store, ...]]:
    """Open every block store, and all of them as one, whose queue the ledger keeps."""
    from notary.service.pins.stores import Stores

    stores = tuple(open_store(settings, node) for node in dict.fromkeys(settings.ipfs))
    return Stores(stores, ledger, SystemClock(), least=settings.ipfs_least), stores


def open_store(settings: Settings, node: str) -> Store:
    """Open one block store: `embedded`, or a Kubo node."""
    if node == EMBEDDED:
        from anchoring.embedded_blocks import EmbeddedBlocks

        folder = settings.data / "blocks"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Store(EMBEDDED, EmbeddedBlocks(folder))
    from anchoring.kubo import KuboBlocks

    blocks = KuboBlocks(node)
    return Store(blocks.name, blocks)


def open_ledger(stack: ExitStack, settings: Settings) -> SqlLedger:
    """Open the ledger, brought to this release's tables."""
    from notary.store import open_ledger as open_sql

    url = settings.database
    if url == EMBEDDED:
        url = f"sqlite:///{settings.data / LEDGER}"
    ledger = open_sql(url)
    stack.callback(ledger.close)
    return ledger


@contextmanager
def only_ledger(settings: Settings) -> Iterator[SqlLedger]:
    """Open the ledger alone: no key, no chain and no store is looked at, and none that is broken is in the way."""
    with ExitStack() as stack:
        yield open_ledger(stack, settings)


def schedule_of(settings: Settings) -> Schedule:
    """Return when rounds of anchoring are due."""
    return Schedule(settings.anchor_every, settings.anchor_max_wait, settings.max_fee_per_credential)


@contextmanager
def running_worker(settings: Settings, notary: Notary) -> Iterator[None]:
    """Run one of the notary's workers in this process, in threads of its own, until the block ends."""
    from api.worker.engine import Engine
    from api.worker.jobs import JOBS
    from api.worker.live import open_live
    from api.worker.worker import Worker

    name = secrets.token_hex(8)  # of this start alone: the engine takes up what another start of a name had in hand
    shared = settings.database.startswith("postgresql")
    file = settings.data / WORKFLOWS
    if not shared:
        file.touch(mode=0o600)
    worker = Worker(
        notary,
        schedule_of(settings),
        JOBS,
        name=name,
        live=open_live(name, database=settings.database if shared else None, folder=settings.data / "workers"),
        engine=partial(Engine, settings.database if shared else f"sqlite:///{file}"),
    )
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def open_witnesses(settings: Settings) -> tuple[Witness, ...]:
    """Return the witnesses the settings name; none of them is asked yet."""
    words, where = settings.witnesses.split(), "the setting witnesses"
    if not words:
        return ()
    from anchoring.witnesses import HttpWitness

    if len(words) % 2:
        raise OperatorError(where, expected="an address and a vkey for each", actual=f"{len(words)} words")
    keys = [VerifierKey.parse(vkey, where) for vkey in words[1::2]]
    if any(key.type is not SignatureType.COSIGNATURE for key in keys):
        raise OperatorError(where, expected="vkeys of signature type 4", hint="Ask the witness: notary witness --vkey")
    return tuple(HttpWitness(url, key) for url, key in zip(words[::2], keys, strict=True))


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
