"""Whether a credential is an AchievementCredential as Open Badges 3.0 defines it, said in words.

The rules are those of 1EdTech's JSON schema for what this notary issues: which
members a class needs, and of which kind each is. The schema itself is in no
package of a registry and its licence allows unchanged copies only, so it is not
shipped; a test holds this table to it, and validates by it what is issued.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from notary.core.canonical import JSON
from notary.service.issuing.badge import CONTEXT, BadgeMaker
from notary.service.issuing.cells import FIRST
from notary.service.issuing.finding import Finding, quoted
from notary.service.issuing.learner import Learner
from notary.service.issuing.template import ACHIEVEMENT_TYPES, RESULT_TYPES, SOURCES, Result, Template

_EXTENSION = re.compile(r"ext:[A-Za-z0-9._-]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_IDENTITY_TYPES = ("name", "emailAddress", "identifier", "sourcedId", "systemId", "userName", "accountId")


@dataclass(frozen=True, slots=True)
class Class:
    """A class of Open Badges 3.0: its members by kind, those it needs, and words some are chosen from.

    A kind is `text`, `uri`, `time`, `number`, `flag`, `words`, the name of a class, or one in brackets for a list.
    `typed`: whether `type` is a list that holds the class's name.
    """

    members: dict[str, str]
    needed: frozenset[str]
    chosen: dict[str, tuple[str, ...]]
    typed: bool = True


def _class(members: str, needed: str, chosen: dict[str, tuple[str, ...]] | None = None, *, typed: bool = True) -> Class:
    pairs = (pair.partition(":")[::2] for pair in members.split())
    return Class(dict(pairs), frozenset(needed.split()), chosen or {}, typed)


CLASSES = {
    "AchievementCredential": _class(
        "id:uri name:text description:text issuer:Profile validFrom:time validUntil:time"
        " credentialSubject:AchievementSubject evidence:[Evidence] image:Image",
        "@context id type credentialSubject issuer validFrom",
        typed=False,
    ),
    "AchievementSubject": _class(
        "id:uri identifier:[IdentityObject] achievement:Achievement creditsEarned:number narrative:text"
        " result:[Result] source:Profile",
        "type achievement",
    ),
    "IdentityObject": _class(
        "hashed:flag identityHash:text identityType:text salt:text",
        "type hashed identityHash identityType",
        {"type": ("IdentityObject",), "identityType": _IDENTITY_TYPES},
        typed=False,
    ),
    "Achievement": _class(
        "id:uri achievementType:text name:text description:text criteria:Criteria alignment:[Alignment]"
        " creditsAvailable:number fieldOfStudy:text humanCode:text image:Image inLanguage:text"
        " resultDescription:[ResultDescription] tag:words",
        "id type criteria description name",
        {"achievementType": ACHIEVEMENT_TYPES},
    ),
    "Criteria": _class("id:uri narrative:text", "", typed=False),
    "Alignment": _class(
        "targetName:text targetUrl:uri targetFramework:text targetCode:text targetDescription:text targetType:text",
        "type targetName targetUrl",
        {"targetType": tuple(kind for kind in SOURCES.values() if kind)},
    ),
    "ResultDescription": _class(
        "id:uri name:text resultType:text allowedValue:words requiredLevel:uri requiredValue:text"
        " rubricCriterionLevel:[RubricCriterionLevel] valueMin:text valueMax:text",
        "id type name resultType",
        {"resultType": RESULT_TYPES},
    ),
    "RubricCriterionLevel": _class("id:uri name:text description:text points:text", "id type name"),
    "Result": _class("resultDescription:uri achievedLevel:uri value:text", "type"),
    "Profile": _class("id:uri name:text url:uri email:text image:Image", "id type"),
    "Evidence": _class("id:uri name:text narrative:text description:text genre:text", "type"),
    "Image": _class("id:uri caption:text", "id type", {"type": ("Image",)}, typed=False),
}


def check_credential(credential: dict[str, JSON]) -> tuple[Finding, ...]:
    """Return everything in which an unsigned credential is none of Open Badges 3.0's; nothing where it is one."""
    return tuple(_check_whole(credential))


def check_maker(maker: BadgeMaker) -> tuple[Finding, ...]:
    """Return everything in which a template's credentials are none of Open Badges 3.0's, whoever they are for."""
    return check_credential(maker.make(_someone(maker.template), FIRST))


def _someone(template: Template) -> Learner:
    """Return a learner who has all that a row can say, and passed."""
    return Learner(
        row=2,
        name="Ana Pérez",
        email="ana@learners.example",
        did="did:example:ana",
        number="1",
        issued=None,
        until=None,
        credits=None,
        evidence=(Path("work.pdf"),),
        narrative="What was shown.",
        assessor=None,
        results=tuple(_passing(result) for result in template.results),
    )


def _passing(result: Result) -> str:
    known = result.allowed or tuple(level.name for level in result.levels)
    best = result.most if result.most is not None else result.required or 1
    return known[-1] if known else str(best)


def _check_whole(credential: dict[str, JSON]) -> Iterator[Finding]:
    if credential.get("@context") != list(CONTEXT):
        yield Finding("it is not VC 2.0's, then Open Badges 3.0's", field="@context")
    if credential.get("type") != ["VerifiableCredential", "OpenBadgeCredential"]:
        yield Finding("it is not VerifiableCredential and OpenBadgeCredential", field="type")
    yield from _check(credential, "AchievementCredential", "")
    subject = credential.get("credentialSubject")
    if isinstance(subject, dict) and not (subject.get("id") or subject.get("identifier")):
        yield Finding("it names no learner: an id or an identifier", field="credentialSubject")


def _check(value: JSON, name: str, where: str) -> Iterator[Finding]:
    rules = CLASSES[name]
    if not isinstance(value, dict):
        yield Finding(f"it is no {name}", field=where)
        return
    for missing in sorted(rules.needed - value.keys()):
        yield Finding("it is missing", field=_path(where, missing))
    if rules.typed and value.get("type") != [name]:
        yield Finding(f"it is not {name}", field=_path(where, "type"))
    for member, content in value.items():
        path = _path(where, member)
        if member in rules.chosen and content not in rules.chosen[member] and not _is_extension(content):
            yield Finding(f"{quoted(content)} is none of {', '.join(rules.chosen[member])}", field=path)
        elif member in rules.members:
            yield from _check_kind(content, rules.members[member], path)
        elif member not in ("type", "@context"):
            yield Finding(f"{name} has no such member", field=path)


def _check_kind(content: JSON, kind: str, path: str) -> Iterator[Finding]:
    if kind.startswith("["):
        if not isinstance(content, list) or not content:
            yield Finding("it is no list", field=path)
            return
        for at, item in enumerate(content):
            yield from _check(item, kind.strip("[]"), f"{path}[{at}]")
    elif kind in CLASSES:
        yield from _check(content, kind, path)
    elif not _is(content, kind):
        yield Finding(f"it is no {kind}", field=path)


def _is(content: JSON, kind: str) -> bool:
    match kind:
        case "flag":
            return isinstance(content, bool)
        case "number":
            return isinstance(content, int | float) and not isinstance(content, bool)
        case "words":
            return isinstance(content, list) and all(isinstance(one, str) and one for one in content)
        case "uri":
            return isinstance(content, str) and re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:\S+$", content) is not None
        case "time":
            return isinstance(content, str) and _TIME.fullmatch(content) is not None
        case _:
            return isinstance(content, str) and bool(content)


def _is_extension(content: JSON) -> bool:
    return isinstance(content, str) and _EXTENSION.fullmatch(content) is not None


def _path(where: str, member: str) -> str:
    return f"{where}.{member}" if where else member
