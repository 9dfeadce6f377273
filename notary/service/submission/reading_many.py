"""Reading many credentials: in order, and where there are very many, in processes beside the one that writes.

Reading is pure, and the slow part of submitting. Chunks of credentials lie on a board of shared
memory, which costs a tenth of sending them; what the ledger needs comes back, in
order, a bounded number of chunks at a time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from ctypes import c_char
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from multiprocessing import get_context
from typing import Any, TypeAlias

from notary.core.digest import Digest
from notary.core.leaf import Form
from notary.core.registry import MemberRecord
from notary.service.beside import collect_rarely, rarely_collected, share
from notary.service.submission.reading import Read, Reading, Refused, Source, read_source

_ALONE = 2000
"""Credentials up to here are read in this process: starting another takes longer."""
_CHUNK = 400
_SLOT = 1 << 20
"""Bytes of a slot: one chunk's credentials. A larger one is a chunk by itself, read here."""
_IN_FLIGHT = 14
"""Chunks for each other process that are read and not written yet."""

_Packed: TypeAlias = tuple[Form, bytes, bytes | None, str | None, str | None, str | None, datetime | None] | Refused
"""Form, digest, data (None where it is the source's own) and what was read: what the asker does not know already."""
_Lying: TypeAlias = tuple[int, str, int | None]
"""A source's size on the board, its name and line."""


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
    """Share the reading out in chunks."""
    context = get_context("spawn")
    slots = _IN_FLIGHT * processes
    board = context.RawArray(c_char, slots * _SLOT)
    view, free = memoryview(board).cast("B"), deque(range(slots))
    with ProcessPoolExecutor(processes, context, _attach, (board, member, as_file)) as pool, rarely_collected():

        def send(chunk: _Chunk) -> Future[list[_Packed] | _Here] | None:
            """Lay a chunk on the board and have it read; one that is larger than a slot is read here."""
            given = [one for one in chunk.sources if isinstance(one, Source)]
            data = b"".join([one.data for one in given])
            if len(data) > _SLOT:
                return None
            chunk.slot = free.popleft()
            begin = chunk.slot * _SLOT
            view[begin : begin + len(data)] = data
            return pool.submit(_read, begin, [(len(one.data), one.name, one.line) for one in given])

        def here(chunk: _Chunk) -> _Here:
            some = chunk.sources
            return _Here(
                [one if isinstance(one, Refused) else read_source(one, member, as_file=as_file) for one in some]
            )

        try:
            for chunk, found in share(_chunks(sources), at_once=slots, send=send, here=here):
                yield from found.readings if isinstance(found, _Here) else _unpack(chunk.sources, found)
                if chunk.slot is not None:
                    free.append(chunk.slot)
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(slots=True)
class _Chunk:
    """Credentials that are read together, and where on the board they lie."""

    sources: list[Source | Refused]
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class _Here:
    """What was read in this process, as it is to be given."""

    readings: list[Read]


def _chunks(sources: Iterable[Source | Refused]) -> Iterator[_Chunk]:
    """Cut into chunks that fit a slot each, but for one that holds a single larger credential."""
    chunk: list[Source | Refused] = []
    size = 0
    for source in sources:
        more = len(source.data) if isinstance(source, Source) else 0
        if chunk and (size + more > _SLOT or len(chunk) == _CHUNK):
            yield _Chunk(chunk)
            chunk, size = [], 0
        chunk.append(source)
        size += more
    if chunk:
        yield _Chunk(chunk)


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
            form, digest, content, learner, title, issuer, until = found
            taken = form, Digest(digest), source.data if content is None else content
            yield Reading(source.name, source.line, *taken, learner, title, issuer, until)


# ------------------------------------------------------- in the other process

_given: tuple[memoryview, MemberRecord, bool] | None = None
"""What this process reads from, for whom, and how; set once, when it begins."""


def _attach(board: Any, member: MemberRecord, as_file: bool) -> None:  # noqa: FBT001  # arguments of an initializer
    global _given  # noqa: PLW0603  # a pool's process has no other place
    collect_rarely()
    _given = (memoryview(board).cast("B"), member, as_file)


def _read(begin: int, lying: list[_Lying]) -> list[_Packed]:
    """Read a slot; plain tuples go back, for their pickling is most of the way."""
    assert _given is not None
    view, member, as_file = _given
    results: list[_Packed] = []
    for size, name, line in lying:
        data = bytes(view[begin : begin + size])
        begin += size
        found = read_source(Source(data, name, line), member, as_file=as_file)
        if isinstance(found, Refused):
            results.append(found)
        else:
            content = None if found.data == data else found.data
            said = found.learner, found.title, found.issuer, found.until
            results.append((found.form, bytes(found.digest), content, *said))
    return results
