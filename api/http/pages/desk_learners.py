"""What the desk says of one credential: how it stands, and what can be done with it now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.statuses import DOES, REASON_WORDS
from notary.core.status import Status
from notary.ports.ledger import REASONS, MarkRow, Reason
from notary.service.receipts.learner import Award
from notary.service.rounds.progress import Stage
from notary.service.status.marking import Plan, allowed

DONE: Mapping[Status, str] = {
    Status.VALID: "valid",
    Status.SUSPENDED: "suspended",
    Status.REVOKED: "revoked",
    Status.REPLACED: "replaced",
}
_VERBS: Final = {Status.SUSPENDED: "Suspend", Status.REVOKED: "Revoke", Status.VALID: "Reinstate"}
_AFTER: Final = {
    Status.SUSPENDED: "It can be reinstated later.",
    Status.REVOKED: "It is final once it is signed: after that a new one can be issued, and nothing else.",
    Status.VALID: "It can be suspended again.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A credential's status in the log, and what is marked and waits for a signature. `why`: of the one shown."""

    signed: Status
    pending: Status | None
    why: str | None
    logged: bool

    @property
    def word(self) -> str:
        """The status that holds, in a word."""
        return DONE[self.signed]


@dataclass(frozen=True, slots=True)
class Step:
    """One change of status that may be asked for, with the reasons there are."""

    to: str
    verb: str
    after: str
    reasons: tuple[tuple[str, str], ...]


def credential_state(award: Award, marks: Sequence[MarkRow]) -> Standing:
    """Say how a credential stands by its marks: the newest that is signed holds, one that is not waits."""
    signed = next((mark for mark in reversed(marks) if mark.statement), None)
    waiting = next((mark for mark in reversed(marks) if not mark.statement), None)
    told = waiting or signed
    logged = award.progress is not None and award.progress.state not in (Stage.OPEN, Stage.SEALED)
    return Standing(
        signed=signed.status if signed else Status.VALID,
        pending=waiting.status if waiting else None,
        why=None if told is None else REASON_WORDS[told.reason],
        logged=logged,
    )


def steps_of(award: Award, marks: Sequence[MarkRow]) -> tuple[Step, ...]:
    """Return the changes that may follow; none before its batch is in the log, and after what is final."""
    state = credential_state(award, marks)
    if not state.logged or award.erased:
        return ()
    return tuple(step_to(to) for to in _VERBS if to is not state.signed and allowed(state.signed, to))


def step_to(to: Status) -> Step:
    """Put a change into a page's words."""
    return Step(to.name.lower(), _VERBS[to], _AFTER[to], reason_choices(to))


def reason_choices(to: Status) -> tuple[tuple[str, str], ...]:
    """Return the reasons that lead to a status: the form's value, and its words."""
    return tuple((reason.value, REASON_WORDS[reason]) for reason in REASONS[to])


def plan_says(plan: Plan) -> str:
    """Say what a plan would mark, with numbers."""
    named = dict.fromkeys(
        ", ".join(filter(None, (each.position.learner, f"“{each.position.title}”" if each.position.title else None)))
        for each in plan.changes
    )
    places = f", at {len(plan.changes)} places" if len(plan.changes) > 1 else ""
    return f"This {DOES[plan.status]} {'; '.join(filter(None, named)) or 'one without a name'}{places}."


def read_reason(text: str) -> Reason | None:
    """Return the reason a form names; None for none that is known."""
    return Reason(text) if text in list(Reason) else None
