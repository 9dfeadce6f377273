"""Printing many certificates, in a process for each core: a press is for one thread, and Python runs one at a time."""

from __future__ import annotations

import gc
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context

from api.certificates.look import Look
from api.certificates.press import Press
from api.certificates.wording import Certificate, Paper

_CHUNK = 16
_IN_FLIGHT = 3
"""Chunks for each process that are printed or wait for it: memory stays bounded, nobody idles."""
COLLECTED = 200_000
"""New objects after which Python looks for cycles: a layout makes many objects and few cycles."""
_FEW = 24
"""Certificates up to which starting processes, with their fonts, costs more than it saves."""


def print_all(
    certificates: Iterable[Certificate], looks: Mapping[str, Look], paper: Paper, processes: int | None = None
) -> Iterator[tuple[Certificate, bytes]]:
    """Print certificates in order; raises what `Press.print` does."""
    given = iter(certificates)
    few = list(islice(given, _FEW + 1))
    processes = processes or os.cpu_count() or 1
    if len(few) <= _FEW or processes == 1:
        press = Press(looks)
        for one in _all(few, given):
            yield one, press.print(one, paper)
        return
    # Spawned, not forked: this process holds databases, locks and threads that a copy must not touch.
    with ProcessPoolExecutor(processes, get_context("spawn"), _set_up, (looks, paper)) as pool:
        flying: deque[tuple[list[Certificate], Future[list[bytes]]]] = deque()
        rest = _all(few, given)
        try:
            while True:
                while len(flying) < processes * _IN_FLIGHT and (chunk := list(islice(rest, _CHUNK))):
                    flying.append((chunk, pool.submit(_print, chunk)))
                if not flying:
                    return
                chunk, printed = flying.popleft()
                yield from zip(chunk, printed.result(), strict=True)
        finally:
            pool.shutdown(cancel_futures=True)


def _all(first: list[Certificate], rest: Iterator[Certificate]) -> Iterator[Certificate]:
    yield from first
    yield from rest


# ------------------------------------------------------- in the other process

_press: tuple[Press, Paper] | None = None
"""What this process prints with; set once, when it begins."""


def _set_up(looks: Mapping[str, Look], paper: Paper) -> None:
    global _press  # noqa: PLW0603  # a pool's process has no other place
    gc.set_threshold(COLLECTED)
    _press = Press(looks), paper


def _print(chunk: list[Certificate]) -> list[bytes]:
    assert _press is not None
    press, paper = _press
    return [press.print(one, paper) for one in chunk]
