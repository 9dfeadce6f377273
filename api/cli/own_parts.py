"""What `notary doctor` says of this machine's own: the keys in the data folder, and the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from api.settings import Settings
from api.wiring import only_ledger, open_keys, open_notary
from notary.core.errors import NotaryError, OperatorError
from notary.ports.ledger import Ledger

_TOLERATED = timedelta(minutes=2)
"""How far a clock may be behind: blocks carry whole seconds, and some chains a little of the future."""


def look_at_keys(settings: Settings) -> tuple[bool, str]:
    """Open the log's key, the wallet's and the governor's: there, for their owner only, and by their passphrase."""
    try:
        open_keys(settings.data)
    except NotaryError as error:
        return False, str(error)
    payer = f"; transactions are signed by {settings.signer_account}" if settings.signer else ""
    return True, f"log, wallet and governor open, for their owner only{payer}"


def look_at_clock(settings: Settings, now: datetime) -> tuple[bool, str]:
    """Compare the clock with what cannot be in the future: newest blocks, and what the ledger has noted itself.

    A clock that is ahead cannot be told from a chain that stands still.
    """
    try:
        with only_ledger(settings) as ledger:
            noted = _newest_noted(ledger)
    except NotaryError:
        noted = None  # the line of the ledger says it
    if noted and noted - now > _TOLERATED:
        return False, _behind(noted - now, "what the ledger noted last")
    compared = []
    try:
        with open_notary(settings) as notary:
            for site in notary.sites:
                site.chain.check_id()
                block = site.chain.block(site.chain.latest())
                if block is None:
                    continue
                ahead = datetime.fromtimestamp(block.time, UTC) - now
                if ahead > _TOLERATED:
                    return False, _behind(ahead, f"the newest block of {site.chain.id}")
                compared.append(site.chain.id)
    except OperatorError:
        return True, f"{now:%Y-%m-%d %H:%M} UTC; not compared with the chains while another line is ✗"
    return True, f"{now:%Y-%m-%d %H:%M} UTC, not behind {', '.join(compared) or 'what the ledger noted'}"


def _newest_noted(ledger: Ledger) -> datetime | None:
    with ledger.read() as work:
        times = [row.beat for row in work.workers.all()] + [row.sealed for row in work.batches.all()]
    return max(times, default=None)


def _behind(by: timedelta, what: str) -> str:
    minutes = by / timedelta(minutes=1)
    said = f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.0f} hours"
    return f"{said} behind {what}. Set it, and let it be kept right: timedatectl set-ntp true"
