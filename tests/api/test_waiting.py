"""`notary anchor --wait` waits for what comes by itself, and for nothing that somebody has to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from api.cli.waiting import settle
from api.rounds import next_round_says
from notary.core.errors import OperatorError
from notary.ports import Outage
from notary.service.notary import Notary
from notary.service.rounds.advancing import advance
from notary.service.rounds.progress import progress
from notary.service.rounds.schedule import Schedule, next_round
from tests.api.house import House, found_house, open_house


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[House]:
    """A house with one batch that is signed."""
    settings, institutions = found_house(tmp_path)
    with open_house(settings, institutions) as opened:
        opened.submit("Ana")
        batch = opened.seal()
        path = f"/v1/batches/{batch}/statement"
        assert opened.client.post(path, content=opened.signature(batch), headers=opened.auth()).status_code == 200
        yield opened


class Wallet:
    """A wallet that raises an error for so many quotes."""

    def __init__(self, wallet: Any, error: Exception, times: int) -> None:
        self._wallet, self._error, self._times = wallet, error, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wallet, name)

    def quote(self, *args: Any, **options: Any) -> Any:
        self._times -= 1
        if self._times >= 0:
            raise self._error
        return self._wallet.quote(*args, **options)


def paying_with(house: House, error: Exception, times: int) -> Notary:
    site = house.notary.sites[0]
    wallet: Any = Wallet(site.wallet, error, times)
    return replace(house.notary, sites=(replace(site, wallet=wallet),))


def test_waiting_ends_where_somebody_has_to_act_and_says_why(signed: House) -> None:
    """An empty wallet fills itself with no patience: the reason comes at once, and stands at the batch."""
    notary = paying_with(signed, OperatorError("the wallet holds nothing"), 1000)
    began = time.monotonic()
    (found,) = settle(notary)
    assert time.monotonic() - began < 20
    assert [(row.reason, row.outage) for row in found.held] == [("the wallet holds nothing", False)]
    (each,) = progress(notary)
    assert each.held == found.held
    (batch,) = signed.client.get("/v1/batches", headers=signed.auth()).json()
    assert batch["standing"][0]["reason"] == "the wallet holds nothing"


def test_an_outage_is_waited_for(signed: House) -> None:
    """A node that does not answer now may answer in a second."""
    (found,) = settle(paying_with(signed, Outage("node.example cannot be reached"), 3))
    assert found.final


def test_what_a_worker_elsewhere_finished_is_not_waited_for(signed: House) -> None:
    """`notary serve` runs beside it, and was faster: the round is final, and said to be."""
    worker = Timer(0.3, advance, (signed.notary,))
    worker.start()
    began = time.monotonic()
    (found,) = settle(paying_with(signed, Outage("node.example cannot be reached"), 1_000_000))
    worker.join()
    assert found.final
    assert time.monotonic() - began < 30


def test_an_outage_is_kept_as_one(signed: House) -> None:
    """Whoever shows it can say that it may pass."""
    (found,) = advance(paying_with(signed, Outage("node.example cannot be reached"), 1))
    assert [row.outage for row in found.held] == [True]


def test_the_next_round_in_a_sentence(signed: House) -> None:
    """What it takes, when, and why not yet; nothing where there is nothing to say."""
    schedule = Schedule(every=60, max_wait=3600)
    assert next_round_says(next_round(signed.notary, schedule)) == "The next round takes 1 batch, and is due now."
    found = next_round(signed.notary, schedule)
    assert found is not None
    later = replace(found, statuses=2, latest=found.due, waits="rounds are 60 s apart")
    text = next_round_says(later)
    assert text is not None
    assert text.startswith("The next round takes 1 batch and 2 status statements, at ")
    assert text.endswith("rounds are 60 s apart.")
    advance(signed.notary)
    assert next_round_says(next_round(signed.notary, schedule)) is None
