"""`/desk/issue`: a table and a template, looked over, confirmed, issued."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.examples import NAMES
from api.http.desk.visitor import FromDesk, Registrar, Visitor, go, refused
from api.http.pages.desk_issuing import field_choices, shown_columns, template_line
from api.http.problems import Problem
from api.prices import say_price
from notary.core.errors import IssuerError, NotaryError
from notary.core.keys import PublicKey
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.ports.ledger import PaperId, PaperKind
from notary.service.issuing.cells import Order
from notary.service.issuing.issue import Desk, issue, now, plan
from notary.service.issuing.papers import (
    Draft,
    check_template,
    find_paper,
    lay_table,
    open_draft,
    take_away,
    templates_of,
)
from notary.service.submission.reading import Refused

SHOWN = 200
"""Findings on a page."""
_ORDERS = ("dmy", "mdy")

router = APIRouter(prefix="/desk/issue", include_in_schema=False, default_response_class=HTMLResponse)
Fields = Annotated[list[str] | None, Query()]


@router.get("")
def get_issue(desk: Registrar, template: str = "") -> HTMLResponse:
    """Ask for template and table."""
    return _begin(desk, template)


@router.post("")
def post_issue(desk: Registrar, posted: FromDesk) -> Response:
    """Lay the table down, and go on to look it over."""
    template, table = posted.text("template"), posted.file("table")
    try:
        if not template:
            raise IssuerError("no template is chosen", hint="Choose one, or make one first")
        if table is None:
            raise IssuerError("no table is chosen", hint="Choose the file with your learners: .csv or .xlsx")
        evidence = posted.files.get("evidence", [])
        paper = lay_table(desk.here.notary, desk.member, PaperId(template), *table, evidence=evidence)
    except NotaryError as error:
        return _begin(desk, template, refused(error))
    return go(f"/desk/issue/{paper.id}")


@router.get("/{name}")
def get_table(desk: Registrar, name: str, dates: str = "", field: Fields = None) -> HTMLResponse:
    """Show what issuing would do; nothing is signed or spent."""
    return _look(desk, name, dates, field or [])


@router.post("/{name}")
def post_table(desk: Registrar, name: str, posted: FromDesk) -> Response:
    """Issue what was shown, and take the table off the desk; handed in again, it does nothing twice."""
    dates, fields = posted.text("dates"), posted.fields.get("field", [])
    notary, member = desk.here.notary, desk.member
    try:
        with open_draft(notary, member, PaperId(name), fields, _order(dates)) as draft:
            if draft.roll is None:
                return _look(desk, name, dates, fields)
            issuing = _desk(desk, draft)
            if str(plan(notary, member, draft.roll, issuing).ready) != posted.text("ready"):
                raise IssuerError("what is ready has changed since you looked", hint="Look once more, then confirm")
            wrong = [each for each in issue(notary, member, draft.roll, issuing) if isinstance(each, Refused)]
        if wrong:
            raise IssuerError(f"{len(wrong)} rows could not be issued; the first: {wrong[0].reason}")
    except NotaryError as error:
        return _look(desk, name, dates, fields, refused(error))
    answer = _look(desk, name, dates, fields, done=True)
    take_away(notary, member, PaperId(name))  # names and addresses lie here no longer than they are needed
    return answer


@router.post("/{name}/discard")
def post_discard(desk: Registrar, name: str, _: FromDesk) -> Response:
    """Take the table off the desk; what was issued by it stays."""
    find_paper(desk.here.notary, desk.member, PaperId(name), PaperKind.TABLE)
    take_away(desk.here.notary, desk.member, PaperId(name))
    return go("/desk/issue")


def _begin(desk: Visitor, template: str, problem: Problem | None = None) -> HTMLResponse:
    return desk.page(
        "issue.html",
        status=422 if problem else 200,
        problem=problem,
        chosen=template,
        examples=NAMES,
        templates=[template_line(kept) for kept in templates_of(desk.here.notary, desk.member)],
        signs=desk.here.signers.credentials(desk.member) is not None,
    )


def _look(
    desk: Visitor, name: str, dates: str, fields: list[str], problem: Problem | None = None, *, done: bool = False
) -> HTMLResponse:
    """Show a table as it would be issued: which column is what, who is ready, what is wrong with the others."""
    here, member = desk.here, desk.member
    signs = here.signers.credentials(member) is not None
    made, price = None, list[str]()
    with open_draft(here.notary, member, PaperId(name), fields, _order(dates)) as draft:
        columns = shown_columns(draft, fields)
        if draft.fault is not None:
            problem = problem or refused(draft.fault)
        if draft.roll is not None:
            made = plan(here.notary, member, draft.roll, _desk(desk, draft))
            if made.ready:
                price, _ = say_price(here.notary, here.data)
    return desk.page(
        "preview.html",
        status=422 if problem else 200,
        problem=problem,
        paper=draft.paper,
        title=draft.template.achievement.name,
        columns=columns,
        choices=field_choices(draft.template),
        missing=draft.columns.missing,
        notes=draft.table.notes,
        plan=made,
        shown=SHOWN,
        dates=dates,
        orders=_ORDERS,
        price=price,
        signs=signs,
        did=member.id,
        done=done,
    )


def _desk(desk: Visitor, draft: Draft) -> Desk:
    today, created = now(desk.here.notary)
    key = desk.here.signers.credentials(desk.member) or _elsewhere(desk.member)
    return Desk(check_template(draft.template, desk.member), key, today, created, criteria=draft.criteria, links=False)


def _elsewhere(member: MemberRecord) -> CredentialKey:
    """Return the key of a member that keeps it itself: enough to plan with, and it signs nothing here."""

    def refuse(_: bytes) -> bytes:
        raise IssuerError(f"{member.name} keeps its key on its own machine", hint="Issue there, as this page says")

    key = member.keys[0]
    return CredentialKey(PublicKey.parse(key.public_key_multibase, "key"), key.id, refuse)


def _order(text: str) -> Order | None:
    return cast("Order", text) if text in _ORDERS else None
