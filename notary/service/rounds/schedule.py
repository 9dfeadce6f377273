"""When the next round of anchoring is due, and why it waits: one transaction carries everything logged by then.

A person who asks for it (`notary anchor`) is not made to wait: this is for workers
and for whoever wants to know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from notary.core.digest import Digest
from notary.core.encoding import parse_time
from notary.core.errors import NotaryError
from notary.ports import Quote
from notary.ports.ledger import HeldRow, ManifestRow
from notary.service.notary import Notary, Site
from notary.service.rounds.drawing import may_follow, newest_manifest, read_manifest
from notary.service.rounds.reach import serving

_DEAREST = Digest(b"\xff" * 32)
"""A root to ask the price with: a zero byte would cost less."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """`every`: seconds between two rounds. `max_fee_per_credential`: in wei; 0 for no limit.

    While a credential's share is dearer, a round waits for more of them or for
    lower fees, until one of its batches was logged `max_wait` seconds ago.
    """

    every: int
    max_wait: int
    max_fee_per_credential: int = 0


@dataclass(frozen=True, slots=True)
class NextRound:
    """What the next round takes with it: batches, their credentials, and status statements.

    `due`: the round comes then if nothing else is in its way, `latest`: fees make
    it wait until then at most. `waits`: why it does not come at once, None: it does.
    """

    batches: int
    credentials: int
    statuses: int
    due: datetime
    latest: datetime
    waits: str | None


def next_round(notary: Notary, schedule: Schedule) -> NextRound | None:
    """Return the next round as the ledger shows it, None where nothing new is logged; no chain is asked for fees."""
    now = notary.clock.now()
    with notary.ledger.read() as work:
        before, since = newest_manifest(work)
        size = work.log.size()
        if size == since:
            return None
        batches = work.batches.since(since)
        free = may_follow(work, before)
        standing = work.held.all()
    due = _due(before, schedule, now)
    statuses = size - since - len(batches)
    # A revocation is for today: it never waits for fees.
    oldest = min((row.logged or row.sealed for row in batches), default=now)
    latest = due if statuses else max(due, oldest + timedelta(seconds=schedule.max_wait))
    waits = None
    if not free:
        waits = "the round before is in no block yet" + "".join(map(_standing, standing))
    elif now < due:
        waits = f"rounds are {schedule.every} s apart"
    return NextRound(len(batches), sum(row.size for row in batches), statuses, due, latest, waits)


def cleared(notary: Notary, schedule: Schedule, found: NextRound) -> NextRound:
    """Return a round that nothing else keeps waiting as fees let it go: on every chain that answers, or late enough."""
    limit = schedule.max_fee_per_credential
    if found.waits or not limit or not found.credentials or notary.clock.now() >= found.latest:
        return found
    for site in serving(notary):
        share = _fee(notary, site) // found.credentials
        if share > limit:
            waits = f"it costs {share} wei a credential on {site.chain.id}, and {limit} are the limit"
            return replace(found, waits=waits)
    return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """What anchoring now would cost on one chain, in wei at most, and for how many credentials."""

    chain: str
    quote: Quote
    credentials: int


def estimate(notary: Notary) -> tuple[Estimate, ...]:
    """Return what anchoring what is logged now would cost, without doing it."""
    with notary.ledger.read() as work:
        _, since = newest_manifest(work)
        waiting = sum(row.size for row in work.batches.since(since))
    return tuple(Estimate(site.chain.id, _quote(notary, site), waiting) for site in serving(notary))


def _due(before: ManifestRow | None, schedule: Schedule, now: datetime) -> datetime:
    drawn = parse_time(read_manifest(before).time, "manifest") if before else None
    if drawn is None or drawn > now:  # a clock that was set back makes nobody wait for it to catch up
        return now
    return drawn + timedelta(seconds=schedule.every)


def _quote(notary: Notary, site: Site) -> Quote:
    return site.wallet.quote(notary.contracts.anchor(site.contract, _DEAREST))


def _fee(notary: Notary, site: Site) -> int:
    try:
        return _quote(notary, site).fee
    except NotaryError:
        return 0  # a chain that does not answer delays its own anchors alone


def _standing(row: HeldRow) -> str:
    return f"; {row.chain} stands still: {row.reason}"
