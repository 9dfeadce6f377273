"""`/desk/templates`: what is awarded: begun from an example, uploaded or written, kept for the next class."""

from __future__ import annotations

import secrets

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.examples import NAMES, table_of, template_of
from api.http.desk.visitor import FromDesk, Registrar, Visitor, go, refused
from api.http.problems import Problem
from api.http.routes.pages import download
from notary.core.encoding import to_base64url
from notary.core.errors import NotaryError
from notary.ports.ledger import PaperId, PaperKind
from notary.service.errors import Absent
from notary.service.issuing.finding import Finding, Unfit
from notary.service.issuing.papers import find_paper, keep_template, take_away
from notary.service.issuing.template import SERIES_SIZE

router = APIRouter(prefix="/desk/templates", include_in_schema=False, default_response_class=HTMLResponse)
_NEW = "template.toml"


@router.get("")
def get_editor(desk: Registrar, example: str = "") -> HTMLResponse:
    """Write a template, from an example where one is named; each has a secret series of its own."""
    if not example:
        return _editor(desk, name=_NEW, text="")
    if example not in NAMES:
        raise Absent("there is no such example", expected=", ".join(NAMES))
    series = to_base64url(secrets.token_bytes(SERIES_SIZE))
    return _editor(
        desk,
        name=f"{example}.toml",
        text=template_of(example).replace('series = ""', f'series = "{series}"', 1),
        example=example,
    )


@router.get("/examples/{example}.csv")
def get_table(_: Registrar, example: str) -> Response:
    """Download the table that goes with an example."""
    if example not in NAMES:
        raise Absent("there is no such example", expected=", ".join(NAMES))
    return download(table_of(example).encode("utf-8-sig"), "text/csv", f"{example}.csv")


@router.get("/{name}")
def get_template(desk: Registrar, name: str) -> HTMLResponse:
    """Show a template that is kept: a changed one is kept beside it, for what was issued goes on being what it was."""
    paper = find_paper(desk.here.notary, desk.member, PaperId(name), PaperKind.TEMPLATE)
    return _editor(desk, name=paper.name, text=paper.data.decode("utf-8", "replace"), kept=paper.id)


@router.get("/{name}/file")
def get_template_file(desk: Registrar, name: str) -> Response:
    """Download a template, for a copy of one's own."""
    paper = find_paper(desk.here.notary, desk.member, PaperId(name), PaperKind.TEMPLATE)
    suffix = "json" if paper.name.lower().endswith(".json") else "toml"
    return download(paper.data, "application/octet-stream", f"template-{paper.id}.{suffix}")


@router.post("")
def post_template(desk: Registrar, posted: FromDesk) -> Response:
    """Keep a template: the file, or what was typed; what is wrong is said beside it."""
    given = posted.file("file")
    name, data = given or (posted.text("name") or _NEW, posted.text("text").replace("\r\n", "\n").encode())
    try:
        paper = keep_template(desk.here.notary, desk.member, name, data)
    except NotaryError as error:
        text = data[: 64 << 10].decode("utf-8", "replace")
        findings = error.findings if isinstance(error, Unfit) else ()
        return _editor(desk, name=name, text=text, findings=findings, problem=refused(error))
    return go(f"/desk/issue?template={paper.id}")


@router.post("/{name}/remove")
def post_remove(desk: Registrar, name: str, _: FromDesk) -> Response:
    """Take a template off the desk; what was issued by it stays."""
    find_paper(desk.here.notary, desk.member, PaperId(name), PaperKind.TEMPLATE)
    take_away(desk.here.notary, desk.member, PaperId(name))
    return go("/desk/issue")


def _editor(
    desk: Visitor,
    *,
    name: str,
    text: str,
    example: str | None = None,
    kept: PaperId | None = None,
    findings: tuple[Finding, ...] = (),
    problem: Problem | None = None,
) -> HTMLResponse:
    return desk.page(
        "template.html",
        status=422 if problem else 200,
        file_name=name,
        text=text,
        example=example,
        kept=kept,
        findings=findings,
        problem=problem,
    )
