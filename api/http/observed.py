"""Counting and logging requests: by route, never by address, for a learner's link is a secret."""

from __future__ import annotations

import logging
import time
from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = logging.getLogger(__name__)
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
_UNLOGGED = ("/healthz", "/readyz", "/metrics")
"""Asked every few seconds by machines."""


class Requests:
    """How many requests were answered, by method, route and status."""

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str, int]] = Counter()


class Observed:
    """ASGI middleware, the outermost: what leaves here is what the caller sees."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app, self._requests = app, requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", "other")
            self._requests.answered[method, route, status] += 1
            if route not in _UNLOGGED:
                milliseconds = round((time.monotonic() - began) * 1000)
                fields = {"method": method, "route": route, "status": status, "milliseconds": milliseconds}
                _log.info("request", extra={"fields": fields})
