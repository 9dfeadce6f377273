"""Reading many credentials at once, in processes beside the one that writes.

Reading is pure and the slow part. Chunks of credentials lie on a board of shared
memory, which costs a tenth of sending them; what the ledger needs comes back, in
order, a bounded number of chunks at a time.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from ctypes import c_char
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from typing import Any, TypeAlias

from notary.core.digest import Digest
from notary.core.leaf import Form
from notary.core.registry import MemberRecord
from notary.service.submission.accept import Read, Reading, Refused, Source, read_source

_CHUNK = 400
_SLOT = 1 << 20
"""Bytes of a slot: one chunk's credentials. A larger one is a chunk by itself, read here."""
_IN_FLIGHT = 14
"""Chunks for each other process that are read and not written yet."""

_COLLECTED = 100_000
"""New objects after which Python looks for cycles: credentials hold none, and looking at them all is slow."""

_Packed: TypeAlias = tuple[Form, bytes, bytes | None, str | None, str | None, str | None, datetime | None] | Refused
"""Form, digest, data (None where it is the source's own) and what was read: what the asker does not know already."""
_Lying: TypeAlias = tuple[int, str, int | None]
"""A source's size on the board, its name and line."""


def read_beside(
    sources: Iterator[Source | Refused], member: MemberRecord, *, as_file: bool, processes: int
) -> Iterator[Read]:
    """Share the reading out in chunks. Whoever would wait for the oldest one reads the newest itself meanwhile."""
    # Spawned, not forked: this process holds databases, locks and threads that a copy must not touch.
    context = get_context("spawn")
    slots = _IN_FLIGHT * processes
    board = context.RawArray(c_char, slots * _SLOT)
    view = memoryview(board).cast("B")
    with ProcessPoolExecutor(processes, context, _attach, (board, member, as_file)) as pool:
        chunks, free = _chunks(sources), deque(range(slots))
        collected = gc.get_threshold()
        gc.set_threshold(_COLLECTED, *collected[1:])
        flying: deque[_Flight] = deque()
        try:
            while True:
                while free and (chunk := next(chunks, None)):
                    flying.append(_Flight(chunk, free.popleft()))
                    flying[-1].send(pool, view)
                if not flying:
                    return
                while not flying[0].landed and (late := _newest_not_begun(flying)):
                    late.read(member, as_file=as_file)
                landed = flying.popleft()
                yield from landed.readings(member, as_file=as_file)
                free.append(landed.slot)
        finally:
            gc.set_threshold(*collected)
            pool.shutdown(cancel_futures=True)


def _chunks(sources: Iterable[Source | Refused]) -> Iterator[list[Source | Refused]]:
    """Cut into chunks that fit a slot each, but for one that holds a single larger credential."""
    chunk: list[Source | Refused] = []
    size = 0
    for source in sources:
        more = len(source.data) if isinstance(source, Source) else 0
        if chunk and (size + more > _SLOT or len(chunk) == _CHUNK):
            yield chunk
            chunk, size = [], 0
        chunk.append(source)
        size += more
    if chunk:
        yield chunk


@dataclass(slots=True)
class _Flight:
    """A chunk on its way, on a slot of the board: read in another process, or `here`."""

    chunk: list[Source | Refused]
    slot: int
    future: Future[list[_Packed]] | None = None
    here: list[Read] | None = None

    def send(self, pool: ProcessPoolExecutor, view: memoryview) -> None:
        """Lay the chunk on the board and have it read."""
        given = [one for one in self.chunk if isinstance(one, Source)]
        data = b"".join([one.data for one in given])
        if len(data) <= _SLOT:
            begin = self.slot * _SLOT
            view[begin : begin + len(data)] = data
            self.future = pool.submit(_read, begin, [(len(one.data), one.name, one.line) for one in given])

    @property
    def landed(self) -> bool:
        """Whether its readings can be had without waiting."""
        return self.here is not None or self.future is None or self.future.done()

    def read(self, member: MemberRecord, *, as_file: bool) -> list[Read]:
        """Read it in this process."""
        self.here = [
            one if isinstance(one, Refused) else read_source(one, member, as_file=as_file) for one in self.chunk
        ]
        return self.here

    def readings(self, member: MemberRecord, *, as_file: bool) -> Iterable[Read]:
        """Give the readings, in order; waits for them."""
        if self.here is not None:
            return self.here
        if self.future is None:
            return self.read(member, as_file=as_file)
        return _unpack(self.chunk, self.future.result())


def _newest_not_begun(flying: Sequence[_Flight]) -> _Flight | None:
    """Take the newest chunk back that no other process has begun; None where there is none."""
    sent = (flight for flight in reversed(flying) if flight.here is None and flight.future is not None)
    return next((flight for flight in sent if flight.future and flight.future.cancel()), None)


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
    gc.set_threshold(_COLLECTED)
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
