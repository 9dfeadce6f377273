"""`/v1/batches`: sealing, how far a batch is, its batch file, the statement to sign and the signature back."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO, cast

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse, StreamingResponse

from api.http.bodies import SPOOL, read_body
from api.http.context import Caller, Context, Here, Reader
from api.rounds import held_data, next_round_data
from api.stages import STAGES
from notary.core.canonical import load
from notary.core.encoding import format_time, to_digest_text
from notary.core.registry import MemberRecord
from notary.core.shape import Closed, read_did
from notary.core.statement import MAX_ENTRY, Recognition
from notary.ports.ledger import BatchId
from notary.service.holdings.own import copy_batch_file, deliver_statement, own_batch, own_statement
from notary.service.log.entries import read_statement
from notary.service.notary import Notary
from notary.service.rounds.progress import Progress, progress, progress_of
from notary.service.submission.preflight import preflight
from notary.service.submission.seal import seal

BATCH_FILE_TYPE = "application/x-ndjson"
_PIECE = 1 << 16
_MAX_WISHES = 1 << 16

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]

router = APIRouter(tags=["institution"])


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch and how far it is: `state` for programs, `words` for people; `expected`: when it may be final.

    `standing`: the chains on which its anchor stands still, each with its reason.
    """

    batch: int
    institution: str
    size: int
    root: str
    recognition: str
    jointWith: list[str]  # noqa: N815  # as in the statement
    sealed: str
    state: str
    words: str
    expected: str | None
    standing: list[dict[str, str | bool]]

    @classmethod
    def of(cls, here: Context, found: Progress) -> Batch:
        """Translate a batch's progress."""
        row, expected = found.batch, here.anchoring.expected(found)
        return cls(
            batch=row.id,
            institution=row.institution,
            size=row.size,
            root=to_digest_text(row.root),
            recognition=row.recognition.value,
            jointWith=list(row.joint_with),
            sealed=format_time(row.sealed),
            state=found.state.value,
            words=STAGES[found.state],
            expected=None if expected is None else format_time(expected),
            standing=[held_data(row) for row in found.held],
        )


async def _wishes(request: Request, _: Caller) -> bytes:
    return await read_body(request, _MAX_WISHES)


async def _signed(request: Request, _: Caller) -> bytes:
    return await read_body(request, MAX_ENTRY)


@router.post("/v1/batches", status_code=201)
def post_batch(here: Here, member: Caller, body: Annotated[bytes, Depends(_wishes)]) -> Batch:
    """Seal what waits. The body may say less than the highest: {recognition?, jointWith?, acceptWarnings?}."""
    wishes = load(body or b"{}", "request", max_size=_MAX_WISHES).value
    fields = Closed.of(wishes, "request", "", "recognition jointWith acceptWarnings")
    recognition = None
    if fields.has("recognition"):
        recognition = Recognition(fields.one_of("recognition", tuple(Recognition)))
    joint_with = fields.each("jointWith", read_did) if fields.has("jointWith") else ()
    accepted = fields.flag("acceptWarnings") if fields.has("acceptWarnings") else False
    batch = seal(here.notary, member, recognition=recognition, joint_with=joint_with, accept_warnings=accepted)
    return Batch.of(here, progress_of(here.notary, batch))


@router.get("/v1/preflight")
def get_preflight(here: Here, member: Caller) -> dict[str, Any]:
    """Look over what waits, and seal nothing: errors keep it from being sealed, warnings have to be accepted."""
    report = preflight(here.notary, member)
    return {
        "size": report.size,
        "errors": len(report.errors),
        "warnings": len(report.warnings),
        "findings": [finding.to_json() for finding in report.findings],
        "more": report.more,
    }


@router.get("/v1/batches")
def get_batches(here: Here, reader: Reader) -> list[Batch]:
    """Return the batches of the key's institution; of all, for a key of the whole notary."""
    return [Batch.of(here, found) for found in progress(here.notary, reader.key.institution)]


@router.get("/v1/round")
def get_round(here: Here) -> JSONResponse:
    """Return the next round of anchoring: when it is due, what it takes, and why it waits; null for none."""
    return JSONResponse(next_round_data(here.anchoring.next_round))


@router.get("/v1/batches/{number}")
def get_batch(here: Here, reader: Reader, number: Number) -> Batch:
    """Return one batch."""
    return Batch.of(here, own_batch(here.notary, reader.member, BatchId(number)))


@router.get("/v1/batches/{number}/file")
def get_batch_file(here: Here, member: Caller, number: Number) -> StreamingResponse:
    """Return the batch file, which the institution checks against its own credentials before it signs."""
    return batch_file(here.notary, member, number)


def batch_file(notary: Notary, member: MemberRecord, number: int) -> StreamingResponse:
    """Hand one of the institution's batch files out."""
    # Written whole before the first byte goes out: a slow reader must not hold a unit of work open.
    spooled = cast("BinaryIO", tempfile.SpooledTemporaryFile(SPOOL))  # noqa: SIM115  # closed once it was sent
    try:
        copy_batch_file(notary, member, BatchId(number), spooled)
    except BaseException:
        spooled.close()
        raise
    spooled.seek(0)

    def pieces() -> Iterator[bytes]:
        with spooled:
            while piece := spooled.read(_PIECE):
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="batch-{number}.ndjson"', "Cache-Control": "no-store"}
    return StreamingResponse(pieces(), media_type=BATCH_FILE_TYPE, headers=headers)


@router.get("/v1/batches/{number}/statement")
def get_statement(here: Here, member: Caller, number: Number) -> dict[str, Any]:
    """Return the statement to sign, made now; once it is logged, as it was signed."""
    return own_statement(here.notary, member, BatchId(number)).to_json()


@router.post("/v1/batches/{number}/statement")
def post_statement(here: Here, member: Caller, number: Number, body: Annotated[bytes, Depends(_signed)]) -> Batch:
    """Hand in the signed statement; the same again changes nothing."""
    return Batch.of(here, deliver_statement(here.notary, member, BatchId(number), read_statement(body)))
