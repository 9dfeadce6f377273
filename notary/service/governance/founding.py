"""Founding a consortium: its contracts on every chain, carrying its first state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from notary.core.errors import OperatorError
from notary.core.registry import Contract, MemberRecord, NotaryAccount
from notary.ports import Address, BlockStore, Chain, Contracts, Wallet
from notary.ports.ledger import Ledger
from notary.service.governance.rules import check_records, check_state, check_voters
from notary.service.members.registry import keep_state, make_state
from notary.service.notary import Site
from notary.service.rounds.attempts import Purse
from notary.service.rounds.sending import send


@dataclass(frozen=True, slots=True)
class Ground:
    """A chain where a consortium is to be founded, and the wallet that pays for it."""

    chain: Chain
    wallet: Wallet


def found(
    grounds: Sequence[Ground],
    governors: Sequence[Address],
    threshold: int,
    records: Iterable[MemberRecord],
    origin: str,
    *,
    ledger: Ledger,
    blocks: BlockStore,
    contracts: Contracts,
) -> tuple[Site, ...]:
    """Found a consortium: deploy its contracts on every chain, carrying its first state.

    The state names the contracts, whose addresses follow from wallet and nonce;
    OperatorError where they come out otherwise, because the wallet sent
    something else meanwhile: founding again is safe.
    """
    records = tuple(records)
    check_records(records)
    check_voters((), threshold, added=governors)
    planned = []
    for ground in grounds:
        purse = Purse(ledger, ground.wallet, ground.chain.id)
        registry, anchor = contracts.founded_at(ground.wallet.address, purse.next_nonce())
        planned.append(Site(ground.chain, ground.wallet, registry, anchor))
    members = make_state(
        records,
        contracts=[Contract(site.chain.id, site.contract) for site in planned],
        notaries=[NotaryAccount(site.chain.id, site.wallet.address, origin) for site in planned],
    )
    check_state(members.state)
    keep_state(members, ledger, blocks, in_force=False)
    for site in planned:
        call = contracts.found(governors, threshold=threshold, state=members.state.digest())
        made = send(site.chain, site.wallet, call, ledger=ledger).created
        if made != site.registry:
            raise OperatorError("the wallet sent something else while the consortium was founded", hint="Run it again")
        contracts.consortium(site.chain, site.registry)
    keep_state(members, ledger, blocks, in_force=True)
    return tuple(planned)
