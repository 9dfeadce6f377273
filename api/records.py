"""What the data folder remembers beside ledger and keys: the newest backup, and what was erased.

The list of erasures is kept outside the ledger on purpose: an older backup that is
restored would bring back what was erased since, and this list takes it out again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from notary.core.encoding import format_time, parse_time
from notary.core.errors import NotaryError, OperatorError
from notary.ports.ledger import CredentialId

BACKUP = "backup.json"
ERASED = "erased.ndjson"


@dataclass(frozen=True, slots=True)
class Backup:
    """The newest backup that was made: when, and where it was written."""

    time: datetime
    file: str

    def write(self, data: Path) -> None:
        """Remember it in the data folder."""
        temporary = data / f"{BACKUP}.new"
        temporary.write_text(json.dumps({"time": format_time(self.time), "file": self.file}) + "\n")
        temporary.replace(data / BACKUP)

    @classmethod
    def read(cls, data: Path) -> Backup | None:
        """Return the one remembered; None where none is, or nobody can read it."""
        try:
            found = json.loads((data / BACKUP).read_bytes())
            return cls(parse_time(found["time"], BACKUP), str(found["file"]))
        except (OSError, ValueError, KeyError, TypeError, NotaryError):
            return None


def note_erasure(data: Path, ids: Iterable[CredentialId], reason: str, now: datetime) -> None:
    """Write down which credentials are about to be erased, when and why; durable on return."""
    lines = [json.dumps({"id": name, "time": format_time(now), "reason": reason}) + "\n" for name in ids]
    handle = os.open(data / ERASED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())


def noted_erasures(data: Path) -> tuple[CredentialId, ...]:
    """Return what was ever erased here; OperatorError where the list is damaged."""
    path = data / ERASED
    if not path.exists():
        return ()
    try:
        return tuple(CredentialId(json.loads(line)["id"]) for line in path.read_text().splitlines() if line)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperatorError(f"{path} cannot be read", actual=error, hint="Mend its last line") from error
