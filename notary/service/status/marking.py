"""Marking: which credentials shall be suspended, reinstated, revoked or replaced, and why.

A mark is a wish in the ledger; nothing is changed until the institution signs a
statement of it. What is asked for is planned first, shown with numbers, and then
marked as planned or not at all. Every position of a credential's digest is
covered, so that no copy of it stays valid in another batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from notary.core.digest import Digest, LeafIndex
from notary.core.encoding import shorten
from notary.core.errors import IssuerError
from notary.core.registry import MemberRecord
from notary.core.status import Status, StatusList
from notary.ports.ledger import (
    REASONS,
    BatchId,
    CredentialId,
    MarkRow,
    Position,
    Reason,
    UnitOfWork,
)
from notary.service.access.journal import Action, record
from notary.service.members.registry import Members, members_in_force
from notary.service.notary import Notary
from notary.service.status.lists import may_change, newest_list

MAX_NOTE = 2000
"""Characters of a private note."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One credential whose status shall change. `where`: its place in a file, for whoever wrote it."""

    credential: CredentialId
    reason: Reason
    note: str | None = None
    replacement: CredentialId | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A wish that cannot be met, and why; the others can. `column`: which part of it is off."""

    wish: Wish
    why: str
    hint: str | None = None
    column: str = "id"

    def __str__(self) -> str:
        where = "" if self.wish.where is None else f"{self.wish.where}, {self.column}: "
        return where + str(IssuerError(self.why, hint=self.hint))


@dataclass(frozen=True, slots=True)
class Change:
    """One position whose status shall change."""

    position: Position
    before: Status
    wish: Wish


@dataclass(frozen=True, slots=True)
class Plan:
    """What marking will do to whose credentials, asked for by which member.

    `withdrawn`: pending marks that fall away, for all is as before then.
    `unchanged`: wishes that are met already, signed or marked. `seen`: the
    journal's newest entry then; whatever changes credentials, batches, marks or
    members writes one.
    """

    member: MemberRecord
    status: Status
    wishes: tuple[Wish, ...]
    changes: tuple[Change, ...]
    withdrawn: tuple[Position, ...]
    unchanged: tuple[Wish, ...]
    findings: tuple[Finding, ...]
    seen: Digest | None = field(compare=False)

    @property
    def batches(self) -> tuple[BatchId, ...]:
        """The logged batches that need a statement, by number."""
        found = {change.position.batch for change in self.changes if change.position.entry is not None}
        return tuple(sorted(batch for batch in found if batch is not None))


def plan_marks(notary: Notary, member: MemberRecord, status: Status, wishes: Sequence[Wish]) -> Plan:
    """Say what marking these would change; IssuerError for a note that is too long."""
    for wish in wishes:
        if len(wish.note or "") > MAX_NOTE:
            raise IssuerError("the note is too long", expected=f"at most {MAX_NOTE} characters")
    members = members_in_force(notary.ledger)
    with notary.ledger.read() as work:
        return _Planning(work, members, member, status).plan(wishes)


def mark(notary: Notary, plan: Plan) -> None:
    """Mark what was planned, whole; IssuerError where something changed since it was shown: nothing is marked then."""
    members = members_in_force(notary.ledger)
    now = notary.clock.now()
    with notary.ledger.begin() as work:
        untouched = plan.seen == _newest_entry(work)
        if not untouched and _Planning(work, members, plan.member, plan.status).plan(plan.wishes) != plan:
            raise IssuerError("statuses changed since this was shown", hint="Nothing was marked: look again")
        work.statuses.withdraw([position.credential for position in plan.withdrawn])
        work.statuses.mark(
            [
                MarkRow(
                    credential=change.position.credential,
                    status=plan.status,
                    reason=change.wish.reason,
                    note=change.wish.note,
                    member=plan.member.id,
                    marked=now,
                    replacement=change.wish.replacement,
                )
                for change in plan.changes
            ]
        )
        touched = [each.credential for each in (*(change.position for change in plan.changes), *plan.withdrawn)]
        if touched:
            record(notary, work, Action.MARK, plan.member.id, touched)


def _newest_entry(work: UnitOfWork) -> Digest | None:
    last = work.journal.last()
    return None if last is None else last.hash


def allowed(before: Status, after: Status) -> bool:
    """Say whether a status may follow another: statuses only rise, but for a suspension, which may end."""
    return after >= before or (before, after) == (Status.SUSPENDED, Status.VALID)


@dataclass(slots=True)
class _Planning:
    """One look at the ledger; each batch's list and marks are read once."""

    work: UnitOfWork
    members: Members
    member: MemberRecord
    status: Status
    _lists: dict[BatchId, StatusList] = field(default_factory=dict)
    _marks: dict[BatchId, dict[LeafIndex, MarkRow]] = field(default_factory=dict)

    def plan(self, wishes: Sequence[Wish]) -> Plan:
        changes: dict[CredentialId, Change] = {}
        withdrawn: dict[CredentialId, Position] = {}
        unchanged: list[Wish] = []
        findings: list[Finding] = []
        positions: dict[CredentialId, list[Position]] = {}
        for position in self.work.statuses.positions([wish.credential for wish in wishes]):
            positions.setdefault(position.asked, []).append(position)
        asked: set[CredentialId] = set()
        for wish in wishes:
            found = positions.get(wish.credential, [])
            finding = self._doubt(wish, found, asked)
            if finding is not None:
                findings.append(finding)
                continue
            asked.add(wish.credential)
            met = True
            for position in found:
                before, pending = self._now(position), self._pending(position)
                if position.credential in changes or position.credential in withdrawn:
                    met = False
                elif before is self.status and pending is not None:
                    withdrawn[position.credential], met = position, False
                elif before is not self.status and not (pending and self._same(pending, wish)):
                    changes[position.credential], met = Change(position, before, wish), False
            if met:
                unchanged.append(wish)
        return Plan(
            member=self.member,
            status=self.status,
            wishes=tuple(wishes),
            changes=tuple(changes.values()),
            withdrawn=tuple(withdrawn.values()),
            unchanged=tuple(unchanged),
            findings=tuple(findings),
            seen=_newest_entry(self.work),
        )

    def _doubt(self, wish: Wish, positions: Sequence[Position], asked: set[CredentialId]) -> Finding | None:
        """Say why a wish cannot be met. Another institution's credential is answered as one that does not exist."""
        name = wish.credential
        if not positions or not may_change(self.members, positions[0].institution, self.member):
            why = f"{self.member.name} has no credential {shorten(name)} here, and succeeds nobody who has"
            return Finding(wish, why, "See index.csv: notary receipt --batch")
        if name in asked:
            return Finding(wish, f"credential {name} stands twice", "Its first row counts")
        if wish.reason not in REASONS[self.status]:
            expected = ", ".join(REASONS[self.status])
            return Finding(wish, f"expected {expected}, found {wish.reason}", column="reason")
        if positions[0].entry is None:
            return Finding(wish, f"credential {name} is in no logged batch yet", "Seal and sign its batch first")
        for position in positions:
            before = self._now(position)
            if not allowed(before, self.status):
                why = f"credential {position.credential} is {before.name.lower()}, and that is final"
                return Finding(wish, why, "Issue it again: notary reissue" if before is Status.REVOKED else None)
        return None

    def _now(self, position: Position) -> Status:
        """Return a position's status in the log; valid before it is there."""
        if position.batch is None or position.index is None or position.entry is None:
            return Status.VALID
        if position.batch not in self._lists:
            batch = self.work.batches.get(position.batch)
            assert batch is not None
            self._lists[position.batch] = newest_list(self.work, batch)
        return self._lists[position.batch].get(position.index)

    def _pending(self, position: Position) -> MarkRow | None:
        if position.batch is None or position.index is None:
            return None
        if position.batch not in self._marks:
            marks = self.work.statuses.pending(position.batch)
            self._marks[position.batch] = {pending.index: pending.mark for pending in marks}
        return self._marks[position.batch].get(position.index)

    def _same(self, pending: MarkRow, wish: Wish) -> bool:
        told = (pending.status, pending.reason, pending.replacement)
        return told == (self.status, wish.reason, wish.replacement) and wish.note in (None, pending.note)
