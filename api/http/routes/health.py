"""For machines that watch: whether the process lives, whether it can work, and its numbers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse

from api.http.context import Here
from api.http.metrics import MEDIA_TYPE, Metrics
from notary.core.errors import NotaryError

router = APIRouter(tags=["operator"], default_response_class=PlainTextResponse)


def _metrics(request: Request) -> Metrics:
    found: Metrics = request.app.state.metrics
    return found


@router.get("/healthz")
def get_health() -> PlainTextResponse:
    """Say that the process is up; it looks at nothing else."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def get_readiness(here: Here) -> PlainTextResponse:
    """Say whether the ledger answers with this release's tables, and whether a worker lives where one runs inside."""
    lacking = []
    try:
        here.notary.ledger.check()
    except NotaryError:
        lacking.append("ledger: not reached, or its tables are another release's; see notary doctor")
    else:
        if here.anchoring.inside and not here.anchoring.beats:
            lacking.append("worker: none has told lately that it lives; see the service's log")
    text = "".join(f"{line}\n" for line in lacking or ["ready"])
    return PlainTextResponse(text, 503 if lacking else 200)


@router.get("/metrics")
def get_metrics(metrics: Annotated[Metrics, Depends(_metrics)]) -> PlainTextResponse:
    """Return the numbers as Prometheus reads them; a proxy before this service keeps them from the public."""
    return PlainTextResponse(metrics.text(), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
