"""`/claim`, where a learner says what they can do; `/desk/claims`, where an institution looks at it."""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from api.http.context import Context, Here
from api.http.desk.visitor import FromDesk, Posted, Registrar, Visitor, go, read_posted, refused
from api.http.limits import household
from api.http.pages import page
from api.http.problems import Problem, TooMany
from api.http.routes.pages import download
from api.key_files import KeyFile, persons_key
from notary.core.errors import IssuerError, NotaryError
from notary.core.own_signature import CredentialKey
from notary.ports.ledger import PaperId
from notary.service.errors import Absent
from notary.service.issuing.cells import Unread, read_line, read_text
from notary.service.issuing.claims import Validation
from notary.service.issuing.incoming import (
    MAX_EVIDENCE,
    MAX_FILES,
    MAX_NARRATIVE,
    Waiting,
    Wording,
    claims_of,
    decline_claim,
    find_claim,
    hand_in_claim,
    takers,
    validate_waiting,
)
from notary.service.issuing.issuer import standing

_MAX_CLAIM = MAX_EVIDENCE + (256 << 10)

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


async def _claimed(request: Request) -> Posted:
    return await read_posted(request, _MAX_CLAIM)


@router.get("/claim")
def get_claim(here: Here) -> HTMLResponse:
    """Ask what is claimed, and who is to look at it."""
    return _claim_page(here, Posted())


@router.post("/claim")
def post_claim(request: Request, here: Here, posted: Annotated[Posted, Depends(_claimed)]) -> Response:
    """Hand a claim in; one network may do so a few times at once, and then once a minute."""
    seconds = here.letters.take(household(request.client.host if request.client else None))
    if seconds:
        raise TooMany(seconds)
    words = Wording(*(posted.text(name) for name in ("learner", "title", "narrative", "by", "email")))
    try:
        claim = hand_in_claim(here.notary, posted.text("to"), words, posted.files.get("evidence", []), _drawn_key())
    except NotaryError as error:
        return _claim_page(here, posted, refused(error))
    name = next((member.name for member in takers(here.notary) if member.id == posted.text("to")), "The institution")
    return page("claimed.html", private=True, name=here.name, institution=name, claim=claim)


@router.get("/desk/claims")
def get_claims(desk: Registrar) -> HTMLResponse:
    """Show the claims that wait."""
    return desk.page("claims.html", claims=claims_of(desk.here.notary, desk.member))


@router.get("/desk/claims/{name}")
def get_one(desk: Registrar, name: str) -> HTMLResponse:
    """Show one, with its evidence."""
    return _one(desk, name, Posted())


@router.get("/desk/claims/{name}/files/{file}")
def get_file(desk: Registrar, name: str, file: str) -> Response:
    """Download the claim itself, or one of its evidence files: no browser shows what a stranger sent."""
    found = find_claim(desk.here.notary, desk.member, PaperId(name))
    for paper in (found.paper, *found.files):
        if paper.id == file:
            suffix = "".join(one for one in paper.name.rpartition(".")[2][:8] if one.isascii() and one.isalnum())
            return download(paper.data, "application/octet-stream", f"claim-{name}-{file}.{suffix or 'bin'}")
    raise Absent("there is no such file of this claim")


@router.post("/desk/claims/{name}/validate")
def post_validate(desk: Registrar, name: str, posted: FromDesk) -> Response:
    """Issue a credential that names the claim."""
    find_claim(desk.here.notary, desk.member, PaperId(name))
    try:
        key = desk.here.signers.credentials(desk.member)
        if key is None:
            raise IssuerError(f"{desk.member.name} keeps its key on its own machine", hint="Validate it there")
        taken = validate_waiting(desk.here.notary, desk.member, PaperId(name), _added(posted), key)
    except NotaryError as error:
        return _one(desk, name, posted, refused(error))
    return go(f"/desk/learners/{taken.id}")


@router.post("/desk/claims/{name}/decline")
def post_decline(desk: Registrar, name: str, _: FromDesk) -> Response:
    """Take it off the desk."""
    decline_claim(desk.here.notary, desk.member, PaperId(name))
    return go("/desk/claims")


def _added(posted: Posted) -> Validation:
    try:
        narrative = read_text(posted.text("narrative"))
        title, achievement = read_line(posted.text("title")), read_line(posted.text("achievement"))
    except Unread as error:
        raise IssuerError(f"what you write: {error}") from error
    if not narrative:
        raise IssuerError("how you looked at it is missing", hint="Say it in a sentence: the credential shows it")
    if achievement and not achievement.startswith(("https://", "http://", "urn:", "did:")):
        raise IssuerError("the achievement is no address", hint="Take one of yours, as https://…; or leave it empty")
    return Validation(narrative, achievement or None, title or None)


def _claim_page(here: Context, posted: Posted, problem: Problem | None = None) -> HTMLResponse:
    return page(
        "claim.html",
        status=422 if problem else 200,
        private=True,
        name=here.name,
        problem=problem,
        posted=posted,
        takers=takers(here.notary),
        files=MAX_FILES,
        megabytes=MAX_EVIDENCE >> 20,
        most=MAX_NARRATIVE,
    )


def _one(desk: Visitor, name: str, posted: Posted, problem: Problem | None = None) -> HTMLResponse:
    found: Waiting = find_claim(desk.here.notary, desk.member, PaperId(name))
    return desk.page(
        "claim.html",
        status=422 if problem else 200,
        problem=problem,
        found=found,
        posted=posted,
        signs=desk.here.signers.credentials(desk.member) is not None,
        then=standing(desk.member, posted.text("achievement") or None).value,
        did=desk.member.id,
    )


def _drawn_key() -> CredentialKey:
    """Draw a key for one claim; it is gone once the claim is signed."""
    return persons_key(KeyFile(Ed25519PrivateKey.generate()))
