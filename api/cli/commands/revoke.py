"""`notary revoke`: marks credentials, and writes the status file that the institution signs."""

from __future__ import annotations

from typing import Any

from api.cli.spoken import Said, command
from api.cli.status_marking import change, options
from api.settings import Settings
from notary.core.status import Status


@command("revoke", example="notary revoke x7k2mqp4w6ta --reason issued-in-error")
@options(Status.REVOKED)
def revoke(settings: Settings, **asked: Any) -> Said:
    """Mark credentials as revoked: they were not rightly issued, or do not hold any more.

    Every position of the same credential is covered. Nothing changes until the institution signs.
    """
    return change(settings, Status.REVOKED, **asked)
