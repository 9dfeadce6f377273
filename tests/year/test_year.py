"""A scripted year of a consortium on the embedded chain: `scripts/year --short`."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.year.fates import FATES, NOT_KNOWN, NOT_VERIFIED, fate_of
from tests.year.running import Lived, Year, judge, live_in
from tests.year.world import Outcome


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """One year for all."""
    return live_in(tmp_path_factory.mktemp("year"), short=True)


@pytest.fixture(scope="module")
def year(lived: Lived) -> Year:
    return judge(lived)


def test_every_receipt_of_a_year_says_what_it_must(year: Year) -> None:
    """In every form it was ever handed out, by trust files of several dates, offline; and all frauds are refused."""
    report = "\n".join(line for line in year.lines(as_json=False) if "WRONG" in line)
    assert year.right, report


def test_everything_that_was_to_happen_happened(lived: Lived, year: Year) -> None:
    """There is a form for every fate, and every kind of verdict."""
    happened = {(form.name, fate_of(form.name, form.day).day) for form in lived.forms}
    assert happened == {(name, fate.day) for name, fates in FATES.items() for fate in fates}
    verdicts = {one.found.partition(",")[0].partition(" (")[0] for one in year.judged}
    assert verdicts >= {NOT_KNOWN, NOT_VERIFIED, *(fate.verdict for fates in FATES.values() for fate in fates)}


def test_the_last_line_counts_receipts_and_verdicts(year: Year) -> None:
    """Every form once, however many trust files it was verified by."""
    *_, last = year.lines(as_json=True)
    found = json.loads(last)
    assert list(found) == ["receipts", "verdicts_as_expected", "verdicts_wrong"]
    assert found["receipts"] == len({one.form for one in year.judged}) > 300
    assert (found["verdicts_as_expected"], found["verdicts_wrong"]) == (len(year.judged), 0)


def test_a_receipt_that_says_something_else_is_counted_wrong(lived: Lived) -> None:
    """One whose signature was broken, and one that shows another credential's status."""
    by_name = {form.name: form for form in lived.forms}
    broken, other = by_name["Dora Klein"], by_name["Ana Pérez"]
    at = broken.data.index(b'"proofValue":"z') + 20
    flipped = b"2" if broken.data[at : at + 1] != b"2" else b"3"
    forms = (
        replace(broken, data=broken.data[:at] + flipped + broken.data[at + 1 :]),
        replace(other, name="Amina El-Sayed"),
    )
    found = judge(replace(lived, forms=forms))
    assert not found.right
    wrong = [one.form.name for one in found.judged if not one.right]
    assert dict.fromkeys(wrong) == dict.fromkeys(form.name for form in forms)
    assert sum("WRONG" in line for line in found.lines(as_json=False)) == 2


def test_a_fraud_that_succeeds_makes_the_year_wrong(year: Year) -> None:
    """Though every verdict is as it must be."""
    outcome = Outcome(300, "the fork is shown to the witnesses", "3 of 3 refuse", "1 of 3 refuse")
    assert not replace(year, outcomes=(*year.outcomes, outcome)).right
