"""`/desk/delivery`: learners are mailed their links, or the institution's own mailer gets them; who was not reached."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.http.desk.visitor import FromDesk, Registrar, Visitor, go, refused
from api.http.pages.desk_delivery import sample
from api.http.problems import Problem
from api.http.routes.pages import download
from api.link_tables import link_table
from notary.core.errors import IssuerError, NotaryError
from notary.ports.ledger import BatchId
from notary.service.delivery.own_mailer import make_links, note_handed
from notary.service.delivery.queue import Delivery, enqueue, plan_delivery
from notary.service.delivery.text import AWARD, Template
from notary.service.holdings.own import own_batch

LISTED = 200
_MAX_NUMBER = 9

router = APIRouter(prefix="/desk/delivery", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def get_delivery(desk: Registrar, batch: str = "") -> HTMLResponse:
    """Show whom a delivery would write to, in which words, and who was not reached."""
    return _show(desk, batch)


@router.post("")
def post_delivery(desk: Registrar, posted: FromDesk) -> Response:
    """Queue the mails that were shown; or, asked for a preview, show the text once more."""
    batch, text = posted.text("batch"), posted.text("text").replace("\r\n", "\n")
    try:
        own = Template.parse(text.encode(), "your text") if text else None
        if posted.text("preview"):
            return _show(desk, batch, text=text, own=own)
        if desk.here.notary.post is None:
            raise IssuerError("this notary sends no mail", hint="Download the links, and send them by your own mailer")
        plan = _planned(desk, batch, posted.text("ready"))
        enqueue(desk.here.notary, plan, own)
    except NotaryError as error:
        return _show(desk, batch, text=text, problem=refused(error))
    return go("/desk/delivery")


@router.post("/links")
def post_links(desk: Registrar, posted: FromDesk) -> Response:
    """Make links for the institution's own mailer, and hand them out, this once."""
    batch = posted.text("batch")
    try:
        plan = _planned(desk, batch, posted.text("ready"))
    except NotaryError as error:
        return _show(desk, batch, problem=refused(error))
    made = link_table(make_links(desk.here.notary, plan.institution, plan.ready), desk.here.url)
    return download(b"".join(made), "text/csv", f"links-{batch or 'all'}.csv")


@router.post("/handed")
def post_handed(desk: Registrar, posted: FromDesk) -> Response:
    """Note that the institution writes to these learners itself: a download that broke off is not taken for one."""
    batch = posted.text("batch")
    try:
        plan = _planned(desk, batch, posted.text("ready"))
        note_handed(desk.here.notary, plan.institution, plan.ready)
    except NotaryError as error:
        return _show(desk, batch, problem=refused(error))
    return go("/desk/delivery")


def _planned(desk: Visitor, batch: str, ready: str) -> Delivery:
    """Return the delivery that was shown; IssuerError where it is another by now."""
    plan = _plan(desk, batch)
    if str(len(plan.ready)) != ready:
        raise IssuerError("whom it would go to has changed since you looked", hint="Look once more, then confirm")
    return plan


def _plan(desk: Visitor, batch: str) -> Delivery:
    notary, member = desk.here.notary, desk.member
    if not batch:
        return plan_delivery(notary, institution=member.id)
    number = BatchId(int(batch)) if batch.isascii() and batch.isdecimal() and len(batch) <= _MAX_NUMBER else BatchId(0)
    own_batch(notary, member, number)  # another's is answered as one that does not exist
    return plan_delivery(notary, number)


def _show(
    desk: Visitor, batch: str, *, text: str = "", own: Template | None = None, problem: Problem | None = None
) -> HTMLResponse:
    notary, member = desk.here.notary, desk.member
    plan = _plan(desk, batch)
    with notary.ledger.read() as work:
        first = work.credentials.get(plan.ready[0]) if plan.ready else None
        tally = work.outbox.tally(member.id)
        failed = work.outbox.failed(member.id, LISTED)
        bounced = work.outbox.bounces(member.id)
    return desk.page(
        "delivery.html",
        status=422 if problem else 200,
        problem=problem,
        batch=batch,
        plan=plan,
        text=text,
        previewed=own is not None,
        sample=sample(own or AWARD, first, member.name, desk.here),
        mails=notary.post is not None,
        tally=tally,
        failed=failed,
        bounced=bounced[:LISTED],
    )
