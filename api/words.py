"""A verdict in the reader's words: the answer, the facts that carry it, what is not known and how to find out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from notary.core.canonical import JSON
from notary.core.encoding import parse_time, to_digest_text
from notary.core.leaf import Form
from notary.core.registry import MemberRecord
from notary.core.statement import Recognition
from notary.core.status import Status
from notary.core.verdict import RESTS_ON, Check, Facts, Institution, Result, State, StatusFact, Verdict, Weight

NO_CHAINS: Mapping[str, str] = {}

_HEADLINES = {
    Result.VERIFIED: "Verified",
    Result.EXPIRED: "Verified, expired",
    Result.NOT_YET_VALID: "Verified, not valid yet",
    Result.SUSPENDED: "Suspended",
    Result.REVOKED: "Revoked",
    Result.REPLACED: "Replaced",
    Result.NOT_VERIFIED: "Not verified",
    Result.NOT_KNOWN: "Not known yet",
}
_FALSE = {
    1: "this is no intact receipt",
    3: "this is not the credential that was anchored",
    5: "what the institution signed is not in the log that was anchored",
}
"""What has gone wrong, where the check itself speaks of trees."""
_LONG = re.compile(r"[\w-]{40,}")
_OF_THE_COPY = (1, 2, 3, 5, 11)
"""Steps that fail where a copy was altered; the others are about who spoke, and when."""
_INNOCENT = "The most likely innocent reason: this copy was edited or saved again. Ask for the original."
_IDENTITY = "To compare the person: the name above, and an identity document. A receipt in hand is not identity."
_STEPS = {
    1: "The receipt",
    2: "The credential",
    3: "Its place in the batch",
    4: "Who issued it",
    5: "The public log",
    7: "The block",
    8: "The anchor",
    9: "Who may speak",
    10: "The status",
    11: "The credential's own proof and period",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page or a terminal shows, in this order. `settle`: what would make it known."""

    result: Result
    headline: str
    facts: tuple[str, ...]
    unknown: tuple[tuple[str, str | None], ...]
    steps: tuple[tuple[str, Check], ...]


def answer(verdict: Verdict, chains: Mapping[str, str] = NO_CHAINS) -> Answer:
    """Put a verdict into words; `chains` gives chains' names by CAIP-2 id."""
    facts = tuple(_facts(verdict, chains)) if verdict.verified else ()
    if verdict.result is Result.NOT_VERIFIED:
        broken = _broken(verdict)
        facts = (_contrast(broken), *([_INNOCENT] if broken.step in _OF_THE_COPY else []))
    steps = tuple((_STEPS[check.step], check) for check in verdict.checks)
    return Answer(verdict.result, _headline(verdict), facts, tuple(_unknown(verdict)), steps)


def to_json(verdict: Verdict, chains: Mapping[str, str] = NO_CHAINS) -> dict[str, JSON]:
    """Return the same content for machines."""
    said = answer(verdict, chains)
    return {
        "result": verdict.result.value,
        "headline": said.headline,
        "facts": list(said.facts),
        "unknown": [{"what": what, "settle": settle} for what, settle in said.unknown],
        "recognition": [each.recognition.value for each in verdict.facts.institutions if each.recognition],
        "checks": [
            {
                "step": check.step,
                "about": check.about,
                "state": check.state.value,
                "says": check.says,
                "expected": check.expected,
                "actual": check.actual,
                "settle": check.settle,
            }
            for check in verdict.checks
        ],
    }


def _headline(verdict: Verdict) -> str:
    word = _HEADLINES[verdict.result]
    if verdict.result is Result.NOT_VERIFIED:
        broken = _broken(verdict)
        return f"{word}: {_FALSE.get(broken.step, broken.says)}."
    if verdict.result is Result.NOT_KNOWN:
        missing = _missing(verdict)
        return f"{word}: {missing.says}." if missing else f"{word}."
    return f"{word}."


def _broken(verdict: Verdict) -> Check:
    return next(c for c in verdict.checks if c.state is State.FAIL and c.weight is not Weight.NOTED)


def _missing(verdict: Verdict) -> Check | None:
    return next((c for c in verdict.checks if not c.holds and c.weight is Weight.NEEDED), None)


def _contrast(check: Check) -> str:
    """Say what was found and what was expected, long hashes shortened."""
    parts = [check.says[:1].upper() + check.says[1:]]
    parts += [f"{word} {value}" for word, value in (("expected", check.expected), ("found", check.actual)) if value]
    return _LONG.sub(lambda long: f"{long[0][:4]}…{long[0][-4:]}", "; ".join(parts)) + "."


def _unknown(verdict: Verdict) -> Iterator[tuple[str, str | None]]:
    """Give what is not known and how to find out: causes, not all that rests on them."""
    open_checks = [
        check
        for check in verdict.checks
        if check.state in (State.UNKNOWN, State.STALE)
        and (check.weight is Weight.NEEDED or (check.weight is Weight.HEEDED and verdict.verified))
    ]
    if any(check.settle for check in open_checks) and not verdict.verified:
        open_checks = [check for check in open_checks if check.settle]
    causes = {check.says.rpartition(RESTS_ON)[2]: check.settle for check in reversed(open_checks)}
    yield from reversed(causes.items())


def _facts(verdict: Verdict, chains: Mapping[str, str]) -> list[str]:
    facts = verdict.facts
    lines = [_issued(facts), *_validated(facts)]
    if facts.anchors:
        first = min(facts.anchors, key=lambda anchor: anchor.time)
        name = chains.get(first.chain, first.chain)
        lines.append(f"Anchored on {say_day(first.time)} in block {first.block:,} of {name}.".replace(",", "\u202f"))
    if facts.out_of_period:
        lines += [f"Valid {c.expected}." for c in verdict.checks if (c.step, c.about) == (11, "period") and c.expected]
    if facts.status:
        lines.append(_status(facts.status))
    lines += [_left(each.latest, verdict) for each in facts.institutions if each.latest.period.until]
    lines += [f"The key of {each.record.name} is kept by a custodian." for each in facts.institutions if each.custodial]
    if facts.registry_number:
        lines.append(f"Members as of registry state {facts.registry_number} of {facts.consortium}.")
    if facts.form is not Form.FILE:
        lines.append(_IDENTITY)
    return lines


def _issued(facts: Facts) -> str:
    by = " and ".join(each.record.name for each in facts.institutions)
    title = f"“{facts.summary.title}”" if facts.summary and facts.summary.title else "this credential"
    if facts.form is Form.FILE:
        return f"Submitted by {by}. Who made this file, and for whom, nothing here says."
    learners = " and ".join(facts.summary.learners) if facts.summary and facts.summary.learners else None
    to = f"Issued to {learners}" if learners else "Issued to somebody the credential does not name"
    return (
        f"{to} by {by}: {title}. {'; '.join(say_recognition(each, facts.consortium) for each in facts.institutions)}."
    )


def _validated(facts: Facts) -> Iterator[str]:
    """Say both recognitions where the credential validates a claim: what it was worth before, and what it is now."""
    by = " and ".join(each.record.name for each in facts.institutions)
    for digest in facts.summary.claims if facts.summary else ():
        name = to_digest_text(digest)
        yield (
            f"It validates a claim that was self-asserted before ({name[:4]}…{name[-4:]}): what the learner claimed,"
            f" {by} now vouches for."
        )


def say_recognition(institution: Institution, consortium: str | None) -> str:
    """Return a claim's standing in words."""
    name = institution.record.name
    match institution.recognition:
        case Recognition.AUTHORISED:
            return f"{name} is authorised for it by {consortium}"
        case Recognition.COMMUNITY:
            return f"{name} is a community member of {consortium}: recognised, not authorised"
        case _:
            return f"{name} says so itself: self-asserted, nobody else has validated it"


def _left(record: MemberRecord, verdict: Verdict) -> str:
    """Say that a member left, or when it will, as seen from the newest block that the receipt proves."""
    assert record.period.until is not None
    ends = parse_time(record.period.until, "until")
    newest = max((anchor.time for anchor in verdict.facts.anchors), default=0)
    left = "left the consortium on" if ends.timestamp() <= newest else "is to leave the consortium on"
    successor = f"its successor is {record.successor}" if record.successor else "it named no successor"
    return f"{record.name} {left} {say_day(int(ends.timestamp()))}; {successor}."


def _status(fact: StatusFact) -> str:
    day = say_day(fact.as_of)
    by, ask = ("its issuer", "the issuer")
    if fact.successor:
        by, ask = f"its issuer's successor, {fact.successor},", "the successor"
    match fact.status:
        case Status.VALID:
            return f"Not revoked as of {day}."
        case Status.SUSPENDED:
            return f"Suspended by {by} as of {day}. Ask {ask}: a suspension can end."
        case Status.REVOKED:
            return f"Revoked by {by} as of {day}. Ask {ask} why."
        case Status.REPLACED:
            return f"Replaced by a newer credential as of {day}. Ask the learner for that one."


def chain_names() -> Mapping[str, str]:
    """Return what people call the chains this release knows, by CAIP-2 id."""
    from anchoring.profiles import Profiles

    return {chain: profile.name for chain, profile in Profiles.load().known.items()}


def say_day(seconds: int) -> str:
    """Return a block's day, as people write it."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment.day} {moment:%B %Y}"
