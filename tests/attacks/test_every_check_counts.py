"""For each check of verification: without it, something in the catalogue gets a verdict that it must not get."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

import pytest

from notary.core import verify as verifier
from notary.core.errors import NotaryError
from notary.core.receipt import Receipt
from notary.core.trust import TrustFile
from tests.attacks import removals
from tests.attacks.catalogue import ATTACKS, REFUSED, Attack, Case
from tests.attacks.removals import Removal

STATES = {"fail": 0, "unknown": 1, "stale": 2, "pass": 3}

SECOND_LOCKS: dict[str, Callable[[ModuleType], bool]] = {
    "verdict._result: facts.status is None in facts.status is None or not all((check.holds for check in checks "
    "if check.weight is Weight.NEEDED))": lambda core: core.conclude([], core.Facts()).result == "not known yet",
    "authority.sum_up: checks in checks and all((check.holds for check in checks))": lambda core: (
        core.find_grounds.__globals__["sum_up"](()) == "unknown"
    ),
}
"""Checks that cannot be reached from a receipt while all others stand, and what shows them."""


@dataclass(frozen=True, slots=True)
class Known:
    """A case, how the whole verifier judged it, and which lines that ran or raised."""

    attack: Attack
    case: Case
    trust: TrustFile
    verdict: Any
    ran: frozenset[tuple[str, int]]
    raised: frozenset[tuple[str, int]]

    def judged_by(self, core: ModuleType) -> Any:
        case = self.case
        return core.verify(case.receipt, self.trust, at=case.at, credential=case.credential, blocks=case.blocks)

    def shows(self, removal: Removal, core: ModuleType) -> bool:
        """Say whether the verifier without the check misjudges this case."""
        try:
            verdict = self.judged_by(core)
        except Exception:  # noqa: BLE001 - whatever the missing check kept away
            return True
        if verdict.result != self.verdict.result:
            return True
        if removal.is_rest and any(
            STATES[after.state] > STATES[before.state]
            for before, after in zip(self.verdict.checks, verdict.checks, strict=False)
        ):
            return True
        return self.attack.result not in REFUSED and repr(verdict) != repr(self.verdict)


@pytest.fixture(scope="module")
def known_cases() -> tuple[Known, ...]:
    """Judge everything that reaches step 2, watching."""
    return tuple(known for attack in ATTACKS if (known := _watched(attack)))


def _watched(attack: Attack) -> Known | None:
    case = attack.case()
    try:
        trust = TrustFile.parse(case.trust)
        Receipt.parse(case.receipt)
    except NotaryError:
        return None
    modules = {str(removals.path(name)): name for name in removals.MODULES}
    seen: dict[str, set[tuple[str, int]]] = {"line": set(), "exception": set()}

    def watch(frame: FrameType, event: str, _: Any) -> Any:
        module = modules.get(frame.f_code.co_filename)
        if module is None:
            return None
        seen.get(event, set()).add((module, frame.f_lineno))
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        verdict = Known(attack, case, trust, None, frozenset(), frozenset()).judged_by(verifier)
    finally:
        sys.settrace(before)
    return Known(attack, case, trust, verdict, frozenset(seen["line"]), frozenset(seen["exception"]))


def _likeliest_first(removal: Removal, cases: tuple[Known, ...]) -> list[Known]:
    """Give the cases in which the check ran: where it found something, then good receipts, then the rest."""

    def order(known: Known) -> tuple[bool, bool]:
        found = any((removal.module, line) in known.ran for line in removal.decides) or any(
            (removal.module, line) in known.raised for line in removal.lines
        )
        return not found, known.attack.result in REFUSED

    ran = [known for known in cases if any((removal.module, line) in known.ran for line in removal.lines)]
    return sorted(ran, key=order)


@pytest.mark.parametrize("removal", list(removals.removals()), ids=str)
def test_without_this_check_something_gets_through(removal: Removal, known_cases: tuple[Known, ...]) -> None:
    """A named attack or a good receipt gets another verdict, or verification breaks down."""
    core = removal.verifier()
    second_lock = SECOND_LOCKS.get(str(removal))
    if second_lock:
        assert second_lock(verifier)
        with pytest.raises((AssertionError, AttributeError)):
            assert second_lock(core)
        return
    assert any(known.shows(removal, core) for known in _likeliest_first(removal, known_cases)), (
        "nothing needs this check"
    )
