"""When a round of anchoring is due, why one waits, and that one transaction carries everybody's batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from api.demo.institutions import PROFILES, Institution
from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import EMBEDDED, ChainSetting, Settings
from api.wiring import open_notary
from notary.core.digest import Digest
from notary.core.errors import OperatorError
from notary.core.verdict import Result
from notary.ports.ledger import HeldRow
from notary.service.rounds.advancing import advance
from notary.service.rounds.drawing import draw
from notary.service.rounds.schedule import NextRound, Schedule, cleared, next_round
from tests.api.worker_lab import made
from tests.clocks import Running
from tests.service.lab import SINCE, Failing, Lab

HOURLY = Schedule(every=3600, max_wait=6 * 3600)


@pytest.fixture
def clock(notary_lab: Lab) -> Running:
    """A clock that the test moves."""
    moving = Running()
    notary_lab.notary = replace(notary_lab.notary, clock=moving)
    return moving


def coming(lab: Lab, schedule: Schedule = HOURLY) -> NextRound:
    found = next_round(lab.notary, schedule)
    assert found is not None
    return cleared(lab.notary, schedule, found)


def share(lab: Lab, credentials: int) -> int:
    """What a credential's share of a round would be now, in wei."""
    site = lab.notary.sites[0]
    return site.wallet.quote(lab.notary.contracts.anchor(site.contract, Digest(b"\1" * 32))).fee // credentials


def test_the_first_round_comes_at_once_and_the_next_after_the_interval(notary_lab: Lab, clock: Running) -> None:
    """What is logged meanwhile goes together; nothing new is no round."""
    assert next_round(notary_lab.notary, HOURLY) is None
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    assert coming(notary_lab).waits is None
    notary_lab.anchor()
    assert next_round(notary_lab.notary, HOURLY) is None
    notary_lab.logged(notary_lab.institutions[0], "Bo")
    notary_lab.logged(notary_lab.institutions[1], "Cy", "Di")
    found = coming(notary_lab)
    assert (found.batches, found.credentials, found.waits) == (2, 3, "rounds are 3600 s apart")
    assert timedelta(minutes=59) < found.due - clock.now() <= timedelta(hours=1)
    clock.ahead = timedelta(hours=1, seconds=1)
    assert coming(notary_lab).waits is None


def test_a_dear_round_waits_for_more_credentials(notary_lab: Lab, clock: Running) -> None:
    """One credential pays for all of it; four pay a quarter each."""
    alone = share(notary_lab, 1)
    schedule = replace(HOURLY, max_fee_per_credential=alone // 3)
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    chain = notary_lab.notary.sites[0].chain.id
    found = coming(notary_lab, schedule)
    assert found.waits == f"it costs {alone} wei a credential on {chain}, and {alone // 3} are the limit"
    assert found.latest - clock.now() > timedelta(hours=5)
    notary_lab.logged(notary_lab.institutions[1], "Bo", "Cy", "Di")
    assert coming(notary_lab, schedule).waits is None


def test_no_batch_waits_for_fees_longer_than_was_promised(notary_lab: Lab, clock: Running) -> None:
    """From when it joined the log, whatever the price is then."""
    schedule = replace(HOURLY, max_fee_per_credential=1)
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    clock.ahead = timedelta(hours=5, minutes=59)
    assert coming(notary_lab, schedule).waits is not None
    clock.ahead = timedelta(hours=6, seconds=1)
    assert coming(notary_lab, schedule).waits is None


def test_a_person_who_asks_is_not_made_to_wait(notary_lab: Lab, clock: Running) -> None:
    """`notary anchor` goes at once, though the round is neither due nor cheap."""
    schedule = replace(HOURLY, max_fee_per_credential=1)
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    notary_lab.logged(notary_lab.institutions[0], "Bo")
    assert coming(notary_lab, schedule).waits is not None
    (found,) = advance(notary_lab.notary)
    assert found.final


def test_a_chain_that_does_not_answer_makes_no_round_wait(notary_lab: Lab, clock: Running) -> None:
    """It delays its own anchors alone: the others' fees decide."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]
    down: Any = Failing(site.wallet, "quote", happens=False)
    notary_lab.notary = replace(notary_lab.notary, sites=(replace(site, wallet=down),))
    assert coming(notary_lab, replace(HOURLY, max_fee_per_credential=1)).waits is None


def test_a_round_waits_while_the_one_before_is_in_no_block_and_says_what_holds_it(
    notary_lab: Lab, clock: Running
) -> None:
    """One at a time, so that a chain that stands still costs one transaction and not a queue of them."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    assert draw(notary_lab.notary) is not None
    notary_lab.logged(notary_lab.institutions[0], "Bo")
    clock.ahead = timedelta(hours=2)
    assert coming(notary_lab).waits == "the round before is in no block yet"
    chain = notary_lab.notary.sites[0].chain.id
    with notary_lab.notary.ledger.begin() as work:
        work.held.hold(HeldRow(chain, "the wallet is empty", clock.now()))
    assert coming(notary_lab).waits == f"the round before is in no block yet; {chain} stands still: the wallet is empty"


def test_a_clock_that_was_set_back_stops_no_round(notary_lab: Lab, clock: Running) -> None:
    """The last round seems to lie in the future: the next one does not wait for the clock to catch up."""
    clock.ahead = timedelta(hours=3)
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    clock.ahead = timedelta()
    notary_lab.logged(notary_lab.institutions[0], "Bo")
    found = coming(notary_lab)
    assert found.waits is None
    assert found.due <= datetime.now(found.due.tzinfo)


def test_a_worker_lets_no_dear_round_go(notary_lab: Lab, clock: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """It draws nothing, tells why in its beat, and asks for the fees again."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    worker, _ = made(notary_lab.notary, schedule=replace(HOURLY, max_fee_per_credential=1))
    told: list[str | None] = []

    def paused(_: float) -> None:
        worker.beat()
        with notary_lab.notary.ledger.read() as work:
            told.append(work.workers.all()[0].waits)

    monkeypatch.setattr(worker, "_pause", paused)
    worker.perform("draw")
    assert str(told[0]).startswith("it costs ")
    with notary_lab.notary.ledger.read() as work:
        assert work.anchors.newest() is None
    clock.ahead = timedelta(hours=6, seconds=1)
    worker.tick()
    with notary_lab.notary.ledger.read() as work:
        assert work.anchors.newest() is not None


def test_a_hundred_batches_of_ten_institutions_take_one_transaction_a_round(tmp_path: Path) -> None:
    """Ten batches of each, in two rounds: two transactions, and every receipt verifies."""
    ten = tuple(
        Institution(
            replace(PROFILES[1], name=f"College {at}", url=f"https://college-{at}.example"),
            KeyFile.create(tmp_path / f"{at}.pem", "a test's"),
        )
        for at in range(10)
    )
    settings = Settings(data=tmp_path / "notary", origin="ten.example/log", chains=(ChainSetting(EMBEDDED),))
    settings = found_notary(settings, [each.record(SINCE) for each in ten])
    with open_notary(settings) as notary:
        lab = Lab(settings, notary, ten)
        worker, _ = made(notary)
        batches = []
        for _ in range(2):
            batches += [lab.logged(each, f"learner {at}") for each in ten for at in range(5)]
            worker.tick()
            worker.tick()
        site = notary.sites[0]
        assert len(batches) == 100
        assert len(list(site.chain.sightings(site.contract))) == 2
        assert {result for batch in batches[::9] for result in lab.verdicts(batch)} == {Result.VERIFIED}


def test_an_error_of_the_ledger_is_not_taken_for_nothing_to_do(notary_lab: Lab) -> None:
    """A worker that cannot read the ledger has trouble, and does not think that all is final."""

    class Down:
        def __getattr__(self, name: str) -> Any:
            def fails(*_: object) -> Any:
                raise OperatorError("the ledger is down")

            return fails

    ledger: Any = Down()
    with pytest.raises(OperatorError, match="ledger is down"):
        next_round(replace(notary_lab.notary, ledger=ledger), HOURLY)
