"""`/desk/submit`: credentials that were signed on the institution's own machine."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.http.desk.visitor import FromDesk, Registrar, refused
from notary.core.errors import IssuerError, NotaryError
from notary.service.holdings.own import submit
from notary.service.submission.accept import Accepted
from notary.service.submission.reading import Source

router = APIRouter(prefix="/desk/submit", include_in_schema=False, default_response_class=HTMLResponse)
_LINES = (".ndjson", ".jsonl")


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
        results = list(submit(desk.here.notary, desk.member, _sources(files)))
    except NotaryError as error:
        return desk.page("submit.html", status=422, problem=refused(error), accepted=(), wrong=())
    accepted = [each for each in results if isinstance(each, Accepted)]
    wrong = [each for each in results if not isinstance(each, Accepted)]
    return desk.page("submit.html", status=422 if wrong and not accepted else 200, accepted=accepted, wrong=wrong)


def _sources(files: list[tuple[str, bytes]]) -> Iterator[Source]:
    for name, data in files:
        if name.lower().endswith(_LINES):
            for at, line in enumerate(data.splitlines(), 1):
                if line.strip():
                    yield Source(line, name, at)
        else:
            yield Source(data, name)
