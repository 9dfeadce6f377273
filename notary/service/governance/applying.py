"""Applying a proposal: everything checked first, then one transaction on every chain, then the ledger.

Each step is durable before the next and safe to repeat: a chain that carries the
state already is passed over, a transaction that was stored and perhaps sent is
gone on with, and the state is in force in the ledger once every chain carries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from notary.core.encoding import to_hex
from notary.core.errors import IssuerError, NotaryError, OperatorError
from notary.core.mandate import check_key, check_recognition
from notary.core.registry import Compromise, MemberKey, MemberRecord
from notary.core.statement import BatchStatement, SignedStatement
from notary.service.governance.approvals import Approver, SignedApproval, approve, check_content, check_proposal, count
from notary.service.governance.in_force import InForce, Seat, find_in_force, find_members, read_seats
from notary.service.governance.proposal import Draft, Proposal, propose, unchanged
from notary.service.log.entries import read_statement
from notary.service.members.registry import Members, keep_state, put_in_force
from notary.service.notary import Notary, Site
from notary.service.rounds.reach import serving, unfinished_on
from notary.service.rounds.sending import send

_AT_ONCE = 3600
"""Seconds in which a change that is approved here and now must be on chain."""


def apply(notary: Notary, proposal: Proposal, approvals: Sequence[SignedApproval]) -> Members:
    """Put an approved proposal in force on every chain and in the ledger; again, it changes nothing.

    A chain that joins comes first: until it carries the state, nothing has changed
    where it counts. IssuerError for a proposal or approvals that a registry would
    refuse, or where a statement that waits to be anchored would verify no longer.
    """
    sites = _sites(notary, proposal)
    digest = proposal.members.state.digest()
    seats, carried = read_seats([(site.chain, site.registry) for site in sites], notary.contracts)
    waiting = [seat for seat, state in zip(seats, carried, strict=True) if state != digest]
    if waiting:
        _prepare(notary, proposal, approvals, seats, waiting)
    for seat in waiting:
        site = notary.site(seat.chain)
        change = proposal.seat(seat.chain)
        given = count(proposal, approvals, seat, contracts=notary.contracts, chain=site.chain)
        call = notary.contracts.change(seat.registry, proposal.change(change), given)
        send(site.chain, site.wallet, call, ledger=notary.ledger, bearing=digest)
        found = notary.contracts.consortium(site.chain, seat.registry).state
        if found != digest:
            raise OperatorError(f"{seat.chain} carries another state", expected=to_hex(digest), actual=to_hex(found))
    put_in_force(notary, proposal.members)
    return proposal.members


def change_members(
    notary: Notary,
    records: Iterable[MemberRecord],
    approvers: Sequence[Approver],
    *,
    compromised: Sequence[Compromise] | None = None,
) -> Members:
    """Propose other records, approve them here and now, and apply: for whoever holds enough votes."""
    here = find_in_force(notary)
    draft = replace(Draft.of(here.members), records=tuple(records))
    if compromised is not None:
        draft = replace(draft, compromised=tuple(compromised))
    now = int(notary.clock.now().timestamp())
    proposal = propose(here, draft, deadline=now + _AT_ONCE)
    if unchanged(here, proposal):
        return here.members
    check_proposal(proposal, here, notary.contracts, now=now)
    return apply(notary, proposal, [approve(proposal, here, each, notary.contracts) for each in approvers])


def _sites(notary: Notary, proposal: Proposal) -> list[Site]:
    """Return this notary's sites on every chain that the proposal is for, those that join first."""
    for change in proposal.seats:
        if notary.site(change.chain).registry != change.registry:
            raise IssuerError(
                f"the proposal is another consortium's on {change.chain}",
                expected=to_hex(notary.site(change.chain).registry),
                actual=to_hex(change.registry),
            )
    served = {site.chain.id for site in serving(notary)}
    sites = [notary.site(change.chain) for change in proposal.seats]
    return sorted(sites, key=lambda site: site.chain.id in served)


def _prepare(
    notary: Notary,
    proposal: Proposal,
    approvals: Sequence[SignedApproval],
    seats: Sequence[Seat],
    waiting: Sequence[Seat],
) -> None:
    """Check all that can be checked before anything is written or sent, then pin and keep the state.

    Chains that carry it already, from before a crash, were checked then.
    """
    previous = proposal.members.state.previous
    if previous is None:
        raise IssuerError("the proposal follows no state", hint="A consortium is founded, not proposed: notary init")
    now = int(notary.clock.now().timestamp())
    if len(waiting) < len(seats):
        old = find_members(notary, previous)
        check_content(proposal, InForce(old, tuple(waiting)), now=now)
    else:
        # What is in force is the chain's word: the ledger may have missed a change that others relayed.
        here = find_in_force(notary)
        old = here.members
        check_proposal(proposal, here, notary.contracts, now=now)
    for seat in waiting:
        chain = notary.site(seat.chain).chain
        count(proposal, approvals, seat, contracts=notary.contracts, chain=chain)
    _check_statements(notary, old, proposal.members, now)
    keep_state(proposal.members, notary.ledger, notary.blocks, in_force=False)


def _check_statements(notary: Notary, old: Members, new: Members, now: int) -> None:
    """Check that what is logged and not yet anchored would verify by the new state as it does by the old.

    It would be judged by the new one. A key that is marked compromised is no
    reason to wait: what it signed is not to be relied on either way.
    """
    with notary.ledger.read() as work:
        placed = {(row.manifest, row.chain) for row in work.anchors.anchors() if row.block is not None}
        waiting = {(number, site.chain.id) for site in notary.sites for number in unfinished_on(work, site)} - placed
        unsettled = {number for number, _ in waiting}
        settled = (row.tree_size for row in work.anchors.manifests() if row.number not in unsettled)
        anchored = max(settled, default=0)
        entries = [row.data for row in work.log.entries(anchored, work.log.size())]
    for at, data in enumerate(entries, anchored):
        signed = read_statement(data)
        try:
            key = _check(signed, old, now)
        except NotaryError:
            continue  # it would not verify now either
        if new.state.compromised_since(key.public_key_multibase) is not None:
            continue
        try:
            _check(signed, new, now)
        except NotaryError as error:
            raise IssuerError(
                f"log entry {at} of {signed.statement.issuer} waits to be anchored, and would verify no longer",
                actual=error.what,
                hint="Anchor it first: notary anchor --wait",
            ) from error


def _check(signed: SignedStatement, members: Members, now: int) -> MemberKey:
    record = members.require(signed.statement.issuer)
    key = check_key(record, signed, now)
    if isinstance(signed.statement, BatchStatement):
        check_recognition(record, signed.statement.recognition)
    return key
