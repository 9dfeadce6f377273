"""Work beside this thread's own, its results in order: `share` with other processes, `behind` in a thread.

Other processes are spawned, not forked: this one holds databases, locks and
threads that a copy must not touch. Python looks for cycles rarely meanwhile.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Part = TypeVar("Part")
Result = TypeVar("Result")

_COLLECTED = 100_000
"""New objects after which Python looks for cycles: credentials hold none, and looking at them all is slow."""


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let Python look for cycles rarely while the block runs."""
    before = gc.get_threshold()
    collect_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def collect_rarely() -> None:
    """Let Python look for cycles rarely, in a process that does nothing else."""
    gc.set_threshold(_COLLECTED, *gc.get_threshold()[1:])


def share(
    parts: Iterator[Part],
    *,
    at_once: int,
    send: Callable[[Part], Future[Result] | None],
    here: Callable[[Part], Result],
) -> Iterator[tuple[Part, Result]]:
    """Yield every part with its result, in order, with so many under way at most.

    `send` gives a part to the others, or nothing where it has to be done here. Whoever
    would wait for the oldest part does the newest itself meanwhile.
    """
    flying: deque[_Flight[Part, Result]] = deque()
    while True:
        while len(flying) < at_once and (part := next(parts, None)) is not None:
            flying.append(_Flight(part, send(part)))
        if not flying:
            return
        while not flying[0].landed and (late := next((each for each in reversed(flying) if each.take_back()), None)):
            late.done = (here(late.part),)
        landed = flying.popleft()
        yield landed.part, landed.result(here)


def behind(parts: Iterator[Part], do: Callable[[Part], Result]) -> Iterator[Result]:
    """Yield each part's result; a part is done in another thread while this one makes the next.

    Parts are done one after another, each when the one before has succeeded. What was done
    is given out also where the next part cannot be made.
    """
    with ThreadPoolExecutor(1) as thread:
        doing: Future[Result] | None = None
        while True:
            try:
                part = next(parts, None)
            except Exception:
                if doing is not None:
                    yield doing.result()
                raise
            done = None if doing is None else (doing.result(),)
            doing = None if part is None else thread.submit(do, part)
            yield from done or ()
            if doing is None:
                return


@dataclass(slots=True)
class _Flight(Generic[Part, Result]):
    """A part on its way; `done` here, where it was."""

    part: Part
    future: Future[Result] | None
    done: tuple[Result] | None = None

    @property
    def landed(self) -> bool:
        """Whether its result can be had without waiting."""
        return self.done is not None or self.future is None or self.future.done()

    def take_back(self) -> bool:
        """Take it from the others, unless one has begun, or it is done here."""
        return self.done is None and self.future is not None and self.future.cancel()

    def result(self, here: Callable[[Part], Result]) -> Result:
        if self.done is not None:
            return self.done[0]
        return here(self.part) if self.future is None else self.future.result()
