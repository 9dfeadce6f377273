"""What verification says: checks in four states, and the verdict they add up to. Spec: docs/spec/verification.md.

A check that rests on one that did not pass is at most unknown. An outage can
only produce unknown. Nothing passes by omission.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum

from notary.core.errors import Malformed, Mismatch, NotaryError, Unsupported
from notary.core.leaf import Form
from notary.core.registry import MemberRecord
from notary.core.statement import Recognition
from notary.core.status import Status
from notary.core.summary import Summary

RESTS_ON = "not decided, since it rests on this: "
"""What a check says before the words of the one below it that did not pass."""


class State(StrEnum):
    """How a check came out; `stale` is said and counts as pass."""

    PASS = "pass"  # noqa: S105
    STALE = "stale"
    UNKNOWN = "unknown"
    FAIL = "fail"


class Weight(Enum):
    """What a check means for the verdict."""

    NEEDED = "a fail: not verified; unknown: not known yet"
    HEEDED = "a fail: not verified; unknown is said and does not hinder"
    NOTED = "part of a needed check that sums it up, or said only"


class Result(StrEnum):
    """The verdict in a word."""

    VERIFIED = "verified"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    REPLACED = "replaced"
    NOT_VERIFIED = "not verified"
    NOT_KNOWN = "not known yet"


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the step of docs/spec/verification.md, what it is about, how it came out.

    `settle`: what would settle an unknown, or freshen what is stale.
    """

    step: int
    about: str
    state: State
    says: str
    expected: str | None = None
    actual: str | None = None
    settle: str | None = None
    weight: Weight = Weight.NEEDED

    @property
    def holds(self) -> bool:
        """Whether it passed, fresh or stale."""
        return self.state in (State.PASS, State.STALE)

    def resting_on(self, *others: Check) -> Check:
        """Return this check, at most unknown where one of the others did not pass."""
        broken = next((other for other in others if not other.holds), None)
        if not self.holds or broken is None:
            return self
        return replace(
            self,
            state=State.UNKNOWN,
            says=f"{RESTS_ON}{broken.says}",
            settle=broken.settle,
        )


def run_check(step: int, about: str, says: str, do: Callable[[], object]) -> Check:
    """Run one needed check: what it raises decides its state."""
    try:
        do()
    except (Malformed, Mismatch, Unsupported) as error:
        return failed(step, about, error)
    return Check(step, about, State.PASS, says)


def failed(step: int, about: str, error: NotaryError) -> Check:
    """Return the needed check that an error decided: unknown where this release lacks something, else fail."""
    state = State.UNKNOWN if isinstance(error, Unsupported) else State.FAIL
    return Check(step, about, state, error.what, error.expected, error.actual, error.hint)


def noted(step: int, about: str, error: NotaryError) -> Check:
    """Return a check an error decided that a needed one sums up."""
    return replace(failed(step, about, error), weight=Weight.NOTED)


@dataclass(frozen=True, slots=True)
class Institution:
    """Who submitted the credential, as the proven member record had it at that block.

    `latest`: the record of the newest registry state in which the receipt proves one.
    """

    record: MemberRecord
    recognition: Recognition | None
    custodial: bool
    latest: MemberRecord


@dataclass(frozen=True, slots=True)
class AnchorFact:
    """One complete anchor: where it stands, and what it proves."""

    chain: str
    block: int
    time: int
    commitment: int


@dataclass(frozen=True, slots=True)
class StatusFact:
    """The status proven, as of a block's time (Unix seconds). `successor`: who spoke in the issuer's place, or None."""

    status: Status
    as_of: int
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a verdict may say in words, each proven by checks that passed, or None."""

    form: Form | None = None
    summary: Summary | None = None
    consortium: str | None = None
    institutions: tuple[Institution, ...] = ()
    anchors: tuple[AnchorFact, ...] = ()
    status: StatusFact | None = None
    out_of_period: Result | None = None
    registry_number: int | None = None
    trust_date: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the checks that carry it, and the facts to say it with."""

    result: Result
    checks: tuple[Check, ...]
    facts: Facts = field(default_factory=Facts)

    @property
    def verified(self) -> bool:
        """Whether everything needed passed, whatever the status or the period say."""
        return self.result not in (Result.NOT_VERIFIED, Result.NOT_KNOWN)


def conclude(checks: Iterable[Check], facts: Facts) -> Verdict:
    """Add checks up: what is false comes first, then what is missing, then status, then period."""
    all_checks = tuple(checks)
    return Verdict(_result(all_checks, facts), all_checks, facts)


def _result(checks: tuple[Check, ...], facts: Facts) -> Result:
    if any(check.state is State.FAIL and check.weight is not Weight.NOTED for check in checks):
        return Result.NOT_VERIFIED
    if facts.status is None or not all(check.holds for check in checks if check.weight is Weight.NEEDED):
        return Result.NOT_KNOWN
    return _BY_STATUS.get(facts.status.status) or facts.out_of_period or Result.VERIFIED


_BY_STATUS = {
    Status.SUSPENDED: Result.SUSPENDED,
    Status.REVOKED: Result.REVOKED,
    Status.REPLACED: Result.REPLACED,
}
