"""From submission to receipt, and through every fault on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notary.core.digest import ZERO, sha256
from notary.core.errors import IssuerError, OperatorError, Pending
from notary.core.statement import Recognition
from notary.core.verdict import Result
from notary.ports.ledger import BatchState
from notary.service.log.entries import log_batch
from notary.service.receipts.making import batch_receipts
from notary.service.rounds.advancing import advance
from notary.service.rounds.standing import held, rounds
from notary.service.submission.accept import Accepted
from notary.service.submission.reading import Refused
from notary.service.submission.seal import seal
from tests.service.lab import Failing, FailingLedger, Fault, Lab, resigned

BOTH = pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])


def test_what_is_accepted_becomes_a_receipt_that_verifies(notary_lab: Lab) -> None:
    """Three institutions, one transaction, every receipt verified."""
    batches = [notary_lab.logged(each, "Ana", "Bo") for each in notary_lab.institutions]
    (found,) = notary_lab.anchor()
    assert len(found.anchors) == 1
    assert [notary_lab.verdicts(batch) for batch in batches] == [[Result.VERIFIED] * 2] * 3


def test_a_later_anchor_refreshes_the_status_of_earlier_receipts(notary_lab: Lab) -> None:
    """A receipt made after a second anchor carries two commitments and still verifies."""
    first = notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    notary_lab.logged(notary_lab.institutions[1], "Bo")
    notary_lab.anchor()
    ((_, made),) = batch_receipts(notary_lab.notary, first.id)
    assert len(made.commitments) == 2
    assert notary_lab.verdicts(first) == [Result.VERIFIED]


def test_a_receipt_is_pending_until_its_anchor_is_final(notary_lab: Lab) -> None:
    """Before the batch is signed, and before the anchor is final, there is no receipt and the reason is said."""
    batch, signed = notary_lab.sealed(notary_lab.institutions[0], "Ana")
    with pytest.raises(Pending, match="not signed"):
        list(batch_receipts(notary_lab.notary, batch.id))
    log_batch(notary_lab.notary, signed)
    with pytest.raises(Pending, match="not final"):
        list(batch_receipts(notary_lab.notary, batch.id))


def test_nothing_new_is_nothing_to_anchor(notary_lab: Lab) -> None:
    """An idle notary sends no transaction."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    assert advance(notary_lab.notary) == ()
    assert len(rounds(notary_lab.notary)) == 1


# ------------------------------------------------------------------- refusals


def test_one_bad_credential_does_not_lose_the_others(notary_lab: Lab) -> None:
    """A report lists what was taken and what was refused, with its file."""
    good = notary_lab.credentials(notary_lab.institutions[0], "Ana", "Bo")
    stranger = notary_lab.credentials(notary_lab.institutions[1], "Cy")[0]
    results = notary_lab.submit(notary_lab.institutions[0], good[0], b"{", stranger, b'{"a":1,"a":2}', good[1])
    assert [type(result) for result in results] == [Accepted, Refused, Refused, Refused, Accepted]
    refused = [result.why for result in results if isinstance(result, Refused)]
    assert "learner-2.json is no JSON" in refused[0]
    assert "its issuer is not Fenwick College" in refused[1]
    assert "stands twice" in refused[2]


def test_the_same_credential_is_taken_twice_only_on_purpose(notary_lab: Lab) -> None:
    """Within one submission and across two, unless it is asked for."""
    (one,) = notary_lab.credentials(notary_lab.institutions[0], "Ana")
    assert [type(r) for r in notary_lab.submit(notary_lab.institutions[0], one, one)] == [Accepted, Refused]
    assert [type(r) for r in notary_lab.submit(notary_lab.institutions[0], one)] == [Refused]
    assert [type(r) for r in notary_lab.submit(notary_lab.institutions[0], one, duplicates=True)] == [Accepted]


def test_a_batch_claims_no_more_than_its_institution_is_recognised_for(notary_lab: Lab) -> None:
    """A community member seals nothing as authorised, and an authorised one nothing outside its programmes."""
    college, makers, _ = notary_lab.institutions
    notary_lab.submit(makers, *notary_lab.credentials(makers, "Ana"))
    with pytest.raises(IssuerError, match="cannot claim"):
        seal(notary_lab.notary, notary_lab.record(makers), recognition=Recognition.AUTHORISED)
    other = replace(college, profile=replace(college.profile, course=makers.profile.course))
    notary_lab.submit(college, *notary_lab.credentials(other, "Bo"))
    with pytest.raises(IssuerError, match=r"learner-1\.json: .* not authorised"):
        seal(notary_lab.notary, notary_lab.record(college))


@pytest.mark.parametrize(
    "changes, says",
    [
        ({"log": "elsewhere.example/log"}, "for another log"),
        ({"root": sha256(b"another")}, "none of the sealed batches"),
        ({"size": 7}, "none of the sealed batches"),
        ({"seq": 2, "previous": ZERO}, "does not follow the newest one"),
        ({"recognition": Recognition.COMMUNITY}, "not the one of batch 1"),
        ({"joint_with": ("did:web:other.example",)}, "not the one of batch 1"),
    ],
)
def test_a_statement_of_something_else_is_not_logged(notary_lab: Lab, changes: dict[str, Any], says: str) -> None:
    """Another log, root, size, place or claim: refused, and the batch can still be signed rightly."""
    college = notary_lab.institutions[0]
    _, signed = notary_lab.sealed(college, "Ana")
    with pytest.raises(IssuerError, match=says):
        log_batch(notary_lab.notary, resigned(signed, college, **changes))
    assert log_batch(notary_lab.notary, signed).state is BatchState.LOGGED


def test_a_signature_by_the_wrong_key_is_not_logged(notary_lab: Lab) -> None:
    """Another institution's key, under its own or the right name, signs nothing."""
    college, makers, _ = notary_lab.institutions
    _, signed = notary_lab.sealed(college, "Ana")
    for key, name in ((makers.key, makers.verification_method), (makers.key, college.verification_method)):
        wrong = resigned(signed, replace(college, key=key))
        wrong = replace(wrong, proof=replace(wrong.proof, verification_method=name))
        with pytest.raises(IssuerError, match="needs a new signature"):
            log_batch(notary_lab.notary, wrong)
    assert log_batch(notary_lab.notary, signed).entry == 0


def test_a_second_signature_changes_nothing(notary_lab: Lab) -> None:
    """The same statement again, signed again, gives the batch as it is; another one for the batch is refused."""
    college = notary_lab.institutions[0]
    _, signed = notary_lab.sealed(college, "Ana")
    logged = log_batch(notary_lab.notary, signed)
    assert log_batch(notary_lab.notary, resigned(signed, college)) == logged
    with pytest.raises(IssuerError, match="logged already"):
        log_batch(notary_lab.notary, resigned(signed, college, seq=2, previous=signed.id))


def test_of_two_statements_with_one_predecessor_the_second_is_refused(notary_lab: Lab) -> None:
    """Two batches signed at once: no honest fork, and asking again helps."""
    college = notary_lab.institutions[0]
    _, first = notary_lab.sealed(college, "Ana")
    _, second = notary_lab.sealed(college, "Bo")
    log_batch(notary_lab.notary, first)
    with pytest.raises(IssuerError, match="ask for the statement again"):
        log_batch(notary_lab.notary, second)


# --------------------------------------------------------------------- faults


@BOTH
@pytest.mark.parametrize("method", ["quote", "sign", "broadcast"])
def test_a_wallet_that_fails_anchors_once(notary_lab: Lab, method: str, *, happens: bool) -> None:
    """Whatever the wallet had done, one transaction comes of it in the end."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]
    failing: Any = Failing(site.wallet, method, happens=happens)
    _fails(replace(notary_lab.notary, sites=(replace(site, wallet=failing),)))
    _ends_well(notary_lab, batch)


@BOTH
@pytest.mark.parametrize("method", ["inclusion", "sightings", "finalized", "block"])
def test_a_node_that_fails_anchors_once(notary_lab: Lab, method: str, *, happens: bool) -> None:
    """Reading the chain may fail anywhere."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]
    failing: Any = Failing(site.chain, method, happens=happens)
    _fails(replace(notary_lab.notary, sites=(replace(site, chain=failing),)))
    _ends_well(notary_lab, batch)


@BOTH
@pytest.mark.parametrize("method", ["put", "get"])
def test_a_block_store_that_fails_anchors_once(notary_lab: Lab, method: str, *, happens: bool) -> None:
    """Nothing goes on chain that is not pinned."""
    notary_lab.logged(notary_lab.institutions[1], "Zoe")
    notary_lab.anchor()
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    failing: Any = Failing(notary_lab.notary.blocks, method, happens=happens)
    _fails(replace(notary_lab.notary, blocks=failing))
    _ends_well(notary_lab, batch, anchors=2)


@BOTH
@pytest.mark.parametrize("at", range(1, 6))  # drawn, pinned, submitted, confirmed, final
def test_a_ledger_that_fails_anchors_once(notary_lab: Lab, at: int, *, happens: bool) -> None:
    """Every unit of work of an anchor's life: undone, or done without a word."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    failing: Any = FailingLedger(notary_lab.notary.ledger, at=at, happens=happens)
    _fails(replace(notary_lab.notary, ledger=failing))
    _ends_well(notary_lab, batch)


def test_two_workers_on_one_batch_anchor_it_once(notary_lab: Lab) -> None:
    """The second finds what the first has stored, at every step."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]

    class Meanwhile:
        """Another worker takes the anchor as far as it goes while this one asks for a quote."""

        def __getattr__(self, name: str) -> Any:
            if name == "quote":
                advance(notary_lab.notary)
            return getattr(site.wallet, name)

    other: Any = Meanwhile()
    advance(replace(notary_lab.notary, sites=(replace(site, wallet=other),)))
    _ends_well(notary_lab, batch)


def _fails(notary: Any) -> None:
    """What is a chain's fault holds that chain, with the reason; what is everybody's is raised."""
    try:
        found = advance(notary)
    except Fault:
        return
    reasons = [held.reason for each in found for held in each.held]
    assert reasons == [str(Fault())] or all(each.final for each in found)


def _ends_well(notary_lab: Lab, batch: Any, *, anchors: int = 1) -> None:
    """Carried on by a notary whose parts work: anchored once, verified."""
    advance(notary_lab.notary)
    notary_lab.anchor()
    site = notary_lab.notary.sites[0]
    roots = [sighting.root for sighting in site.chain.sightings(site.contract)]
    assert len(roots) == len(set(roots)) == anchors
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]
    assert held(notary_lab.notary) == ()


def test_an_unknown_chain_is_named(notary_lab: Lab) -> None:
    """Asking for a chain the notary does not anchor on says which it does."""
    with pytest.raises(OperatorError, match=notary_lab.notary.sites[0].chain.id):
        notary_lab.notary.site("eip155:5")
