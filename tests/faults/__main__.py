"""python -m tests.faults: what `scripts/faults` runs."""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time

from tests.faults.campaign import Campaign, Setting, Tally, runs_of, table

FULL_MINUTES, QUICK_SECONDS = 40, 45
MOST_SHOWN = 100
KEPT = {"NOTARY_PARTS", "NOTARY_FAULTS_LOGS"}


def main() -> int:
    """Run the faults; 0 where nothing was lost, twice or wrong."""
    given = _arguments()
    for name in [name for name in os.environ if name.startswith("NOTARY_") and name not in KEPT]:
        del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started is ended
    setting = Setting(given.chain, given.database, given.workers, given.seed, given.lanes)
    limit = QUICK_SECONDS if given.quick else 60 * given.minutes
    runs = runs_of(setting, quick=given.quick, only=given.only)
    random.Random(given.seed).shuffle(runs)  # so that a limit of time leaves some of each kind, and others each time
    campaign = Campaign(setting, _say)
    left_out = campaign.run(runs, time.monotonic() + limit)
    total = Tally()
    for tally in campaign.tallies.values():
        total.add(tally)
    sys.stdout.write("\n".join(["", *table(campaign.tallies), *total.words[:MOST_SHOWN], ""]))
    if left_out:
        sys.stdout.write(f"left out: {left_out} of {len(runs)} runs, which did not fit into {limit} s\n")
    if given.json:
        sys.stdout.write(json.dumps(total.counts()) + "\n")
    return 0 if total.clean and total.runs else 1


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/faults", description="Runs a notary on real parts under every fault we can think of, and counts."
    )
    parser.add_argument("--quick", action="store_true", help="one of each kind, as many as fit into less than a minute")
    parser.add_argument("--json", action="store_true", help="end with one line of counts")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--chain", choices=("anvil", "geth"), default="anvil")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes beside the service")
    parser.add_argument("--lanes", type=int, default=3, metavar="N", help="notaries that are run beside each other")
    parser.add_argument("--only", default="", metavar="WORD", help="the kinds with this word in their name")
    parser.add_argument("--minutes", type=int, default=FULL_MINUTES, help="when to begin no more runs")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the random moments")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
