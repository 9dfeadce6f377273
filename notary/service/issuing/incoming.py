"""Claims that learners hand in by a page, until an institution has looked at them.

Whoever claims has no key of their own at a web page: the claim is signed by one that
is drawn for it alone and kept by nobody. It shows that nothing was changed since, and
nothing about who wrote it; that is for the institution to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from io import BytesIO
from mimetypes import guess_type

from notary.core.digest import sha256
from notary.core.encoding import format_time
from notary.core.errors import IssuerError
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.ports.ledger import PaperId, PaperKind, PaperRow, Role
from notary.service.access.journal import Action, record
from notary.service.evidence.manifest import Exhibit
from notary.service.issuing.badge import Issuer
from notary.service.issuing.cells import Unread, read_email, read_line, read_text
from notary.service.issuing.claims import FILE, Claim, Shown, Validation, make_claim, validate_claim, validation
from notary.service.issuing.issue import now
from notary.service.issuing.papers import check_names, file_name, find_paper, lay_down, new_paper, take_away
from notary.service.issuing.template import Party
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.submission.accept import Accepted

MAX_FILES = 5
MAX_EVIDENCE = 3 << 20
"""Bytes of all files of one claim."""
MAX_NARRATIVE = 10_000
MOST_WAITING = 40
"""Claims that wait at one institution, so that nobody can fill its desk from outside."""
KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody claims, in their own words, as typed. `by`: who speaks for the learner; `email`: to be reached."""

    learner: str
    title: str
    narrative: str
    by: str
    email: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claim that waits, with its evidence files."""

    paper: PaperRow
    claim: Claim
    files: tuple[PaperRow, ...]


def takers(notary: Notary) -> tuple[MemberRecord, ...]:
    """Return the members who take claims here: those whose registrar can sign in."""
    moment = notary.clock.now()
    with notary.ledger.read() as work:
        keys = work.keys.all()
    seated = {row.institution for row in keys if row.role is Role.ISSUER and not row.revoked and row.expires > moment}
    return tuple(record for record in members_in_force(notary.ledger).records if record.id in seated)


def hand_in_claim(
    notary: Notary, taker: str, words: Wording, evidence: Sequence[tuple[str, bytes]], key: CredentialKey
) -> Claim:
    """Lay a claim on the desk of the member it is meant for; IssuerError says what is missing or too much."""
    member = next((record for record in takers(notary) if record.id == taker), None)
    if member is None:
        raise IssuerError("no institution is chosen", hint="Choose who is to look at your claim")
    fields = _read(words)
    if len(evidence) > MAX_FILES:
        raise IssuerError("the evidence", expected=f"at most {MAX_FILES} files", actual=len(evidence))
    check_names([*evidence, (FILE, b"")])
    if sum(len(data) for _, data in evidence) > MAX_EVIDENCE:
        raise IssuerError("the evidence is too large for a page", expected=f"at most {MAX_EVIDENCE >> 20} MB in all")
    with notary.ledger.read() as work:
        waiting = len(work.papers.all(member.id, PaperKind.CLAIM))
    if waiting >= MOST_WAITING:
        raise IssuerError(f"{member.name} has many claims to look at", hint="Come back in some days, or ask there")
    moment = notary.clock.now()
    made = make_claim(
        key,
        format_time(moment),
        learner=fields.learner,
        title=fields.title,
        narrative=fields.narrative,
        by=fields.by or None,
        evidence=[Shown(file_name(name), sha256(data)) for name, data in evidence],
    )
    expires = moment + KEPT
    paper = new_paper(notary, member, PaperKind.CLAIM, FILE, made, expires=expires, contact=fields.email)
    files = [
        new_paper(notary, member, PaperKind.EVIDENCE, name, data, expires=expires, about=paper.id)
        for name, data in evidence
    ]
    lay_down(notary, member, [paper, *files])
    return Claim.parse(made)


def claims_of(notary: Notary, member: MemberRecord) -> tuple[Waiting, ...]:
    """Return the claims that wait at a member, oldest first."""
    moment = notary.clock.now()
    with notary.ledger.read() as work:
        papers = work.papers.all(member.id, PaperKind.CLAIM)
        return tuple(
            Waiting(paper, Claim.parse(paper.data), work.papers.about(member.id, paper.id))
            for paper in papers
            if paper.expires is None or paper.expires > moment
        )


def find_claim(notary: Notary, member: MemberRecord, name: PaperId) -> Waiting:
    """Return one; Absent where it is none of the member's, or does not wait any more."""
    paper = find_paper(notary, member, name, PaperKind.CLAIM)
    with notary.ledger.read() as work:
        return Waiting(paper, Claim.parse(paper.data), work.papers.about(member.id, name))


def validate_waiting(
    notary: Notary, member: MemberRecord, name: PaperId, added: Validation, key: CredentialKey
) -> Accepted:
    """Issue the credential that validates a claim, and take the claim off the desk: it is among the evidence now."""
    found = find_claim(notary, member, name)
    today, created = now(notary)
    unsigned = validation(found.claim, Issuer(member.id, member.name, Party(None, None, None)), added, today)
    exhibits = [
        Exhibit(file.name, guess_type(file.name)[0] or "application/octet-stream", BytesIO(file.data))
        for file in found.files
    ]
    signed = key.prove(unsigned, created)
    taken = validate_claim(notary, member, found.claim, signed, exhibits, found.paper.contact)
    take_away(notary, member, name)
    return taken


def decline_claim(notary: Notary, member: MemberRecord, name: PaperId) -> None:
    """Take a claim off the desk without a credential; that it was, and not whose, stands in the journal."""
    paper = find_paper(notary, member, name, PaperKind.CLAIM)
    with notary.ledger.begin() as work:
        work.papers.forget(member.id, paper.id)
        record(notary, work, Action.DECLINE, member.id, [paper.id])


def _read(words: Wording) -> Wording:
    """Return what was typed, as it is taken; IssuerError names the field."""
    return Wording(
        learner=_field("the learner's name", words.learner, read_line),
        title=_field("what is claimed", words.title, read_line),
        narrative=_field("what was done", words.narrative, partial(read_text, most=MAX_NARRATIVE)),
        by=_field("who speaks for the learner", words.by, read_line, needed=False),
        email=_field("the e-mail address", words.email, read_email),
    )


def _field(what: str, text: str, take: Callable[[str], str], *, needed: bool = True) -> str:
    try:
        found = take(text) if text else ""
    except Unread as error:
        raise IssuerError(f"{what}: {error}") from error
    if needed and not found:
        raise IssuerError(f"{what} is missing", hint="Fill it in")
    return found
