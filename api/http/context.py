"""What every handler is given: the notary, its name and address, its limits; and who is calling."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from api.certificates.press import Press
from api.http.limits import TokenBuckets, household
from api.http.problems import TooMany
from api.signing import Signers
from api.worker.outlook import Outlook
from notary.core.registry import MemberRecord
from notary.ports.ledger import Role
from notary.service.access.api_keys import Access, access_of
from notary.service.errors import Denied
from notary.service.notary import Notary


@dataclass(frozen=True, slots=True)
class Context:
    """One service. `name` is the consortium's, `url` where people reach it, `chains` names by CAIP-2 id.

    `data`: the notary's folder; `signers`: who signs here for institutions.

    A handler is given it with a `notary` that acts for the caller: what is done stands in the journal as theirs.
    """

    notary: Notary
    name: str
    url: str
    chains: Mapping[str, str]
    anchoring: Outlook
    questions: TokenBuckets
    letters: TokenBuckets
    press: Press
    data: Path
    signers: Signers


def _identity(request: Request) -> Access | Denied:
    """Find out who is calling by the API key (RFC 6750), or why nobody is known: that matters where one is needed."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        return Denied("this needs an API key", expected="Authorization: Bearer cn_…", hint="Ask the operator for one")
    notary: Notary = request.app.state.context.notary
    try:
        return access_of(notary, key.strip())
    except Denied as denied:
        return denied


Identity = Annotated[Access | Denied, Depends(_identity)]


def _context(request: Request, identity: Identity) -> Context:
    found: Context = request.app.state.context
    if isinstance(identity, Denied):
        return found
    return replace(found, notary=replace(found.notary, by=identity.actor))


Here = Annotated[Context, Depends(_context)]


def _with_role(*roles: Role) -> Callable[..., Access]:
    def holder(request: Request, identity: Identity) -> Access:
        if isinstance(identity, Denied):
            raise identity
        request.state.access = identity
        identity.require(*roles)
        return identity

    return holder


Reader = Annotated[Access, Depends(_with_role(*Role))]
"""Whoever may read how far things are: within its scope, and without a credential."""
Auditor = Annotated[Access, Depends(_with_role(Role.AUDITOR, Role.OPERATOR))]
"""Whoever may read the journal."""
Keeper = Annotated[Access, Depends(_with_role(Role.ISSUER, Role.OPERATOR))]
"""Whoever may end keys."""


def _caller(issuer: Annotated[Access, Depends(_with_role(Role.ISSUER))]) -> MemberRecord:
    assert issuer.member is not None  # the ledger holds no issuer's key without an institution
    return issuer.member


Caller = Annotated[MemberRecord, Depends(_caller)]
"""The institution whose own programs are calling."""


def _unhurried(request: Request, here: Here) -> None:
    """Let the caller ask at a steady rate."""
    seconds = here.questions.take(household(request.client.host if request.client else None))
    if seconds:
        raise TooMany(seconds)


Unhurried = Depends(_unhurried)
