"""Several block stores as one: enough of them hold a root before it counts, the queue brings it to the others.

What is put is kept aside until enough stores have it, so that one which breaks off
half-way costs nothing. The ledger then knows the root for every store, in one unit
of work: from there `pinning` goes on.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.dag_pb import Node
from notary.core.errors import NotaryError, OperatorError
from notary.core.unixfs import Read
from notary.ports import Clock
from notary.ports.ledger import Ledger, PinRow, PinState, StoreRow
from notary.service.notary import Store

_IN_MEMORY = 4 << 20
"""Bytes kept aside in memory; more goes to a temporary file."""
_FIRST, _LAST = 5.0, 600.0
"""Seconds until a store that failed is asked again: after the first time, and at most."""


class Stores:
    """The BlockStore of a notary with one store or several, the first of which is asked first."""

    def __init__(self, stores: Sequence[Store], ledger: Ledger, clock: Clock, *, least: int = 1) -> None:
        """`least`: how many stores have to hold a root before `put` returns; of fewer stores, all."""
        self._stores, self._ledger, self._clock = tuple(stores), ledger, clock
        self._least = min(least, len(self._stores))

    def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
        """As the port says, in `least` stores; the others are given it by the queue."""
        with _Aside(blocks) as aside:
            roots = tuple(pins)
            held: list[str] = []
            failures: list[OperatorError] = []
            for store in self._well_ones_first():
                if len(held) == self._least:
                    break
                try:
                    self._put(store, aside, roots)
                except OperatorError as error:
                    failures.append(error)
                else:
                    held.append(store.name)
        if len(held) < self._least:
            raise failures[0]
        if roots:
            with self._ledger.begin() as work:
                work.pins.want(roots, [store.name for store in self._stores], self._clock.now(), held=held)

    def get(self, cid: Cid) -> bytes:
        """As the port says: what a store keeps itself goes before what one could look for elsewhere."""
        data = self.kept(cid)
        if data is not None:
            return data
        failures: list[OperatorError] = []
        for store in self._stores:
            try:
                return store.blocks.get(cid)
            except OperatorError as error:
                failures.append(error)
        raise failures[0]

    def kept(self, cid: Cid) -> bytes | None:
        """As the port says; OperatorError where no store has it and one is not reached."""
        failures: list[OperatorError] = []
        for store in self._stores:
            try:
                data = store.blocks.kept(cid)
            except OperatorError as error:
                failures.append(error)
                continue
            if data is not None:
                return data
        if len(failures) == len(self._stores):
            raise failures[0]
        return None

    def unpin(self, cid: Cid) -> None:
        """As the port says, in every store that is reached; the queue lets it go in the others."""
        now = self._clock.now()
        with self._ledger.begin() as work:
            work.pins.leave(cid, [store.name for store in self._stores], now)
        for store in self._stores:
            row = PinRow(store.name, cid, 0, PinState.LEAVING, now, now)
            try:
                store.blocks.unpin(cid)
            except OperatorError as error:
                with self._ledger.begin() as work:
                    work.pins.postpone(row, now + timedelta(seconds=_FIRST), str(error))
            else:
                with self._ledger.begin() as work:
                    work.pins.done(row, now)

    def pins(self) -> Iterator[Cid]:
        """As the port says: what any store has pinned."""
        yield from dict.fromkeys(chain.from_iterable(store.blocks.pins() for store in self._stores))

    def sweep(self) -> int:
        """As the port says, in every store that is reached."""
        swept = 0
        for store in self._stores:
            with suppress(OperatorError):
                swept += store.blocks.sweep()
        return swept

    def _put(self, store: Store, aside: _Aside, roots: Sequence[Cid]) -> None:
        """Put in one store; what it lacks below a root, another one may have."""
        try:
            store.blocks.put(aside, pins=roots)
        except OperatorError:
            rest = (block for block in reach(roots, partial(self._read, aside)) if block.cid not in aside)
            with suppress(OperatorError):
                first = next(rest, None)
                if first is not None:
                    store.blocks.put(chain(aside, [first], rest), pins=roots)
                    return
            raise

    def _read(self, aside: _Aside, cid: Cid) -> bytes:
        data = aside.get(cid)
        return self.get(cid) if data is None else data

    def _well_ones_first(self) -> list[Store]:
        """Return the stores in their order, those that failed lately at the end: a node that stalls costs a minute."""
        now = self._clock.now()
        with self._ledger.read() as work:
            return sorted(self._stores, key=lambda store: not is_due(work.pins.store(store.name), now))


def reach(roots: Iterable[Cid], read: Read, old: Cid | None = None) -> Iterator[StoredBlock]:
    """Give every block below some roots, each once; of what `old` has in the same places, nothing.

    With `old` being the tree before, that is what an anchor changed.
    """
    waiting: list[tuple[Cid, Cid | None]] = [(root, old) for root in roots]
    seen: set[Cid] = set()
    while waiting:
        cid, before = waiting.pop()
        if cid in seen:
            continue
        seen.add(cid)
        block = StoredBlock(cid, read(cid))
        yield block
        there = _children(StoredBlock(before, read(before))) if before and before.codec is Codec.DAG_PB else ()
        named, same = dict(there), {child for _, child in there}
        waiting += [(child, named.get(name)) for name, child in _children(block) if child not in same]


def _children(block: StoredBlock) -> tuple[tuple[str, Cid], ...]:
    """Return a node's children by name; those of a file have none."""
    if block.cid.codec is Codec.RAW:
        return ()
    return tuple((name, link.cid) for name, link in Node.from_bytes(block.data, f"block {block.cid}").links)


def is_due(row: StoreRow, now: datetime) -> bool:
    """Say whether a store may be asked now."""
    return row.due is None or row.due <= now


def failed(row: StoreRow, error: NotaryError, now: datetime, seed: bytes) -> StoreRow:
    """Return how a store does after one more failure."""
    due = now + backoff(row.failures, _FIRST, _LAST, seed)
    return replace(row, failures=row.failures + 1, due=due, trouble=str(error))


def backoff(tries: int, first: float, last: float, seed: bytes) -> timedelta:
    """Return how long to wait after so many failures: twice as long each time, with jitter from half to half more."""
    jitter = random.Random(seed).uniform(0.5, 1.5)
    return timedelta(seconds=jitter * min(last, first * 2 ** min(tries, 30)))


class _Aside:
    """Blocks kept aside, to be given as often as is needed."""

    def __init__(self, blocks: Iterable[StoredBlock]) -> None:
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed by __exit__
        self._places: dict[Cid, tuple[int, int]] = {}
        try:
            for block in blocks:
                if block.cid not in self._places:
                    self._places[block.cid] = (self._file.tell(), len(block.data))
                    self._file.write(block.data)
        except BaseException:
            self._file.close()
            raise

    def get(self, cid: Cid) -> bytes | None:
        """Return a block's bytes; None where it is not here."""
        if cid not in self._places:
            return None
        start, size = self._places[cid]
        self._file.seek(start)
        return self._file.read(size)

    def __contains__(self, cid: Cid) -> bool:
        return cid in self._places

    def __iter__(self) -> Iterator[StoredBlock]:
        for cid in self._places:
            data = self.get(cid)
            assert data is not None
            yield StoredBlock(cid, data)

    def __enter__(self) -> _Aside:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
