"""Queueing mail: who is written to, who is not, and why; counted first, queued once somebody agreed.

A credential has one such mail for good, so delivering a batch again queues what
was added since and nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from notary.core.digest import LeafIndex
from notary.core.errors import IssuerError
from notary.core.status import Status
from notary.ports.ledger import (
    BatchId,
    BatchState,
    ContactRow,
    CredentialId,
    LeafRow,
    MailKind,
    MailRow,
    MailState,
    UnitOfWork,
)
from notary.service.access.journal import Action, record
from notary.service.delivery.text import Template
from notary.service.errors import Absent
from notary.service.notary import Notary
from notary.service.status.lists import newest_list
from notary.service.submission.seal import find_batch

_AT_ONCE = 1000
"""Mails queued in one unit of work: no other writer waits for long."""


@dataclass(slots=True)
class Delivery:
    """What delivering would do, for one institution. `ready` are to be mailed.

    `before`: mailed, queued or handed out before; `nowhere`: without a contact;
    `bounced`: their address takes no mail; `ended`: revoked or replaced.
    """

    institution: str
    ready: list[CredentialId] = field(default_factory=list)
    before: int = 0
    nowhere: int = 0
    bounced: list[CredentialId] = field(default_factory=list)
    ended: int = 0


def plan_delivery(notary: Notary, batch: BatchId | None = None, institution: str | None = None) -> Delivery:
    """Say whom delivering a batch, or all that an institution has issued, writes to; Absent where it is not there."""
    with notary.ledger.read() as work:
        if batch is not None:
            institution = find_batch(work, batch).institution
        assert institution is not None
        made = Delivery(institution)
        for rows in _groups(work, batch, institution):
            names = [row.id for row, _ in rows]
            known, emails = work.outbox.known(names, MailKind.AWARD), work.contacts.emails(names)
            refusing = work.outbox.refusing(set(emails.values()))
            for row, status in rows:
                if row.digest is not None:
                    email = emails.get(row.id)
                    _sort(made, row.id, status, email, known=row.id in known, bounced=email in refusing)
    return made


def enqueue(notary: Notary, plan: Delivery, template: Template | None = None) -> int:
    """Queue what was planned, a thousand at a time, and return how many: whoever was queued in between is left alone.

    After a crash it is planned again, and goes on with who is left.
    """
    now, queued = notary.clock.now(), 0
    digest = None if template is None else template.digest()
    for at in range(0, len(plan.ready), _AT_ONCE):
        some = plan.ready[at : at + _AT_ONCE]
        with notary.ledger.begin() as work:
            if template is not None:
                work.outbox.keep_template(template.digest(), str(template))
            known = work.outbox.known(some, MailKind.AWARD)
            fresh = [name for name in some if name not in known]
            work.outbox.save(
                [MailRow(name, MailKind.AWARD, MailState.WAITING, now, now, template=digest) for name in fresh]
            )
            if fresh:
                record(notary, work, Action.DELIVER, plan.institution, count=len(fresh))
        queued += len(fresh)
    return queued


def resend(notary: Notary, names: Sequence[CredentialId], email: str | None = None) -> None:
    """Queue mails about credentials again; `email`, for one alone, is its contact from now on.

    Absent for a credential that is not there; IssuerError where it has no contact, or one that takes no mail.
    """
    now = notary.clock.now()
    with notary.ledger.begin() as work:
        for name in names:
            row = work.credentials.get(name)
            if row is None or row.digest is None:
                raise Absent(f"there is no credential {name}", hint="See index.csv: notary receipt --batch")
            before = work.outbox.get(name, MailKind.AWARD)
            if email is not None:
                _move(work, name, email)
            contact = work.contacts.get(name)
            if contact is None:
                raise IssuerError(f"credential {name} has no contact", hint="Give one: --to ADDRESS")
            if work.outbox.bounced(contact.email) is not None:
                raise IssuerError(
                    f"the address of credential {name} takes no mail", hint="Give the right one: --to ADDRESS"
                )
            template = before.template if before else None
            work.outbox.save([MailRow(name, MailKind.AWARD, MailState.WAITING, now, now, template=template)])
            record(notary, work, Action.DELIVER, row.institution, [name])


def inherit_contact(notary: Notary, old: CredentialId, new: CredentialId) -> None:
    """Let a credential that takes another's place reach the same learner, unless it has a contact of its own."""
    with notary.ledger.begin() as work:
        contact = work.contacts.get(old)
        if contact is not None and work.contacts.get(new) is None:
            work.contacts.add([ContactRow(new, contact.email, contact.name)])


def _groups(work: UnitOfWork, batch: BatchId | None, institution: str) -> Iterator[list[tuple[LeafRow, Status | None]]]:
    """Give credentials with their status in groups: a batch each, and what waits for one."""
    batches = [find_batch(work, batch)] if batch is not None else work.batches.all(institution)
    for each in batches:
        statuses = newest_list(work, each) if each.state is BatchState.LOGGED else None
        positions = enumerate(work.credentials.positions(each.id))
        yield [(row, statuses.get(LeafIndex(index)) if statuses else None) for index, row in positions]
    if batch is None:
        yield [(row, None) for row in work.credentials.unsealed(institution)]


def _sort(
    made: Delivery, name: CredentialId, status: Status | None, email: str | None, *, known: bool, bounced: bool
) -> None:
    if status in (Status.REVOKED, Status.REPLACED):
        made.ended += 1
    elif email is None:
        made.nowhere += 1
    elif known:
        made.before += 1
    elif bounced:
        made.bounced.append(name)
    else:
        made.ready.append(name)


def _move(work: UnitOfWork, name: CredentialId, email: str) -> None:
    known = work.contacts.get(name)
    work.contacts.forget(name)
    work.outbox.forget(name)  # and the mark of the old address, where it is nobody's now
    work.contacts.add([ContactRow(name, email, known.name if known else None)])
