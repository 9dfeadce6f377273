"""Who sits at the desk: a session in a cookie, what it may do, the pages it is shown and the forms it sends.

A cookie is sent by the browser itself, so a form could be sent from elsewhere in
somebody's name. Three things keep that out: the cookie is `SameSite=Strict`, what
a browser says of a form's origin is checked (Fetch Metadata §2.4), and nothing is
changed by a GET.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from api.http.bodies import MAX_FIELD, bounded
from api.http.context import Context
from api.http.forms import check_ours
from api.http.pages import page
from api.http.problems import Problem, problem_of
from notary.core.registry import MemberRecord
from notary.ports.ledger import Role
from notary.service.access.api_keys import Access
from notary.service.access.sessions import session_of
from notary.service.errors import Denied

MAX_POSTED = 96 << 20
"""Bytes of a form with its files."""
_MAX_FILES, _MAX_FIELDS = 500, 500
_TERMINAL = re.compile(r"\bnotary [a-z]|--[a-z]|GET /|index\.csv")
"""Advice for somebody at a terminal: the page has its own."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who has signed in. `here` acts for them."""

    here: Context
    access: Access

    @property
    def member(self) -> MemberRecord:
        """The institution whose registrar it is."""
        assert self.access.member is not None  # the ledger holds no issuer's key without an institution
        return self.access.member

    @property
    def writes(self) -> bool:
        """Whether it may change anything."""
        return self.access.key.role is Role.ISSUER

    def page(self, template: str, *, status: int = 200, **about: object) -> HTMLResponse:
        """Show a page of the desk."""
        about.setdefault("problem", None)
        return page(
            f"desk/{template}",
            status=status,
            private=True,
            name=self.here.name,
            url=self.here.url,
            institution=self.access.member.name if self.access.member else None,
            writes=self.writes,
            **about,
        )


@dataclass(frozen=True, slots=True)
class Posted:
    """What a form sent: its fields, each with its values, and its files with their names; empty ones are left out."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a field's first value, without white space around it."""
        return self.fields.get(name, [""])[0].strip()

    def file(self, name: str) -> tuple[str, bytes] | None:
        """Return the first file under a name."""
        return next(iter(self.files.get(name, [])), None)


def cookie_of(here: Context) -> str:
    """Return the cookie's name: over HTTPS one that only this very host can set (RFC 6265bis §4.1.3)."""
    return "__Host-desk" if here.url.startswith("https://") else "desk"


def _visitor(request: Request) -> Visitor | Denied:
    here: Context = request.app.state.context
    token = request.cookies.get(cookie_of(here))
    if not token:
        return Denied("this needs somebody who has signed in", hint="Sign in with your institution's API key")
    try:
        access = session_of(here.notary, token)
    except Denied as denied:
        return denied
    return Visitor(replace(here, notary=replace(here.notary, by=access.actor)), access)


def _with_role(*roles: Role) -> Callable[..., Visitor]:
    def holder(request: Request, found: Annotated[Visitor | Denied, Depends(_visitor)]) -> Visitor:
        if isinstance(found, Denied):
            raise found
        request.state.access = found.access
        found.access.require(*roles)
        return found

    return holder


Reader = Annotated[Visitor, Depends(_with_role(*Role))]
"""Whoever may look how far things are."""
Registrar = Annotated[Visitor, Depends(_with_role(Role.ISSUER))]
"""Whoever works for an institution."""


async def read_posted(request: Request, most: int) -> Posted:
    """Read a form of at most so many bytes, whole, and only from a page of ours."""
    check_ours(request)
    found = Posted()
    form = bounded(request, most).form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS, max_part_size=MAX_FIELD)
    async with form as read:
        for name, value in read.multi_items():
            if isinstance(value, UploadFile):
                if value.filename:
                    data = await run_in_threadpool(value.file.read)
                    found.files.setdefault(name, []).append((value.filename, data))
            else:
                found.fields.setdefault(name, []).append(value)
    return found


async def _posted(request: Request, _: Registrar) -> Posted:
    return await read_posted(request, MAX_POSTED)


FromDesk = Annotated[Posted, Depends(_posted)]
"""A form that a registrar sent."""


def refused(error: Exception) -> Problem:
    """Return what goes wrong as a page says it: without advice for somebody at a terminal."""
    problem = problem_of(error)
    return replace(problem, hint=for_pages(problem.hint))


def for_pages(hint: str | None) -> str | None:
    """Return a piece of advice, unless it is for somebody at a terminal."""
    return None if hint and _TERMINAL.search(hint) else hint


def go(path: str) -> Response:
    """Go on to a page, so that loading it again sends nothing again."""
    return RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})
