"""What every handler is given: the notary, its name and address, its limits; and who is calling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.http.limits import TokenBuckets, household
from api.http.problems import TooMany
from api.http.worker import Anchoring
from notary.core.registry import MemberRecord
from notary.service.api_keys import institution_of
from notary.service.errors import Denied
from notary.service.notary import Notary


@dataclass(frozen=True, slots=True)
class Context:
    """One service. `name` is the consortium's, `url` where people reach it, `chains` names by CAIP-2 id."""

    notary: Notary
    name: str
    url: str
    chains: Mapping[str, str]
    anchoring: Anchoring
    questions: TokenBuckets


def _context(request: Request) -> Context:
    found: Context = request.app.state.context
    return found


Here = Annotated[Context, Depends(_context)]


def _caller(request: Request, here: Here) -> MemberRecord:
    """Find the institution by its API key (RFC 6750)."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Denied("this needs an API key", expected="Authorization: Bearer cn_…", hint="Ask the operator for one")
    return institution_of(here.notary, key.strip())


Caller = Annotated[MemberRecord, Depends(_caller)]


def _unhurried(request: Request, here: Here) -> None:
    """Let the caller ask at a steady rate."""
    seconds = here.questions.take(household(request.client.host if request.client else None))
    if seconds:
        raise TooMany(seconds)


Unhurried = Depends(_unhurried)
