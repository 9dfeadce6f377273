"""Looking over what is about to be sealed, before it is: a batch cannot be taken back.

Errors are what would never verify, or what nobody could show; warnings are what a
registrar should have seen, and can accept. What was checked when it was submitted
is not read again, so that a large batch waits for seconds only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice

import orjson

from notary.core.canonical import JSON
from notary.core.cid import Cid
from notary.core.credential import Credential, read
from notary.core.digest import sha256
from notary.core.encoding import shorten
from notary.core.errors import IssuerError, Mismatch, NotaryError
from notary.core.leaf import Form
from notary.core.mandate import check_programmes
from notary.core.period import EXPIRED, period
from notary.core.registry import MemberRecord
from notary.core.statement import Recognition
from notary.core.status import Status
from notary.core.summary import achievements, issuer
from notary.ports.ledger import CredentialRow, UnitOfWork
from notary.service.evidence.manifest import read_evidence
from notary.service.notary import Notary
from notary.service.submission.joint import shared_evidence, with_partners
from notary.service.submission.reading import place

KEPT = 1000
"""Findings that are listed; beyond them they are counted."""
_ASKED = 1000


class Grade(StrEnum):
    """What a finding asks for."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was noticed. `where`: file and line, or what it is about; `hint`: what to do."""

    grade: Grade
    code: str
    where: str
    what: str
    hint: str
    expected: str | None = None
    actual: str | None = None

    @property
    def says(self) -> str:
        """What was noticed, with what was expected and found."""
        return str(IssuerError(self.what, expected=self.expected, actual=self.actual))

    def to_json(self) -> dict[str, JSON]:
        """Return it for machines."""
        return {
            "grade": self.grade.value,
            "code": self.code,
            "where": self.where,
            "what": self.what,
            "expected": self.expected,
            "actual": self.actual,
            "hint": self.hint,
        }

    def __str__(self) -> str:
        return f"{self.where}: {self.says}. {self.hint}"


@dataclass(frozen=True, slots=True)
class Report:
    """What was found of `size` credentials; `more` findings are counted and not listed."""

    institution: str
    size: int
    findings: tuple[Finding, ...]
    more: int = 0

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the batch from being sealed."""
        return tuple(finding for finding in self.findings if finding.grade is Grade.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What has to be accepted."""
        return tuple(finding for finding in self.findings if finding.grade is Grade.WARNING)

    def check(self, *, accept_warnings: bool) -> None:
        """Raise Unready where the batch may not be sealed so."""
        if self.errors or (self.warnings and not accept_warnings):
            raise Unready(self)


class Unready(IssuerError):
    """What waits cannot be sealed as it is."""

    def __init__(self, report: Report) -> None:
        first, *others = report.errors or report.warnings
        also = f" (and {len(others) + report.more} more)" if others or report.more else ""
        hint = first.hint if report.errors else f"{first.hint}; or accept what you have seen: --accept-warnings"
        what = f"{first.where}: {first.what}{also}"
        super().__init__(what, expected=first.expected, actual=first.actual, hint=hint)
        self.report = report


def preflight(
    notary: Notary,
    member: MemberRecord,
    *,
    recognition: Recognition | None = None,
    partners: Sequence[MemberRecord] = (),
) -> Report:
    """Look over what the institution has waiting; nothing is found where nothing waits.

    `partners`: who is to have committed the same credentials, for a joint award.
    """
    claimed = recognition or member.recognition
    findings: list[Finding] = []
    more = 0
    if not claimed.within(member.recognition):
        findings.append(
            Finding(
                Grade.ERROR,
                "recognition",
                "the batch",
                f"{member.name} cannot claim this recognition",
                f"Claim less: --recognition {member.recognition}",
                expected=f"at most {member.recognition}",
                actual=claimed.value,
            )
        )
    with notary.ledger.read() as work:
        size = work.credentials.waiting().get(member.id, 0)
        if not size:
            return Report(member.id, 0, ())
        found = _Looking(work, member, claimed, tuple(partners), notary.clock.now()).findings()
        for at, finding in enumerate(found):
            if at < KEPT:
                findings.append(finding)
            else:
                more += 1
        items = tuple(_evidence(work, member))
    findings += [finding for finding in items if isinstance(finding, Finding)]
    for name, cid in (item for item in items if not isinstance(item, Finding)):
        if notary.blocks.kept(cid) is None:
            what = f"the evidence “{name}” cannot be had from the block store any more"
            findings.append(
                Finding(Grade.ERROR, "evidence", "evidence", what, "Submit these credentials again with it")
            )
    ordered = sorted(findings, key=lambda finding: finding.grade is not Grade.ERROR)
    return Report(member.id, size, tuple(ordered), more)


def _evidence(work: UnitOfWork, member: MemberRecord) -> Iterator[Finding | tuple[str, Cid]]:
    """Give what should be in the block store; a manifest that was erased is a finding."""
    for digest in sorted(work.credentials.unsealed_evidence(member.id)):
        found = read_evidence(work, digest)
        if found is None:
            hint = "Submit these credentials again with it"
            yield Finding(Grade.ERROR, "evidence", "evidence", "its manifest is not here any more", hint)
            continue
        yield from ((item.name, item.cid) for item in found[0].items)


@dataclass(frozen=True, slots=True)
class _Looking:
    """One look at what waits, in one unit of work."""

    work: UnitOfWork
    member: MemberRecord
    claimed: Recognition
    partners: tuple[MemberRecord, ...]
    now: datetime

    def findings(self) -> Iterator[Finding]:
        speaker = with_partners(self.member, self.partners)
        for row, again in self.work.credentials.unsealed_notable(
            self.member.id, issuers=self._names(speaker), at=self.now, programmes=self._programmes
        ):
            yield from self._names_of(row)
            if again:
                yield from self._again(row)
            if row.content is not None and row.form is not Form.FILE:
                yield from self._content(row, row.content, speaker)
        yield from self._joint()

    @property
    def _programmes(self) -> tuple[str, ...]:
        """What alone the member may award as claimed; nothing where it may award everything."""
        if self.claimed is not Recognition.AUTHORISED:
            return ()
        return tuple(programme.achievement for programme in self.member.programmes)

    @staticmethod
    def _names(speaker: MemberRecord) -> tuple[str, ...]:
        return (speaker.id, *speaker.aliases)

    def _names_of(self, row: CredentialRow) -> Iterator[Finding]:
        if row.form is Form.FILE:
            return
        for value, code, what in (
            (row.learner, "learner", "whom it is for"),
            (row.title, "title", "what it is called"),
        ):
            if value is None:
                hint = "People will see a page without it; name it in the credential"
                yield Finding(Grade.WARNING, code, _where(row), f"it does not say {what}", hint)

    def _again(self, row: CredentialRow) -> Iterator[Finding]:
        """Find the same credential within the batch, in an earlier one, and among those that do not hold any more."""
        if row.digest is None:
            return
        others = [each for each in self.work.credentials.by_digest(row.digest) if each.institution == row.institution]
        last = [marks[-1] for each in others if (marks := self.work.statuses.history(each.id))]
        if any(mark.status in (Status.REVOKED, Status.REPLACED) for mark in last):
            yield Finding(
                Grade.ERROR,
                "revoked",
                _where(row),
                "the same credential was revoked or replaced",
                "Issue a corrected one; nobody could tell these two apart",
            )
        before = next((each for each in others if each.batch is None), row)
        if before.id != row.id:
            what = f"the same credential stands in this batch already ({_where(before)})"
            yield Finding(Grade.WARNING, "duplicate", _where(row), what, "One is enough")
        earlier = next((each.batch for each in others if each.batch is not None), None)
        if earlier is not None:
            what = f"the same credential stands in batch {earlier} already"
            yield Finding(Grade.WARNING, "duplicate", _where(row), what, "One is enough; erase this one: notary erase")

    def _content(self, row: CredentialRow, content: bytes, speaker: MemberRecord) -> Iterator[Finding]:
        where = _where(row)
        try:
            credential = _read(row, content, where)
            name = issuer(credential) or ""
        except NotaryError as error:
            hint = error.hint or "Issue it again"
            yield Finding(Grade.ERROR, "unreadable", where, error.what, hint, error.expected, error.actual)
            return
        if not speaker.names(name):
            hint = "Name the co-issuer: --joint-with DID; or add it as an alias of the member"
            ids = ", ".join(self._names(speaker))
            what = f"its issuer is not {self.member.name}"
            yield Finding(Grade.ERROR, "issuer", where, what, hint, expected=ids, actual=shorten(name))
        yield from self._achievements(where, credential)
        lies = period(credential, self.now)
        if lies.message == EXPIRED:
            hint = "Its verdict will say so"
            yield Finding(Grade.WARNING, "expired", where, "it has expired already", hint, lies.expected, lies.actual)

    def _achievements(self, where: str, credential: Credential) -> Iterator[Finding]:
        if not self._programmes:
            return
        try:
            check_programmes(self.member, achievements(credential))
        except Mismatch as error:
            hint = "Seal what is outside the programmes by itself: --recognition community"
            yield Finding(Grade.ERROR, "programme", where, str(error), hint)

    def _joint(self) -> Iterator[Finding]:
        """Find what a co-issuer has not submitted yet, or has committed with other evidence."""
        if not self.partners:
            return
        lacking = {partner.id: 0 for partner in self.partners}
        waiting = self.work.credentials.unsealed(self.member.id)
        while chunk := list(islice(waiting, _ASKED)):
            digests = {row.digest for row in chunk if row.digest is not None}
            for partner in self.partners:
                lacking[partner.id] += len(digests - self.work.credentials.known(partner.id, sorted(digests)))
            for row in chunk:
                theirs = (
                    None if row.digest is None else shared_evidence(self.work, self.member, self.partners, row.digest)
                )
                if theirs is not None and theirs.evidence != row.evidence:
                    what = f"{theirs.institution} has committed it with other evidence"
                    hint = "Submit it without evidence and with --joint-with: theirs is taken over"
                    yield Finding(Grade.ERROR, "joint", place(row.source, row.line), what, hint)
        for partner in self.partners:
            if lacking[partner.id]:
                what = f"{partner.name} has not submitted {lacking[partner.id]} of these credentials yet"
                hint = "No receipt can be made before it has committed them too"
                yield Finding(Grade.WARNING, "joint", "the batch", what, hint)


def _read(row: CredentialRow, content: bytes, where: str) -> Credential:
    """Read what is kept: its canonical bytes were read strictly when they came in, and these are they."""
    if row.form is Form.JSON and sha256(content) == row.digest:
        return Credential(row.form, row.digest, content, orjson.loads(content))
    return read(content, where, row.form)


def _where(row: CredentialRow) -> str:
    return place(row.source, row.line)
