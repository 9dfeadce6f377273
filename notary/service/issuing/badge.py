"""A template and a row as an Open Badges 3.0 AchievementCredential (OB 3.0 §B.1.1), before it is signed.

Only terms that Open Badges 3.0 and VC 2.0 define are used, so that any JSON-LD
processor reads all of it. What they have no term for (learning hours, level, for
credit or not) stands as a result with a description of its own.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import quote

from notary.core.canonical import JSON, Kept, canonical
from notary.core.digest import Digest, sha256
from notary.core.encoding import to_base64url
from notary.service.issuing.cells import LAST
from notary.service.issuing.learner import Learner
from notary.service.issuing.template import Achievement, Alignment, Party, Result, Template

CONTEXT = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
_SALT_SIZE = 16
_ASSESSORS = 100
"""Assessors whose profile is kept."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who issues: the id that credentials name, and the profile beside it."""

    id: str
    name: str
    profile: Party

    def to_json(self) -> dict[str, JSON]:
        """Return the Profile."""
        more: dict[str, JSON] = {
            "url": self.profile.url,
            "email": self.profile.email,
            "image": _image(self.profile.image),
        }
        return _filled({"id": self.id, "type": ["Profile"], "name": self.profile.name or self.name, **more})


@dataclass(slots=True)
class BadgeMaker:
    """Makes a template's credentials for one issuer; what is the same for all is built and written once."""

    template: Template
    issuer: Issuer
    _achievement: dict[str, JSON] = field(init=False)
    _facts: list[JSON] = field(init=False)
    _issuer: dict[str, JSON] = field(init=False)
    _same: Digest = field(init=False)
    _assessors: dict[str, JSON] = field(default_factory=dict)

    def __post_init__(self) -> None:
        template, validity = self.template, self.template.validity
        facts = _facts(template.achievement)
        described = [_description(template.achievement.id, one) for one in template.results]
        self._facts = [
            Kept({"type": ["Result"], "resultDescription": key, "value": value}) for key, _, _, value in facts
        ]
        self._achievement = Kept(
            _achievement(template, [*described, *(_described(key, name, kind) for key, name, kind, _ in facts)])
        )
        self._issuer = Kept(self.issuer.to_json())
        days: list[JSON] = [None if day is None else day.isoformat() for day in (validity.start, validity.end)]
        lifetime: list[JSON] = [validity.years, validity.months, validity.days]
        assessor = None if template.assessor is None else template.assessor.name
        self._same = sha256(
            canonical([self._achievement, self._issuer, self._facts, assessor, list(template.by), days, lifetime])
        )

    def make(self, learner: Learner, today: date) -> dict[str, JSON]:
        """Return a learner's credential, unsigned; valid from `today` where neither row nor template says when."""
        template = self.template
        start, until = self.period(learner, today)
        identity = learner.identity
        return _filled(
            {
                "@context": list(CONTEXT),
                "id": template.urn("credential", identity),
                "type": ["VerifiableCredential", "OpenBadgeCredential"],
                "name": template.achievement.name,
                "issuer": self._issuer,
                "validFrom": _midnight(start),
                "validUntil": _midnight(until) if until else None,
                "credentialSubject": self._subject(learner, identity),
                "evidence": [{"type": ["Evidence"], "name": path.name} for path in learner.evidence] or None,
            }
        )

    def period(self, learner: Learner, today: date) -> tuple[date, date | None]:
        """Return from and until when it is valid: the row's days, else the template's, else from today on."""
        validity = self.template.validity
        start = learner.issued or validity.start or today
        if learner.until or validity.end:
            return start, learner.until or validity.end
        if not (validity.years or validity.months or validity.days):
            return start, None
        return start, _later(start, validity.years * 12 + validity.months, validity.days)

    def ends(self, learner: Learner, today: date) -> datetime | None:
        """Return the moment of its `validUntil`."""
        until = self.period(learner, today)[1]
        return None if until is None else datetime.combine(until, time(), UTC)

    def substance(self, learner: Learner) -> Digest:
        """Return the hash of all that a learner's credential says, but for the day of issue where no row says it."""
        given = learner
        told: list[JSON] = [given.name, given.email, given.did, given.credits, given.narrative, given.assessor]
        told += [None if day is None else day.isoformat() for day in (given.issued, given.until)]
        return sha256(self._same + canonical([*told, list(given.results), [path.name for path in given.evidence]]))

    def _subject(self, learner: Learner, identity: str) -> dict[str, JSON]:
        template = self.template
        results = [
            _result(template.achievement.id, *pair) for pair in zip(template.results, learner.results, strict=True)
        ]
        stood = [one for one in results if one is not None]
        earned = learner.credits
        if earned is None and template.achievement.for_credit is not False:
            earned = template.achievement.credits
        return _filled(
            {
                "id": learner.did if "did" in template.by else None,
                "type": ["AchievementSubject"],
                "identifier": self._identifiers(learner, identity) or None,
                "achievement": self._achievement,
                "creditsEarned": earned,
                "narrative": learner.narrative,
                "result": [*stood, *self._facts] or None,
                "source": self._assessor(learner),
            }
        )

    def _identifiers(self, learner: Learner, identity: str) -> list[JSON]:
        """Name the learner in clear, and the address as its salted hash (OB 3.0 §B.3.2 IdentityHash)."""
        found: list[JSON] = []
        if "name" in self.template.by and learner.name:
            found.append(
                {"type": "IdentityObject", "hashed": False, "identityHash": learner.name, "identityType": "name"}
            )
        if "email" in self.template.by and learner.email:
            salt = to_base64url(self.template.drawn("salt", identity)[:_SALT_SIZE])
            found.append(
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": f"sha256${sha256(f'{learner.email}{salt}'.encode()).hex()}",
                    "identityType": "emailAddress",
                    "salt": salt,
                }
            )
        return found

    def _assessor(self, learner: Learner) -> JSON:
        given = self.template.assessor
        name = learner.assessor or (given.name if given else None)
        if name is None:
            return None
        own = given if given and given.name == name else Party(None, name, None)
        if name not in self._assessors:
            if len(self._assessors) >= _ASSESSORS:
                self._assessors.clear()
            id_ = own.id or self.template.urn("assessor", name)
            more: dict[str, JSON] = {"url": own.url, "email": own.email}
            self._assessors[name] = Kept(_filled({"id": id_, "type": ["Profile"], "name": name, **more}))
        return self._assessors[name]


def _achievement(template: Template, described: list[JSON]) -> dict[str, JSON]:
    given = template.achievement
    return _filled(
        {
            "id": given.id,
            "type": ["Achievement"],
            "achievementType": given.type,
            "name": given.name,
            "description": given.description,
            "criteria": _filled({"id": given.criteria.url, "narrative": given.criteria.narrative}),
            "alignment": [_alignment(one) for one in template.alignments] or None,
            "creditsAvailable": given.credits,
            "fieldOfStudy": given.field,
            "humanCode": given.code,
            "image": _image(given.image),
            "inLanguage": given.language,
            "resultDescription": described or None,
            "tag": list(given.tags) or None,
        }
    )


def _facts(given: Achievement) -> list[tuple[str, str, str, str]]:
    """Give what Open Badges has no term for, as results: id, name, type and value."""
    credit = None if given.for_credit is None else "yes" if given.for_credit else "no"
    known = (
        ("learning-hours", "Learning hours", "ext:LearningHours", given.hours),
        ("level", "Level", "ext:Level", given.level),
        ("for-credit", "For credit", "ext:ForCredit", credit),
    )
    return [(_below(given.id, key), name, kind, str(value)) for key, name, kind, value in known if value is not None]


def _described(id_: str, name: str, kind: str) -> JSON:
    return {"id": id_, "type": ["ResultDescription"], "name": name, "resultType": kind}


def _description(achievement: str, result: Result) -> JSON:
    id_ = _result_id(achievement, result)
    levels: list[JSON] = [
        _filled(
            {
                "id": _level_id(achievement, result, level.name),
                "type": ["RubricCriterionLevel"],
                "name": level.name,
                "description": level.description,
                "points": level.points,
            }
        )
        for level in result.levels
    ]
    return _filled(
        {
            "id": id_,
            "type": ["ResultDescription"],
            "name": result.name,
            "resultType": result.kind,
            "allowedValue": list(result.allowed) or None,
            "requiredLevel": _level_id(achievement, result, result.required)
            if levels and result.required is not None
            else None,
            "requiredValue": None if levels else result.required,
            "rubricCriterionLevel": levels or None,
            "valueMin": None if result.least is None else str(result.least),
            "valueMax": None if result.most is None else str(result.most),
        }
    )


@lru_cache(maxsize=1000)
def _result(achievement: str, result: Result, value: str | None) -> JSON:
    if value is None:
        return None
    reached = _level_id(achievement, result, value) if result.levels else None
    return Kept(
        _filled(
            {
                "type": ["Result"],
                "resultDescription": _result_id(achievement, result),
                "achievedLevel": reached,
                "value": value,
            }
        )
    )


def _result_id(achievement: str, result: Result) -> str:
    return _below(achievement, f"result-{quote(result.name, safe='')}")


def _level_id(achievement: str, result: Result, level: str) -> str:
    return f"{_result_id(achievement, result)}-{quote(level, safe='')}"


def _below(achievement: str, key: str) -> str:
    """Return the id of a part of an achievement; an id has one fragment at most."""
    return f"{achievement}-{key}" if "#" in achievement else f"{achievement}#{key}"


def _alignment(given: Alignment) -> JSON:
    return _filled(
        {
            "type": ["Alignment"],
            "targetName": given.name,
            "targetUrl": given.url,
            "targetFramework": given.framework,
            "targetCode": given.code,
            "targetDescription": given.description,
            "targetType": given.target,
        }
    )


def _image(url: str | None) -> JSON:
    return None if url is None else {"id": url, "type": "Image"}


def _filled(members: dict[str, JSON]) -> dict[str, JSON]:
    """Leave out what there is nothing to say of: Open Badges has no null."""
    return {name: value for name, value in members.items() if value is not None}


@lru_cache(maxsize=1000)
def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


@lru_cache(maxsize=1000)
def _later(start: date, months: int, days: int) -> date:
    """Return the day so many months and days later; the 31st becomes a shorter month's last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > LAST.year:
        return LAST
    first = date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))
    return min(first + timedelta(days=days), LAST)
