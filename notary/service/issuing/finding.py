"""What is wrong with a template or a row, where, and in whose words it is said: one sentence, no codes."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from notary.core.canonical import JSON
from notary.core.errors import IssuerError

_SHOWN = 40
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that a terminal obeys, hides or cannot show."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody has to mend. `row` counts as the spreadsheet does; `field`: its column, or a template's.

    With a row alone, `what` goes on after its number ("has no e-mail").
    """

    what: str
    row: int | None = None
    field: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        where = f"*{self.field}*: " if self.field and self.row else f"{self.field}: " if self.field else ""
        start = "" if self.row is None else f"Row {self.row}, " if where else f"Row {self.row} "
        return f"{start}{where}{self.what}" + (f". {self.hint}" if self.hint else "")

    def to_json(self) -> dict[str, JSON]:
        """Return it for machines."""
        return {"row": self.row, "field": self.field, "what": self.what, "hint": self.hint, "says": str(self)}


class Unfit(IssuerError):
    """A template or a table that nothing can be issued from; `findings` has all that is wrong."""

    def __init__(self, what: str, findings: Sequence[Finding], hint: str | None = None) -> None:
        self.findings = tuple(findings)
        super().__init__(what, actual="; ".join(map(str, self.findings[:5])) or None, hint=hint)


def quoted(text: object) -> str:
    """Return at most 40 characters of something hostile between backticks, fit for a message."""
    shown = " ".join(str(text).split())
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 9]}…{shown[-8:]}"
    return f"`{visible(shown)}`"


def visible(text: str) -> str:
    """Return a text without what a terminal obeys or nobody sees."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("\ufffd" if unicodedata.category(one) in _UNSEEN else one for one in text)
