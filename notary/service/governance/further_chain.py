"""Taking a founded consortium to a further chain: the same votes and state there, then a change like any other.

First the contracts are founded there, carrying what is in force: nobody anchors
to them yet, for no state names them. Then a proposal names the new contract, and
this notary's account beside it; members approve it for every chain, the new one
too. From the state on that names it, every new manifest is carried there as well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from notary.core.encoding import to_hex
from notary.core.errors import IssuerError, OperatorError
from notary.core.registry import NotaryAccount
from notary.ports import Address, Call, Chain, Quote
from notary.service.governance.founding import Ground
from notary.service.governance.in_force import InForce, Seat
from notary.service.governance.proposal import Draft
from notary.service.notary import Notary, Site
from notary.service.rounds.reach import contract_of
from notary.service.rounds.sending import send

_DELEGATED = bytes.fromhex("ef0100")
"""How the code of an account begins that has delegated to a wallet and keeps its key (EIP-7702)."""


@dataclass(frozen=True, slots=True)
class Founding:
    """What founding on a further chain takes: the call, and its price at most where it is not founded there already.

    `silent`: voters whose wallet is a contract that is not on that chain. They cannot approve anything there.
    """

    ground: Ground
    call: Call
    there: Address | None
    quote: Quote | None
    silent: tuple[Address, ...]


def plan(notary: Notary, here: InForce, ground: Ground, *, there: Address | None = None) -> Founding:
    """Say what founding there takes; IssuerError where the consortium is there, or is not governed by the same votes.

    `there`: a registry that is known to stand there. One that was founded before a
    crash is found by its transaction, and not founded again.
    """
    chain = ground.chain.id
    if there is None and any(contract.chain == chain for contract in here.members.state.contracts):
        raise IssuerError(
            f"the consortium is on {chain} already", hint="To anchor there too, name its registry: --registry 0x…"
        )
    seat = _governing(here)
    call = notary.contracts.found(sorted(seat.voters), threshold=seat.threshold, state=here.members.state.digest())
    there = there or _founded(notary, ground, call)
    silent = tuple(who for who in sorted(seat.voters) if _is_silent(notary.site(seat.chain).chain, ground.chain, who))
    if len(seat.voters) - len(silent) < seat.threshold:
        raise IssuerError(
            f"too few could approve anything on {chain}",
            expected=f"{seat.threshold} of {len(seat.voters)} votes",
            actual=f"no contract there for {', '.join(map(to_hex, silent))}",
            hint="Deploy these wallets at the same addresses there, or give votes to keys first",
        )
    return Founding(ground, call, there, ground.wallet.quote(call) if there is None else None, silent)


def found_there(notary: Notary, founding: Founding) -> Site:
    """Found the contracts, unless they are there, and return the site; again, it goes on with what was sent.

    OperatorError where the code there is not the published one.
    """
    ground, registry = founding.ground, founding.there
    if registry is None:
        registry = send(
            ground.chain, ground.wallet, founding.call, ledger=notary.ledger, bearing=founding.call.data
        ).created
    if registry is None:
        raise OperatorError(f"the transaction on {ground.chain.id} made no contract", hint="Run it again")
    return Site(ground.chain, ground.wallet, registry, notary.contracts.consortium(ground.chain, registry).anchor)


def with_site(draft: Draft, site: Site, origin: str) -> Draft:
    """Name a site's contract, and this notary as one that may anchor its log there."""
    contract = contract_of(site)
    account = NotaryAccount(site.chain.id, site.wallet.address, origin)
    named, serve = draft.contracts, draft.notaries
    return replace(
        draft,
        contracts=named if contract in named else (*named, contract),
        notaries=serve if account in serve else (*serve, account),
    )


def _is_silent(chain: Chain, further: Chain, voter: Address) -> bool:
    """Say whether a voter is an ERC-1271 wallet on one chain and nothing on the other; delegated keys sign anywhere."""
    code = chain.code(voter)
    return bool(code) and not code.startswith(_DELEGATED) and not further.code(voter)


def _governing(here: InForce) -> Seat:
    """Return who decides on every chain; IssuerError where that differs from one to another."""
    named = {contract.chain for contract in here.members.state.contracts}
    first, *others = (seat for seat in here.seats if seat.chain in named)
    for seat in others:
        if (seat.voters, seat.threshold) != (first.voters, first.threshold):
            raise IssuerError(
                f"others decide on {seat.chain} than on {first.chain}",
                expected=f"{first.threshold} of {', '.join(sorted(map(to_hex, first.voters)))}",
                actual=f"{seat.threshold} of {', '.join(sorted(map(to_hex, seat.voters)))}",
                hint="Make votes and k the same everywhere first: notary consortium propose",
            )
    return first


def _founded(notary: Notary, ground: Ground, call: Call) -> Address | None:
    """Return the registry that this very call made before, None for none: a crash may have come before it was noted."""
    with notary.ledger.read() as work:
        attempts = work.attempts.since(ground.chain.id, ground.wallet.address, 0)
    for row in attempts:
        found = ground.chain.inclusion(row.tx_hash) if call.data in row.raw else None
        if found is not None and found.succeeded:
            return found.created
    return None
