"""A template: everything about an award that is the same for all who are given it. Format: docs/issuing.md.

`series` is a secret of the institution's own: credential ids and the salts of
hashed addresses follow from it and from who a row is about, so the same template
and row give the same credential, and nobody else can tell whom an id is for.
"""

from __future__ import annotations

import hmac
import re
import tomllib
from codecs import BOM_UTF8
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from notary.core.canonical import load
from notary.core.digest import Digest
from notary.core.encoding import from_base64url
from notary.core.errors import Malformed
from notary.core.statement import Recognition
from notary.service.issuing.finding import Finding, Unfit
from notary.service.issuing.reading import Fields

TYPE = "credential-notary/template/v1"
MAX_TEMPLATE = 1 << 20
MAX_DEPTH = 64
SERIES_SIZE = 32

KINDS = {"nano": "ext:NanoCredential", "micro": "MicroCredential", "macro": "ext:MacroCredential"}
"""A credential's size as people say it, and Open Badges' achievementType for it."""
ACHIEVEMENT_TYPES = (
    *("Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment", "AssociateDegree", "Award", "Badge"),
    *("BachelorDegree", "Certificate", "CertificateOfCompletion", "Certification", "CommunityService", "Competency"),
    *("Course", "CoCurricular", "Degree", "Diploma", "DoctoralDegree", "Fieldwork", "GeneralEducationDevelopment"),
    *("JourneymanCertificate", "LearningProgram", "License", "Membership", "ProfessionalDoctorate"),
    *("QualityAssuranceCredential", "MasterCertificate", "MasterDegree", "MicroCredential", "ResearchDoctorate"),
    "SecondarySchoolDiploma",
)
RESULT_TYPES = (
    *("GradePointAverage", "LetterGrade", "Percent", "PerformanceLevel", "PredictedScore", "RawScore", "Result"),
    *("RubricCriterion", "RubricCriterionLevel", "RubricScore", "ScaledScore", "Status"),
)
SOURCES = {"CASE": "CFItem", "ESCO": "ext:ESCO", "Open Skills": "ceasn:Competency", "CTDL": "CTDL", "other": None}
"""Where an alignment's target is described, and Open Badges' targetType for it."""
IDENTITIES = ("name", "email", "did")
_LANGUAGE = re.compile(r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


@dataclass(frozen=True, slots=True)
class Alignment:
    """What an achievement is aligned to: an item of somebody's framework. `target`: Open Badges' targetType."""

    name: str
    url: str
    framework: str | None
    code: str | None
    description: str | None
    target: str | None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a rubric, from low to high."""

    name: str
    description: str | None
    points: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """What is measured: a grade, a score, a level of a rubric. `column`: the table's column that holds it."""

    name: str
    kind: str
    column: str
    allowed: tuple[str, ...]
    least: int | float | None
    most: int | float | None
    required: str | None
    levels: tuple[Level, ...]
    optional: bool


@dataclass(frozen=True, slots=True)
class Criteria:
    """How it is earned. `copy`: a file beside the template, kept as evidence of what the page said then."""

    narrative: str
    url: str | None
    copy: str | None


@dataclass(frozen=True, slots=True)
class Achievement:
    """What is awarded. `hours`: of learning; `type`: Open Badges' achievementType."""

    id: str
    name: str
    description: str
    type: str | None
    criteria: Criteria
    credits: int | float | None
    for_credit: bool | None
    hours: int | float | None
    level: str | None
    language: str | None
    code: str | None
    field: str | None
    tags: tuple[str, ...]
    image: str | None


@dataclass(frozen=True, slots=True)
class Party:
    """An institution or a person; what is None is filled in by who issues, or left out."""

    id: str | None
    name: str | None
    url: str | None
    email: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Validity:
    """From and until when; a lifetime counts from the day each is issued."""

    start: date | None
    end: date | None
    years: int
    months: int
    days: int


@dataclass(frozen=True, slots=True)
class Template:
    """One award, ready to be filled in. `by`: how a learner is named in it."""

    series: bytes
    recognition: Recognition | None
    issuer: Party
    achievement: Achievement
    alignments: tuple[Alignment, ...]
    results: tuple[Result, ...]
    assessor: Party | None
    by: tuple[str, ...]
    validity: Validity

    @classmethod
    def parse(cls, data: bytes, name: str) -> Template:
        """Read TOML, or JSON where the name ends in .json; Unfit has everything that is wrong."""
        findings: list[Finding] = []
        fields = Fields(_load(data, name), "", findings)
        found = _read(fields)
        fields.close()
        if findings or found is None:
            raise Unfit(name, findings, "See docs/issuing.md, or begin with an example: notary template new")
        return found

    def drawn(self, purpose: str, of: str) -> Digest:
        """Return 32 bytes that follow from the series, a purpose and a text, and that nobody else can tell."""
        return Digest(hmac.digest(self.series, f"{purpose}\0{of}".encode(), "sha256"))

    def urn(self, purpose: str, of: str) -> str:
        """Return an id drawn so, as a UUID of version 8 (RFC 9562 §5.8)."""
        drawn = bytearray(self.drawn(purpose, of)[:16])
        drawn[6], drawn[8] = drawn[6] & 0x0F | 0x80, drawn[8] & 0x3F | 0x80
        return f"urn:uuid:{UUID(bytes=bytes(drawn))}"


def _load(data: bytes, name: str) -> dict[str, object]:
    if len(data) > MAX_TEMPLATE:
        raise Unfit(name, [Finding(f"it has {len(data):,} bytes; the most is {MAX_TEMPLATE:,}")])
    as_json = name.lower().endswith(".json")
    try:
        if as_json:
            value: object = load(data.removeprefix(BOM_UTF8), "it", max_size=MAX_TEMPLATE, max_depth=MAX_DEPTH).value
        else:
            value = tomllib.loads(_shallow(data.decode("utf-8-sig")))
    except (ValueError, Malformed) as error:
        why = str(error).removeprefix("it is no JSON: ").splitlines()[0][:200]
        raise Unfit(name, [Finding(f"it is no {'JSON' if as_json else 'TOML'}: {why}")]) from error
    if not isinstance(value, dict):
        raise Unfit(name, [Finding("it is no JSON object")])
    return value


def _shallow(text: str) -> str:
    """Return a text that is nested no deeper than a template is: a parser that recurses would exhaust its stack."""
    depth = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        depth = depth + 1 if bracket in "[{" else max(0, depth - 1)
        if depth > MAX_DEPTH:
            raise ValueError(f"more than {MAX_DEPTH} brackets are open at once")
    return text


def _read(fields: Fields) -> Template | None:
    fields.choice("type", (TYPE,), needed=True)
    series = _series(fields)
    recognition = fields.choice("recognition", tuple(one.value for one in Recognition))
    issuer = fields.table("issuer", _party) or Party(None, None, None)
    achievement = fields.table("achievement", _achievement, needed=True)
    alignments = fields.tables("alignment", _alignment)
    results = fields.tables("result", _result)
    assessor = fields.table("assessor", _party)
    by = fields.table("subject", _by) or ("name", "email")
    validity = fields.table("validity", _validity) or Validity(None, None, 0, 0, 0)
    columns = [result.column.casefold() for result in results if result]
    if len(set(columns)) < len(columns):
        fields.fault("result", "two results are read from the same column")
    if assessor is not None and assessor.name is None:
        fields.fault("assessor", "its name is missing", "Leave the table out where the institution itself assessed")
    if fields.findings or series is None or achievement is None:
        return None
    return Template(
        series=series,
        recognition=Recognition(recognition) if recognition else None,
        issuer=issuer,
        achievement=achievement,
        alignments=tuple(one for one in alignments if one),
        results=tuple(one for one in results if one),
        assessor=assessor,
        by=by,
        validity=validity,
    )


def _series(fields: Fields) -> bytes | None:
    text = fields.text("series", needed=True, why="`notary template new` draws one; it is secret, and each award's own")
    if text is None:
        return None
    try:
        series = from_base64url(text, "series")
    except Malformed:
        series = b""
    if len(series) != SERIES_SIZE:
        fields.fault("series", "it is no 32 bytes of base64url", "Copy it whole, or draw one: notary template new")
        return None
    return series


def _achievement(fields: Fields) -> Achievement | None:
    kind = fields.choice("kind", tuple(KINDS))
    type_ = fields.line("type")
    if type_ is not None and type_ not in ACHIEVEMENT_TYPES and not re.fullmatch(r"ext:[A-Za-z0-9._-]+", type_):
        fields.fault("type", f"it is none of {', '.join(ACHIEVEMENT_TYPES)}, nor ext:AndAName")
    if kind and type_:
        fields.fault("type", "kind says it already", "Keep one of the two")
    language = fields.line("language")
    if language is not None and not _LANGUAGE.fullmatch(language):
        fields.fault("language", "it is no language code like en or pt-BR")
    credits_, for_credit = fields.number("credits"), fields.flag("for_credit")
    if for_credit is False and credits_:
        fields.fault("credits", "it is not for credit", "Leave credits out, or say for_credit = true")
    page = fields.uri("id", needed=True, why="An address of yours that means this achievement and no other, for good")
    name = fields.line("name", needed=True)
    description = fields.text("description", needed=True)
    criteria = fields.table("criteria", _criteria, needed=True, why="Say how it is earned")
    hours, level, code = fields.number("hours"), fields.line("level"), fields.line("code")
    area, tags, image = fields.line("field"), fields.lines("tags"), fields.uri("image", web=True)
    if page is None or name is None or description is None or criteria is None:
        return None
    return Achievement(
        *(page, name, description, KINDS[kind] if kind else type_, criteria, credits_, for_credit),
        *(hours, level, language, code, area, tags, image),
    )


def _criteria(fields: Fields) -> Criteria | None:
    narrative = fields.text("narrative", needed=True, why="What a learner has to show, and how well")
    url, copy = fields.uri("url", web=True), fields.line("copy")
    return None if narrative is None else Criteria(narrative, url, copy)


def _alignment(fields: Fields) -> Alignment | None:
    source = fields.choice("source", tuple(SOURCES), needed=True)
    name, url = fields.line("name", needed=True), fields.uri("url", needed=True)
    framework = fields.line("framework", needed=source in ("CASE", "other")) or (None if source == "other" else source)
    code, description = fields.line("code"), fields.text("description")
    if source is None or name is None or url is None:
        return None
    return Alignment(name, url, framework, code, description, SOURCES[source])


def _result(fields: Fields) -> Result | None:
    name = fields.line("name", needed=True)
    kind = fields.choice("kind", RESULT_TYPES)
    column = fields.line("column") or name
    allowed, levels = fields.lines("allowed"), fields.tables("level", _level)
    least, most = fields.number("least"), fields.number("most")
    required, optional = fields.line("required"), fields.flag("optional")
    ways = bool(allowed) + bool(levels) + (least is not None or most is not None)
    if ways > 1:
        fields.fault("", "it is measured in two ways", "Keep one: allowed words, a rubric's levels, or least and most")
    if least is not None and most is not None and least > most:
        fields.fault("least", "it is more than most")
    known = allowed or tuple(level.name for level in levels if level)
    if len({one.casefold() for one in known}) < len(known):
        fields.fault("", "a value stands twice")
    if required is not None and known and required not in known:
        fields.fault("required", f"it is none of {', '.join(known)}")
    if required is not None and not known and not re.fullmatch(r"\d+(\.\d+)?", required):
        fields.fault("required", "it is neither a number nor one of allowed words or levels")
    if name is None or column is None:
        return None
    measured = least is not None or most is not None
    chosen = kind or ("RubricCriterionLevel" if levels else "RawScore" if measured else "Result")
    whole = tuple(level for level in levels if level)
    return Result(name, chosen, column, allowed, least, most, required, whole, optional or False)


def _level(fields: Fields) -> Level | None:
    name = fields.line("name", needed=True)
    description, points = fields.text("description"), fields.number("points")
    return None if name is None else Level(name, description, None if points is None else str(points))


def _party(fields: Fields) -> Party:
    return Party(
        *(fields.uri("id"), fields.line("name"), fields.uri("url", web=True)),
        *(fields.line("email"), fields.uri("image", web=True)),
    )


def _by(fields: Fields) -> tuple[str, ...]:
    found = fields.lines("by")
    if not found or len(set(found)) < len(found) or not set(found) <= set(IDENTITIES):
        fields.fault("by", f"it is no list of one or more of {', '.join(IDENTITIES)}")
    return found


def _validity(fields: Fields) -> Validity:
    start, end = fields.day("from"), fields.day("until")
    lifetime = [fields.number(name) or 0 for name in ("years", "months", "days")]
    if any(isinstance(each, float) or each > 36_500 for each in lifetime):
        fields.fault("", "years, months and days are whole numbers")
        lifetime = [0, 0, 0]
    if end is not None and any(lifetime):
        fields.fault("until", "a lifetime is given too", "Keep one: until, or years, months and days")
    if start is not None and end is not None and end <= start:
        fields.fault("until", "it is not after from")
    return Validity(start, end, *map(int, lifetime))
