"""`/desk/learners/ID/…`: changing a status, putting another in its place, erasing; each says first what it will do."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.http.desk.visitor import FromDesk, Posted, Registrar, Visitor, go, refused
from api.http.pages.desk_issuing import template_line
from api.http.pages.desk_learners import plan_says, read_reason, reason_choices, step_to
from api.http.problems import Problem
from api.records import note_erasure
from notary.core.errors import IssuerError, NotaryError
from notary.core.status import Status
from notary.ports.ledger import REASONS, CredentialId, CredentialRow, PaperId, PaperKind
from notary.service.errors import Absent
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.holdings.own import own_credential
from notary.service.issuing.finding import Finding, Unfit
from notary.service.issuing.mending import fields_of, issued_by, put_in_place, write_anew
from notary.service.issuing.papers import find_paper, templates_of
from notary.service.issuing.template import Template
from notary.service.receipts.certificate import particulars
from notary.service.status.marking import Wish, mark, plan_marks

_TO = {status.name.lower(): status for status in (Status.SUSPENDED, Status.REVOKED, Status.VALID)}
_MAX_REASON = 500

router = APIRouter(prefix="/desk/learners", include_in_schema=False, default_response_class=HTMLResponse)


# ---------------------------------------------------------------- its status


@router.get("/{credential}/mark")
def get_mark(desk: Registrar, credential: str, to: str = "") -> HTMLResponse:
    """Show what a change of status would do."""
    return _mark_page(desk, credential, to)


@router.post("/{credential}/mark")
def post_mark(desk: Registrar, credential: str, posted: FromDesk) -> Response:
    """Mark it; it counts once the institution has signed."""
    row, to = _own(desk, credential), posted.text("to")
    reason, note = read_reason(posted.text("reason")), posted.text("note")
    try:
        if reason is None:
            raise IssuerError("no reason is chosen", hint="Choose one: the learner's page shows it")
        plan = plan_marks(desk.here.notary, desk.member, _status(to), [Wish(row.id, reason, note or None)])
        if plan.findings:
            raise IssuerError(plan.findings[0].why, hint=plan.findings[0].hint)
        mark(desk.here.notary, plan)
    except NotaryError as error:
        return _mark_page(desk, credential, to, refused(error), note=note)
    return go("/desk/statuses" if plan.changes else f"/desk/learners/{row.id}")


def _mark_page(
    desk: Visitor, credential: str, to: str, problem: Problem | None = None, *, note: str = ""
) -> HTMLResponse:
    row, status = _own(desk, credential), _status(to)
    plan = plan_marks(desk.here.notary, desk.member, status, [Wish(row.id, REASONS[status][0])])
    if plan.findings and problem is None:
        problem = refused(IssuerError(plan.findings[0].why, hint=plan.findings[0].hint))
    return desk.page(
        "mark.html",
        status=422 if problem else 200,
        problem=problem,
        row=row,
        step=step_to(status),
        plan=plan,
        says=plan_says(plan) if plan.changes else None,
        note=note,
    )


def _status(to: str) -> Status:
    if to not in _TO:
        raise Absent("there is no such change", expected=", ".join(_TO))
    return _TO[to]


# ------------------------------------------------------- another in its place


@router.get("/{credential}/reissue")
def get_reissue(desk: Registrar, credential: str, template: str = "") -> HTMLResponse:
    """Ask for the template, then for the row."""
    return _reissue_page(desk, credential, template)


@router.post("/{credential}/reissue")
def post_reissue(desk: Registrar, credential: str, posted: FromDesk) -> Response:
    """Issue the corrected one and mark the old one as replaced: that counts once the new one is final."""
    row, template = _own(desk, credential), posted.text("template")
    reason, given = read_reason(posted.text("reason")), posted.file("credential")
    try:
        if reason is None:
            raise IssuerError("no reason is chosen", hint="Choose one: the learner's page shows it")
        signed, email = (given[1], None) if given else _written(desk, template, posted)
        put_in_place(
            desk.here.notary, desk.member, row.id, signed, reason, note=posted.text("note") or None, email=email
        )
    except NotaryError as error:
        findings = error.findings if isinstance(error, Unfit) else ()
        return _reissue_page(desk, credential, template, posted, refused(error), findings)
    return go("/desk/batches")


def _written(desk: Visitor, template: str, posted: Posted) -> tuple[bytes, str | None]:
    key = desk.here.signers.credentials(desk.member)
    if key is None:
        raise IssuerError("no signed credential is chosen", hint="Sign the corrected one on your machine")
    found = _template(desk, template)
    cells = {heading: posted.text(f"cell-{heading}") for heading in fields_of(found)}
    learner, signed = write_anew(desk.here.notary, desk.member, found, cells, key)
    return signed, learner.email


def _reissue_page(
    desk: Visitor,
    credential: str,
    template: str,
    posted: Posted | None = None,
    problem: Problem | None = None,
    findings: tuple[Finding, ...] = (),
) -> HTMLResponse:
    row = _own(desk, credential)
    signs = desk.here.signers.credentials(desk.member) is not None
    kept = [each for each in templates_of(desk.here.notary, desk.member) if each.template is not None]
    if not template:
        template = issued_by(desk.here.notary, desk.member, row, kept) or ""
    found = _template(desk, template) if template and signs else None
    return desk.page(
        "reissue.html",
        status=422 if problem else 200,
        problem=problem,
        findings=findings,
        row=row,
        signs=signs,
        chosen=template,
        templates=[template_line(each) for each in kept],
        cells=() if found is None else _cells(desk, row, found, posted),
        reasons=reason_choices(Status.REPLACED),
        reason=posted.text("reason") if posted else "",
        note=posted.text("note") if posted else "",
    )


def _cells(desk: Visitor, row: CredentialRow, template: Template, posted: Posted | None) -> list[tuple[str, str]]:
    """Return the row's cells as they were typed; before that, as the credential that is kept says them."""
    if posted is not None and f"cell-{fields_of(template)[0]}" in posted.fields:
        return [(heading, posted.text(f"cell-{heading}")) for heading in fields_of(template)]
    with desk.here.notary.ledger.read() as work:
        contact = work.contacts.get(row.id)
    known = {"name": row.learner or "", "email": contact.email if contact else ""}
    try:
        said = particulars(row)
        known["issued on"] = (said.issued or "")[:10]
        results = dict(said.results)
        known |= {each.column: results.get(each.name, "") for each in template.results}
    except NotaryError:
        pass  # it is not kept here: whoever mends it types it
    return [(heading, known.get(heading, "")) for heading in fields_of(template)]


def _template(desk: Visitor, name: str) -> Template:
    if not name:
        raise IssuerError("no template is chosen", hint="Choose the one that the credential was issued by")
    paper = find_paper(desk.here.notary, desk.member, PaperId(name), PaperKind.TEMPLATE)
    return Template.parse(paper.data, paper.name)


# ------------------------------------------------------------------- erasing


@router.get("/{credential}/erase")
def get_erase(desk: Registrar, credential: str) -> HTMLResponse:
    """Say what goes, and what nobody can take back."""
    return _erase_page(desk, credential)


@router.post("/{credential}/erase")
def post_erase(desk: Registrar, credential: str, posted: FromDesk) -> Response:
    """Erase it; there is no way back."""
    row, reason = _own(desk, credential), posted.text("reason")
    try:
        if not reason or len(reason) > _MAX_REASON:
            raise IssuerError("say why it is erased", expected=f"a few words, {_MAX_REASON} characters at most")
        plan = plan_erasure(desk.here.notary, [row.id])
        # Before it is done: a crash leaves a note too many, which costs nothing.
        note_erasure(desk.here.data, plan.credentials, reason, datetime.now(UTC))
        erase(desk.here.notary, plan)
    except NotaryError as error:
        return _erase_page(desk, credential, refused(error), reason=reason)
    return go(f"/desk/learners/{row.id}")


def _erase_page(desk: Visitor, credential: str, problem: Problem | None = None, *, reason: str = "") -> HTMLResponse:
    row = _own(desk, credential)
    plan = None
    try:
        plan = plan_erasure(desk.here.notary, [row.id])
    except NotaryError as error:
        problem = problem or refused(error)
    return desk.page("erase.html", status=422 if problem else 200, problem=problem, row=row, plan=plan, reason=reason)


def _own(desk: Visitor, credential: str) -> CredentialRow:
    return own_credential(desk.here.notary, desk.member, CredentialId(credential))
