"""What `notary doctor` says of mail to learners: the server, and what waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from api.cli.spoken import count
from api.settings import Settings
from api.smtp import Smtp
from api.wiring import only_ledger
from notary.core.errors import NotaryError

_LATE = timedelta(hours=1)


def look_at_mail(settings: Settings, now: datetime) -> tuple[bool, str]:
    """Greet the mail server, and look for mails that wait too long."""
    try:
        with only_ledger(settings) as ledger, ledger.read() as work:
            found = work.outbox.tally()
    except NotaryError:
        return False, "not known while the ledger cannot be opened"
    try:
        server = Smtp.of(settings)
        if server is None:
            if found.waiting:
                return False, f"{count(found.waiting, 'mail')} waiting, and no server is set: smtp in notary.toml"
            return True, "no server is set; links go by the institutions' own mailers"
        server.check()
    except NotaryError as error:
        return False, str(error)
    says = f"{server.server.hostname} answers; {count(found.waiting, 'mail')} waiting, {found.failed} not sent"
    if found.oldest is not None and now - found.oldest > _LATE:
        return (
            False,
            f"{says}, the oldest for {(now - found.oldest) // timedelta(hours=1)} h. See notary deliver --status",
        )
    if found.failed or found.bounced:
        says += f", {count(found.bounced, 'address', 'addresses')} bounced: notary deliver --status"
    return True, says
