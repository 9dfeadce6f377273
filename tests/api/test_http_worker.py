"""Anchoring on an interval survives every outage."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest

from api.http import worker
from api.http.worker import Anchoring
from notary.core.errors import OperatorError
from notary.service.anchoring import Round
from tests.api.house import House


def test_an_outage_is_kept_for_the_status_page_and_tried_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what the operator has to do; once the round goes through, it says that all is well."""
    errors: list[Exception | None] = [OperatorError("node.example does not answer"), ValueError("a <bug>"), None]

    def advance(_: object) -> tuple[Round, ...]:
        error = errors.pop(0)
        if error:
            raise error
        return ()

    monkeypatch.setattr(worker, "advance", advance)
    assert "No round of anchoring has ended yet" in house.client.get("/status").text
    house.anchoring.round()
    assert "Node.example does not answer." in house.client.get("/status").text
    house.anchoring.round()
    page = house.client.get("/status").text
    assert "the service&#39;s log has it" in page
    assert "&lt;bug&gt;" not in page
    house.anchoring.round()
    assert "All is well." in house.client.get("/status").text


def test_the_thread_goes_on_after_errors_and_stops_when_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds follow one another whatever they raise, and none begins after stop."""
    third = threading.Event()
    rounds = []

    def advance(_: object) -> None:
        rounds.append(1)
        if len(rounds) == 3:
            third.set()
        raise (OperatorError("down") if len(rounds) % 2 else RuntimeError("worse"))

    monkeypatch.setattr(worker, "advance", advance)
    anchoring = Anchoring(house.notary, 0.001)
    anchoring.start()
    assert third.wait(10)
    anchoring.stop()
    done = len(rounds)
    assert not any(thread.name == "anchoring" for thread in threading.enumerate())
    assert len(rounds) == done


def test_what_is_logged_now_is_final_after_the_next_round(house: House) -> None:
    """The time people are told is the interval and the chain's usual wait from now; none where somebody must act."""
    house.submit("Soon", number=700)
    number = house.seal()
    path = f"/v1/batches/{number}"
    assert house.client.get(path, headers=house.auth()).json()["expected"] is None
    logged = house.client.post(f"{path}/statement", content=house.signature(number), headers=house.auth()).json()
    wait = datetime.fromisoformat(logged["expected"]) - house.notary.clock.now()
    assert timedelta(seconds=58) < wait <= timedelta(seconds=61)
