"""`POST /v1/verify`, by this notary's own trust file; `GET /v1/trust`, to verify without it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from api.carried import MAX_FILE, is_carrier
from api.http.bodies import form_of, read_file
from api.http.context import Here, Unhurried
from api.http.dropped import judge_sent
from api.words import to_json
from notary.core.canonical import canonical
from notary.core.errors import Malformed
from notary.core.receipt import MAX_SIZE
from notary.service.receipts.trust import export_trust

MAX_BESIDE = 64 << 20
"""Bytes of a credential beside its receipt: a file may be large."""

router = APIRouter(tags=["everybody"])


async def read_question(request: Request) -> tuple[bytes, bytes | None]:
    """Read a receipt, or a PDF or an image with one inside, as the body or as a form's `receipt`.

    The form has a `credential` too, where the receipt leaves it out.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await read_file(request, _most), None
    async with form_of(request, MAX_FILE + MAX_BESIDE, files=2) as form:
        receipt, credential = await _file(form, "receipt"), await _file(form, "credential")
    if receipt is None:
        raise Malformed("the form holds no file", expected="a file named receipt", hint="Choose one, then send it")
    return receipt, credential


def _most(head: bytes) -> int:
    return MAX_FILE if is_carrier(head) else MAX_SIZE


async def _file(form: FormData, name: str) -> bytes | None:
    """Read a file of the form; a field left empty is none."""
    part = form.get(name)
    return (await part.read() if part.filename else None) if isinstance(part, UploadFile) else None


Question = Annotated[tuple[bytes, bytes | None], Depends(read_question)]


@router.post("/v1/verify", dependencies=[Unhurried])
def post_verify(here: Here, question: Question) -> Response:
    """Verify a receipt, also inside a PDF, PNG or SVG; a verdict of any kind is an answer, so the status is 200."""
    receipt, credential = question
    verdict, notice = judge_sent(here.notary, here.name, receipt, credential)
    said = to_json(verdict, here.chains) | ({"notice": notice} if notice else {})
    return Response(canonical(said), media_type="application/json")


@router.get("/v1/trust")
def get_trust(here: Here) -> Response:
    """Return the trust file as this notary would publish it; whoever relies on it compares it with the consortium's."""
    data = canonical(export_trust(here.notary, here.name).to_json())
    return Response(data, media_type="application/json", headers={"Cache-Control": "public, max-age=60"})
