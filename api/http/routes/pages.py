"""Pages: `/` where a verifier drops a receipt, `/r/TOKEN` for the learner, `/status`, what problems mean."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from api.certificates.wording import may_certify
from api.http.context import Here, Unhurried
from api.http.dropped import judge_file
from api.http.pages import page
from api.http.pages.sharing import PERIODS, endorsed, mine
from api.http.pages.views import answered, credential_file, shown
from api.http.problems import TABLE
from api.http.routes.verification import read_question
from api.rounds import next_round_says
from notary.core.receipt import MEDIA_TYPE
from notary.service.holdings.overview import overview
from notary.service.receipts.learner import behind_link, credential_behind_link, receipt_behind_link
from notary.service.receipts.shares import shares_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/")
def get_start(here: Here) -> HTMLResponse:
    """Show where to drop a receipt."""
    return page("start.html", name=here.name, url=here.url)


@router.post("/", dependencies=[Unhurried])
def post_start(here: Here, question: Annotated[tuple[bytes, bytes | None], Depends(read_question)]) -> HTMLResponse:
    """Show the verdict on what was dropped; nothing of it is kept."""
    receipt, credential = question
    judged, notice = judge_file(here.notary, here.name, receipt, credential)
    said = answered(judged, here.chains)
    said = replace(said, from_here=" ".join(filter(None, (notice, said.from_here))))
    endorsements = endorsed(judged.receipt)
    return page("verdict.html", private=True, name=here.name, url=here.url, answer=said, endorsements=endorsements)


@router.get("/r/{token}")
def get_award(here: Here, token: str) -> HTMLResponse:
    """Show a learner's credential, on its way or final."""
    award = behind_link(here.notary, here.name, token)
    if award.erased:
        return page("erased.html", private=True, name=here.name, institution=award.institution)
    return page(
        "learner.html",
        private=True,
        name=here.name,
        url=here.url,
        mine=mine(award.receipt, shares_of(here.notary, token)),
        periods=PERIODS,
        endorsements=endorsed(award.receipt),
        printable=may_certify(award),
        link=f"{here.url}/r/{token}",
        award=shown(award, here.chains, here.anchoring.expected(award.progress)),
    )


@router.get("/r/{token}/receipt")
def get_award_receipt(here: Here, token: str) -> Response:
    """Download the receipt."""
    row, found = receipt_behind_link(here.notary, token)
    return download(bytes(found), MEDIA_TYPE, f"receipt-{row.id}.json")


@router.get("/r/{token}/credential")
def get_award_credential(here: Here, token: str) -> Response:
    """Download the credential itself."""
    row = credential_behind_link(here.notary, token)
    return download(row.content or b"", *credential_file(row.form, row.id))


@router.get("/status")
def get_status(here: Here) -> HTMLResponse:
    """Show how the notary does, without a secret."""
    return page(
        "status.html",
        name=here.name,
        chains=here.chains,
        condition=here.anchoring.condition,
        coming=next_round_says(here.anchoring.next_round),
        overview=overview(here.notary),
    )


@router.get("/problems")
def get_problems(here: Here) -> HTMLResponse:
    """Say what each type of problem means: where their type URIs lead."""
    return page("problems.html", name=here.name, kinds=sorted(TABLE.values(), key=lambda kind: kind.status))


def download(data: bytes, media_type: str, name: str) -> Response:
    """Hand out a file that no browser shows and nobody on the way stores."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type=media_type, headers=headers)
