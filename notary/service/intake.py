"""Taking in files, folders and NDJSON: what cannot be read is a refusal, and the rest goes on.

Reading is pure, so many credentials are read in processes beside the one that
writes: chunks of bytes go there, what the ledger needs comes back, in order, a
bounded number at a time.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from notary.core.baked import MAX_IMAGE
from notary.core.credential import MAX_JSON
from notary.core.digest import Digest
from notary.core.errors import IssuerError
from notary.core.leaf import Form
from notary.core.registry import MemberRecord
from notary.service.accept import Read, Reading, Refused, Source, place, read_source

if TYPE_CHECKING:
    from concurrent.futures import Future

MAX_FILE = 64 << 20
"""Bytes of the largest file submitted as a file."""
STDIN = "standard input"
_LINES = (".ndjson", ".jsonl")
_OURS = (".receipt.json",)
_OUR_NAMES = frozenset({"trust.json"})
_ALONE = 2000
"""Credentials up to here are read in this process: starting another takes longer."""
_CHUNK = 400
_IN_FLIGHT = 8
"""Chunks for each other process that are read and not written yet."""

_FORMS = {form.value: form for form in Form}

_Packed: TypeAlias = tuple[int, bytes, bytes | None, str | None, str | None] | Refused
"""Form, digest, data (None where it is the source's own), learner, title: what the asker does not know already."""


def open_sources(paths: Iterable[Path], *, as_file: bool = False) -> Iterator[Source | Refused]:
    """Give what stands in files, in folders (by name, all below, hidden ones left out) and in NDJSON line by line.

    Receipts and trust files, which stand beside credentials, are left out of folders.
    """
    for path in paths:
        if path.is_dir():
            for file in _walk(path):
                yield from [file] if isinstance(file, Refused) else _open(file, as_file=as_file)
        else:
            yield from _open(path, as_file=as_file)


def open_stream(stream: BinaryIO, *, as_file: bool = False) -> Iterator[Source | Refused]:
    """Give what stands in a stream: NDJSON, or, where its first line is not a whole credential, one credential."""
    first = stream.readline(MAX_JSON + 1)
    if not as_file and _is_whole(first):
        yield from _lines(chain([first], iter(partial(stream.readline, MAX_JSON + 1), b"")), STDIN)
        return
    most = MAX_FILE if as_file else MAX_IMAGE
    data = first + stream.read(most + 1 - len(first))
    yield _too_large(STDIN, most) if len(data) > most else Source(data, STDIN)


def read_all(
    sources: Iterable[Source | Refused], member: MemberRecord, *, as_file: bool = False, processes: int | None = None
) -> Iterator[Read]:
    """Read sources in order; of many, other processes read some. `processes`: how many, else one less than cores."""
    given = iter(sources)
    first = list(islice(given, _ALONE))
    wanted = max(1, (os.cpu_count() or 1) - 1) if processes is None else processes
    if len(first) < _ALONE or not wanted:
        for source in chain(first, given):
            yield source if isinstance(source, Refused) else read_source(source, member, as_file=as_file)
        return
    yield from _read_beside(chain(first, given), member, as_file=as_file, processes=wanted)


def _read_beside(
    sources: Iterator[Source | Refused], member: MemberRecord, *, as_file: bool, processes: int
) -> Iterator[Read]:
    """Share the reading out in chunks. Whoever would wait for the oldest one reads the newest itself meanwhile."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    def read_here(chunk: list[Source | Refused]) -> list[Read]:
        return [one if isinstance(one, Refused) else read_source(one, member, as_file=as_file) for one in chunk]

    # Spawned, not forked: this process holds databases, locks and threads that a copy must not touch.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        flying: deque[_Flight] = deque()
        try:
            while True:
                while len(flying) < _IN_FLIGHT * processes and (chunk := list(islice(sources, _CHUNK))):
                    packed = [(one.data, one.name, one.line) for one in chunk if isinstance(one, Source)]
                    flying.append(_Flight(chunk, pool.submit(_read_chunk, packed, member, as_file=as_file)))
                if not flying:
                    return
                while not flying[0].landed and (late := _newest_not_begun(flying)):
                    late.here = read_here(late.chunk)
                yield from flying.popleft().readings()
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(slots=True)
class _Flight:
    """A chunk on its way: read in another process, or `here`."""

    chunk: list[Source | Refused]
    future: Future[list[_Packed]]
    here: list[Read] | None = None

    @property
    def landed(self) -> bool:
        """Whether its readings can be had without waiting."""
        return self.here is not None or self.future.done()

    def readings(self) -> Iterator[Read]:
        """Give the readings, in order; waits for them."""
        return _unpack(self.chunk, self.future.result()) if self.here is None else iter(self.here)


def _newest_not_begun(flying: deque[_Flight]) -> _Flight | None:
    """Take the newest chunk back that no other process has begun; None where there is none."""
    return next((flight for flight in reversed(flying) if flight.here is None and flight.future.cancel()), None)


def _read_chunk(packed: list[tuple[bytes, str, int | None]], member: MemberRecord, *, as_file: bool) -> list[_Packed]:
    """Read in another process; plain tuples come back, for their pickling is most of the way."""
    results: list[_Packed] = []
    for data, name, line in packed:
        found = read_source(Source(data, name, line), member, as_file=as_file)
        if isinstance(found, Refused):
            results.append(found)
        else:
            content = None if found.data == data else found.data
            results.append((found.form.value, bytes(found.digest), content, found.learner, found.title))
    return results


def _unpack(chunk: list[Source | Refused], packed: list[_Packed]) -> Iterator[Read]:
    results = iter(packed)
    for source in chunk:
        if isinstance(source, Refused):
            yield source
            continue
        found = next(results)
        if isinstance(found, Refused):
            yield found
        else:
            form, digest, content, learner, title = found
            data = source.data if content is None else content
            yield Reading(source.name, source.line, _FORMS[form], Digest(digest), data, learner, title)


# ----------------------------------------------------------------------- files


def _walk(folder: Path) -> Iterator[Path | Refused]:
    closed: list[Refused] = []

    def refuse(error: OSError) -> None:
        closed.append(_unreadable(str(error.filename), error))

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not (name.startswith(".") or name.endswith(_OURS) or name in _OUR_NAMES):
                yield Path(parent) / name
        yield from closed
        closed.clear()
    yield from closed


def _open(path: Path, *, as_file: bool) -> Iterator[Source | Refused]:
    name = str(path)
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            yield Refused(name, None, str(IssuerError(f"{name} is no file", hint="Name a file, a folder or `-`")))
            return
        if not as_file and path.suffix.lower() in _LINES:
            with path.open("rb") as file:
                yield from _lines(iter(partial(file.readline, MAX_JSON + 1), b""), name)
            return
        most = MAX_FILE if as_file else MAX_IMAGE
        yield _too_large(name, most, found.st_size) if found.st_size > most else Source(path.read_bytes(), name)
    except OSError as error:
        yield _unreadable(name, error)


def _lines(lines: Iterator[bytes], name: str) -> Iterator[Source | Refused]:
    """Give a file's lines; of one that is too long the rest is passed over."""
    number, inside = 0, False
    for line in lines:
        whole = line.endswith(b"\n")
        if inside:
            inside = not whole
            continue
        number += 1
        if len(line) > MAX_JSON and not whole:
            inside = True
            yield _too_large(place(name, number), MAX_JSON, line=number, name=name)
        elif text := line.strip():
            yield Source(text, name, number)


def _is_whole(line: bytes) -> bool:
    """Say whether a line is a whole credential: an object that ends, or a token."""
    text = line.strip()
    return text.startswith(b"ey") or (text.startswith(b"{") and text.endswith(b"}"))


def _too_large(
    where: str, most: int, size: int | None = None, *, line: int | None = None, name: str | None = None
) -> Refused:
    error = IssuerError(
        f"{where} is too large",
        expected=f"at most {most >> 20} MiB",
        actual=None if size is None else f"{size / (1 << 20):.1f} MiB",
        hint="Put a document that refers to it in its place",
    )
    return Refused(name or where, line, str(error))


def _unreadable(name: str, error: OSError) -> Refused:
    why = IssuerError(f"{name} cannot be read", actual=error.strerror, hint="Check its rights, and submit it again")
    return Refused(name, None, str(why))
