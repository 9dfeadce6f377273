"""What `notary doctor` says of the block stores: whether each works, what waits for it, what its last audit found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from api.cli.spoken import count
from api.settings import Settings, shown_address
from api.wiring import open_notary, open_store
from notary.core.cid import StoredBlock
from notary.core.errors import NotaryError
from notary.service.pins.queue import Served, stores

_PROBE = StoredBlock.of(b"credential-notary: is this block store there?\n")
_LATE = timedelta(hours=6)
"""How long a pin may wait for a store, and an audit be overdue, before somebody should look."""


def look_at_stores(settings: Settings, now: datetime) -> Iterator[tuple[str, tuple[bool, str]]]:
    """Give a line for every store; one that is off does not hide the others."""
    try:
        with open_notary(settings, chains=False) as notary:
            known = {served.store: served for served in stores(notary)}
    except NotaryError:
        known = {}  # the ledger's own line says it
    for node in settings.ipfs:
        yield f"IPFS {shown_address(node)}", _look(settings, node, known, now)


def _look(settings: Settings, node: str, known: Mapping[str, Served], now: datetime) -> tuple[bool, str]:
    """Store a small block, and read it back; then what the ledger knows of the store."""
    served = None
    try:
        store = open_store(settings, node)
        served = known.get(store.name)
        store.blocks.put([_PROBE], pins=[_PROBE.cid])
        back = store.blocks.kept(_PROBE.cid)
        store.blocks.unpin(_PROBE.cid)
    except NotaryError as error:
        return False, "; ".join([str(error), *_waiting(served)])
    if back != _PROBE.data:
        return False, "takes a block and does not give it back"
    good, facts = _judge(served, now) if served else (True, [])
    return good, "; ".join(["takes a block and gives it back", *facts])


def _judge(served: Served, now: datetime) -> tuple[bool, list[str]]:
    row, queue = served.row, served.queue
    facts, open_ = _waiting(served), row.missing - row.repaired
    late = queue.oldest is not None and now - queue.oldest > _LATE
    if row.trouble:
        facts.append(f"last trouble: {row.trouble}")
    if row.audited is None:
        facts.append("not audited yet")
    else:
        hours = (now - row.audited) / timedelta(hours=1)
        asked = count(row.sampled, "block")
        facts.append(f"audited {hours:.0f} h ago: {asked} asked for, {row.missing} missing or wrong")
        if row.missing:
            facts.append(f"{row.repaired} put back" + (f", {open_} still waiting" if open_ else ""))
    return not (late or queue.failed or open_ > 0), facts


def _waiting(served: Served | None) -> list[str]:
    if served is None or not served.queue.waiting:
        return []
    failed = f", {served.queue.failed} of them failed before" if served.queue.failed else ""
    return [f"{count(served.queue.waiting, 'pin')} waiting{failed}; they are tried again by themselves: notary serve"]
