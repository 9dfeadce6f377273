from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.status import Status
from notary.core.verdict import (
    Check,
    Facts,
    Result,
    State,
    StatusFact,
    Weight,
    conclude,
    failed,
    noted,
    run_check,
)

VALID = Facts(status=StatusFact(Status.VALID, 0))
STATES, WEIGHTS = st.sampled_from(State), st.sampled_from(Weight)
CHECKS = st.lists(st.tuples(STATES, WEIGHTS), max_size=6)


def check(state: State, weight: Weight = Weight.NEEDED) -> Check:
    return Check(1, "it", state, "says", settle=f"settles {state}", weight=weight)


@given(CHECKS, st.sampled_from(Status))
def test_checks_add_up_as_the_lattice_has_it(drawn: list[tuple[State, Weight]], status: Status) -> None:
    """A fail that counts: not verified; else anything needed that does not hold: not known; else the status."""
    checks = [check(state, weight) for state, weight in drawn]
    verdict = conclude(checks, Facts(status=StatusFact(status, 0)))
    if any(state is State.FAIL and weight is not Weight.NOTED for state, weight in drawn):
        assert verdict.result is Result.NOT_VERIFIED
    elif any(state is State.UNKNOWN and weight is Weight.NEEDED for state, weight in drawn):
        assert verdict.result is Result.NOT_KNOWN
    else:
        expected = {0: Result.VERIFIED, 1: Result.SUSPENDED, 2: Result.REVOKED, 3: Result.REPLACED}
        assert verdict.result is expected[status]
    assert verdict.verified is (verdict.result not in (Result.NOT_VERIFIED, Result.NOT_KNOWN))
    assert verdict.checks == tuple(checks)


@given(STATES, st.lists(STATES))
def test_a_check_that_rests_on_a_non_pass_is_at_most_unknown(state: State, others: list[State]) -> None:
    """And says on what; a fail stays one, and what holds stays as it is while all others hold."""
    rested = check(state).resting_on(*map(check, others))
    broken = [other for other in others if other in (State.UNKNOWN, State.FAIL)]
    if broken and state in (State.PASS, State.STALE):
        assert rested.state is State.UNKNOWN
        assert rested.settle == f"settles {broken[0]}"
    else:
        assert rested == check(state)


def test_nothing_is_verified_without_a_status() -> None:
    """Not even where every check passed, nor where there is none."""
    assert conclude([check(State.PASS)], Facts()).result is Result.NOT_KNOWN
    assert conclude([], Facts()).result is Result.NOT_KNOWN


@pytest.mark.parametrize("ended", [Result.EXPIRED, Result.NOT_YET_VALID])
def test_a_status_other_than_valid_comes_before_the_period(ended: Result) -> None:
    """And the period before *verified*."""
    facts = replace(VALID, out_of_period=ended)
    assert conclude([check(State.PASS)], facts).result is ended
    revoked = replace(facts, status=StatusFact(Status.REVOKED, 0))
    assert conclude([check(State.PASS)], revoked).result is Result.REVOKED


@pytest.mark.parametrize(
    "error, state",
    [
        (Malformed("x", expected=1, actual=2, hint="Do"), State.FAIL),
        (Mismatch("x", expected=1, actual=2, hint="Do"), State.FAIL),
        (Unsupported("x", expected=1, actual=2, hint="Do"), State.UNKNOWN),
    ],
)
def test_an_error_becomes_a_check(error: Malformed | Mismatch | Unsupported, state: State) -> None:
    """What this release lacks is unknown, all else a fail; expected, actual and the next step are kept."""

    def raising() -> None:
        raise error

    expected = Check(3, "it", state, "x", "1", "2", "Do")
    assert failed(3, "it", error) == expected == run_check(3, "it", "fine", raising)
    assert noted(3, "it", error) == replace(expected, weight=Weight.NOTED)
    assert run_check(3, "it", "fine", lambda: None) == Check(3, "it", State.PASS, "fine")
