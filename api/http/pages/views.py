"""What the pages show, in the order they show it: the answer, the facts, what is not known, the proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.http.pages.stations import Station, judged_stations, reached_stations
from api.stages import STAGES
from api.statuses import REASON_WORDS
from api.words import answer
from notary.core.evidence import EvidenceManifest
from notary.core.leaf import Form
from notary.core.receipt import Receipt
from notary.core.statement import Recognition
from notary.core.verdict import Result, Verdict
from notary.service.receipts.judging import Judgement, Source
from notary.service.receipts.learner import Award
from notary.service.rounds.progress import Stage

_TONES: Final = {
    Result.VERIFIED: ("good", "tick"),
    Result.EXPIRED: ("calm", "clock"),
    Result.NOT_YET_VALID: ("calm", "clock"),
    Result.SUSPENDED: ("warn", "bang"),
    Result.REVOKED: ("warn", "bang"),
    Result.REPLACED: ("warn", "bang"),
    Result.NOT_VERIFIED: ("bad", "cross"),
    Result.NOT_KNOWN: ("open", "question"),
}
_FROM_HERE: Final = {
    Source.FOUND: "You brought the credential without its receipt. This notary had the receipt, and used it.",
    Source.REFRESHED: "Your receipt holds. This notary had a newer one of the same credential, and used its status.",
}
_NO_STANDING: Final = {
    Result.NOT_VERIFIED: "No recognition follows from this",
    Result.NOT_KNOWN: "Recognition not known yet",
}
_STANDINGS: Final = {
    Recognition.AUTHORISED: "Authorised",
    Recognition.COMMUNITY: "Community",
    Recognition.SELF_ASSERTED: "Self-asserted",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """A verdict as a page shows it: `word` large, `reason` after it and what would `settle` it.

    `standings` stand beside it, or `no_standing`; `from_here` says where this
    notary brought something of its own to it.
    """

    tone: str
    icon: str
    word: str
    reason: str
    standings: tuple[tuple[str, str], ...]
    facts: tuple[str, ...]
    unknown: tuple[tuple[str, str | None], ...]
    settle: str | None
    no_standing: str
    stations: tuple[Station, ...]
    trust_date: str | None
    from_here: str | None


def answered(judged: Judgement, chains: Mapping[str, str]) -> Answered:
    """Put a judgement into a page's words."""
    said = answer(judged.verdict, chains)
    tone, icon = _TONES[said.result]
    word, _, reason = said.headline.partition(": ")
    reason = reason.rstrip(".")
    return Answered(
        tone=tone,
        icon=icon,
        word=word.rstrip("."),
        reason=reason,
        standings=_standings(judged.verdict) if judged.verdict.verified else (),
        facts=said.facts,
        unknown=tuple(entry for entry in said.unknown if entry[0] != reason) if tone != "bad" else (),
        settle=next((settle for what, settle in said.unknown if what == reason), None),
        no_standing=_NO_STANDING.get(said.result, "A file carries no recognition"),
        stations=judged_stations(judged.verdict, judged.receipt, chains),
        trust_date=judged.verdict.facts.trust_date,
        from_here=_FROM_HERE.get(judged.source),
    )


def _standings(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    institutions = verdict.facts.institutions
    return tuple((_STANDINGS[each.recognition], each.record.name) for each in institutions if each.recognition)


@dataclass(frozen=True, slots=True)
class Shown:
    """A learner's page. `answer` is there once it is final; else `waits` says for what, `expected` until when.

    `why` it is suspended, revoked or replaced; `instead`: why another credential is shown than the link was for.
    """

    learner: str
    title: str
    institution: str
    answer: Answered | None
    facts: tuple[str, ...]
    waits: str
    expected: datetime | None
    stations: tuple[Station, ...]
    final: bool
    kept: bool
    evidence: tuple[tuple[str, int], ...]
    why: str | None
    instead: str | None


def shown(award: Award, chains: Mapping[str, str], expected: datetime | None) -> Shown:
    """Put what stands behind a learner's link into a page's words; `expected`: when it may be final."""
    stage = award.progress.state if award.progress else Stage.OPEN
    said = None
    stations = reached_stations(stage)
    if award.verdict is not None:
        said = answered(Judgement(award.verdict, award.receipt), chains)
        stations = said.stations
    return Shown(
        learner=award.row.learner or "",
        title=award.row.title or "Credential",
        institution=award.institution,
        answer=said,
        facts=beside_name(award, said),
        waits=STAGES[stage],
        expected=expected,
        stations=stations,
        final=award.receipt is not None,
        kept=award.row.content is not None,
        evidence=_evidence(award.receipt),
        why=None if award.reason is None else REASON_WORDS[award.reason],
        instead=None if award.instead is None else REASON_WORDS[award.instead],
    )


def beside_name(award: Award, said: Answered | None) -> tuple[str, ...]:
    """Return the facts, but for the one that learner, title and institution above them have said."""
    if said is None or award.verdict is None:
        return ()
    told = award.verdict.verified and award.row.form is not Form.FILE
    return said.facts[1:] if told else said.facts


def _evidence(receipt: Receipt | None) -> tuple[tuple[str, int], ...]:
    manifest = receipt.evidence if receipt else None
    return tuple((item.name, item.size) for item in manifest.items) if isinstance(manifest, EvidenceManifest) else ()


def credential_file(form: Form, credential: str) -> tuple[str, str]:
    """Return a credential's media type and file name, as it is downloaded: never shown by a browser."""
    match form:
        case Form.JSON:
            return "application/json", f"credential-{credential}.json"
        case Form.JOSE:
            return "application/jose", f"credential-{credential}.jwt"
        case Form.FILE:
            return "application/octet-stream", f"credential-{credential}.bin"
