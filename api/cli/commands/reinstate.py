"""`notary reinstate`: marks credentials, and writes the status file that the institution signs."""

from __future__ import annotations

from pathlib import Path

from api.cli.spoken import Said, command
from api.cli.status_marking import change, options
from api.settings import Settings
from notary.core.status import Status


@command("reinstate", example="notary reinstate x7k2mqp4w6ta --reason cleared")
@options(Status.VALID)
def reinstate(
    settings: Settings,
    ids: tuple[str, ...],
    table: Path | None,
    reason: str | None,
    note: str | None,
    issuer: str | None,
    out: Path,
    *,
    yes: bool,
) -> Said:
    """End a suspension, or take back a mark that is not signed yet.

    Every position of the same credential is covered. Nothing changes until the institution signs.
    """
    return change(settings, Status.VALID, ids, table, reason, note, issuer, out, yes=yes)
