"""The journal: who did what, when, to what and how it ended. No personal data, no secrets.

A use case that changes something records it in the unit of work that changes it,
so neither is there without the other. Each entry has the hash of the one before,
so that one which was changed or removed shows; whoever keeps a hash they saw can
tell that no later end was cut off either, nor all of it written anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from notary.core.canonical import JSON, canonical
from notary.core.digest import ZERO, Digest, sha256
from notary.core.encoding import format_time, to_digest_text
from notary.core.errors import OperatorError
from notary.ports.ledger import JournalRow, UnitOfWork
from notary.service.notary import Notary

NAMED = 100
"""Ids that one entry names at most; `count` says of how many."""
DONE = "done"
_HINT = "The ledger was changed behind the notary's back: compare it with a backup"


class Action(StrEnum):
    """What can be done here, as the journal says it."""

    FOUND = "found notary"
    JOIN = "join consortium"
    RECOVER = "recover ledger"
    RESTORE = "restore backup"
    SUBMIT = "submit credentials"
    SEAL = "seal batch"
    LOG = "log statement"
    TAKE_BACK = "take batch back"
    MARK = "mark statuses"
    DRAW = "draw manifest"
    NOTE = "add block notes"
    MEMBERS = "put members in force"
    ERASE = "erase credentials"
    LINK = "renew link"
    DELIVER = "deliver credentials"
    BOUNCE = "mark addresses that take no mail"
    DECLINE = "decline claim"
    ENDORSE = "attach endorsement"
    HAND_OVER = "export for hand-over"
    SIGN_IN = "sign in at the desk"
    KEY_NEW = "make API key"
    KEY_REVOKE = "revoke API key"


def record(
    notary: Notary,
    work: UnitOfWork,
    action: Action,
    institution: str | None,
    objects: Sequence[str] = (),
    *,
    count: int | None = None,
) -> None:
    """Write into this unit of work that whoever acts did something; `count`: of how many things, where not all named.

    `objects` are ids that say nothing of a person.
    """
    number = len(objects) if count is None else count
    _append(notary, work, action.value, institution, objects=objects, count=number, outcome=DONE)


def record_refusal(notary: Notary, asked: str, institution: str | None, why: str) -> None:
    """Write down what somebody known asked for and was refused; `asked` and `why` are words of ours, none of theirs."""
    with notary.ledger.begin() as work:
        _append(notary, work, asked, institution, outcome=why)


@dataclass(frozen=True, slots=True)
class Checked:
    """The journal found whole: how many entries, and the newest one's hash."""

    size: int
    head: Digest | None


def check_journal(notary: Notary, seen: Digest | None = None) -> Checked:
    """Go through the whole journal; OperatorError names the first entry that was changed, or is missing.

    `seen`: an entry's hash that was kept elsewhere, and has to be there still.
    """
    head: Digest | None = None
    size, met = 0, seen is None
    with notary.ledger.read() as work:
        for row in work.journal.entries():
            size += 1
            if row.number != size or row.previous != head:
                raise OperatorError(f"the journal: entry {size} is missing or was replaced", hint=_HINT)
            head = entry_hash(row)
            if head != row.hash:
                raise OperatorError(f"the journal: entry {size} was changed", hint=_HINT)
            met = met or head == seen
    if not met and seen is not None:
        raise OperatorError(
            "the journal: an entry that was there is not there any more",
            expected=f"an entry with the hash {to_digest_text(seen)}",
            actual=f"{size} entries without it",
            hint=f"{_HINT}, or an older backup was restored",
        )
    return Checked(size, head)


def read_journal(notary: Notary, institution: str | None, *, after: int, limit: int) -> tuple[JournalRow, ...]:
    """Return at most `limit` entries from the number after `after` on, of one institution or all."""
    with notary.ledger.read() as work:
        return tuple(islice(work.journal.entries(after, institution), limit))


def newest_entries(notary: Notary, institution: str | None, limit: int) -> tuple[JournalRow, ...]:
    """Return the newest `limit` entries of one institution or all, oldest first."""
    with notary.ledger.read() as work:
        return tuple(deque(work.journal.entries(0, institution), limit))


def to_json(row: JournalRow) -> dict[str, JSON]:
    """Return an entry as auditors read it: `hash` is H(JCS) of all its other members."""
    return {**_unhashed(row), "hash": to_digest_text(row.hash)}


def entry_hash(row: JournalRow) -> Digest:
    """Return the hash of an entry's other members, the hash of the one before among them."""
    return sha256(canonical(_unhashed(row)))


def _unhashed(row: JournalRow) -> dict[str, JSON]:
    return {
        "number": row.number,
        "time": format_time(row.time),
        "role": row.actor.role,
        "name": row.actor.name,
        "institution": row.institution,
        "action": row.action,
        "objects": list(row.objects),
        "count": row.count,
        "outcome": row.outcome,
        "previous": None if row.previous is None else to_digest_text(row.previous),
    }


def _append(
    notary: Notary,
    work: UnitOfWork,
    action: str,
    institution: str | None,
    *,
    objects: Sequence[str] = (),
    count: int = 0,
    outcome: str,
) -> None:
    last = work.journal.last()
    row = JournalRow(
        number=last.number + 1 if last else 1,
        time=notary.clock.now().replace(microsecond=0),
        actor=notary.by,
        institution=institution,
        action=action,
        objects=tuple(objects[:NAMED]),
        count=count,
        outcome=outcome,
        previous=last.hash if last else None,
        hash=ZERO,
    )
    work.journal.append(replace(row, hash=entry_hash(row)))
