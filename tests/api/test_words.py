"""Verdicts in words: who left, who spoke in whose place, and what is no copy's fault."""

from dataclasses import replace

import pytest

from api.words import answer
from notary.core.encoding import format_unix
from notary.core.registry import Compromise, Period
from notary.core.verdict import Result
from tests.world import ALPHA, DAY, GAMMA, START, World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def test_a_receipt_says_that_its_institution_closed_when_and_who_follows(world: World) -> None:
    """And that it was the successor who revoked."""
    said = answer(world.verify(world.receipt("grace")))
    assert said.headline == "Revoked."
    (left,) = (fact for fact in said.facts if "left the consortium on" in fact)
    assert GAMMA.record.name in left
    assert left.endswith(f"its successor is {ALPHA.did}.")
    assert any(fact.startswith(f"Revoked by its issuer's successor, {ALPHA.did},") for fact in said.facts)


@pytest.mark.parametrize(
    "until, says",
    [("1990-01-01T00:00:00Z", "left the consortium on 1 January 1990"), ("2990-01-01T00:00:00Z", "is to leave")],
)
def test_a_member_has_left_once_a_block_is_that_late(world: World, until: str, says: str) -> None:
    """An end that is still to come is said as one; without a successor that is said too."""
    verdict = world.verify(world.receipt("alice", as_of=0))
    (institution,) = verdict.facts.institutions
    gone = replace(institution, latest=replace(institution.record, period=Period(None, until), successor=None))
    told = replace(verdict, facts=replace(verdict.facts, institutions=(gone,)))
    (left,) = (fact for fact in answer(told).facts if says in fact)
    assert left.endswith("it named no successor.")


def test_a_copy_is_blamed_only_where_a_copy_can_be_at_fault() -> None:
    """Not where the key of whoever signed was stolen."""
    world = World()
    receipt = world.receipt("alice", as_of=0)
    altered = answer(world.verify(replace(receipt, content={"issuer": ALPHA.did})))
    assert (altered.result, "this copy was edited" in altered.facts[1]) == (Result.NOT_VERIFIED, True)
    world.harbour.enact(compromised=[Compromise(ALPHA.record.keys[0].public_key_multibase, format_unix(START - DAY))])
    stolen = answer(world.verify(receipt))
    assert (stolen.result, len(stolen.facts)) == (Result.NOT_VERIFIED, 1)
    assert "compromised" in stolen.facts[0]
