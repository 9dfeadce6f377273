"""Request bodies, bounded while they come in: nothing hostile is ever held whole, or parsed by anyone but the core."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import BinaryIO, cast

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.types import Message, Receive

from api.http.problems import TooLarge

SPOOL = 1 << 20
"""Bytes of a body kept in memory before it goes to a temporary file."""
HEAD = 8192
"""Bytes of a file by which it is told what it is."""
MAX_FIELD = 64 << 10


def bounded(request: Request, most: int) -> Request:
    """Return the request with a body of at most `most` bytes: TooLarge, by its own word or once it is more."""
    _require_declared(request, most)
    return Request(request.scope, _Bounded(request.receive, most))


async def read_body(request: Request, most: int) -> bytes:
    """Read a small body whole."""
    return await bounded(request, most).body()


async def read_file(request: Request, most: Callable[[bytes], int]) -> bytes:
    """Read a file whole; `most` says by its first bytes how large it may be. TooLarge, as `bounded` has it."""
    body = bytearray()
    limit = None
    async for piece in request.stream():
        body += piece
        if limit is None and len(body) >= HEAD:
            limit = most(bytes(body[:HEAD]))
            _require_declared(request, limit)
        if limit is not None and len(body) > limit:
            raise _too_large(limit)
    if limit is None:
        _require_declared(request, most(bytes(body)))
    return bytes(body)


async def spool_body(request: Request, most: int) -> BinaryIO:
    """Read a large body into a temporary file without a name, and return it at its beginning."""
    spooled = cast("BinaryIO", tempfile.SpooledTemporaryFile(SPOOL))  # noqa: SIM115  # the caller closes it
    try:
        async for piece in bounded(request, most).stream():
            await run_in_threadpool(spooled.write, piece)
        spooled.seek(0)
    except BaseException:
        spooled.close()
        raise
    return spooled


@asynccontextmanager
async def form_of(request: Request, most: int, *, files: int) -> AsyncIterator[FormData]:
    """Read a multipart form of at most `files` files; they are gone when the block ends."""
    form = bounded(request, most).form(max_files=files, max_fields=files, max_part_size=MAX_FIELD)
    async with form as read:
        yield read


class _Bounded:
    """`receive` of an ASGI application that counts."""

    def __init__(self, receive: Receive, most: int) -> None:
        self._receive, self._most, self._seen = receive, most, 0

    async def __call__(self) -> Message:
        message = await self._receive()
        self._seen += len(message.get("body", b""))
        if self._seen > self._most:
            raise _too_large(self._most)
        return message


def _require_declared(request: Request, most: int) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 15 or int(declared) > most):
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge("the request is too large", expected=f"at most {most} bytes", hint="Send it in several requests")
