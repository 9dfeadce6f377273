"""python -m tests.independent RECEIPT --trust TRUST [--credential FILE] [--at TIME]."""

import argparse
import sys
import time
from pathlib import Path

from tests.independent.formats import seconds
from tests.independent.verifier import verify


def main() -> int:
    """Print the verdict and the checks; 0 is verified, 1 not, 3 not known yet."""
    parser = argparse.ArgumentParser(prog="python -m tests.independent", description="A second verifier.")
    parser.add_argument("receipt", type=Path)
    parser.add_argument("--trust", type=Path, required=True)
    parser.add_argument("--credential", type=Path)
    parser.add_argument("--at", help="YYYY-MM-DDTHH:MM:SSZ, now where absent")
    given = parser.parse_args()
    verdict = verify(
        given.receipt.read_bytes(),
        given.trust.read_bytes(),
        at=seconds(given.at) if given.at else int(time.time()),
        credential=given.credential.read_bytes() if given.credential else None,
    )
    lines = [f"{check.step:2} {check.name}: {check.state} {check.note}".rstrip() for check in verdict.checks]
    sys.stdout.write("\n".join([verdict.result, *lines, *verdict.remarks]) + "\n")
    return {"verified": 0, "not known yet": 3}.get(verdict.result, 1)


if __name__ == "__main__":
    sys.exit(main())
