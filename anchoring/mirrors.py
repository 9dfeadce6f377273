"""Copies of a log's public files: a folder, or an http(s) address. The port `Mirror`.

Whoever serves a copy may be an enemy: an address gets so many bytes and so much
time for one look, and no more.
"""

from __future__ import annotations

import time
from pathlib import Path

from anchoring.web import Web
from notary.core.encoding import shorten
from notary.core.errors import OperatorError
from notary.ports import Mirror, Missing

LOOK_SECONDS = 1800.0
"""Time for one look at a log over HTTP."""
LOOK_BYTES = 8 << 30
"""Bytes of one look: more than the longest log that is followed has."""


class FolderMirror:
    """Files below a folder, as `notary log export` writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str, *, max_size: int) -> bytes:
        """As the port says."""
        try:
            with (self._folder / path).open("rb") as file:
                data = file.read(max_size + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Missing(f"{self._folder} has no {path}") from error
        except OSError as error:
            raise OperatorError(f"{self._folder / path} cannot be read", actual=error.strerror) from error
        if len(data) > max_size:
            raise OperatorError(f"{self._folder / path} is too large", expected=f"at most {max_size} bytes")
        return data


class HttpMirror:
    """Files below an address, for one look."""

    def __init__(self, url: str, *, seconds: float = LOOK_SECONDS, most: int = LOOK_BYTES) -> None:
        self._web = Web(url.rstrip("/"))
        self._end = time.monotonic() + seconds
        self._left = most

    def read(self, path: str, *, max_size: int) -> bytes:
        """As the port says."""
        if time.monotonic() > self._end or self._left <= 0:
            raise OperatorError(f"{self._web.host} takes too long, or sends too much", hint="Ask another mirror")
        answer = self._web.ask(f"/{path}", max_size=max_size)
        self._left -= len(answer.body)
        if answer.status in (404, 410):
            raise Missing(f"{self._web.host} has no {path}")
        if answer.status != 200:
            hint = "Give the address it leads to" if 300 <= answer.status < 400 else "Try again later"
            raise OperatorError(f"{self._web.host} does not give {path}", actual=f"status {answer.status}", hint=hint)
        return answer.body


def open_mirror(place: str) -> Mirror:
    """Open a mirror by what an operator calls it: an http(s) address, or a folder."""
    if place.startswith(("http://", "https://")):
        return HttpMirror(place)
    folder = Path(place)
    if not folder.is_dir():
        raise OperatorError("a mirror of the log", expected="an http(s) address or a folder", actual=shorten(place))
    return FolderMirror(folder)
