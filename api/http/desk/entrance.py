"""`/desk`: signing in and out, and what waits."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from api.http.context import Context, Here, Unhurried
from api.http.desk.visitor import Posted, Reader, cookie_of, go, read_posted, refused
from api.http.pages import page
from api.http.pages.desk import batch_lines
from api.http.problems import Problem
from api.rounds import next_round_says
from notary.service.access.sessions import LASTS, end_session, open_session
from notary.service.errors import Denied
from notary.service.holdings.overview import at_desk

NEWEST = 12
"""Batches on the first page."""
_MAX_SIGN_IN = 4 << 10

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


async def _small(request: Request) -> Posted:
    return await read_posted(request, _MAX_SIGN_IN)


@router.get("/desk/sign-in")
def get_sign_in(here: Here) -> HTMLResponse:
    """Ask for the key."""
    return sign_in_page(here)


@router.post("/desk/sign-in", dependencies=[Unhurried])
def post_sign_in(here: Here, posted: Annotated[Posted, Depends(_small)]) -> Response:
    """Open a session for a key that is good; the browser keeps the session's token, and never the key."""
    try:
        _, token = open_session(here.notary, posted.text("key"))
    except Denied as denied:
        return sign_in_page(here, refused(denied), status=422)
    answer = go("/desk")
    answer.set_cookie(
        cookie_of(here),
        token,
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=here.url.startswith("https://"),
        httponly=True,
        samesite="strict",
    )
    return answer


@router.post("/desk/sign-out")
def post_sign_out(request: Request, here: Here, _: Annotated[Posted, Depends(_small)]) -> Response:
    """End the session here and in the browser."""
    end_session(here.notary, request.cookies.get(cookie_of(here), ""))
    answer = go("/desk/sign-in")
    answer.delete_cookie(
        cookie_of(here), path="/", secure=here.url.startswith("https://"), httponly=True, samesite="strict"
    )
    return answer


@router.get("/desk")
def get_desk(visitor: Reader) -> HTMLResponse:
    """Show what waits, how far the batches are, and how the mails do."""
    here = visitor.here
    found = at_desk(here.notary, visitor.access.member, NEWEST)
    return visitor.page(
        "overview.html",
        found=found,
        batches=batch_lines(here, found.batches),
        coming=next_round_says(here.anchoring.next_round),
    )


def sign_in_page(here: Context, problem: Problem | None = None, *, status: int = 200) -> HTMLResponse:
    """Show where one signs in, and why one has to."""
    return page("desk/sign_in.html", status=status, private=True, name=here.name, problem=problem)
