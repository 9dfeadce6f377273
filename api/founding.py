"""Founding a notary in a data folder: keys, parts, and the consortium's contracts on every chain."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from api.settings import ChainSetting, Settings
from api.wiring import make_keys, open_blocks, open_chain, open_contracts, open_ledger, open_notary
from notary.core.encoding import from_hex, to_hex
from notary.core.errors import OperatorError
from notary.core.registry import MemberRecord
from notary.ports import Address
from notary.service.access.journal import Action, record
from notary.service.governance.founding import Ground, found
from notary.service.members.joining import join
from notary.service.notary import Site


def found_notary(settings: Settings, records: Sequence[MemberRecord]) -> Settings:
    """Found a consortium of these members, k = 1, and keep where it stands in notary.toml.

    OperatorError where the data folder holds a founded notary, or the wallet has
    too little to pay: its address is in the message, and founding again is safe.
    """
    if settings.founded:
        raise OperatorError(f"{settings.data} holds a notary already", hint="Choose another folder: --data DIR")
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = make_keys(settings.data)
    with ExitStack() as stack:
        opened = [open_chain(stack, settings, chain, keys.wallet) for chain in settings.chains]
        grounds = [Ground(chain, wallet) for chain, wallet in opened]
        for ground in grounds:
            _check_funds(ground)
        ledger = open_ledger(stack, settings)
        blocks, _ = open_blocks(settings, ledger)
        sites = found(
            grounds,
            [keys.governor.address],
            1,
            records,
            settings.origin,
            ledger=ledger,
            blocks=blocks,
            contracts=open_contracts(),
        )
    chains = tuple(
        ChainSetting(setting.node, to_hex(site.registry), site.chain.id)
        for setting, site in zip(settings.chains, sites, strict=True)
    )
    settings = replace(settings, chains=chains)
    settings.save()
    begin_journal(settings, Action.FOUND)
    return settings


def join_notary(settings: Settings, address: str) -> tuple[Settings, tuple[str, ...]]:
    """Join the consortium of a registry contract; return the settings, and accounts its state does not name yet."""
    if settings.founded:
        raise OperatorError(f"{settings.data} holds a notary already", hint="Choose another folder: --data DIR")
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys = make_keys(settings.data)
    contracts = open_contracts()
    registry = Address(from_hex(address.lower(), "--registry", 20))
    with ExitStack() as stack:
        chain, wallet = open_chain(stack, settings, settings.chains[0], keys.wallet)
        site = Site(chain, wallet, registry, contracts.consortium(chain, registry).anchor)
        ledger = open_ledger(stack, settings)
        blocks, _ = open_blocks(settings, ledger)
        _, named = join(site, settings.origin, ledger=ledger, blocks=blocks, contracts=contracts)
    settings = replace(settings, chains=(ChainSetting(settings.chains[0].node, to_hex(registry), chain.id),))
    settings.save()
    begin_journal(settings, Action.JOIN)
    return settings, () if named else (to_hex(wallet.address),)


def begin_journal(settings: Settings, action: Action) -> None:
    """Write who founded, joined or recovered this notary: its journal's first entry."""
    with open_notary(settings, chains=False) as notary, notary.ledger.begin() as work:
        record(notary, work, action, None)


def _check_funds(ground: Ground) -> None:
    if ground.wallet.balance() == 0:
        raise OperatorError(
            f"the wallet {to_hex(ground.wallet.address)} holds nothing on {ground.chain.id}",
            hint="Send it some coins, then run the same command again",
        )
