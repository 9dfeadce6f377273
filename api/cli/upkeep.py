"""What `notary doctor` says beside chain, IPFS and wallet: ledger, backup, worker; each with what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.cli.spoken import count, shown
from api.records import Backup
from api.settings import Settings
from api.wiring import only_ledger, open_notary, schedule_of
from api.worker.outlook import Outlook
from notary.core.errors import NotaryError, OperatorError
from notary.service.recovery.soundness import count_credentials, unknown_anchors
from notary.service.rounds.progress import Stage, progress
from notary.service.rounds.standing import held

DAY = timedelta(hours=24)
_BATCHES = "batches"


def look_at_ledger(settings: Settings) -> tuple[bool, str]:
    """Open the ledger, and ask the chains whether it knows every anchor of this notary's."""
    try:
        with only_ledger(settings) as ledger:
            ledger.check()
            held = count_credentials(ledger)
            with ledger.read() as work:
                says = f"{count(held, 'credential')}, {count(work.log.size(), 'log entry', 'log entries')}"
    except NotaryError as error:
        return False, str(error)
    try:
        with open_notary(settings) as notary:
            unknown = next(unknown_anchors(notary), None)
    except OperatorError:
        return True, f"{says}; not compared with the chains while another line is ✗"
    if unknown:
        return False, (
            f"{says}; but this notary anchored {unknown}, which it does not know: it is an old copy."
            " Do not anchor with it; restore a newer backup (notary restore), or rebuild it (notary recover)"
        )
    return True, f"{says}, every anchor known"


def look_at_backup(settings: Settings, batch_files: Iterable[Path], now: datetime) -> tuple[bool, str]:
    """Say how old the newest backup and batch file are; one of them has to be younger than 24 hours."""
    try:
        with only_ledger(settings) as ledger:
            if not count_credentials(ledger):
                return True, "nothing to back up yet"
    except NotaryError:
        pass  # the line of the ledger says it
    copies = [(found.time, found.file)] if (found := Backup.read(settings.data)) else []
    copies += _batch_files([settings.data / _BATCHES, *batch_files])
    if not copies:
        return False, "none, and no batch file is known. Make one now: notary backup FILE"
    time, name = max(copies)
    age = f"{shown(Path(name))} is {_hours(now - time)} old"
    return (True, age) if now - time < DAY else (False, f"{age}. Make one every day: notary backup FILE")


def look_at_worker(settings: Settings, now: datetime) -> tuple[bool, str]:
    """Say where anchoring stands still, who works, and what it meets; nobody is needed while nothing waits."""
    try:
        with open_notary(settings, chains=False) as notary:
            standing = held(notary)
            waits = sum(each.state not in (Stage.SEALED, Stage.FINAL) for each in progress(notary))
            outlook = Outlook(notary, schedule_of(settings))
            workers, beat, trouble = outlook.workers, outlook.beat, outlook.condition.trouble
    except NotaryError:
        return False, "not known while ledger and keys cannot both be opened"
    if standing:
        return False, "; ".join(f"stands still on {row.chain}: {row.reason}" for row in standing)
    if workers and trouble:
        return False, trouble
    if workers and beat:
        seconds = max(0, int((now - beat).total_seconds()))
        return True, f"{count(len(workers), 'worker')}, the last beat {seconds} s ago"
    said = f"the last beat was {_hours(now - beat)} ago" if beat else "none runs"
    if waits:
        who = "1 batch waits" if waits == 1 else f"{waits} batches wait"
        return False, f"{said}, and {who}. Start one: notary serve, or notary worker"
    return True, f"{said}; nothing waits to be anchored"


def _batch_files(folders: Iterable[Path]) -> Iterator[tuple[datetime, str]]:
    for folder in folders:
        for path in folder.glob("batch-*.ndjson"):
            yield datetime.fromtimestamp(path.stat().st_mtime, UTC), str(path)


def _hours(age: timedelta) -> str:
    minutes = round(age / timedelta(minutes=1))
    return count(minutes // 60, "hour") if minutes >= 60 else count(minutes, "minute")
