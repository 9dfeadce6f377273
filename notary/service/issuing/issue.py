"""Issuing a roll: first all rows are read and counted, then, once somebody agreed, signed and submitted.

Each credential, its contact and its award are one unit of work, and an award is one
for a template's series and a learner: a second run, or one after a crash, goes on
with who is left. A link that was lost between ledger and file is made anew.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from notary.core import leaf
from notary.core.credential import read
from notary.core.digest import Digest, sha256
from notary.core.encoding import format_time
from notary.core.errors import IssuerError
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.core.status import Status
from notary.core.summary import achievements
from notary.ports.ledger import AwardRow, ContactRow, CredentialId, NewCredential, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.access.links import draw_token, link_hash
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.issuing.badge import BadgeMaker
from notary.service.issuing.finding import Finding
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.making import Form, Made, Making, make_all
from notary.service.issuing.roll import Once, Roll, identity
from notary.service.notary import Notary
from notary.service.submission.accept import accept
from notary.service.submission.reading import Read, Reading, Refused, Source, read_source

KEPT = 1000
"""Findings that are listed; beyond them they are counted."""
_ASKED = 1000
"""Rows that the ledger is asked about at once."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who issues, by which key, in which form, and on which day. `criteria`: the copy of the criteria page.

    `links`: whether links are written down where the institution keeps them; else they are made on delivery.
    """

    maker: BadgeMaker
    key: CredentialKey
    today: date
    created: str
    form: Form = "json"
    criteria: Path | None = None
    links: bool = True

    def making(self, reader: RowReader) -> Making:
        """Return what rows are made into credentials by."""
        return Making(reader, self.maker, self.key, self.today, self.created, self.form)


@dataclass(slots=True)
class Plan:
    """What issuing would do. `known`: issued before; `unhanded`: of those, whose link was never written down.

    `findings` are of rows that are left out, and `more` were not listed; `files` are evidence files.
    """

    ready: int = 0
    known: int = 0
    unhanded: int = 0
    left_out: int = 0
    files: int = 0
    more: int = 0
    first: str | None = None
    last: str | None = None
    findings: list[Finding] = field(default_factory=list)

    def note(self, findings: Iterable[Finding]) -> None:
        """Take a row's findings in."""
        self.left_out += 1
        for finding in findings:
            if len(self.findings) < KEPT:
                self.findings.append(finding)
            else:
                self.more += 1

    @property
    def rows(self) -> int:
        """How many rows there are that are not empty."""
        return self.ready + self.known + self.left_out


class Issued(NamedTuple):
    """One credential that was issued, and the secret of its link, given out once. `row` is the table's."""

    row: int
    learner: str
    email: str | None
    credential: CredentialId
    token: str


def plan(notary: Notary, member: MemberRecord, roll: Roll, desk: Desk) -> Plan:
    """Read every row and say what issuing would do; nothing is signed, written or spent."""
    made = Plan()
    for rows in _asked(roll):
        found = list(_known(notary, member, roll, rows))
        other = [award.credential for learner, award in found if award and _says_other(desk, learner, award)]
        replaced = _replaced(notary, other)
        for learner, award in found:
            if not isinstance(learner, Learner):
                made.note(learner)
            elif award is None:
                made.ready += 1
                made.files += len(learner.evidence)
                made.first = made.first or learner.called
                made.last = learner.called
            elif award.credential not in replaced and _says_other(desk, learner, award):
                made.note([_other(learner, award)])
            else:
                made.known += 1
                made.unhanded += not award.handed
    return made


def issue(
    notary: Notary,
    member: MemberRecord,
    roll: Roll,
    desk: Desk,
    done: Callable[[int], None] = lambda _: None,
) -> Iterator[Issued | Refused]:
    """Sign and submit everybody who is ready and has none yet; durable before it is given out.

    Whoever writes a link down says so by `hand_out`. `done` is told how many are through.
    """
    working = _Working(notary, member, roll, desk)
    for result in accept(notary, member, working.readings(), done=done, along=working.along):
        if isinstance(result, Refused):
            yield result
            continue
        learner = working.learners.pop(result.line or 0)
        yield Issued(learner.row, learner.called, learner.email, result.id, result.token)
    yield from _renewed(notary, member, working.unhanded)


def hand_out(notary: Notary, credentials: Sequence[CredentialId]) -> None:
    """Note that links were written where the institution keeps them, for good."""
    with notary.ledger.begin() as work:
        work.awards.hand(credentials)


def write_out(roll: Roll, desk: Desk) -> Iterator[tuple[Learner, str, bytes]]:
    """Sign everybody who is ready, without a ledger: learner, the credential's id and the credential."""
    for made in _made(roll, desk):
        yield made.learner, made.id, desk.key.finish(made.unsigned)


def _made(roll: Roll, desk: Desk) -> Iterator[Made]:
    """Give the credentials of everybody who is ready, unsigned; each learner's first row."""
    once = Once()
    for made in make_all(roll.rows(), desk.making(roll.reader)):
        if isinstance(made, Made) and isinstance(once.check(made.learner, made.identity), Learner):
            yield made


@dataclass(slots=True)
class _Working:
    """One run: `learners` by row, from reading until their credential is given out."""

    notary: Notary
    member: MemberRecord
    roll: Roll
    desk: Desk
    learners: dict[int, Learner] = field(default_factory=dict)
    awards: dict[int, tuple[Digest, Digest]] = field(default_factory=dict)
    unhanded: list[tuple[Learner, CredentialId]] = field(default_factory=list)
    shared: Digest | None = None

    def readings(self) -> Iterator[Read]:
        first = True
        ready = _made(self.roll, self.desk)
        while some := list(islice(ready, _ASKED)):
            known = _awards(self.notary, self.member, [made.identity for made in some])
            new = [made for made in some if made.identity not in known]
            for made, data in zip(new, [self.desk.key.finish(made.unsigned) for made in new], strict=True):
                found = self._reading(made, data)
                yield self._read_again(found) if first else found
                first = False
            for made in some:
                award = known.get(made.identity)
                if award is not None and not award.handed:
                    self.unhanded.append((made.learner, award.credential))

    def _reading(self, made: Made, data: bytes) -> Read:
        learner, name = made.learner, self.roll.table.name
        try:
            evidence = self._evidence(learner)
        except (IssuerError, OSError) as error:
            return Refused(name, learner.row, str(Finding(str(error), learner.row, "evidence")))
        self.learners[learner.row] = learner
        self.awards[learner.row] = (made.identity, made.substance)
        return Reading(
            source=name,
            line=learner.row,
            form=leaf.Form.JOSE if self.desk.form == "jwt" else leaf.Form.JSON,
            digest=sha256(data),
            data=data,
            learner=learner.name or learner.did,
            title=self.desk.maker.template.achievement.name,
            evidence=evidence,
            issuer=self.desk.maker.issuer.id,
            until=made.until,
            achievement=self.desk.maker.template.achievement.id,
        )

    def _read_again(self, found: Read) -> Read:
        """Read the first as whatever is handed in is read: all others are made the same way."""
        if isinstance(found, Refused):
            return found
        again = read_source(Source(found.data, found.source, found.line), self.member)
        if not isinstance(again, Reading) or again.digest != found.digest:
            return again
        return found if achievements(read(found.data, found.source, found.form)) == ((found.achievement,),) else again

    def _evidence(self, learner: Learner) -> Digest | None:
        """Pin a row's evidence; who has none of their own shares the copy of the criteria page."""
        if learner.evidence:
            return _attach(self.notary, [*learner.evidence, *filter(None, [self.desk.criteria])], learner.narrative)
        if self.shared is None and self.desk.criteria is not None:
            self.shared = _attach(self.notary, [self.desk.criteria], None)
        return self.shared

    def along(self, work: UnitOfWork, taken: Sequence[NewCredential]) -> None:
        awards, contacts = [], []
        for new in taken:
            learner = self.learners[new.line or 0]
            awards.append(AwardRow(new.id, new.institution, *self.awards.pop(learner.row), handed=not self.desk.links))
            if learner.email:
                contacts.append(ContactRow(new.id, learner.email, learner.name))
        work.awards.add(awards)
        work.contacts.add(contacts)


def _renewed(
    notary: Notary, member: MemberRecord, unhanded: Sequence[tuple[Learner, CredentialId]]
) -> Iterator[Issued]:
    """Give those a new link whose first one was never written down: a run ended in between."""
    for at in range(0, len(unhanded), _ASKED):
        some = unhanded[at : at + _ASKED]
        tokens = [draw_token(notary.random) for _ in some]
        with notary.ledger.begin() as work:
            for (_, credential), token in zip(some, tokens, strict=True):
                work.credentials.relink(credential, link_hash(token), notary.clock.now())
            record(notary, work, Action.LINK, member.id, [credential for _, credential in some])
        for (learner, credential), token in zip(some, tokens, strict=True):
            yield Issued(learner.row, learner.called, learner.email, credential, token)


def _asked(roll: Roll) -> Iterator[list[Learner | tuple[Finding, ...]]]:
    rows = iter(roll)
    while some := list(islice(rows, _ASKED)):
        yield some


def _known(
    notary: Notary, member: MemberRecord, roll: Roll, rows: Sequence[Learner | tuple[Finding, ...]]
) -> Iterator[tuple[Learner | tuple[Finding, ...], AwardRow | None]]:
    """Give each row with the award the ledger has for it."""
    identities = [identity(roll.reader.template, row) if isinstance(row, Learner) else None for row in rows]
    known = _awards(notary, member, [one for one in identities if one is not None])
    return ((row, known.get(one) if one else None) for row, one in zip(rows, identities, strict=True))


def _awards(notary: Notary, member: MemberRecord, identities: Sequence[Digest]) -> dict[Digest, AwardRow]:
    with notary.ledger.read() as work:
        return work.awards.known(member.id, identities)


def _says_other(desk: Desk, learner: Learner | tuple[Finding, ...], award: AwardRow | None) -> bool:
    return isinstance(learner, Learner) and award is not None and award.substance != desk.maker.substance(learner)


def _replaced(notary: Notary, names: Sequence[CredentialId]) -> set[CredentialId]:
    """Return those that another credential took the place of: what their row says now, that one says."""
    if not names:
        return set()
    with notary.ledger.read() as work:
        return {name for name in names if any(mark.status is Status.REPLACED for mark in work.statuses.history(name))}


def _other(learner: Learner, award: AwardRow) -> Finding:
    return Finding(
        f"was issued before, with other words: credential {award.credential}",
        learner.row,
        None,
        f"To put a new one in its place: notary reissue {award.credential} --with NEW",
    )


def _attach(notary: Notary, files: Sequence[Path], narrative: str | None) -> Digest:
    with ExitStack() as stack:
        exhibits = [
            Exhibit(
                path.name,
                mimetypes.guess_type(path.name)[0] or "application/octet-stream",
                stack.enter_context(path.open("rb")),
            )
            for path in files
        ]
        return attach(notary, exhibits, narrative)


def now(notary: Notary) -> tuple[date, str]:
    """Return today and the moment, as proofs claim it."""
    moment = notary.clock.now()
    return moment.date(), format_time(moment)
