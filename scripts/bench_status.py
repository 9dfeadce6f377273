"""How long revoking takes: one in a hundred of a batch, from the list of ids to the logged statement.

planned   what would change, as `notary revoke` shows it before it asks
marked    written down, after planning it again
drawn     the statement and the list that it commits
compared  the difference to the list before, as `notary sign` shows it
logged    signed, checked and appended
baseline  the same rows in plain SQLite: 10,000 found by a random key, and updated in one transaction
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from notary.core.digest import sha256
from notary.core.leaf import Form
from notary.core.status import Status
from notary.ports.ledger import CredentialId, Reason
from notary.service.log.entries import log_batch
from notary.service.status.marking import Wish, mark, plan_marks
from notary.service.status.signing import differences_here
from notary.service.status.statements import draw_statuses, log_status
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.batch_file import statement_to_sign
from notary.service.submission.reading import Reading
from notary.service.submission.seal import seal
from notary.service.submission.signing import sign

ONE_IN = 100
Found = TypeVar("Found")


def main() -> None:
    """Measure each step, in seconds of the clock, and print a table and one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--credentials", type=int, default=1_000_000)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        seconds = _revoke(Path(folder), chosen.credentials)
        seconds["baseline"] = _baseline(Path(folder), chosen.credentials)
    whole = sum(value for name, value in seconds.items() if name != "baseline")
    figures: dict[str, Any] = {"credentials": chosen.credentials, "revoked": chosen.credentials // ONE_IN}
    figures |= {name: round(value, 3) for name, value in seconds.items()}
    figures |= {"whole": round(whole, 3), "ratio": round(whole / seconds["baseline"], 1)}
    for name, value in figures.items():
        print(f"{name:<12}{value:>12,}")
    print(json.dumps(figures))


def _revoke(folder: Path, count: int) -> dict[str, float]:
    from tests.service.lab import found, opened

    found(folder)
    with opened(folder) as lab:
        notary, college = lab.notary, lab.institutions[1]
        member = lab.record(college)
        taken = accept(notary, member, _readings(count, member.id))
        names = [one.id for at, one in enumerate(taken) if isinstance(one, Accepted) and at % ONE_IN == 0]
        batch = seal(notary, member)
        log_batch(notary, sign(statement_to_sign(notary, batch), college.key, college.verification_method))
        wishes = [Wish(CredentialId(name), Reason.REQUIREMENTS_NOT_MET) for name in names]
        seconds: dict[str, float] = {}
        plan = _timed(seconds, "planned", lambda: plan_marks(notary, member, Status.REVOKED, wishes))
        _timed(seconds, "marked", lambda: mark(notary, plan))
        (draft,) = _timed(seconds, "drawn", lambda: draw_statuses(notary, member))
        (shown,) = _timed(seconds, "compared", lambda: differences_here(notary, [draft]))
        assert len(shown.changes) == len(wishes)
        signed = sign(draft.statement, college.key, college.verification_method)
        _timed(seconds, "logged", lambda: log_status(notary, signed))
        return seconds


def _readings(count: int, issuer: str) -> Iterator[Reading]:
    """Give what was read of credentials that nobody has to read: their content plays no part."""
    for number in range(count):
        data = number.to_bytes(8)
        said = f"Learner {number}", "Data Literacy"
        yield Reading("bench.ndjson", number + 1, Form.JSON, sha256(data), data, *said, issuer=issuer)


def _baseline(folder: Path, count: int) -> float:
    database = sqlite3.connect(folder / "plain.sqlite3", isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE credential (id TEXT PRIMARY KEY, status INTEGER) WITHOUT ROWID")
    names = [hashlib.sha256(at.to_bytes(8)).hexdigest()[:12] for at in range(count)]
    database.execute("BEGIN")
    database.executemany("INSERT OR IGNORE INTO credential VALUES (?, 0)", ((name,) for name in names))
    database.execute("COMMIT")
    began = time.perf_counter()
    database.execute("BEGIN")
    for name in names[::ONE_IN]:
        database.execute("SELECT status FROM credential WHERE id = ?", (name,)).fetchone()
        database.execute("UPDATE credential SET status = 2 WHERE id = ?", (name,))
    database.execute("COMMIT")
    return time.perf_counter() - began


def _timed(seconds: dict[str, float], name: str, run: Callable[[], Found]) -> Found:
    began = time.perf_counter()
    found = run()
    seconds[name] = time.perf_counter() - began
    return found


if __name__ == "__main__":
    main()
