"""The switch-off drill: every receipt verified in fresh processes that may not touch the network.

Issuer, notary, node, IPFS and DNS are off as far as the verifier can tell: an
attempt to reach any of them would end its process, and no notary's setting or
data folder is given to it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from notary.core.digest import Digest, sha256
from notary.core.errors import NotaryError, OperatorError
from notary.core.evm import Header
from notary.core.receipt import EvmAnchor, Receipt
from notary.core.trust import TrustFile
from notary.core.verdict import Result

OFFLINE = """\
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
                 "socket.gethostbyaddr", "socket.bind"):
        raise PermissionError(f"the network is forbidden here: {event}")
sys.addaudithook(refuse)
from api.command_line import main
main()
"""
"""What a verifying process runs: an audit hook cannot be taken off again."""

HOLDS = frozenset({Result.VERIFIED, Result.EXPIRED, Result.NOT_YET_VALID})
DECIDED = HOLDS | {Result.SUSPENDED, Result.REVOKED, Result.REPLACED}
_AT_ONCE = 200
"""Receipts of one process: their names must fit its command line."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One receipt's verdict; institutions and block time are the receipt's own words where it did not verify."""

    path: Path
    result: Result
    headline: str
    institutions: tuple[str, ...]
    anchored: int | None


@dataclass(frozen=True, slots=True)
class Drill:
    """What came of all receipts under one trust file."""

    consortium: str
    trust_date: str
    trust_digest: Digest
    tried: tuple[Tried, ...]
    processes: int
    seconds: float

    @property
    def verified(self) -> int:
        """How many verified."""
        return sum(each.result in HOLDS for each in self.tried)

    @property
    def withdrawn(self) -> tuple[Tried, ...]:
        """Those whose issuers have withdrawn them: proven as well as the others."""
        return tuple(each for each in self.tried if each.result in DECIDED - HOLDS)

    @property
    def open(self) -> tuple[Tried, ...]:
        """Those that did not verify, or of which it is not known."""
        return tuple(each for each in self.tried if each.result not in DECIDED)

    def by_institution(self) -> dict[str, list[Tried]]:
        """Group the receipts; a joint award counts with each of its institutions."""
        found: dict[str, list[Tried]] = {}
        for each in self.tried:
            for name in each.institutions or ("Not readable",):
                found.setdefault(name, []).append(each)
        return dict(sorted(found.items()))


def find_receipts(folder: Path) -> tuple[Path, ...]:
    """Return every receipt in a folder and below it; OperatorError where there is none."""
    found = tuple(sorted(folder.rglob("*.receipt.json")))
    if not found:
        raise OperatorError(f"{folder} holds no receipts", expected="*.receipt.json")
    return found


def run_drill(
    receipts: Sequence[Path],
    trust: Path,
    done: Callable[[int], None] = lambda _: None,
    *,
    mirror: Path | None = None,
) -> Drill:
    """Verify receipts, or what carries one, with everything off; `done` is told how many are through.

    `mirror`: a folder with a copy of the log, whose newest statuses are asked for.
    """
    data = trust.read_bytes()
    read = TrustFile.parse(data)
    began = time.monotonic()
    tried: list[Tried] = []
    processes = 0
    with tempfile.TemporaryDirectory() as empty:
        kept = Path(empty) / "trust.json"
        kept.write_bytes(data)
        for some in _portions(receipts):
            processes += 1
            answers = _verify(some, kept, mirror)
            tried += [_tried(path, answer) for path, answer in zip(some, answers, strict=True)]
            done(len(tried))
    return Drill(
        consortium=" and ".join(each.name for each in read.consortia),
        trust_date=read.date,
        trust_digest=sha256(data),
        tried=tuple(tried),
        processes=processes,
        seconds=time.monotonic() - began,
    )


def bare_environment() -> dict[str, str]:
    """Return an environment without any setting of a notary."""
    return {name: value for name, value in os.environ.items() if not name.startswith("NOTARY_")}


def _verify(receipts: Sequence[Path], trust: Path, mirror: Path | None) -> list[dict[str, str]]:
    names = [str(path.absolute()) for path in receipts]
    fresh = ["--fresh", "--from", str(mirror.absolute())] if mirror else []
    command = [sys.executable, "-c", OFFLINE, "verify", *names, "--trust", str(trust), *fresh, "--json"]
    environment = {**bare_environment(), "NOTARY_DATA": str(trust.parent)}
    done = subprocess.run(  # noqa: S603  # this interpreter, with receipts' names as arguments
        command, cwd=trust.parent, capture_output=True, text=True, check=False, env=environment
    )
    try:
        answer = json.loads(done.stdout)
        answers: list[dict[str, str]] = answer["receipts"] if len(receipts) > 1 else [answer]
        if len(answers) != len(receipts) or not all("result" in each for each in answers):
            raise ValueError("an answer for each receipt is missing")
    except (ValueError, KeyError, TypeError) as error:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise OperatorError("the verifier did not come to its end", actual=said or done.returncode) from error
    return answers


def _tried(path: Path, answer: dict[str, str]) -> Tried:
    institutions, anchored = _read(path)
    return Tried(path, Result(answer["result"]), answer["headline"], institutions, anchored)


def _read(path: Path) -> tuple[tuple[str, ...], int | None]:
    """Return a receipt's institutions by name, and its first block's time."""
    try:
        receipt = Receipt.parse(path.read_bytes())
        anchors = [
            anchor
            for commitment in receipt.commitments
            for anchor in commitment.anchors
            if isinstance(anchor, EvmAnchor)
        ]
        records = {proof.record.id: proof.record.name for anchor in anchors for proof in anchor.members}
        names = (records.get(each.statement.issuer, each.statement.issuer) for each in receipt.submissions)
        times = [Header.parse(anchor.header).timestamp for anchor in anchors]
    except (NotaryError, OSError):
        return (), None
    return tuple(names), min(times, default=None)


def _portions(receipts: Iterable[Path]) -> Iterator[list[Path]]:
    left = iter(receipts)
    while some := list(islice(left, _AT_ONCE)):
        yield some
