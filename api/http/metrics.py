"""What Prometheus scrapes: the notary in numbers, in the text format 0.0.4. Nobody and nothing is named in it.

Money is in the chain's own coin; times are seconds. What is not known now is left
out, which an alert can tell from nought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from api.http.observed import Requests
from api.records import Backup
from api.worker.outlook import Outlook
from notary.ports.ledger import AnchorRow, AnchorState
from notary.service.notary import Notary
from notary.service.pins.queue import Served, stores
from notary.service.rounds.costs import fee_of
from notary.service.rounds.progress import Progress, Stage, progress, waiting

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_COIN = 10**18
_ON_THE_WAY = (Stage.LOGGED, Stage.PINNED, Stage.SUBMITTED, Stage.CONFIRMED)

Labels = Mapping[str, str]
NONE: Labels = {}


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: name, type, what it says, and its samples."""

    name: str
    kind: str
    says: str
    samples: tuple[tuple[Labels, float], ...]

    def lines(self) -> Iterator[str]:
        """Write it as Prometheus reads it."""
        yield f"# HELP {self.name} {self.says}"
        yield f"# TYPE {self.name} {self.kind}"
        for labels, value in self.samples:
            pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            yield f"{self.name}{{{pairs}}} {value:.15g}" if pairs else f"{self.name} {value:.15g}"


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where the numbers come from."""

    notary: Notary
    data: Path
    anchoring: Outlook
    requests: Requests

    def text(self) -> str:
        """Return all of it as of now."""
        now = self.notary.clock.now()
        families = (
            *self._credentials(now),
            *self._anchors(),
            *self._pins(now),
            *self._mail(now),
            *self._upkeep(now),
            self._answered(),
        )
        return "".join(f"{line}\n" for family in families if family.samples for line in family.lines())

    def _credentials(self, now: datetime) -> Iterator[Family]:
        found = progress(self.notary)
        stages = Counter(each.state for each in found)
        yield _gauge(
            "notary_credentials_waiting", "Credentials that wait for a batch.", sum(waiting(self.notary).values())
        )
        yield Family(
            "notary_batches",
            "gauge",
            "Batches by how far they are.",
            tuple(({"stage": stage.value}, stages[stage]) for stage in Stage if stage is not Stage.OPEN),
        )
        yield _gauge("notary_batches_held", "Batches that need a new signature.", sum(map(_is_held, found)))
        oldest = min((each.batch.sealed for each in found if each.state in _ON_THE_WAY), default=now)
        says = "Seconds since the oldest batch that is signed and not final was sealed; 0 for none."
        yield _gauge("notary_oldest_unanchored_batch_seconds", says, max(0.0, (now - oldest).total_seconds()))

    def _anchors(self) -> Iterator[Family]:
        with self.notary.ledger.read() as work:
            size, rows, held = work.log.size(), work.anchors.anchors(), {row.chain for row in work.held.all()}
        chains = sorted({site.chain.id for site in self.notary.sites} | {row.chain for row in rows})
        states = Counter((row.chain, row.state) for row in rows)
        yield _gauge("notary_log_entries", "Entries in the log.", size)
        yield Family(
            "notary_anchors",
            "gauge",
            "Anchors by chain and state.",
            tuple(({"chain": chain, "state": s.value}, states[chain, s]) for chain in chains for s in AnchorState),
        )
        says = "1 where anchoring on the chain stands still for a reason an operator sees."
        yield Family("notary_chain_held", "gauge", says, tuple(({"chain": c}, float(c in held)) for c in chains))
        newest = {row.chain: row for row in rows if row.state is AnchorState.FINAL}
        yield Family(
            "notary_last_fee_coins",
            "gauge",
            "What the newest final anchor cost, at most.",
            tuple(({"chain": chain}, _fee(row)) for chain, row in sorted(newest.items())),
        )
        yield Family(
            "notary_last_confirmation_seconds",
            "gauge",
            "From sending the newest final anchor to its block, by the block's time.",
            tuple(({"chain": chain}, _seconds_to_block(row)) for chain, row in sorted(newest.items())),
        )
        yield Family(
            "notary_wallet_balance_coins",
            "gauge",
            "What the wallet holds; absent while the chain is not reached.",
            tuple(({"chain": chain}, wei / _COIN) for chain, wei in sorted(self.anchoring.balances.items())),
        )

    def _pins(self, now: datetime) -> Iterator[Family]:
        """Give what every block store lacks; `store` is its place in the setting `ipfs`, from 0."""
        found = stores(self.notary)

        def each(name: str, says: str, of: Callable[[Served], float | None]) -> Family:
            samples = [({"store": str(place)}, of(served)) for place, served in enumerate(found)]
            return Family(name, "gauge", says, tuple((label, value) for label, value in samples if value is not None))

        def age(then: datetime | None) -> float | None:
            return None if then is None else max(0.0, (now - then).total_seconds())

        yield each("notary_pins_waiting", "Pins that wait for the block store.", lambda one: one.queue.waiting)
        yield each("notary_pins_failed", "Waiting pins of which a try has failed.", lambda one: one.queue.failed)
        says = "Seconds since the oldest waiting pin was queued; 0 for none."
        yield each("notary_oldest_pin_seconds", says, lambda one: age(one.queue.oldest) or 0.0)
        says = "Tries in a row in which the block store failed."
        yield each("notary_pin_store_failures", says, lambda one: one.row.failures)
        says = "Seconds since the block store was audited."
        yield each("notary_pin_audit_age_seconds", says, lambda one: age(one.row.audited))
        yield each("notary_pin_audit_sampled", "Blocks its last audit asked for.", lambda one: one.row.sampled)
        says = "Pins its last audit found missing or wrong."
        yield each("notary_pin_audit_missing", says, lambda one: one.row.missing)
        says = "Of these, pins that its last audit could not put back."
        yield each("notary_pin_audit_failures", says, lambda one: max(0, one.row.missing - one.row.repaired))

    def _mail(self, now: datetime) -> Iterator[Family]:
        with self.notary.ledger.read() as work:
            found = work.outbox.tally()
        yield _gauge("notary_mails_waiting", "Mails to learners that wait to be sent.", found.waiting)
        yield _gauge("notary_mails_troubled", "Waiting mails of which a try has failed.", found.troubled)
        yield _gauge("notary_mails_failed", "Mails that are not tried any more.", found.failed)
        yield _gauge("notary_mails_bounced", "Credentials whose contact takes no mail.", found.bounced)
        age = 0.0 if found.oldest is None else max(0.0, (now - found.oldest).total_seconds())
        yield _gauge("notary_oldest_mail_seconds", "Seconds since the oldest waiting mail was queued; 0 for none.", age)

    def _upkeep(self, now: datetime) -> Iterator[Family]:
        backup, beat = Backup.read(self.data), self.anchoring.beat
        if backup:
            yield _gauge("notary_backup_age_seconds", "Age of the newest backup.", (now - backup.time).total_seconds())
        yield _gauge("notary_workers", "Workers that live by their beat.", len(self.anchoring.workers))
        if beat:
            says = "Seconds since a worker told that it lives."
            yield _gauge("notary_worker_beat_age_seconds", says, (now - beat).total_seconds())
        trouble = self.anchoring.condition.trouble is not None
        yield _gauge("notary_anchoring_trouble", "1 where something stands in the way of anchoring.", trouble)

    def _answered(self) -> Family:
        return Family(
            "notary_http_requests_total",
            "counter",
            "Requests answered, by method, route and status.",
            tuple(
                ({"method": method, "route": route, "status": str(status)}, count)
                for (method, route, status), count in sorted(self.requests.answered.items())
            ),
        )


def _gauge(name: str, says: str, value: float) -> Family:
    return Family(name, "gauge", says, ((NONE, float(value)),))


def _is_held(each: Progress) -> bool:
    return each.batch.held is not None


def _seconds_to_block(row: AnchorRow) -> float:
    return (row.block_time or 0) - row.submitted.timestamp()


def _fee(row: AnchorRow) -> float:
    return fee_of(row, None)[0] / _COIN


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
