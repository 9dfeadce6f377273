"""A steady rate for each address."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.limits import TokenBuckets, household
from tests.api.house import House, problem


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_a_steady_rate() -> None:
    """Three at once, then one each two seconds; another address is not touched."""
    clock = Clock()
    buckets = TokenBuckets(3, 0.5, clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2]
    assert buckets.take("b") == 0
    clock.now += 1.5
    assert buckets.take("a") == pytest.approx(0.5)
    clock.now += 0.5
    assert buckets.take("a") == 0
    clock.now += 1000
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2]


@given(st.lists(st.floats(0, 3), max_size=60))
def test_no_pattern_of_asking_gets_more_than_its_rate(pauses: list[float]) -> None:
    """However the questions are spread, never more than the burst and the rate times the time."""
    clock = Clock()
    buckets = TokenBuckets(3, 0.5, clock)
    given_out = 0
    for pause in pauses:
        clock.now += pause
        given_out += not buckets.take("a")
        assert given_out <= 3 + 0.5 * clock.now + 1e-6


def test_memory_is_bounded() -> None:
    """A flood of addresses is forgotten again, and those that ask right now are still counted."""
    clock = Clock()
    buckets = TokenBuckets(1, 0.001, clock)
    for at in range(20_005):
        clock.now += 0.001
        buckets.take(str(at))
    assert len(buckets._buckets) <= 10_000
    assert buckets.take("20004") > 0


@pytest.mark.parametrize(
    "host, caller",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("a.socket", "a.socket"),
        (None, ""),
    ],
)
def test_a_household_is_one_caller(host: str | None, caller: str) -> None:
    """Whoever has a whole IPv6 network has one bucket, not 2^64."""
    assert household(host) == caller


def test_asking_too_often_is_answered_429_with_when_to_come_back(house: House) -> None:
    """Verification and look-up share the limit; pages say it kindly, programs get Retry-After."""
    app = house.client.app
    context = app.state.context  # type: ignore[attr-defined]
    app.state.context = dataclasses.replace(context, questions=TokenBuckets(1, 0.1))  # type: ignore[attr-defined]
    try:
        assert house.client.post("/v1/verify", content=b"{}").status_code == 200
        answer = house.client.get("/v1/proofs/" + "A" * 43)
        assert problem(answer)["status"] == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 10
        page = house.client.post("/", files={"receipt": ("r", b"{}")}, headers={"Accept": "text/html"})
        assert page.status_code == 429
        assert "One moment." in page.text
        assert page.headers["Retry-After"]
    finally:
        app.state.context = context  # type: ignore[attr-defined]
