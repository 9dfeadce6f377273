"""`/desk/statuses`: what is marked, the difference it makes, and the institution's signature under it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.http.desk.visitor import FromDesk, Registrar, Visitor, go, refused
from api.http.problems import Problem
from api.http.routes.pages import download
from api.http.routes.statuses import STATUS_FILE_TYPE, log_statements
from api.signing import key_id
from api.statuses import DOES
from notary.core.canonical import JSON
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError, NotaryError
from notary.service.status.signing import Difference, differences_here
from notary.service.status.statements import draw_statuses, log_status, unsigned_statuses
from notary.service.submission.signing import sign

SHOWN = 50
"""Names of one change on a page."""
_MAX_STATEMENTS = 16 << 20

router = APIRouter(prefix="/desk/statuses", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def get_statuses(desk: Registrar) -> HTMLResponse:
    """Show what signing would change, whose, and that it is all."""
    return _show(desk)


@router.get("/file")
def get_file(desk: Registrar) -> Response:
    """Download the status file, to be signed elsewhere."""
    drafts = draw_statuses(desk.here.notary, desk.member)
    seq = drafts[0].statement.seq if drafts else 0
    return download(b"".join(draft.line() for draft in drafts), STATUS_FILE_TYPE, f"statuses-{seq}.ndjson")


@router.post("/sign")
def post_sign(desk: Registrar, posted: FromDesk) -> Response:
    """Sign what was shown, with the key kept here or by the institution's own service, and log it in its order."""
    notary, member = desk.here.notary, desk.member
    try:
        key = desk.here.signers.find(member, "status")
        if key is None:
            raise IssuerError(f"{member.name} keeps its key on its own machine", hint="Sign there, and upload it here")
        found = differences_here(notary, draw_statuses(notary, member))
        if _seen(found) != posted.text("seen"):
            raise IssuerError("what is marked has changed since you looked", hint="Look once more, then sign")
        for each in found:
            method = key_id(member, key.public_key_multibase)
            log_status(notary, sign(each.draft.statement, key, method, summary=_summary(each)))
    except NotaryError as error:
        return _show(desk, refused(error))
    return go("/desk/statuses")


@router.post("/statements")
def post_statements(desk: Registrar, posted: FromDesk) -> Response:
    """Take statements that were signed elsewhere; the same again changes nothing."""
    given = posted.file("statements")
    try:
        if given is None:
            raise IssuerError("no file is chosen", hint="Choose what signing wrote: statuses-N.statements.ndjson")
        if len(given[1]) > _MAX_STATEMENTS:
            raise IssuerError("these are no signed statements", expected=f"at most {_MAX_STATEMENTS >> 20} MiB")
        log_statements(desk.here.notary, desk.member, given[1])
    except NotaryError as error:
        return _show(desk, refused(error))
    return go("/desk/statuses")


def _show(desk: Visitor, problem: Problem | None = None) -> HTMLResponse:
    notary, member = desk.here.notary, desk.member
    found = differences_here(notary, draw_statuses(notary, member))
    return desk.page(
        "statuses.html",
        status=422 if problem else 200,
        problem=problem,
        found=found,
        does=DOES,
        shown=SHOWN,
        seen=_seen(found),
        early=sum(each.early for each in unsigned_statuses(notary, member)),
        signs=desk.here.signers.find(member, "status") is not None,
    )


def _seen(found: tuple[Difference, ...]) -> str:
    """Name what is shown: the lists that would be signed."""
    return " ".join(to_digest_text(each.draft.statement.root) for each in found)


def _summary(each: Difference) -> dict[str, JSON]:
    """Return what was shown, for the keeper of a key who is asked."""
    changes: list[JSON] = [
        {"learner": change.learner, "title": change.title, "after": change.after.name.lower()}
        for change in each.changes
    ]
    return {"batch": each.draft.batch, "changes": changes}
