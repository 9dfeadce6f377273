"""A whole year: lived on a chain, then judged with everything closed and no network at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.offline import loopback
from tests.year.stage import open_stage
from tests.year.story import live
from tests.year.verdicts import Form, Judged, Trust, counts, judge_all, judge_forged, table
from tests.year.world import Outcome, open_world


@dataclass(frozen=True, slots=True)
class Lived:
    """What a year leaves: every form of every receipt, every trust file, what was tried, and the fork's own two."""

    forms: tuple[Form, ...]
    trusts: tuple[Trust, ...]
    forged: tuple[Form, Trust]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """What came of everything that was tried, and what every receipt says."""

    outcomes: tuple[Outcome, ...]
    judged: tuple[Judged, ...]

    @property
    def right(self) -> bool:
        """Whether everything is as it must be."""
        return bool(self.judged) and all(one.right for one in self.judged) and all(one.right for one in self.outcomes)

    def lines(self, *, as_json: bool) -> Iterator[str]:
        """Say it for a human; `as_json`: and at the end in one line of counts."""
        yield from table(self.judged)
        yield from ("", "What was tried", "")
        yield from map(str, self.outcomes)
        found = counts(self.judged)
        yield from ("", f"{found['receipts']} receipts, {found['verdicts_wrong']} of {len(self.judged)} verdicts wrong")
        if as_json:
            yield json.dumps(found)


def live_in(folder: Path, *, short: bool) -> Lived:
    """Live the year: on the embedded chain (`short`), or on an anvil of its own."""
    with loopback(allowed=not short), open_stage(folder, short=short) as stage, open_world(folder, stage) as world:
        forged = live(world)
    return Lived(tuple(world.forms), tuple(world.trusts), forged, tuple(world.outcomes))


def judge(lived: Lived) -> Year:
    """Verify everything offline."""
    with loopback(allowed=False):
        judged = (*judge_all(lived.forms, lived.trusts), judge_forged(*lived.forged))
    return Year(lived.outcomes, judged)
