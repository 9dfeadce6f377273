"""How the notary does, in numbers that anyone may see, and what waits for whoever sits at the desk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from notary.core.registry import MemberRecord
from notary.ports.ledger import MailTally, PaperKind, PaperRow
from notary.service.notary import Notary
from notary.service.rounds.progress import Progress, Stage, progress, waiting
from notary.service.rounds.standing import Round, rounds
from notary.service.status.statements import unsigned_statuses

NEWEST = 10
"""Rounds of anchoring that are shown."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Credentials that wait for a batch, batches by stage, the size of the log, and the newest rounds, newest first.

    No institution, learner or credential is named.
    """

    waiting: int
    batches: Counter[Stage]
    log_size: int
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True)
class AtDesk:
    """What waits for an institution's people, or for the whole notary's: credentials, changes of status, papers, mails.

    `batches` are the newest; `tables` and `claims` are an institution's alone.
    """

    waiting: int
    statuses: int
    batches: tuple[Progress, ...]
    older: int
    mails: MailTally
    tables: tuple[PaperRow, ...] = ()
    claims: int = 0


def at_desk(notary: Notary, member: MemberRecord | None, newest: int) -> AtDesk:
    """Return what waits for a member, or for all; of the batches the newest."""
    institution = member.id if member else None
    found, moment, open_ones = progress(notary, institution), notary.clock.now(), waiting(notary)
    with notary.ledger.read() as work:
        mails = work.outbox.tally(institution)
        papers = {
            kind: tuple(row for row in work.papers.all(member.id, kind) if row.expires is None or row.expires > moment)
            for kind in (PaperKind.TABLE, PaperKind.CLAIM)
            if member is not None
        }
    return AtDesk(
        waiting=sum(open_ones.values()) if institution is None else open_ones.get(institution, 0),
        statuses=sum(each.due for each in unsigned_statuses(notary, member)),
        batches=found[-newest:],
        older=max(0, len(found) - newest),
        mails=mails,
        tables=papers.get(PaperKind.TABLE, ()),
        claims=len(papers.get(PaperKind.CLAIM, ())),
    )


def overview(notary: Notary) -> Overview:
    """Return how the notary does now."""
    with notary.ledger.read() as work:
        size = work.log.size()
    return Overview(
        waiting=sum(waiting(notary).values()),
        batches=Counter(found.state for found in progress(notary)),
        log_size=size,
        rounds=tuple(reversed(rounds(notary)[-NEWEST:])),
    )
