"""Statuses and reasons in words: what is done to how many, why, and what a learner reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from notary.core.status import Status
from notary.ports.ledger import Reason

DOES: Mapping[Status, str] = {
    Status.VALID: "reinstates",
    Status.SUSPENDED: "suspends",
    Status.REVOKED: "revokes",
    Status.REPLACED: "marks as replaced",
}
"""What a statement does that leads to a status."""

REASON_WORDS: Mapping[Reason, str] = {
    Reason.UNDER_REVIEW: "it is under review",
    Reason.DISPUTED: "it is disputed",
    Reason.CLEARED: "the review is over",
    Reason.SUSPENDED_IN_ERROR: "it was suspended in error",
    Reason.ISSUED_IN_ERROR: "it was issued in error",
    Reason.REQUIREMENTS_NOT_MET: "its requirements were not met",
    Reason.MISCONDUCT: "a decision on misconduct",
    Reason.HOLDER_ASKED: "its holder asked for it",
    Reason.CORRECTION: "it was corrected",
    Reason.NAME_CHANGE: "a name changed",
    Reason.UPGRADE: "a higher award took its place",
}
"""Why, in words that follow "because" or a colon."""

_SHOWN = 3


def some(names: Iterable[str], most: int = _SHOWN) -> str:
    """Name the first few, and say how many there are more."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return "; ".join(listed[:most]) + more
