"""`notary suspend`: marks credentials, and writes the status file that the institution signs."""

from __future__ import annotations

from typing import Any

from api.cli.spoken import Said, command
from api.cli.status_marking import change, options
from api.settings import Settings
from notary.core.status import Status


@command("suspend", example="notary suspend x7k2mqp4w6ta --reason under-review")
@options(Status.SUSPENDED)
def suspend(settings: Settings, **asked: Any) -> Said:
    """Mark credentials as suspended: a question is open, and it can end.

    Every position of the same credential is covered. Nothing changes until the institution signs.
    """
    return change(settings, Status.SUSPENDED, **asked)
