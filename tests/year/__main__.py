"""python -m tests.year: what `scripts/year` runs."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

from tests.offline import block_network
from tests.year.running import judge, live_in


def main() -> int:
    """Live a year and print what its receipts say; 0 where everything is as it must be."""
    given = _arguments()
    for name in [name for name in os.environ if name.startswith("NOTARY_") and name != "NOTARY_PARTS"]:
        del os.environ[name]
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    logging.disable()  # what the notary has to say of its fork, the outcomes say
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the node that was started is ended
    block_network()
    with tempfile.TemporaryDirectory(prefix="year-") as folder:
        lived = live_in(Path(folder), short=given.short)
    year = judge(lived)
    for line in year.lines(as_json=given.json):
        sys.stdout.write(f"{line}\n")
    return 0 if year.right else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/year", description="Lives a consortium's year on a chain, and verifies every receipt of it."
    )
    parser.add_argument("--short", action="store_true", help="on the embedded chain, in less than a minute")
    parser.add_argument("--json", action="store_true", help="end with one line of counts")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
