"""The service: one FastAPI application over one notary, and the process that runs it (`notary serve`)."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from http import HTTPStatus

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from api.certificates.look import load_looks
from api.certificates.press import Press
from api.http.context import Context
from api.http.desk import batches as desk_batches
from api.http.desk import claims, delivery, entrance, handing_in, issuing, learners, mending, templates
from api.http.desk import statuses as desk_statuses
from api.http.desk.visitor import refused
from api.http.guard import Guard
from api.http.limits import TokenBuckets
from api.http.metrics import Metrics
from api.http.observed import Observed, Requests
from api.http.pages import STATIC, page
from api.http.problems import MEDIA_TYPE, Problem, problem_of
from api.http.routes import (
    about,
    access,
    batches,
    certificates,
    credentials,
    health,
    log,
    lost,
    pages,
    receipts,
    sharing,
    statuses,
    verification,
)
from api.settings import EMBEDDED, Settings
from api.signing import Signers
from api.wiring import open_notary, running_worker, schedule_of
from api.words import chain_names
from api.worker.outlook import Outlook
from notary.core.encoding import shorten
from notary.core.errors import NotaryError, OperatorError
from notary.service.access.api_keys import Access
from notary.service.access.journal import record_refusal
from notary.service.errors import Denied
from notary.service.notary import Notary

QUESTIONS_AT_ONCE = 30
QUESTIONS_A_SECOND = 1.0
"""What one address may look up and have verified."""
LETTERS_AT_ONCE = 5
LETTERS_A_SECOND = 1 / 60
"""How often one address may say that a link was lost."""
_AT_ONCE = 200
"""Connections beyond which callers are asked to come back."""
_GRACE = 10
_MAX_PORT = 65_535
_HARMLESS = ("GET", "HEAD", "OPTIONS")
_FOR_PROGRAMS = ("/v1/", "/log/", "/.well-known/", "/healthz", "/readyz", "/metrics")


def make_app(notary: Notary, settings: Settings, anchoring: Outlook) -> FastAPI:
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
        letters=TokenBuckets(LETTERS_AT_ONCE, LETTERS_A_SECOND),
        press=Press(load_looks(settings.data)),
        data=settings.data,
        signers=Signers.of(settings),
    )
    app.state.metrics = Metrics(notary, settings.data, anchoring, requests)
    for part in (about, health, access, credentials, batches, statuses, receipts, verification, log):
        app.include_router(part.router)
    for part in (entrance, templates, issuing, handing_in, desk_batches, desk_statuses, learners, mending):
        app.include_router(part.router)
    for part in (delivery, claims):
        app.include_router(part.router)
    for part in (certificates, pages, sharing, lost):  # /r/TOKEN.pdf is no token of its own
        app.include_router(part.router)
    app.mount("/static", StaticFiles(directory=STATIC))
    for kind in (NotaryError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _refuse)
    return app


def serve(settings: Settings, say: Callable[[str], None], *, working: bool) -> None:
    """Serve until told to stop, `working` meanwhile or not; `say` is told once, when it listens."""
    with open_notary(settings) as notary, listening(settings.listen) as listener:
        anchoring = Outlook(notary, schedule_of(settings), inside=working)
        config = uvicorn.Config(
            make_app(notary, settings, anchoring),
            access_log=False,  # a learner's link is a secret; a log of addresses would be a list of them
            server_header=False,
            log_config=None,  # whoever runs the process has set its log up: see api.http.logs
            limit_concurrency=_AT_ONCE,
            timeout_graceful_shutdown=_GRACE,
        )
        server = uvicorn.Server(config)
        doing = f", anchoring every {settings.anchor_every} s" if working else "; notary worker anchors elsewhere"
        with running_worker(settings, notary) if working else nullcontext(), _stopped_by_signals(server):
            say(f"Serving {settings.name} on {settings.listen}{doing}. Stop: Ctrl-C")
            server.run([listener])


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


def _refuse(request: Request, error: Exception) -> Response:
    """Answer an error, and note in the journal what a known caller may not do, or asked to change in vain."""
    answer = _answer(request, error)
    access: Access | None = getattr(request.state, "access", None)
    theirs = HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
    noted = request.method not in _HARMLESS or answer.status_code == HTTPStatus.FORBIDDEN
    if access and theirs and noted:
        notary = replace(request.app.state.context.notary, by=access.actor)
        asked = f"{request.method} {request.scope['route'].path}"
        with suppress(NotaryError):  # a ledger that cannot be written must not hide the answer
            record_refusal(notary, asked, access.key.institution, f"refused ({answer.status_code})")
    return answer


def _answer(request: Request, error: Exception) -> Response:
    """Answer an error as a page to people, as a problem to programs."""
    at_desk = request.url.path.startswith("/desk")
    if isinstance(error, Denied) and at_desk and _is_for_people(request):
        return entrance.sign_in_page(request.app.state.context, refused(error), status=HTTPStatus.UNAUTHORIZED)
    problem = refused(error) if at_desk else problem_of(error)
    if _is_for_people(request):
        return _page_of(problem, request)
    return JSONResponse(problem.to_json(), problem.kind.status, problem.headers, media_type=MEDIA_TYPE)


def _is_for_people(request: Request) -> bool:
    wanted = request.headers.get("accept", "")
    return "text/html" in wanted and not request.url.path.startswith(_FOR_PROGRAMS)


def _page_of(problem: Problem, request: Request) -> Response:
    name = request.app.state.context.name if "app" in request.scope else ""
    template = "desk/problem.html" if request.url.path.startswith("/desk") else "problem.html"
    response = page(template, status=problem.kind.status, private=True, name=name, problem=problem)
    response.headers.update(problem.headers or {})
    return response
