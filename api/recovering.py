"""Recovering a notary into a new data folder: its keys, its parts, and what is left of the world."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli.status_files import SIGNED
from api.founding import begin_journal
from api.key_files import read_secret, write_secret
from api.settings import EMBEDDED, ChainSetting, Settings, beside_embedded
from api.wiring import make_keys, open_blocks, open_chain, open_contracts, open_ledger
from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.core.receipt import MAX_SIZE as MAX_RECEIPT
from notary.core.registry import NotaryAccount
from notary.ports import Address
from notary.service.access.journal import Action
from notary.service.members.registry import members_in_force
from notary.service.recovery.events import Place
from notary.service.recovery.fill import Source
from notary.service.recovery.recover import Recovery, World, recover

if TYPE_CHECKING:
    from notary.ports import BlockStore

LOG_KEY = "log.pem"
_BESIDE = ("wallet.json", "governor.json", "passphrase")


@dataclass(frozen=True, slots=True)
class Remains:
    """Where the operator says everything is: chains with the anchor contract on each, blocks, keys and files."""

    chains: tuple[tuple[str, Address], ...]
    ipfs: str = EMBEDDED
    cars: Path | None = None
    log_key: Path | None = None
    batch_files: Path | None = None
    receipts: Path | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """The founded settings, what was rebuilt, and on which chains the wallet may not anchor yet."""

    settings: Settings
    recovery: Recovery
    not_named: tuple[str, ...]


def recover_notary(settings: Settings, remains: Remains) -> Recovered:
    """Rebuild a notary in a data folder that holds none, and keep where it stands in notary.toml."""
    if settings.founded:
        raise OperatorError(f"{settings.data} holds a notary already", hint="Choose another folder: --data DIR")
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _take_keys(settings.data, remains.log_key)
    keys = make_keys(settings.data)
    chosen = tuple(ChainSetting(node) for node, _ in remains.chains)
    settings = replace(settings, ipfs=beside_embedded(remains.ipfs), chains=chosen)
    contracts = open_contracts()
    with ExitStack() as stack:
        places = []
        for setting, (_, contract) in zip(settings.chains, remains.chains, strict=True):
            chain, _ = open_chain(stack, settings, setting, keys.wallet)
            registry = contracts.registry_of(chain, contract)
            if contracts.consortium(chain, registry).anchor != contract:
                raise OperatorError(f"{to_hex(contract)} on {chain.id} is not the contract of its registry")
            places.append(Place(chain, registry, contract))
        ledger = open_ledger(stack, settings)
        blocks, _ = open_blocks(settings, ledger)
        if remains.cars is not None:
            _import(blocks, remains.cars)
        recovery = recover(
            World(tuple(places), blocks, contracts, keys.log),
            ledger,
            secrets.token_bytes,
            batch_files=_sources(remains.batch_files, "*.ndjson"),
            receipts=_sources(remains.receipts, "*.receipt.json"),
        )
        chains = tuple(
            ChainSetting(setting.node, to_hex(place.registry), place.chain.id)
            for setting, place in zip(settings.chains, places, strict=True)
        )
        settings = replace(settings, origin=recovery.origin, chains=chains)
        state = members_in_force(ledger).state
        accounts = (NotaryAccount(place.chain.id, keys.wallet.address, recovery.origin) for place in places)
        not_named = tuple(account.chain for account in accounts if account not in state.notaries)
    settings.save()
    begin_journal(settings, Action.RECOVER)
    return Recovered(settings, recovery, not_named)


def _take_keys(data: Path, log_key: Path | None) -> None:
    """Copy the operator's keys into the data folder: the log key, and what lies beside it by its name there."""
    folder = data / "keys"
    if log_key is None:
        if not (folder / LOG_KEY).exists():
            raise OperatorError(f"there is no log key in {folder}", hint="Name your copy of it: --log-key FILE")
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    pairs = [(log_key, LOG_KEY), *((log_key.parent / name, name) for name in _BESIDE)]
    for source, name in pairs:
        if source.exists() and not (folder / name).exists():
            write_secret(folder / name, read_secret(source))


def _import(blocks: BlockStore, folder: Path) -> None:
    """Take in every archive of a folder, unpinned: what is followed is pinned later."""
    from anchoring.car import read_car

    archives = sorted(folder.rglob("*.car"))
    if not archives:
        raise OperatorError(f"{folder} holds no archives", expected="*.car")
    for archive in archives:
        with archive.open("rb") as stream:
            blocks.put(read_car(stream).blocks, pins=())


def _sources(folder: Path | None, pattern: str) -> Iterator[Source]:
    for path in sorted(folder.rglob(pattern)) if folder is not None else ():
        if not path.name.endswith(SIGNED):  # signed statements stand in the log
            yield Source(path.name, _lines(path))


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while line := file.readline(MAX_RECEIPT + 1):
            yield line
