"""The service: one FastAPI application over one notary, and the process that runs it (`notary serve`)."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from api.http.context import Context
from api.http.guard import Guard
from api.http.limits import TokenBuckets
from api.http.metrics import Metrics
from api.http.observed import Observed, Requests
from api.http.pages import STATIC, page
from api.http.problems import MEDIA_TYPE, Problem, problem_of
from api.http.routes import about, batches, credentials, health, log, pages, receipts, verification
from api.http.worker import Anchoring
from api.settings import EMBEDDED, Settings
from api.wiring import open_notary
from api.words import chain_names
from notary.core.encoding import shorten
from notary.core.errors import NotaryError, OperatorError
from notary.service.notary import Notary

QUESTIONS_AT_ONCE = 30
QUESTIONS_A_SECOND = 1.0
"""What one address may look up and have verified."""
_AT_ONCE = 200
"""Connections beyond which callers are asked to come back."""
_GRACE = 10
_MAX_PORT = 65_535
_FOR_PROGRAMS = ("/v1/", "/log/", "/.well-known/", "/healthz", "/readyz", "/metrics")


def make_app(notary: Notary, settings: Settings, anchoring: Anchoring) -> FastAPI:
    """Put the application together over an open notary; it starts nothing."""
    requests = Requests()
    app = FastAPI(
        title=f"{settings.name}: credential notary",
        openapi_url="/v1/openapi.json",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        middleware=[Middleware(Observed, requests=requests), Middleware(Guard, answer=_answer)],
    )
    app.state.context = Context(
        notary=notary,
        name=settings.name,
        url=settings.public_url.rstrip("/"),
        chains=_chain_names(notary, settings),
        anchoring=anchoring,
        questions=TokenBuckets(QUESTIONS_AT_ONCE, QUESTIONS_A_SECOND),
    )
    app.state.metrics = Metrics(notary, settings.data, anchoring, requests)
    for part in (about, health, credentials, batches, receipts, verification, log, pages):
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    for kind in (NotaryError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
    return app


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until told to stop, anchoring meanwhile; `say` is told once, when it listens."""
    with open_notary(settings) as notary, listening(settings.listen) as listener:
        anchoring = Anchoring(notary, settings.anchor_every, settings.data)
        config = uvicorn.Config(
            make_app(notary, settings, anchoring),
            access_log=False,  # a learner's link is a secret; a log of addresses would be a list of them
            server_header=False,
            log_config=None,  # whoever runs the process has set its log up: see api.http.logs
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=_GRACE,
        )
        server = uvicorn.Server(config)
        anchoring.start()
        say(f"Serving {settings.name} on {settings.listen}, anchoring every {settings.anchor_every} s. Stop: Ctrl-C")
        try:
            with _stopped_by_signals(server):
                server.run([listener])
        finally:
            anchoring.stop()


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Let a signal stop the server and no more: uvicorn raises it again once it has, which would cut the rest short."""

    def stop(*_: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def listening(address: str) -> socket.socket:
    """Listen on `host:port` (a host with colons in brackets); OperatorError where that cannot be."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _MAX_PORT:
        raise OperatorError("listen", expected="host:port, as 127.0.0.1:8000", actual=shorten(address))
    bare = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        return socket.create_server((bare, int(port)), family=family)
    except OSError as error:
        raise OperatorError(
            f"{address} cannot be listened on",
            actual=error.strerror,
            hint="Is another notary running? Another address: NOTARY_LISTEN=127.0.0.1:8001",
        ) from error


def _chain_names(notary: Notary, settings: Settings) -> Mapping[str, str]:
    embedded = {
        site.chain.id: "the embedded chain"
        for site, setting in zip(notary.sites, settings.chains, strict=True)
        if setting.node == EMBEDDED
    }
    return {**chain_names(), **embedded}


def _answer(request: Request, error: Exception) -> Response:
    """Answer an error as a page to people, as a problem to programs."""
    problem = problem_of(error)
    if _is_for_people(request):
        return _page_of(problem, request)
    return JSONResponse(problem.to_json(), problem.kind.status, problem.headers, media_type=MEDIA_TYPE)


def _is_for_people(request: Request) -> bool:
    wanted = request.headers.get("accept", "")
    return "text/html" in wanted and not request.url.path.startswith(_FOR_PROGRAMS)


def _page_of(problem: Problem, request: Request) -> Response:
    name = request.app.state.context.name if "app" in request.scope else ""
    response = page("problem.html", status=problem.kind.status, private=True, name=name, problem=problem)
    response.headers.update(problem.headers or {})
    return response
