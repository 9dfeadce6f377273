"""What a learner prints and shows: `/r/TOKEN.pdf`, and badges as PNG and SVG."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.certificates.badge import Picture, make_badge
from api.certificates.look import Look
from api.certificates.wording import Paper, word_certificate
from api.http.context import Here, Unhurried
from api.http.routes.pages import download
from notary.service.errors import Absent
from notary.service.receipts.learner import Award, behind_link

router = APIRouter(include_in_schema=False)


@router.get("/r/{token}.pdf", dependencies=[Unhurried])
def get_certificate(here: Here, token: str, paper: Paper = Paper.A4) -> Response:
    """Print the certificate; until it is final, one that says so."""
    award = _award(here, token)
    certificate = word_certificate(
        award,
        name=here.name,
        url=here.url,
        link=f"{here.url}/r/{token}",
        expected=here.anchoring.expected(award.progress),
        chains=here.chains,
    )
    return download(here.press.print(certificate, paper), "application/pdf", f"certificate-{award.row.id}.pdf")


@router.get("/r/{token}/badge.{picture}", dependencies=[Unhurried])
def get_badge(here: Here, token: str, picture: Picture) -> Response:
    """Bake the badge, with the credential and the receipt inside."""
    award = _award(here, token)
    data = make_badge(award, here.press.looks.get(award.row.institution, Look()), picture)
    media_type = "image/png" if picture is Picture.PNG else "image/svg+xml"
    return download(data, media_type, f"badge-{award.row.id}.{picture}")


def _award(here: Here, token: str) -> Award:
    award = behind_link(here.notary, here.name, token)
    if award.erased:
        raise Absent("this credential was erased", hint="The institution that issued it can say why")
    return award
