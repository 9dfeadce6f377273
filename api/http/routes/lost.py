"""`/lost`: whoever lost a link names an address. The answer is the same, and as fast, whether it is known or not."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from starlette.background import BackgroundTask

from api.http.context import Here
from api.http.forms import Form
from api.http.limits import household
from api.http.pages import page
from api.http.problems import TooMany
from notary.core.errors import NotaryError
from notary.service.delivery.lost import ask_for_links
from notary.service.issuing.cells import Unread, read_email
from notary.service.notary import Notary

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_log = logging.getLogger(__name__)


@router.get("/lost")
def get_lost(here: Here) -> HTMLResponse:
    """Ask for the address."""
    return page("lost.html", name=here.name, mails=here.notary.post is not None, asked=False)


@router.post("/lost")
def post_lost(request: Request, here: Here, form: Form) -> HTMLResponse:
    """Say the same to everybody; what is to be done is done once the answer is on its way."""
    seconds = here.letters.take(household(request.client.host if request.client else None))
    if seconds:
        raise TooMany(seconds)
    answer = page("lost.html", private=True, name=here.name, mails=here.notary.post is not None, asked=True)
    answer.background = BackgroundTask(_ask, here.notary, form.get("email", [""])[0])
    return answer


def _ask(notary: Notary, text: str) -> None:
    try:
        ask_for_links(notary, read_email(text))
    except Unread:
        return
    except NotaryError as error:
        _log.warning("a lost link could not be queued: %s", error.what)
