"""What goes wrong, for programs: RFC 9457 problems, from one table of error classes.

A problem of ours says expected, actual and the next step. One of the operator's
or nobody's says nothing of the inside: that stands in the service's log.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from notary.core.canonical import JSON
from notary.core.errors import (
    IssuerError,
    Malformed,
    Mismatch,
    NotaryError,
    OperatorError,
    Pending,
    Unsupported,
    VerifierError,
)
from notary.service.errors import Absent, Denied, Forbidden

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


class TooLarge(NotaryError):
    """More was sent than is taken at once."""


class TooMany(NotaryError):
    """Asked more often than is answered; `seconds` until the next answer."""

    def __init__(self, seconds: float) -> None:
        super().__init__("too many requests from this address", hint=f"Try again in {max(1, round(seconds))} s")
        self.seconds = max(1, round(seconds))


class WrongMedia(NotaryError):
    """Sent as another media type than is taken here."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: HTTP status, name in the type URI, title; `shown`: whether the error's own words are."""

    status: int
    name: str
    title: str
    shown: bool = True


TABLE: Mapping[type[Exception], Kind] = {
    Denied: Kind(401, "denied", "An API key is needed"),
    Forbidden: Kind(403, "forbidden", "This API key is for something else"),
    Absent: Kind(404, "absent", "Nothing of that name is here"),
    Pending: Kind(409, "pending", "Not final yet"),
    TooLarge: Kind(413, "too-large", "Too much at once"),
    WrongMedia: Kind(415, "wrong-media", "Sent as something else than is taken here"),
    TooMany: Kind(429, "too-many", "Too many requests"),
    Malformed: Kind(400, "malformed", "Not what its format says"),
    Mismatch: Kind(422, "mismatch", "It proves something else"),
    Unsupported: Kind(422, "unsupported", "This release does not know it"),
    IssuerError: Kind(422, "refused", "The institution has to change something"),
    VerifierError: Kind(422, "question", "The question cannot be answered as asked"),
    OperatorError: Kind(503, "unavailable", "The notary cannot do this now", shown=False),
    RequestValidationError: Kind(400, "parameters", "A parameter is not what it should be"),
    Exception: Kind(500, "internal", "The notary failed here", shown=False),
}
"""Every error, by its nearest class."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, ready to be shown to a program or a person."""

    kind: Kind
    detail: str
    expected: str | None = None
    actual: str | None = None
    hint: str | None = None
    headers: Mapping[str, str] | None = None

    def to_json(self) -> dict[str, JSON]:
        """Return the RFC 9457 object; members of our own are there where they say something."""
        about: dict[str, JSON] = {"expected": self.expected, "actual": self.actual, "hint": self.hint}
        return {
            "type": "about:blank" if not self.kind.name else f"/problems#{self.kind.name}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **{name: value for name, value in about.items() if value},
        }


def problem_of(error: Exception) -> Problem:
    """Find an error's kind; log what is not shown."""
    if isinstance(error, HTTPException):
        phrase = HTTPStatus(error.status_code).phrase
        return Problem(Kind(error.status_code, "", phrase), str(error.detail), headers=error.headers)
    kind = next(TABLE[cls] for cls in type(error).__mro__ if cls in TABLE)
    if not kind.shown:
        if kind.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error(kind.title, exc_info=error)  # where it arose, and not its words: they may quote a credential
        else:
            _log.error("%s: %s", kind.title, error)
        return Problem(kind, "Nothing was lost. Try again later; the operator finds the reason in the service's log.")
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return Problem(kind, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    assert isinstance(error, NotaryError)
    return Problem(kind, error.what, error.expected, error.actual, error.hint, _headers(error))


def _headers(error: NotaryError) -> Mapping[str, str] | None:
    if isinstance(error, Denied):
        return {"WWW-Authenticate": "Bearer"}
    return {"Retry-After": str(error.seconds)} if isinstance(error, TooMany) else None
