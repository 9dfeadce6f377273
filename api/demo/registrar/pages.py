"""A real `notary serve` beside the demo, and somebody who opens its pages."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from notary.core.errors import OperatorError

_PROGRAM = "from api.command_line import main; main()"
_START, _STOP, _ANSWER = 60.0, 30.0, 30.0
"""Seconds to wait for the first answer, for the end, for a page."""


def free_port() -> int:
    """Return a port of the loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages at an address, without a proxy in between."""

    address: str
    opener: OpenerDirector

    def get(self, path: str) -> str:
        """Return a page; OperatorError where there is none."""
        return self._ask(Request(f"{self.address}{path}", headers={"Accept": "text/html"}))  # noqa: S310  # http

    def post(self, path: str, **fields: str) -> str:
        """Send a form and return the page that answers it."""
        form = urlencode(fields).encode()
        return self._ask(Request(f"{self.address}{path}", form, {"Accept": "text/html"}))  # noqa: S310  # http

    def _ask(self, request: Request) -> str:
        try:
            with self.opener.open(request, timeout=_ANSWER) as answer:
                found: str = answer.read().decode()
                return found
        except HTTPError as error:
            raise OperatorError(f"{request.full_url.partition('/r/')[0]} did not answer", actual=error.code) from error


@contextmanager
def serving(address: str, environment: Mapping[str, str], log: Path) -> Iterator[Pages]:
    """Run `notary serve` with a worker inside until the block ends; what it says goes to a file."""
    pages = Pages(address, build_opener(ProxyHandler({})))
    with log.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603  # this interpreter
            [sys.executable, "-c", _PROGRAM, "serve"], env=dict(environment), stdout=file, stderr=file
        )
        try:
            _wait(pages, process, log)
            yield pages
        finally:
            process.terminate()
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(pages: Pages, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < until:
        with suppress(URLError, OperatorError, ConnectionError):
            pages.get("/lost")
            return
        time.sleep(0.1)
    raise OperatorError("notary serve did not start", hint=log.read_text(errors="replace")[-500:] or None)
