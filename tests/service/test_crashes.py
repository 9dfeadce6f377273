"""The institution's part of a batch's life, with the ledger failing; and that docs/life.md names tests there are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from notary.core.errors import NotaryError
from notary.service.log.entries import log_batch
from notary.service.submission.accept import Accepted
from notary.service.submission.reading import Refused
from notary.service.submission.seal import seal
from tests.service.lab import FailingLedger, Fault, Lab

PROJECT = Path(__file__).resolve().parents[2]
BOTH = pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])


def failing(lab: Lab, *, happens: bool) -> Any:
    """The notary over a ledger whose first writing unit of work fails."""
    ledger: Any = FailingLedger(lab.notary.ledger, at=1, happens=happens)
    return replace(lab.notary, ledger=ledger)


@BOTH
def test_handing_in_again_after_a_crash_takes_each_once(notary_lab: Lab, *, happens: bool) -> None:
    """The same file again: what was taken in is refused as known, and nothing is lost."""
    college, whole = notary_lab.institutions[0], notary_lab.notary
    data = notary_lab.credentials(college, "Ana", "Bo")
    notary_lab.notary = failing(notary_lab, happens=happens)
    with pytest.raises(Fault):
        notary_lab.submit(college, *data)
    notary_lab.notary = whole
    assert {type(each) for each in notary_lab.submit(college, *data)} == {Refused if happens else Accepted}
    with whole.ledger.read() as work:
        assert work.credentials.waiting() == {college.did: 2}


@BOTH
def test_sealing_again_after_a_crash_makes_one_batch(notary_lab: Lab, *, happens: bool) -> None:
    """Nothing waits any more where it had happened; else it is sealed now."""
    college = notary_lab.institutions[0]
    record = notary_lab.record(college)
    notary_lab.submit(college, *notary_lab.credentials(college, "Ana", "Bo"))
    with pytest.raises(Fault):
        seal(failing(notary_lab, happens=happens), record)
    if happens:
        with pytest.raises(NotaryError):
            seal(notary_lab.notary, record)
    else:
        seal(notary_lab.notary, record)
    with notary_lab.notary.ledger.read() as work:
        (batch,) = work.batches.all()
        assert (batch.size, work.credentials.waiting()) == (2, {})


@BOTH
def test_logging_again_after_a_crash_makes_one_entry(notary_lab: Lab, *, happens: bool) -> None:
    """The institution sends its statement until it is answered."""
    _, signed = notary_lab.sealed(notary_lab.institutions[0], "Ana")
    with pytest.raises(Fault):
        log_batch(failing(notary_lab, happens=happens), signed)
    batch = log_batch(notary_lab.notary, signed)
    assert batch.logged is not None
    with notary_lab.notary.ledger.read() as work:
        assert (work.log.size(), batch.entry) == (1, 0)


def test_every_test_that_the_page_names_is_there() -> None:
    """docs/life.md promises nothing that no test shows."""
    named = set(re.findall(r"`(test_\w+)`", (PROJECT / "docs" / "life.md").read_text()))
    sources = (path.read_text() for path in (PROJECT / "tests").rglob("test_*.py"))
    there = {name for source in sources for name in re.findall(r"^def (test_\w+)", source, re.MULTILINE)}
    assert len(named) > 20
    assert named <= there
