"""A member's witness as a process: what it remembers, in one file, and its HTTP side (c2sp.org/tlog-witness)."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from notary.core.digest import Digest, TreeSize
from notary.core.encoding import from_base64, to_base64
from notary.core.errors import NotaryError, OperatorError
from notary.core.log import Checkpoint
from notary.service.log.witness import MAX_REQUEST, WitnessDesk

TYPE = "credential-notary/witness-state/v1"
_AT_ONCE = 64
_LOST = "One that lost its memory draws a new key, and never uses the old one"
_BODY_SECONDS = 10.0


class WitnessFile:
    """The port `WitnessMemory` in a file, replaced whole: after a crash it is the old one or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def create(cls, path: Path) -> WitnessFile:
        """Begin a memory with nothing in it; OperatorError where there is one already."""
        if path.exists():
            raise OperatorError(f"{path} is there already", hint="Leave out --new")
        path.parent.mkdir(parents=True, exist_ok=True)
        found = cls(path)
        with found._locked():
            found._write({"type": TYPE, "logs": {}, "evidence": {}})
        return found

    @classmethod
    def open(cls, path: Path) -> WitnessFile:
        """Open the memory of a witness that has cosigned; OperatorError where it is lost."""
        if not path.exists():
            raise OperatorError(
                f"the witness's memory {path} is not there",
                hint=f"A new witness begins with --new. {_LOST}",
            )
        found = cls(path)
        found._read()
        return found

    def advance(self, origin: str, to_next: Callable[[Checkpoint | None], Checkpoint]) -> Checkpoint:
        """As the port says."""
        with self._locked():
            state = self._read()
            last = state["logs"].get(origin)
            found = to_next(None if last is None else _checkpoint(origin, last))
            state["logs"][origin] = {"size": found.size, "root": to_base64(found.root)}
            self._write(state)
        return found

    def keep_evidence(self, origin: str, note: str) -> None:
        """As the port says; called while `advance` asks, which holds the lock."""
        state = self._read()
        state["evidence"][origin] = note
        self._write(state)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._path.with_name(self._path.name + ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = json.loads(self._path.read_bytes())
            if state["type"] != TYPE:
                raise ValueError(state["type"])
            for origin, last in state["logs"].items():
                _checkpoint(origin, last)
            state["evidence"].keys()
        except (OSError, ValueError, KeyError, TypeError, AttributeError, NotaryError) as error:
            raise OperatorError(
                f"the witness's memory {self._path} cannot be read",
                actual=error,
                hint=_LOST,
            ) from error
        return state

    def _write(self, state: dict[str, Any]) -> None:
        write_whole(self._path, json.dumps(state, ensure_ascii=False, indent=1).encode() + b"\n")


def write_whole(path: Path, data: bytes) -> None:
    """Replace a file at once and durably: a crash leaves the old one or the new one."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _checkpoint(origin: str, last: dict[str, Any]) -> Checkpoint:
    return Checkpoint(origin, TreeSize(int(last["size"])), Digest(from_base64(last["root"], "root")))


# ------------------------------------------------------------------------- HTTP


def make_app(desk: WitnessDesk) -> Any:
    """Put the witness's one address, `POST /add-checkpoint`, over its desk."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def add_checkpoint(request: Request) -> Response:
        try:
            body = await asyncio.wait_for(_body(request), _BODY_SECONDS)
        except TimeoutError:
            return Response("the request came too slowly\n", 408, media_type="text/plain")
        answer = await run_in_threadpool(desk.add_checkpoint, body)
        return Response(answer.body, answer.status, {"Content-Type": answer.media_type})

    async def _body(request: Request) -> bytes:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_REQUEST:
                break  # too large: the desk says so
        return body

    return Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])


def serve_witness(desk: WitnessDesk, address: str, say: Callable[[], None]) -> None:
    """Serve until told to stop; `say` is called once it listens."""
    import uvicorn

    from api.http.app import listening

    with listening(address) as listener:
        config = uvicorn.Config(
            make_app(desk), access_log=False, server_header=False, log_config=None, limit_concurrency=_AT_ONCE
        )
        say()
        uvicorn.Server(config).run([listener])
