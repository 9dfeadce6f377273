"""An institution's monitor: what stands in its name, whether the log only grows, whether what is anchored is the log.

Nobody is believed: not the notary, whose log it is, nor the mirror it is read from,
nor a chain's node. What cannot be had is said to be open, and never taken for wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from notary.core.encoding import to_digest_text
from notary.core.errors import NotaryError
from notary.core.note import VerifierKey
from notary.ports import BlockReader, Mirror
from notary.service.monitoring.anchored import Looked, Place, look
from notary.service.monitoring.findings import MOST, Finding, Kind, Report
from notary.service.monitoring.following import Followed, follow
from notary.service.monitoring.own import Own
from notary.service.monitoring.seen import Mine, Seen


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look at: the log at a mirror under its keys, its anchors on chains, and what the institution has.

    `own` None: there is nothing to compare with, and statements in its name are
    counted only. `blocks` None: no chain is looked at. `max_age`: seconds an
    entry may wait for its final anchor.
    """

    mirror: Mirror
    keys: tuple[VerifierKey, ...]
    own: Own | None = None
    places: Sequence[Place] = ()
    blocks: BlockReader | None = None
    max_age: int = 86_400


def monitor(seen: Seen, watch: Watch, now: datetime) -> tuple[Seen, Report]:
    """Look once; return what is seen now, to be kept before the next look, and the report.

    Findings that stay true are in every report from then on: a look that finds
    nothing new does not make them go away.
    """
    moment = int(now.timestamp())
    try:
        seen, followed = follow(seen, watch.mirror, watch.keys, moment)
    except NotaryError as error:
        followed = Followed(open=(f"the log could not be read: {error}",))
    looked = look(seen, watch.places, watch.blocks, moment, watch.max_age) if watch.blocks else Looked()
    foreign = [mine for mine in seen.mine if watch.own is not None and not watch.own.accounts_for(mine)]
    report = Report(
        origin=seen.origin,
        size=seen.size,
        new=followed.new,
        own=len(seen.mine),
        lasting=tuple(seen.lasting.items),
        current=(*_in_your_name(foreign), *looked.current),
        open=(*followed.open, *looked.open),
        more=seen.lasting.more,
    )
    return seen, report


def _in_your_name(foreign: Sequence[Mine]) -> Iterator[Finding]:
    for mine in foreign[:MOST]:
        says = f"{mine.says}, is in your name and not among your own: id {to_digest_text(mine.id)}"
        yield Finding(Kind.FOREIGN, says)
