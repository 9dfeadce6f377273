"""Every form of every receipt, verified offline by trust files of several dates, and compared with what it must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from notary.core.trust import Quorum, TrustFile
from notary.core.verdict import State, Verdict, Weight
from notary.core.verify import verify
from tests.year.fates import NOT_KNOWN, NOT_VERIFIED, NOT_WITNESSED, Expected, expected, fate_of


@dataclass(frozen=True, slots=True)
class Form:
    """A receipt as it was on one day. `how` it was made, where not by the notary's ledger."""

    name: str
    day: int
    data: bytes
    how: str = ""


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust file as it was published after the anchor of a day; `when` it was used."""

    day: int
    when: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict: of a form, of which this had happened, by a trust file; which it must be, and is."""

    form: Form
    says: str
    expected: str
    found: str

    @property
    def right(self) -> bool:
        """Whether it is as it must be."""
        return self.expected == self.found


def judge_all(forms: Iterable[Form], trusts: Sequence[Trust]) -> Iterator[Judged]:
    """Verify each form by the trust files that `table` tells of."""
    days = [trust.day for trust in trusts]
    full = [TrustFile.parse(trust.data) for trust in trusts]
    bare = [_without_notes(trust) for trust in full]
    for form in forms:
        own = days.index(form.day)
        older = [(own - 1, False)] if own else []
        for at, notes in dict.fromkeys([*older, (0, True), (own, True), (len(trusts) - 1, True)]):
            trust, when = (full if notes else bare)[at], trusts[max(at, own)].when
            must = expected(form.name, made=form.day, trusted=days[at], notes=notes)
            found = _found(verify(form.data, trust, at=when), must.because)
            yield Judged(form, fate_of(form.name, form.day).says, str(must), str(found))


def _without_notes(trust: TrustFile) -> TrustFile:
    (consortium,) = trust.consortia
    return replace(trust, consortia=(replace(consortium, block_notes=Quorum((), 0)),))


def judge_forged(form: Form, trust: Trust) -> Judged:
    """Verify a receipt of the fork by a trust file that lists even its block: nobody cosigned its checkpoint."""
    verdict = verify(form.data, TrustFile.parse(trust.data), at=trust.when)
    must = Expected(NOT_KNOWN, because=NOT_WITNESSED)
    return Judged(form, "anchored by the notary beside its own log", str(must), str(_found(verdict, must.because)))


def _found(verdict: Verdict, because: str) -> Expected:
    """Put a verdict into the words of what is expected; where no reason has those, with the first that it gives."""
    stale = any(check.state is State.STALE for check in verdict.checks)
    worst = State.FAIL if verdict.result is NOT_VERIFIED else State.UNKNOWN
    needed = (check for check in verdict.checks if check.weight is not Weight.NOTED and not verdict.verified)
    reasons = [check.says for check in needed if check.state is worst]
    named = because if any(because in reason for reason in reasons) else next(iter(reasons), "")
    return Expected(verdict.result, stale, named)


def table(judged: Iterable[Judged]) -> Iterator[str]:
    """Give a line for each form of a receipt, with its verdicts in the order told; the same file is used once."""
    yield "Verdicts by the trust file from before the form was made, by the year's first one that asks for block notes,"
    yield "by that of the form's day, and by the year's last one; one verdict where all are the same."
    yield "*: stale, the trust file knows a later anchor."
    yield ""
    rows = [("day", "receipt", "what had happened", "expected", "found")]
    for form, group in groupby(judged, lambda one: one.form):
        each = list(group)
        say = _short if all(one.right for one in each) else str
        must, found = _row([say(one.expected) for one in each]), _row([say(one.found) for one in each])
        rows.append((str(form.day), form.name + form.how, each[0].says, must, found))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        wrong = "  WRONG" if row[3] != row[4] and row is not rows[0] else ""
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + wrong


def _row(verdicts: Sequence[str]) -> str:
    return " | ".join(verdicts if len(set(verdicts)) > 1 else verdicts[:1])


def _short(spoken: str) -> str:
    return spoken.partition(" (")[0].replace("not known yet", "not known").replace(", stale", "*")


def counts(judged: Sequence[Judged]) -> dict[str, int]:
    """Count receipts in all their forms, and verdicts."""
    found = Counter(one.right for one in judged)
    receipts = len({one.form for one in judged})
    return {"receipts": receipts, "verdicts_as_expected": found[True], "verdicts_wrong": found[False]}
