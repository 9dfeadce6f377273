"""`/v1/statuses`: marking credentials, the status file to sign, the signed statements back."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.http.bodies import read_body
from api.http.context import Caller, Here
from notary.core.canonical import JSON, load
from notary.core.errors import IssuerError, Malformed
from notary.core.registry import MemberRecord
from notary.core.shape import Closed
from notary.core.statement import MAX_ENTRY
from notary.core.status import Status
from notary.ports.ledger import CredentialId, Reason
from notary.service.log.entries import read_statement
from notary.service.notary import Notary
from notary.service.status.marking import Wish, mark, plan_marks
from notary.service.status.reissue import plan_reissue
from notary.service.status.statements import draw_statuses, log_status, unsigned_statuses

STATUS_FILE_TYPE = "application/x-ndjson"
_MAX_CHANGES = 16 << 20
_MAX_STATEMENTS = 16 << 20

router = APIRouter(prefix="/v1/statuses", tags=["institution"])


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A change that cannot be made, and why; the others are."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Marked:
    """What is marked now, what was taken back, and what was so already. It counts once it is signed."""

    marked: list[str]
    withdrawn: list[str]
    unchanged: list[str]
    refused: list[LeftOut]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch with marks: how many can be signed now, how many wait for a replacement to be final."""

    batch: int
    institution: str
    due: int
    early: int


async def _changes(request: Request, _: Caller) -> bytes:
    return await read_body(request, _MAX_CHANGES)


async def _signed(request: Request, _: Caller) -> bytes:
    return await read_body(request, _MAX_STATEMENTS)


@router.post("")
def post_statuses(here: Here, member: Caller, body: Annotated[bytes, Depends(_changes)]) -> Marked:
    """Mark credentials: {status, changes: [{id, reason, note?, with?}]}; `with` names what replaces one."""
    fields = Closed.of(load(body, "request", max_size=_MAX_CHANGES).value, "request", "status changes")
    status = Status[fields.one_of("status", tuple(each.name.lower() for each in Status)).upper()]
    wishes = fields.each("changes", _wish)
    if any((wish.replacement is None) != (status is not Status.REPLACED) for wish in wishes):
        raise Malformed(fields.path("changes"), expected="`with` exactly where the status is replaced")
    found = Marked([], [], [], [])
    if status is Status.REPLACED:
        for wish in wishes:
            assert wish.replacement is not None
            try:
                plan = plan_reissue(here.notary, member, wish.credential, wish.replacement, wish.reason, wish.note)
            except IssuerError as error:
                found.refused.append(LeftOut(wish.credential, str(error)))
                continue
            mark(here.notary, plan)
            found.marked.extend(change.position.credential for change in plan.changes)
        return found
    plan = plan_marks(here.notary, member, status, wishes)
    mark(here.notary, plan)
    return Marked(
        marked=[change.position.credential for change in plan.changes],
        withdrawn=[position.credential for position in plan.withdrawn],
        unchanged=[wish.credential for wish in plan.unchanged],
        refused=[LeftOut(finding.wish.credential, str(finding)) for finding in plan.findings],
    )


@router.get("")
def get_statuses(here: Here, member: Caller) -> list[Waiting]:
    """Return the institution's batches whose statuses wait for a signature."""
    return [
        Waiting(found.batch.id, found.batch.institution, found.due, found.early)
        for found in unsigned_statuses(here.notary, member)
    ]


@router.get("/file", response_class=Response)
def get_status_file(here: Here, member: Caller) -> Response:
    """Return the status file: a line to sign for every batch, made now, with the list it commits; none, no line."""
    drafts = draw_statuses(here.notary, member)
    seq = drafts[0].statement.seq if drafts else 0
    headers = {"Content-Disposition": f'attachment; filename="statuses-{seq}.ndjson"', "Cache-Control": "no-store"}
    return Response(b"".join(draft.line() for draft in drafts), media_type=STATUS_FILE_TYPE, headers=headers)


@router.post("/statements")
def post_statements(here: Here, member: Caller, body: Annotated[bytes, Depends(_signed)]) -> dict[str, Any]:
    """Hand in signed statements, one a line, in the order of the status file; the same again changes nothing."""
    return {"entries": log_statements(here.notary, member, body)}


def log_statements(notary: Notary, member: MemberRecord, body: bytes) -> list[int]:
    """Log a member's signed status statements, one a line, in their order; return their entries."""
    signed = [read_statement(_short(line)) for line in BytesIO(body) if line.strip()]
    for each in signed:
        if each.statement.issuer != member.id:
            raise IssuerError(
                "the statement is another institution's", expected=member.id, actual=each.statement.issuer
            )
    return [log_status(notary, each).index for each in signed]


def _short(line: bytes) -> bytes:
    if len(line) > MAX_ENTRY + 1:
        raise Malformed("statement", expected=f"at most {MAX_ENTRY} bytes", actual=len(line))
    return line


def _wish(value: JSON, where: str) -> Wish:
    fields = Closed.of(value, where, "id reason", "note with")
    return Wish(
        credential=CredentialId(fields.filled("id")),
        reason=Reason(fields.one_of("reason", tuple(Reason))),
        note=fields.text("note") if fields.has("note") else None,
        replacement=CredentialId(fields.filled("with")) if fields.has("with") else None,
    )
