"""`/desk/learners`: credentials looked up, each with its state, its link, its mail and what is printed of it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.certificates.badge import Picture, make_badge
from api.certificates.look import Look
from api.certificates.wording import Paper, may_certify, word_certificate
from api.http.desk.visitor import FromDesk, Registrar, Visitor, go, refused
from api.http.pages.desk_learners import credential_state, steps_of
from api.http.pages.sharing import endorsed
from api.http.pages.views import credential_file, shown
from api.http.problems import Problem
from api.http.routes.pages import download
from notary.core.errors import IssuerError, NotaryError
from notary.core.receipt import MEDIA_TYPE
from notary.ports.ledger import BatchId, CredentialId, CredentialRow, MailKind
from notary.service.delivery.queue import resend
from notary.service.holdings.own import own_credential, own_receipt
from notary.service.holdings.search import find_credentials
from notary.service.issuing.cells import Unread, read_email
from notary.service.receipts.endorsements import attach_endorsement
from notary.service.receipts.learner import Award, award_of
from notary.service.receipts.links import renew_link

_MAX_NUMBER = 9

router = APIRouter(prefix="/desk/learners", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def get_learners(desk: Registrar, q: str = "", batch: str = "") -> HTMLResponse:
    """Look credentials up."""
    number = BatchId(int(batch)) if batch.isascii() and batch.isdecimal() and len(batch) <= _MAX_NUMBER else None
    found = find_credentials(desk.here.notary, desk.member, q, number)
    return desk.page("learners.html", q=q, batch=batch if number else "", found=found)


@router.get("/{credential}")
def get_credential(desk: Registrar, credential: str) -> HTMLResponse:
    """Show one, and what can be done with it."""
    return show_credential(desk, credential)


@router.get("/{credential}/certificate.pdf")
def get_certificate(desk: Registrar, credential: str, paper: Paper = Paper.A4) -> Response:
    """Print the certificate; its code leads to the verifier's page, for the learner's link is not known here."""
    here, award = desk.here, _award(desk, credential)
    worded = word_certificate(
        award,
        name=here.name,
        url=here.url,
        link=None,
        expected=here.anchoring.expected(award.progress),
        chains=here.chains,
    )
    return download(here.press.print(worded, paper), "application/pdf", f"certificate-{award.row.id}.pdf")


@router.get("/{credential}/badge.{picture}")
def get_badge(desk: Registrar, credential: str, picture: Picture) -> Response:
    """Bake the badge."""
    award = _award(desk, credential)
    data = make_badge(award, desk.here.press.looks.get(award.row.institution, Look()), picture)
    media_type = "image/png" if picture is Picture.PNG else "image/svg+xml"
    return download(data, media_type, f"badge-{award.row.id}.{picture}")


@router.get("/{credential}/receipt")
def get_receipt(desk: Registrar, credential: str) -> Response:
    """Download the receipt."""
    found = own_receipt(desk.here.notary, desk.member, CredentialId(credential))
    return download(bytes(found), MEDIA_TYPE, f"receipt-{credential}.json")


@router.get("/{credential}/credential")
def get_content(desk: Registrar, credential: str) -> Response:
    """Download the credential itself."""
    row = own_credential(desk.here.notary, desk.member, CredentialId(credential))
    if row.content is None:
        raise IssuerError("this credential is not kept here", hint="It is among your own files")
    return download(row.content, *credential_file(row.form, row.id))


@router.post("/{credential}/link")
def post_link(desk: Registrar, credential: str, _: FromDesk) -> Response:
    """Make a new link and end all before; it is shown this once."""
    row = own_credential(desk.here.notary, desk.member, CredentialId(credential))
    token = renew_link(desk.here.notary, row.id)
    return desk.page("link.html", row=row, address=f"{desk.here.url}/r/{token}")


@router.post("/{credential}/resend")
def post_resend(desk: Registrar, credential: str, posted: FromDesk) -> Response:
    """Mail the link once more; an address that is given is the learner's from now on."""
    row = own_credential(desk.here.notary, desk.member, CredentialId(credential))
    text = posted.text("email")
    try:
        if desk.here.notary.post is None:
            raise IssuerError("this notary sends no mail", hint="Make a new link, and pass it on yourself")
        resend(desk.here.notary, [row.id], read_email(text) if text else None)
    except Unread as error:
        return show_credential(desk, credential, refused(IssuerError(f"the address: {error}")), email=text)
    except NotaryError as error:
        return show_credential(desk, credential, refused(error), email=text)
    return go(f"/desk/learners/{row.id}")


@router.post("/{credential}/endorse")
def post_endorse(desk: Registrar, credential: str, posted: FromDesk) -> Response:
    """Attach an endorsement that somebody wrote and signed."""
    row, given = own_credential(desk.here.notary, desk.member, CredentialId(credential)), posted.file("endorsement")
    try:
        if given is None:
            raise IssuerError("no file is chosen", hint="Choose the endorsement that you were sent, a .json file")
        attach_endorsement(desk.here.notary, desk.member, row.id, given[1])
    except NotaryError as error:
        return show_credential(desk, credential, refused(error))
    return go(f"/desk/learners/{row.id}")


def show_credential(
    desk: Visitor, credential: str, problem: Problem | None = None, *, email: str | None = None
) -> HTMLResponse:
    """Show one credential; `email`: what was typed as its learner's address."""
    here = desk.here
    row = own_credential(here.notary, desk.member, CredentialId(credential))
    award = award_of(here.notary, here.name, row)
    with here.notary.ledger.read() as work:
        contact = work.contacts.get(row.id)
        mail = work.outbox.get(row.id, MailKind.AWARD)
        bounced = None if contact is None else work.outbox.bounced(contact.email)
        marks = work.statuses.history(row.id)
        endorsements = len(work.endorsements.of(row.id))
    state = credential_state(award, marks)
    return desk.page(
        "credential.html",
        status=422 if problem else 200,
        problem=problem,
        row=row,
        award=shown(award, here.chains, here.anchoring.expected(award.progress)),
        state=state,
        steps=steps_of(award, marks),
        contact=contact,
        email=email if email is not None else (contact.email if contact else ""),
        mail=mail,
        bounced=bounced,
        mails=here.notary.post is not None,
        printable=not award.erased and _printable(award),
        baked=award.receipt is not None and may_certify(award),
        said=endorsed(award.receipt),
        attached=endorsements,
    )


def _award(desk: Visitor, credential: str) -> Award:
    row = own_credential(desk.here.notary, desk.member, CredentialId(credential))
    return award_of(desk.here.notary, desk.here.name, row)


def _printable(award: Award) -> bool:
    row: CredentialRow = award.row
    return row.content is not None and (award.receipt is None or may_certify(award))
