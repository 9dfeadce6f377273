"""What goes wrong in a use case and not in a format: nothing there, nobody known."""

from __future__ import annotations

from notary.core.errors import IssuerError


class Absent(IssuerError):
    """Nothing of that name is here, or it is not the caller's to see: both are answered alike."""


class Denied(IssuerError):
    """The caller has not shown who it is."""


class Forbidden(IssuerError):
    """The caller is known, and not for this: whatever it names, the answer is the same."""
