"""`/desk/submit`: credentials that were signed on the institution's own machine."""

from __future__ import annotations

from itertools import chain

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.http.desk.visitor import FromDesk, Registrar, refused
from notary.core.errors import IssuerError, NotaryError
from notary.service.submission.accept import Accepted
from notary.service.submission.intake import open_upload
from notary.service.submission.submit import submit

router = APIRouter(prefix="/desk/submit", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def get_submit(desk: Registrar) -> HTMLResponse:
    """Ask for the files."""
    return desk.page("submit.html", accepted=(), wrong=())


@router.post("")
def post_submit(desk: Registrar, posted: FromDesk) -> HTMLResponse:
    """Hand them in, each taken or refused by itself; the learners' links are shown this once."""
    files = posted.files.get("credentials", [])
    try:
        if not files:
            raise IssuerError("no file is chosen", hint="Choose the files that issuing wrote: all of them at once")
        sources = chain.from_iterable(open_upload(data, name) for name, data in files)
        results = list(submit(desk.here.notary, desk.member, sources, processes=0))
    except NotaryError as error:
        return desk.page("submit.html", status=422, problem=refused(error), accepted=(), wrong=())
    accepted = [each for each in results if isinstance(each, Accepted)]
    wrong = [each for each in results if not isinstance(each, Accepted)]
    return desk.page("submit.html", status=422 if wrong and not accepted else 200, accepted=accepted, wrong=wrong)
