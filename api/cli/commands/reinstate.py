"""`notary reinstate`: marks credentials, and writes the status file that the institution signs."""

from __future__ import annotations

from typing import Any

from api.cli.spoken import Said, command
from api.cli.status_marking import change, options
from api.settings import Settings
from notary.core.status import Status


@command("reinstate", example="notary reinstate x7k2mqp4w6ta --reason cleared")
@options(Status.VALID)
def reinstate(settings: Settings, **asked: Any) -> Said:
    """End a suspension, or take back a mark that is not signed yet.

    Every position of the same credential is covered. Nothing changes until the institution signs.
    """
    return change(settings, Status.VALID, **asked)
