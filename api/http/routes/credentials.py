"""`POST /v1/credentials`: handing in one credential, one with its evidence, or a stream of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.datastructures import FormData, UploadFile

from api.http.bodies import form_of, read_body, spool_body
from api.http.context import Caller, Context, Here
from api.http.problems import WrongMedia
from notary.core.credential import MAX_JSON
from notary.core.errors import Malformed
from notary.service.evidence.manifest import Exhibit
from notary.service.submission.accept import Accepted
from notary.service.submission.intake import open_lines
from notary.service.submission.reading import Refused, Source
from notary.service.submission.submit import submit

MAX_STREAM = 64 << 20
MAX_WITH_EVIDENCE = 256 << 20
MAX_EXHIBITS = 32
_STREAM = "application/x-ndjson"
_FORM = "multipart/form-data"
_FILE = "application/octet-stream"
_ONE = frozenset(
    {
        *("application/json", "application/ld+json", "application/vc", "application/vc+ld+json"),
        *("application/jwt", "application/jose", "application/vc+jwt"),
        *("application/vc+sd-jwt", "application/dc+sd-jwt"),
        *("image/png", "image/svg+xml", "text/plain", _FILE),
    }
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Taken:
    """A credential that was accepted; `link` is the learner's, shown here once."""

    id: str
    source: str
    line: int | None
    learner: str | None
    title: str | None
    link: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A credential that was refused, and why."""

    source: str
    line: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of each credential; what was accepted waits to be sealed."""

    accepted: list[Taken]
    refused: list[LeftOut]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request's content: credentials to come, and the evidence that belongs to all of them."""

    sources: Iterator[Source | Refused]
    exhibits: tuple[Exhibit, ...] = ()
    narrative: str | None = None


async def _delivery(request: Request, _: Caller) -> AsyncIterator[Delivery]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    with ExitStack() as stack:
        if kind == _STREAM:
            spooled = stack.enter_context(await spool_body(request, MAX_STREAM))
            yield Delivery(open_lines(spooled, "request"))
        elif kind == _FORM:
            async with form_of(request, MAX_WITH_EVIDENCE, files=1 + MAX_EXHIBITS) as form:
                yield await _form_delivery(form)
        elif kind in _ONE:
            yield Delivery(iter((Source(await read_body(request, MAX_JSON), "request"),)))
        else:
            raise WrongMedia(
                "Content-Type", expected=f"{_STREAM}, {_FORM} or a credential's own", actual=kind or "nothing"
            )


@router.post("/v1/credentials", tags=["institution"])
def post_credentials(
    here: Here,
    member: Caller,
    delivery: Annotated[Delivery, Depends(_delivery)],
    as_: Annotated[str | None, Query(alias="as", pattern="^file$")] = None,
    *,
    duplicates: bool = False,
    public_evidence: bool = False,
    joint_with: Annotated[list[str] | None, Query(alias="jointWith")] = None,
) -> Report:
    """Hand in credentials. Each is taken or refused by itself; what is reported accepted is durable."""
    results = submit(
        here.notary,
        member,
        delivery.sources,
        exhibits=delivery.exhibits,
        narrative=delivery.narrative,
        public_evidence=public_evidence,
        as_file=as_ is not None,
        duplicates=duplicates,
        joint_with=joint_with or (),
        processes=0,
    )
    return _report(here, results)


def _report(here: Context, results: Iterator[Accepted | Refused]) -> Report:
    report = Report([], [])
    for result in results:
        if isinstance(result, Accepted):
            link = f"{here.url}/r/{result.token}"
            taken = Taken(result.id, result.source, result.line, result.learner, result.title, link)
            report.accepted.append(taken)
        else:
            report.refused.append(LeftOut(result.source, result.line, result.why))
    return report


async def _form_delivery(form: FormData) -> Delivery:
    """Read the parts `credential` (one), `evidence` (any number) and `narrative` (a text)."""
    credential, narrative = form.get("credential"), form.get("narrative")
    if not isinstance(credential, UploadFile) or (narrative is not None and not isinstance(narrative, str)):
        raise Malformed("the form", expected="a file `credential`, files `evidence`, a text `narrative`")
    data = await credential.read(MAX_JSON + 1)
    exhibits = tuple(
        Exhibit(_name(part), part.content_type or _FILE, part.file)
        for part in form.getlist("evidence")
        if isinstance(part, UploadFile)
    )
    return Delivery(iter((Source(data, _name(credential)),)), exhibits, narrative or None)


def _name(part: UploadFile) -> str:
    """Return a file's name without the folders some clients put before it."""
    return PurePath((part.filename or "").replace("\\", "/")).name or "unnamed"
