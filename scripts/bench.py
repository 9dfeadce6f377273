"""Speed and memory, each beside a plain baseline of the same run: a slow machine slows both.

submit   100,000 credentials of 2.5 KB from NDJSON to a sealed batch; baseline: json.loads, SHA-256 and SQLite's
         executemany of the same lines in one process, and nothing checked
verify   one receipt with one commitment, in this process; baseline: json.loads of it and its three Ed25519 signatures
process  `notary verify` of it; baseline: an interpreter that imports click and exits
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import secrets
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ISSUER = "https://bench.example/issuer"
UNIT = 1000


def main() -> None:
    """Measure everything; each part that needs a clean memory runs as a process of its own."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--credentials", type=int, default=100_000)
    options.add_argument("--folder", type=Path)
    options.add_argument("--part", choices=["submit", "baseline"], help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.part:
        print(json.dumps(PARTS[chosen.part](chosen.folder)))
        return
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        lines = folder / "credentials.ndjson"
        with lines.open("w") as file:
            file.writelines(
                json.dumps(badge(number), ensure_ascii=False) + "\n" for number in range(chosen.credentials)
            )
        size = lines.stat().st_size / chosen.credentials
        baseline, submitted = run_part("baseline", folder), run_part("submit", folder)
        receipt, trust = make_receipt(folder)
        found = {
            "credentials": chosen.credentials,
            "bytes_each": round(size),
            "submit_to_sealed_per_second": round(chosen.credentials / submitted["seconds"]),
            "submit_seconds": round(submitted["submit"], 2),
            "seal_seconds": round(submitted["seal"], 2),
            "submit_baseline_per_second": round(chosen.credentials / baseline["seconds"]),
            "submit_ratio": round(baseline["seconds"] / submitted["seconds"], 2),
            "memory_mib": submitted["memory_mib"],
            **verify_here(receipt, trust),
            **verify_process(receipt, trust),
        }
    show(found)
    print(json.dumps(found))


def badge(number: int) -> dict[str, Any]:
    """Make an Open Badges 3.0 credential of about 2.5 KB."""
    text = "What a learner has shown, in the words of those who saw it, and by which criteria. "
    alignment = {"type": ["Alignment"], "targetName": "Statistics", "targetFramework": "Frame", "targetCode": "4.2"}
    achievement = {
        "id": "https://bench.example/achievements/data-literacy",
        "type": ["Achievement"],
        "name": "Data Literacy I",
        "description": text * 8,
        "criteria": {"narrative": text * 8},
        "alignment": [{**alignment, "targetUrl": f"https://frame.example/{at}"} for at in range(3)],
    }
    identity = {
        "type": "IdentityObject",
        "hashed": False,
        "identityType": "name",
        "identityHash": f"Ana Pérez {number}",
    }
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "type": ["VerifiableCredential", "AchievementCredential"],
        "issuer": {"id": ISSUER, "type": ["Profile"], "name": "Bench College"},
        "validFrom": "2026-05-03T00:00:00Z",
        "name": "Data Literacy I",
        "credentialSubject": {"type": ["AchievementSubject"], "identifier": [identity], "achievement": achievement},
    }


# ----------------------------------------------------------------------- submit


def run_part(part: str, folder: Path) -> dict[str, Any]:
    """Run one part as a process of its own."""
    command = [sys.executable, __file__, "--part", part, "--folder", str(folder)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def submit(folder: Path) -> dict[str, Any]:
    """Submit and seal as `notary submit` and `notary seal` do, on a ledger of its own."""
    from api.own_institution import self_asserted
    from notary.service.notary import Notary
    from notary.service.submission.accept import Accepted
    from notary.service.submission.intake import open_sources
    from notary.service.submission.seal import seal
    from notary.service.submission.submit import submit as take
    from notary.store import open_ledger

    member = self_asserted("z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", "Bench College", [ISSUER])
    ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite3'}")
    clock = SimpleNamespace(now=lambda: datetime.now(UTC))
    none: Any = None  # neither chain nor store takes part
    notary = Notary("bench.example/log", ledger, none, none, (), none, clock, secrets.token_bytes)
    began = time.perf_counter()
    results = take(notary, member, open_sources([folder / "credentials.ndjson"]))
    taken = sum(isinstance(result, Accepted) for result in results)
    submitted = time.perf_counter()
    batch = seal(notary, member)
    ended = time.perf_counter()
    ledger.close()
    if batch.size != taken:
        raise SystemExit(f"{taken} accepted, {batch.size} sealed")
    return {
        "seconds": ended - began,
        "submit": submitted - began,
        "seal": ended - submitted,
        "memory_mib": peak(resource.RUSAGE_SELF) + peak(resource.RUSAGE_CHILDREN),
    }


def baseline(folder: Path) -> dict[str, Any]:
    """Do the least anybody could call keeping credentials."""
    database = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE credential (digest BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID")
    began = time.perf_counter()
    with (folder / "credentials.ndjson").open("rb") as lines:
        for rows in units(lines):
            database.execute("BEGIN")
            database.executemany("INSERT INTO credential VALUES (?, ?)", rows)
            database.execute("COMMIT")
    return {"seconds": time.perf_counter() - began}


def units(lines: Any) -> Iterator[list[tuple[bytes, bytes]]]:
    """Give rows a thousand at a time."""
    rows = []
    for line in lines:
        json.loads(line)
        rows.append((hashlib.sha256(line).digest(), line))
        if len(rows) == UNIT:
            yield rows
            rows = []
    yield rows


def peak(who: int) -> int:
    """Return the most memory a process of these has had, in MiB."""
    most = resource.getrusage(who).ru_maxrss
    return most >> 20 if sys.platform == "darwin" else most >> 10


PARTS: dict[str, Callable[[Path], dict[str, Any]]] = {"submit": submit, "baseline": baseline}


# ----------------------------------------------------------------------- verify


def make_receipt(folder: Path) -> tuple[Path, Path]:
    """Stamp one credential; return receipt and trust file."""
    credential = folder / "ana.json"
    credential.write_text(json.dumps(badge(1), ensure_ascii=False))
    command = [*NOTARY, "stamp", str(credential), "--data", str(folder / "data")]
    subprocess.run([*command, "--name", "Bench College", "--issuer-id", ISSUER], check=True, capture_output=True)
    return folder / "ana.json.receipt.json", folder / "data" / "trust.json"


def verify_here(receipt: Path, trust_file: Path) -> dict[str, Any]:
    """Verify in this process, start excluded."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from notary.core.trust import TrustFile
    from notary.core.verdict import Result
    from notary.core.verify import verify

    data, trust, now = receipt.read_bytes(), TrustFile.parse(trust_file.read_bytes()), datetime.now(UTC)
    if verify(data, trust, at=now).result is not Result.VERIFIED:
        raise SystemExit("the receipt does not verify")
    key = Ed25519PrivateKey.generate()
    signature, public = key.sign(b"message"), key.public_key()

    def plain() -> None:
        json.loads(data)
        for _ in range(3):
            public.verify(signature, b"message")

    ours, theirs = typical(lambda: verify(data, trust, at=now), 1000), typical(plain, 1000)
    return {
        "receipt_bytes": len(data),
        "verify_ms": round(ours * 1000, 3),
        "verify_baseline_ms": round(theirs * 1000, 3),
        "verify_ratio": round(ours / theirs, 2),
    }


def verify_process(receipt: Path, trust: Path) -> dict[str, Any]:
    """Run `notary verify` as people do."""
    command = [*NOTARY, "verify", str(receipt), "--trust", str(trust)]
    ours = typical(lambda: subprocess.run(command, check=True, capture_output=True), 15)
    least = [sys.executable, "-c", "import click"]
    theirs = typical(lambda: subprocess.run(least, check=True, capture_output=True), 15)
    return {
        "process_ms": round(ours * 1000),
        "process_baseline_ms": round(theirs * 1000),
        "process_ratio": round(ours / theirs, 2),
    }


NOTARY = [sys.executable, "-c", "from api.command_line import main; main()"]


def typical(do: Callable[[], object], times: int) -> float:
    """Return the median of several runs, in seconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def show(found: dict[str, Any]) -> None:
    """Print a table: what, measured, promised, ratio to the baseline."""
    rows = [
        (
            "submit to sealed, per second",
            f"{found['submit_to_sealed_per_second']:,}",
            "≥ 20,000",
            found["submit_ratio"],
        ),
        ("  memory, all processes, MiB", str(found["memory_mib"]), "≤ 300", ""),
        ("verify one receipt, ms", str(found["verify_ms"]), "≤ 1.5", found["verify_ratio"]),
        ("notary verify, whole process, ms", str(found["process_ms"]), "≤ 400", found["process_ratio"]),
    ]
    for what, measured, promised, ratio in [("", "measured", "promised", "to baseline"), *rows]:
        print(f"{what:<34}{measured:>10}{promised:>12}{ratio!s:>13}")


if __name__ == "__main__":
    main()
