"""A notary on real parts under every kind of fault, a few runs of each; `scripts/faults` has the full number.

Nothing that was accepted is lost, nothing is anchored twice, no verdict is wrong,
and nobody does anything by hand.
"""

from __future__ import annotations

import time
import warnings

import pytest

from tests.faults.campaign import Campaign, Setting, Tally, runs_of, table

pytestmark = pytest.mark.node
SECONDS = 400
"""Far more than it takes; a run that hangs ends by itself and counts as lost."""
ON_POSTGRESQL = ("PostgreSQL restarted", "kill -9", "two workers on one batch", "20 institutions")


def _run(setting: Setting, *kinds: str) -> Campaign:
    runs = [run for run in runs_of(setting, quick=True) if not kinds or run[0].name.startswith(kinds)]
    said: list[str] = []
    campaign = Campaign(setting, said.append)
    left_out = campaign.run(runs, time.monotonic() + SECONDS)
    for line in said:
        if line.startswith("NOTE"):
            warnings.warn(line, stacklevel=1)  # shown at the end of the tests: nothing is left out in silence
    report = "\n".join([*said, *table(campaign.tallies)])
    total = Tally()
    for tally in campaign.tallies.values():
        assert tally.runs, report
        total.add(tally)
    assert (left_out, total.clean) == (0, True), report
    return campaign


def test_no_fault_loses_anything_on_sqlite() -> None:
    """Every kind of fault that one worker on one machine can meet."""
    _run(Setting("anvil", "sqlite", workers=1, seed=1, lanes=3))


def test_no_fault_loses_anything_on_postgresql_with_two_workers() -> None:
    """What is other there: the database restarts, and workers take over from each other."""
    _run(Setting("anvil", "postgresql", workers=2, seed=2, lanes=2), *ON_POSTGRESQL)
