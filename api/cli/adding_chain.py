"""`notary consortium add-chain`: the consortium is founded on a further chain, and a proposal that names it written."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.governance_files import read_account
from api.cli.proposing import DAY, DAYS, write_checked
from api.cli.spoken import Said, command
from api.settings import ChainSetting, Settings
from notary.core.canonical import JSON
from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.service.governance.founding import Ground
from notary.service.governance.further_chain import Founding, found_there, plan, with_site
from notary.service.governance.in_force import InForce, find_in_force
from notary.service.governance.proposal import Draft, propose
from notary.service.notary import Notary, Site

if TYPE_CHECKING:
    from notary.ports import Address

_GWEI, _COIN = 10**9, 10**18


@command("add-chain", example="notary consortium add-chain https://node.example --dry-run")
@click.argument("node", metavar="URL")
@click.option("--registry", metavar="0x…", help="The consortium's registry, where another notary founded it there.")
@click.option("--dry-run", is_flag=True, help="Say what founding there costs, and do nothing.")
@click.option("--days", type=click.IntRange(1, 365), default=DAYS, show_default=True, help="Days to apply it in.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The proposal. Else state-N.proposal.")
@click.option("--yes", is_flag=True, help="Pay what it costs without asking.")
def add_chain_(
    settings: Settings, node: str, registry: str | None, days: int, out: Path | None, *, dry_run: bool, yes: bool
) -> Said:
    """Take the consortium to a further chain, whose node is at URL: every later anchor stands on both.

    Founds its contracts there, with the votes and the state in force, and writes the
    proposal that names them. Until the members have approved it, nothing else changes.
    """
    from api.wiring import open_chain, open_keys, open_notary

    with ExitStack() as stack:
        notary = stack.enter_context(open_notary(settings))
        here = find_in_force(notary)
        keys = open_keys(settings.data)
        ground = Ground(*open_chain(stack, settings, ChainSetting(node), keys.wallet))
        there = read_account(registry, "--registry") if registry else _known(settings, here, ground)
        founding = plan(notary, here, ground, there=there)
        if dry_run:
            said = [*_price(founding), "Nothing was sent."]
            return Said(said, _data(founding), f"notary consortium add-chain {node}")
        _check_funds(founding)
        if founding.quote is not None and not yes:
            click.echo("\n".join(_price(founding)), err=True)
            click.confirm("Found it there?", abort=True, err=True)
        site = found_there(notary, founding)
        _keep(settings, node, site)
        return _proposed(_with(notary, site), site, days, out)


def _proposed(notary: Notary, site: Site, days: int, out: Path | None) -> Said:
    here = find_in_force(notary)
    now = int(notary.clock.now().timestamp())
    draft = with_site(Draft.of(here.members), site, notary.origin)
    proposal = propose(here, draft, deadline=now + days * DAY)
    written = write_checked(proposal, here, notary.contracts, now, out)
    lines = [
        f"Registry {to_hex(site.registry)} is on {site.chain.id}; nothing is anchored there before members approve.",
        *written.lines,
        "Who approves looks at that chain too: notary consortium show --out copy.json makes a copy with it.",
        "A worker or server that runs has to be started again: it does not know the chain yet.",
    ]
    return Said(lines, {**written.data, "chain": site.chain.id, "registry": to_hex(site.registry)}, written.next)


def _known(settings: Settings, here: InForce, ground: Ground) -> Address | None:
    """Return the registry that was founded there and waits to be named, where the same votes still decide on it."""
    chain = ground.chain.id
    if any(contract.chain == chain for contract in here.members.state.contracts):
        return None
    registry = next((each.registry for each in settings.chains if each.id == chain and each.registry), None)
    seat, first = here.seat(chain), here.seats[0]
    if registry is None or seat is None or (seat.voters, seat.threshold) != (first.voters, first.threshold):
        return None
    return read_account(registry, "registry")


def _keep(settings: Settings, node: str, site: Site) -> None:
    """Note the chain in notary.toml: from here on it is opened with the others."""
    others = tuple(each for each in settings.chains if each.id != site.chain.id)
    replace(settings, chains=(*others, ChainSetting(node, to_hex(site.registry), site.chain.id))).save()


def _with(notary: Notary, site: Site) -> Notary:
    others = tuple(each for each in notary.sites if each.chain.id != site.chain.id)
    return replace(notary, sites=(*others, site))


def _price(founding: Founding) -> list[str]:
    ground, quote = founding.ground, founding.quote
    chain = ground.chain.id
    silent = [
        f"{to_hex(who)} votes by a contract that is not on {chain}: it cannot approve anything there."
        for who in founding.silent
    ]
    if quote is None:
        return [f"It is founded on {chain} already: that costs nothing more.", *silent]
    gas = f"{quote.gas:,} gas at most {quote.fee_per_gas / _GWEI:.3g} gwei"
    return [
        f"Founding on {chain}: {gas} = {quote.fee / _COIN:.6g} coins at most.",
        f"{to_hex(ground.wallet.address)} pays, and holds {ground.wallet.balance() / _COIN:.6g} there.",
        "From then on every change and every anchor is paid there as well.",
        *silent,
    ]


def _check_funds(founding: Founding) -> None:
    ground, quote = founding.ground, founding.quote
    balance = ground.wallet.balance()
    if quote is not None and balance < quote.fee:
        raise OperatorError(
            f"the wallet {to_hex(ground.wallet.address)} holds too little on {ground.chain.id}",
            expected=f"{quote.fee / _COIN:.6g} coins",
            actual=f"{balance / _COIN:.6g}",
            hint="Send it some coins, then run the same command again",
        )


def _data(founding: Founding) -> dict[str, JSON]:
    quote = founding.quote
    return {
        "chain": founding.ground.chain.id,
        "registry": to_hex(founding.there) if founding.there else None,
        "gas": quote.gas if quote else 0,
        "fee": str(quote.fee if quote else 0),
        "wallet": to_hex(founding.ground.wallet.address),
    }
