"""`/desk/batches`: looked over, sealed, signed, on their way."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.http.desk.visitor import FromDesk, Reader, Registrar, Visitor, for_pages, go, refused
from api.http.pages.desk import batch_lines
from api.http.pages.stations import reached_stations
from api.http.problems import Problem
from api.http.routes.batches import Number, batch_file
from api.signing import looked_over, retained, sign_batch
from notary.core.errors import IssuerError, NotaryError, OperatorError
from notary.core.statement import MAX_ENTRY, Recognition
from notary.ports import StatementSigner
from notary.ports.ledger import BatchId
from notary.service.holdings.own import deliver_statement, own_batch
from notary.service.log.entries import log_batch, read_statement
from notary.service.rounds.progress import Stage, progress
from notary.service.submission.preflight import preflight
from notary.service.submission.seal import seal
from notary.service.submission.signing import Shown

SHOWN = 200
"""Findings on a page."""

router = APIRouter(prefix="/desk/batches", include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
def get_batches(desk: Reader, recognition: str = "") -> HTMLResponse:
    """Show what waits to be sealed, looked over, and every batch."""
    return _list(desk, recognition)


@router.post("")
def post_batch(desk: Registrar, posted: FromDesk) -> Response:
    """Seal what was looked over; warnings have to be accepted, errors never are."""
    recognition = posted.text("recognition")
    try:
        batch = seal(
            desk.here.notary,
            desk.member,
            recognition=_recognition(recognition),
            accept_warnings=posted.text("accept") == "yes",
        )
    except NotaryError as error:
        return _list(desk, recognition, refused(error))
    return go(f"/desk/batches/{batch.id}")


@router.get("/{number}")
def get_batch(desk: Reader, number: Number) -> HTMLResponse:
    """Show one batch: how far it is, and what is signed."""
    return _one(desk, number)


@router.get("/{number}/file")
def get_batch_file(desk: Registrar, number: Number) -> Response:
    """Download the batch file: what is signed, and the backup of the salts."""
    return batch_file(desk.here.notary, desk.member, number)


@router.post("/{number}/sign")
def post_sign(desk: Registrar, number: Number, _: FromDesk) -> Response:
    """Sign with the key that is kept here, or by the institution's own service, and log."""
    notary, member = desk.here.notary, desk.member
    found = own_batch(notary, member, BatchId(number))
    try:
        key = desk.here.signers.find(member, "batch")
        if key is None:
            raise IssuerError(f"{member.name} keeps its key on its own machine", hint="Sign there, and upload it here")
        if found.batch.statement is None:
            signed = sign_batch(notary, found.batch, retained(notary, found.batch.id), key)[1]
            log_batch(notary, signed)
    except NotaryError as error:
        return _one(desk, number, refused(error))
    return go(f"/desk/batches/{number}")


@router.post("/{number}/statement")
def post_statement(desk: Registrar, number: Number, posted: FromDesk) -> Response:
    """Take a statement that was signed elsewhere; the same again changes nothing."""
    own_batch(desk.here.notary, desk.member, BatchId(number))
    given = posted.file("statement")
    try:
        if given is None:
            raise IssuerError("no file is chosen", hint="Choose the file that signing wrote: batch-N.statement.json")
        if len(given[1]) > MAX_ENTRY:
            raise IssuerError("this is no signed statement", expected=f"at most {MAX_ENTRY} bytes")
        deliver_statement(desk.here.notary, desk.member, BatchId(number), read_statement(given[1]))
    except NotaryError as error:
        return _one(desk, number, refused(error))
    return go(f"/desk/batches/{number}")


def _list(desk: Visitor, recognition: str, problem: Problem | None = None) -> HTMLResponse:
    here, member = desk.here, desk.access.member
    claimed = _recognition(recognition)
    report = preflight(here.notary, member, recognition=claimed) if member and desk.writes else None
    if member and report and claimed is None and any(each.code == "programme" for each in report.errors):
        # Something in it is outside what the institution is authorised for: look at what it may claim all the same.
        claimed = Recognition.COMMUNITY
        report = preflight(here.notary, member, recognition=claimed)
    return desk.page(
        "batches.html",
        status=422 if problem else 200,
        problem=problem,
        report=report,
        findings=[(each, for_pages(each.hint)) for each in report.findings[:SHOWN]] if report else (),
        shown=SHOWN,
        recognition=claimed or (member.recognition if member else None),
        recognitions=_within(member.recognition) if member else (),
        batches=batch_lines(here, progress(here.notary, member.id if member else None)),
    )


def _one(desk: Visitor, number: int, problem: Problem | None = None) -> HTMLResponse:
    here, member = desk.here, desk.access.member
    found = own_batch(here.notary, member, BatchId(number))
    unsigned = found.state is Stage.SEALED
    signer = here.signers.find(member, "batch") if member and desk.writes and unsigned else None
    seen: Shown | None = None
    if signer is not None:
        try:
            seen = looked_over(here.notary, found.batch.id, retained(here.notary, found.batch.id))
        except OperatorError:
            raise
        except NotaryError as error:
            problem = problem or refused(error)
    (line,) = batch_lines(here, [found])
    return desk.page(
        "batch.html",
        status=422 if problem else 200,
        problem=problem,
        line=line,
        batch=found.batch,
        unsigned=unsigned,
        signs=signer is not None,
        asks=isinstance(signer, StatementSigner),
        seen=seen,
        stations=reached_stations(found.state),
    )


def _recognition(text: str) -> Recognition | None:
    return Recognition(text) if text in list(Recognition) else None


def _within(highest: Recognition) -> list[str]:
    return [each.value for each in Recognition if each.within(highest)]
