"""Clocks for tests: a test whose verdict hangs on the time says what time it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Standing:
    """A clock that stands where it was put (the present second) until a test moves it: the port `Clock`."""

    moment: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        """Always that moment."""
        return self.moment

    def pass_by(self, by: timedelta) -> None:
        """Let time go by."""
        self.moment += by


@dataclass(slots=True)
class Running:
    """The machine's clock, ahead by as much as a test chooses: the port `Clock`."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """The time, and that much."""
        return datetime.now(UTC) + self.ahead
