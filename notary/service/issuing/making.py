"""Rows made into credentials, up to the signature: here, or of many in processes beside the one that signs and writes.

Reading a row and writing its credential is pure, and half of the work. The private
key stays where it is; what goes over is the template, whose series is nobody else's
business, to processes of this user's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain, islice
from multiprocessing import get_context
from typing import Literal, NamedTuple, TypeAlias

from notary.core.digest import Digest
from notary.core.own_signature import CredentialKey, Unsigned
from notary.service.beside import collect_rarely, rarely_collected, share
from notary.service.issuing.badge import BadgeMaker
from notary.service.issuing.finding import Finding
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.roll import identity

Form: TypeAlias = Literal["json", "jwt"]
Row: TypeAlias = tuple[int, tuple[str, ...]]

_ALONE = 2000
"""Rows up to here are made in this process: starting another takes longer."""
_CHUNK = 50
_IN_FLIGHT = 120
"""Chunks for each other process that are made or wait for it: enough for while units are written."""


class Made(NamedTuple):
    """A learner's credential before it is signed. A tuple, for there are very many.

    `identity` and `substance`: by whom and by what the ledger knows it again; `until`: when it ends.
    """

    learner: Learner
    identity: Digest
    substance: Digest
    id: str
    until: datetime | None
    unsigned: Unsigned


@dataclass(frozen=True, slots=True)
class Making:
    """What credentials are made by."""

    reader: RowReader
    maker: BadgeMaker
    key: CredentialKey
    today: date
    created: str
    form: Form

    def make(self, rows: Sequence[Row]) -> list[Made | tuple[Finding, ...]]:
        """Read rows and make their credentials; or all that is wrong with one.

        Each step is for all rows before the next: code that a processor has just run it runs
        faster again, and the steps of one row together are more than its caches hold.
        """
        read = [self.reader.read(*row) for row in rows]
        learners = [each for each in read if isinstance(each, Learner)]
        credentials = [self.maker.make(learner, self.today) for learner in learners]
        if self.form == "jwt":
            unsigned = [self.key.to_token(credential) for credential in credentials]
        else:
            unsigned = [self.key.to_prove(credential, self.created) for credential in credentials]
        made = map(
            Made,
            learners,
            [identity(self.maker.template, learner) for learner in learners],
            [self.maker.substance(learner) for learner in learners],
            [str(credential["id"]) for credential in credentials],
            [self.maker.ends(learner, self.today) for learner in learners],
            unsigned,
        )
        return [next(made) if isinstance(each, Learner) else each for each in read]


def make_all(rows: Iterator[Row], making: Making, processes: int | None = None) -> Iterator[Made | tuple[Finding, ...]]:
    """Make every row's credential, in order. `processes`: how many others help, else one less than cores."""
    first = list(islice(rows, _ALONE))
    wanted = max(1, (os.cpu_count() or 1) - 1) if processes is None else processes
    rows = chain(first, rows)
    chunks = iter(lambda: list(islice(rows, _CHUNK)), [])
    if len(first) < _ALONE or not wanted:
        return chain.from_iterable(map(making.make, chunks))
    return _beside(chunks, making, wanted)


def _beside(chunks: Iterator[list[Row]], making: Making, processes: int) -> Iterator[Made | tuple[Finding, ...]]:
    without_key = replace(making, key=replace(making.key, sign=_refuse))
    with (
        ProcessPoolExecutor(processes, get_context("spawn"), _set_up, (without_key,)) as pool,
        rarely_collected(),
    ):
        try:
            for _, made in share(
                chunks,
                at_once=processes * _IN_FLIGHT,
                send=lambda some: pool.submit(_make, some),
                here=making.make,
            ):
                yield from made
        finally:
            pool.shutdown(cancel_futures=True)


def _refuse(_: bytes) -> bytes:
    raise RuntimeError("the private key is not in this process")


# ------------------------------------------------------- in the other process

_making: Making | None = None
"""What this process makes credentials by; set once, when it begins."""


def _set_up(making: Making) -> None:
    global _making  # noqa: PLW0603  # a pool's process has no other place
    collect_rarely()
    _making = making


def _make(rows: Sequence[Row]) -> list[Made | tuple[Finding, ...]]:
    assert _making is not None
    return _making.make(rows)
