"""Following a change of members that others relayed: anyone may send one, and no anchor is made past it unread.

The registry says a digest and nothing else. What it stands for is in the ledger,
where this notary proposed or pinned it, or is walked to in the block store; every
byte is checked against the digest. While it cannot be had, or has not reached
every chain that answers, the chains that carry it stand still with the reason.
"""

from __future__ import annotations

from notary.core.digest import Digest
from notary.core.encoding import to_digest_text, to_hex
from notary.core.errors import NotaryError, OperatorError
from notary.core.registry import NotaryAccount
from notary.ports import Consortium
from notary.service.governance.in_force import Seat, agreed, find_members, take_over
from notary.service.members.registry import Members, keep_state, state_in_force
from notary.service.notary import Notary, Site
from notary.service.rounds.reach import contract_of


def follow(notary: Notary) -> Members | None:
    """Put in force in the ledger what the chains carry; return it, None where no chain answers.

    A chain that is down is not waited for: it is asked again before anything is
    anchored there. But while one is, nobody goes back to an older state than the
    ledger's: it may carry the newer one. OperatorError while those that answer carry
    different states, or where the state cannot be had or names another contract than
    this notary's.
    """
    asked: list[tuple[Site, Consortium]] = []
    down: list[str] = []
    for site in notary.sites:
        try:
            asked.append((site, notary.contracts.consortium(site.chain, site.registry)))
        except NotaryError:
            down.append(site.chain.id)
    if not asked:
        return None
    seats = [Seat.of(site.chain, site.registry, found) for site, found in asked]
    members = agreed(seats, [found.state for _, found in asked], lambda digest: find_members(notary, digest))
    for site, found in asked:
        here = [contract.address for contract in members.state.contracts if contract.chain == site.chain.id]
        if found.state == members.state.digest() and here and contract_of(site).address not in here:
            raise OperatorError(
                f"registry state {members.state.number} names another anchor contract on {site.chain.id}",
                expected=to_hex(site.contract),
                actual=", ".join(map(to_hex, here)),
                hint="The consortium of another registry was joined: compare it with the other members'",
            )
    with notary.ledger.read() as work:
        known = state_in_force(work)
    if down and members.state.number < known.number:
        raise OperatorError(
            f"{' and '.join(down)} may carry a newer registry state, and cannot be asked",
            expected=f"state {known.number}",
            actual=f"state {members.state.number} on {', '.join(site.chain.id for site, _ in asked)}",
            hint="It goes on when that chain answers; finish the change where it lacks: notary consortium apply FILE",
        )
    return take_over(notary, members)


def require_in_force(notary: Notary, site: Site, carried: Digest) -> None:
    """Check, before something is anchored on a chain, that the ledger's state is the one it carries, and names us.

    A change that others relayed is taken over first. OperatorError where anchoring
    has to wait, with what to do.
    """
    if _in_force(notary) != carried:
        follow(notary)
    if _in_force(notary) != carried:
        raise OperatorError(
            f"{site.chain.id} carries another registry state than the other chains",
            actual=to_digest_text(carried),
            hint="Finish the change that has not reached all of them: notary consortium apply FILE",
        )
    with notary.ledger.read() as work:
        state = state_in_force(work)
    account = NotaryAccount(site.chain.id, site.wallet.address, notary.origin)
    if account not in state.notaries:
        named = [one.address for one in state.notaries if (one.chain, one.origin) == (account.chain, account.origin)]
        raise OperatorError(
            f"the members do not let this notary anchor {notary.origin} on {account.chain}",
            expected=", ".join(map(to_hex, named)) or "nobody",
            actual=to_hex(account.address),
            hint=f"Ask them: notary consortium propose --add-notary {_named(account)}",
        )


def know(notary: Notary, digest: Digest) -> None:
    """Keep a state that was in force at an anchor, where the ledger lacks it: its receipts show it."""
    with notary.ledger.read() as work:
        if any(row.digest == digest for row in work.registry.states(records=False)):
            return
    keep_state(find_members(notary, digest), notary.ledger, notary.blocks, in_force=False)


def _in_force(notary: Notary) -> Digest:
    with notary.ledger.read() as work:
        return state_in_force(work).digest()


def _named(account: NotaryAccount) -> str:
    return f"{account.chain}:{to_hex(account.address)}={account.origin}"
