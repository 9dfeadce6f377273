"""What one check of a credential says: it holds, it does not, or it cannot be known here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from notary.core.errors import NotaryError

State: TypeAlias = Literal["pass", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's state and its words; `settle` says what would turn an unknown into an answer.

    `algorithm` is the signature algorithm a pass rests on.
    """

    state: State
    message: str
    expected: str | None = None
    actual: str | None = None
    settle: str | None = None
    algorithm: str | None = None

    @classmethod
    def of(cls, state: State, error: NotaryError) -> Self:
        """Take the words of an error."""
        return cls(state, error.what, error.expected, error.actual, error.hint)
