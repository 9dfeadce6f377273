"""The next round of anchoring, in words and for programs: when it is due, what it takes, why it waits."""

from __future__ import annotations

from notary.core.canonical import JSON
from notary.core.encoding import format_time
from notary.ports.ledger import HeldRow
from notary.service.rounds.schedule import NextRound


def next_round_says(found: NextRound | None) -> str | None:
    """Return a sentence; None where nothing is there to anchor."""
    if found is None:
        return None
    parts = ((found.batches, "batch", "batches"), (found.statuses, "status statement", "status statements"))
    takes = " and ".join(f"{number:,} {one if number == 1 else many}" for number, one, many in parts if number)
    if found.waits is None:
        return f"The next round takes {takes}, and is due now."
    return f"The next round takes {takes}, {_when(found)}: {found.waits}."


def next_round_data(found: NextRound | None) -> JSON:
    """Return it for programs."""
    if found is None:
        return None
    return {
        "batches": found.batches,
        "credentials": found.credentials,
        "statuses": found.statuses,
        "due": format_time(found.due),
        "latest": format_time(found.latest),
        "waits": found.waits,
    }


def held_data(row: HeldRow) -> dict[str, str | bool]:
    """Return why a chain stands still, for programs."""
    return {"chain": row.chain, "reason": row.reason, "since": format_time(row.since), "outage": row.outage}


def _when(found: NextRound) -> str:
    if found.latest > found.due:
        return f"after {found.due:%H:%M:%S} and by {found.latest:%H:%M %Z on %d %b} at the latest"
    return f"at {found.due:%H:%M:%S %Z}"
