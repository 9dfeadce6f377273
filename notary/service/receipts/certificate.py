"""What a certificate is made of: one award, and what its credential says was shown, by which criteria, and how well.

Read from Open Badges 3.0 and 2.0 and CLR 2.0, through a holder's disclosures,
for people: nothing here decides anything. Everything is bounded, since whoever
wrote the credential chose how long it is; what is left out stands in the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from notary.core.canonical import JSON
from notary.core.credential import Credential, shown_claims
from notary.core.errors import IssuerError
from notary.core.leaf import Form
from notary.core.summary import summarize
from notary.core.verify import verify
from notary.ports.ledger import BatchId, CredentialId, CredentialRow
from notary.service.errors import Absent
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.receipts.learner import Award, award_of
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.trust import export_trust

MAX_LINE, MAX_TEXT = 400, 6_000
"""Characters of a name, a value or a title, and of criteria."""
MAX_ITEMS = 40
"""Results, and alignments: as many of each."""
MAX_FACTS = 6

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TAGS = ("ext:", "https://purl.imsglobal.org/spec/")


@dataclass(frozen=True, slots=True)
class Aligned:
    """An item of somebody's framework that the achievement is aligned to."""

    name: str
    framework: str | None
    code: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a credential says, as its issuer wrote it.

    `kind` and `facts` are short (micro credential; 3 credits; level 5), `results`
    pairs of what was measured and the value, `issued` and `until` what the
    credential says of dates, never compared, `language` BCP 47 or None.
    """

    learner: str
    title: str
    kind: str | None
    facts: tuple[str, ...]
    description: str | None
    criteria: str | None
    criteria_url: str | None
    results: tuple[tuple[str, str], ...]
    alignments: tuple[Aligned, ...]
    issued: str | None
    until: str | None
    language: str | None


def find_award(notary: Notary, name: str, credential: CredentialId) -> Award:
    """Return one credential as its learner sees it; `name` is the consortium's. Absent where there is none."""
    with notary.ledger.read() as work:
        row = work.credentials.get(credential)
    if row is None:
        raise Absent(f"there is no credential {credential}", hint="See index.csv: notary receipt --batch")
    return award_of(notary, name, row)


def batch_awards(notary: Notary, name: str, batch: BatchId) -> Iterator[Award]:
    """Return every credential of a batch that is kept here, by index; Pending until its anchor is final."""
    trust, members = export_trust(notary, name), members_in_force(notary.ledger)
    for row, made in batch_receipts(notary, batch):
        if row.content is not None and row.form is not Form.FILE:
            member = members.find(row.institution)
            verdict = verify(bytes(made), trust, at=notary.clock.now())
            yield Award(row, member.name if member else row.institution, None, made, verdict)


def particulars(row: CredentialRow) -> Particulars:
    """Read a credential for its certificate.

    Absent where it is not kept here, IssuerError for a file: who made it, and for
    whom, nothing in it says.
    """
    credential = kept_credential(row)
    claims = shown_claims(credential)
    summary = summarize(credential)
    subjects = [one for claim in claims for one in _objects(claim.get("credentialSubject"))]
    badges = [one for claim in claims for one in _objects(claim.get("badge"))]
    achievements = [one for subject in subjects for one in _objects(subject.get("achievement"))] + badges
    first: Mapping[str, JSON] = achievements[0] if achievements else {}
    criteria = next(iter(_objects(first.get("criteria"))), {})
    results = list(islice(_results(subjects, achievements), MAX_ITEMS))
    further = (f"{name.lower()}: {value}" for name, value, extension in results if extension)
    return Particulars(
        learner=" and ".join(name[:MAX_LINE] for name in summary.learners[:4]),
        title=(summary.title or "Credential")[:MAX_LINE],
        kind=_kind(_line(first.get("achievementType"))),
        facts=tuple(islice(chain(_facts(first), further), MAX_FACTS)),
        description=_text(first.get("description")),
        criteria=_text(criteria.get("narrative")),
        criteria_url=_line(criteria.get("id")) or _line(first.get("criteria")),
        results=tuple((name, value) for name, value, extension in results if not extension),
        alignments=tuple(islice(_alignments(achievements), MAX_ITEMS)),
        issued=_first(claims, "awardedDate", "validFrom", "issuanceDate", "issuedOn"),
        until=_first(claims, "validUntil", "expirationDate", "expires"),
        language=_language(first.get("inLanguage")),
    )


def kept_credential(row: CredentialRow) -> Credential:
    """Read the credential of a row; see `particulars`."""
    if row.content is None:
        raise Absent("this credential is not kept here", hint="The institution that issued it has it")
    match row.form:
        case Form.JSON:
            return Credential.of_json(row.content, f"credential {row.id}")
        case Form.JOSE:
            return Credential.of_jose(row.content, f"credential {row.id}")
        case _:
            raise IssuerError(
                f"{row.id} is a file: who made it, and for whom, nothing in it says",
                hint="Its receipt proves when it was submitted, and by whom: notary receipt",
            )


def _results(subjects: list[dict[str, JSON]], achievements: list[dict[str, JSON]]) -> Iterator[tuple[str, str, bool]]:
    """Pair each result with what its description calls it (Open Badges 3.0 §B.1.20); whether its type is an extension.

    Those are what Open Badges has no term for, as learning hours and level: facts of the award, and nobody's result.
    """
    named = {
        identifier: description
        for achievement in achievements
        for description in _objects(achievement.get("resultDescription"))
        if isinstance(identifier := description.get("id"), str)
    }
    levels = {
        identifier: _line(level.get("name"))
        for description in named.values()
        for level in _objects(description.get("rubricCriterionLevel"))
        if isinstance(identifier := level.get("id"), str)
    }
    for subject in subjects:
        for result in _objects(subject.get("result")):
            described = named.get(str(result.get("resultDescription")), {})
            reached = levels.get(str(result.get("achievedLevel")))
            value = _line(result.get("value")) or reached or _line(result.get("status"))
            if value:
                extension = str(described.get("resultType")).startswith("ext:")
                yield _line(described.get("name")) or "Result", value, extension


def _alignments(achievements: list[dict[str, JSON]]) -> Iterator[Aligned]:
    for achievement in achievements:
        for one in [*_objects(achievement.get("alignment")), *_objects(achievement.get("alignments"))]:
            name, url = _line(one.get("targetName")), _line(one.get("targetUrl"))
            if name or url:
                framework, code = _line(one.get("targetFramework")), _line(one.get("targetCode"))
                yield Aligned(name or url or "", framework, code, url)


def _facts(achievement: Mapping[str, JSON]) -> Iterator[str]:
    credits_ = achievement.get("creditsAvailable")
    if isinstance(credits_, int | float) and not isinstance(credits_, bool) and credits_ > 0:
        yield f"{credits_:g} {'credit' if credits_ == 1 else 'credits'}"
    for name in ("fieldOfStudy", "specialization"):
        if text := _line(achievement.get(name)):
            yield text


def _kind(name: str | None) -> str | None:
    """Say an achievementType in words: MicroCredential is a micro credential."""
    if name is None:
        return None
    for tag in _TAGS:
        name = name.removeprefix(tag)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return None if words == "achievement" else words[:1].upper() + words[1:]


def _language(value: JSON) -> str | None:
    return value if isinstance(value, str) and _LANGUAGE.fullmatch(value) else None


def _first(claims: tuple[dict[str, JSON], ...], *names: str) -> str | None:
    return next((text for name in names for claim in claims if (text := _line(claim.get(name)))), None)


def _line(value: JSON) -> str | None:
    text = _text(value)
    return None if text is None else " ".join(text.split())[:MAX_LINE]


def _text(value: JSON) -> str | None:
    """Read a string, a language value (`@value`), or the first of several; a number is its decimal text."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}"
    return (value.strip()[:MAX_TEXT] or None) if isinstance(value, str) else None


def _objects(value: JSON) -> list[dict[str, JSON]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
