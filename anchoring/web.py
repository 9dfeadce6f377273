"""HTTP with whoever is not believed: bounded in size and in time, no redirects, one connection kept open.

The standard library alone, so that a monitor or a witness needs no service
installed. Messages name the host and never the path, which may hold a secret.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from threading import Timer
from urllib.parse import urlsplit

from notary.core.errors import OperatorError

SECONDS = 30.0
"""Time for one exchange, from the connection to the last byte."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, media type without parameters, and body."""

    status: int
    media_type: str
    body: bytes


class Web:
    """One host, below one path. Not for several threads at once."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
            raise OperatorError("an address is not usable", expected="http://… or https://…", hint="Correct it")
        self.host = parts.hostname if port is None else f"{parts.hostname}:{port}"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._address = parts.hostname, port or (443 if self._tls else 80)
        self._path, self._query = parts.path, f"?{parts.query}" if parts.query else ""
        self._seconds = seconds
        self._connection: HTTPConnection | None = None

    def ask(
        self,
        path: str = "",
        *,
        max_size: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """GET what stands at `path` below the address, or POST `body` there; any status is an answer.

        OperatorError where there is no whole answer in time, or one larger than `max_size`.
        """
        target = f"{self._path}{path}{self._query}" or "/"
        asked = {"Accept-Encoding": "identity", "User-Agent": "credential-notary", **(headers or {})}
        # A host may close a connection it kept; then the question is put once more. All of them are safe to repeat.
        again = self._connection is not None
        began = time.monotonic()
        try:
            return self._exchange(target, body, asked, max_size)
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            if not again or time.monotonic() - began >= self._seconds:
                raise OperatorError(f"{self.host} did not answer", actual=_words(error)) from None
        try:
            return self._exchange(target, body, asked, max_size)
        except (OSError, HTTPException, ValueError) as error:
            self.close()
            raise OperatorError(f"{self.host} did not answer", actual=_words(error)) from None

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, target: str, body: bytes | None, headers: Mapping[str, str], max_size: int) -> Answer:
        # Each byte of a drip is in time: only an end set from outside bounds the whole.
        watched: list[socket.socket] = []
        end = Timer(self._seconds, _cut, [watched])
        end.daemon = True
        end.start()
        try:
            connection = self._connection = self._connection or self._connect(watched)
            watched.append(connection.sock)
            connection.request("GET" if body is None else "POST", target, body, dict(headers))
            response = connection.getresponse()
            if response.length is None and not response.chunked:  # cut short, it would look whole
                raise HTTPException("the answer does not say how long it is")
            data = response.read(max_size + 1)
            if len(data) > max_size:
                raise OperatorError(f"{self.host} answers too much", expected=f"at most {max_size} bytes")
            if response.length:  # what was announced and never came: cut by the end, or by the host
                raise HTTPException("the answer was cut short")
            found = Answer(response.status, _media_type(response), data)
        except OperatorError:
            self.close()
            raise
        finally:
            end.cancel()
        if response.will_close:
            self.close()
        return found

    def _connect(self, watched: list[socket.socket]) -> HTTPConnection:
        raw = socket.create_connection(self._address, self._seconds)
        watched.append(raw)
        sock = raw
        if self._tls is not None:
            sock = self._tls.wrap_socket(raw, server_hostname=self._address[0], do_handshake_on_connect=False)
            watched.append(sock)
            sock.do_handshake()
        connection = HTTPConnection(*self._address, timeout=self._seconds)
        connection.sock = sock
        return connection


def _media_type(response: HTTPResponse) -> str:
    return response.headers.get_content_type()


def _cut(watched: list[socket.socket]) -> None:
    for sock in watched:
        with suppress(OSError):  # closed already
            sock.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
