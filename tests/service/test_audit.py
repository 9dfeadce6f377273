from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notary.core.digest import sha256
from notary.ports.ledger import AnchorState, CredentialId
from notary.service.audit import Audit, audit
from notary.service.notary import Notary
from tests.service.lost_world import Lab, all_receipts, grown_lab


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return grown_lab(tmp_path_factory.mktemp("grown"), rounds=2)


@pytest.fixture
def lab(grown: Lab, tmp_path: Path) -> Lab:
    return grown.copy(tmp_path / "world")


def count(lab: Lab, notary: Notary) -> Audit:
    return audit(notary, lab.accepted, all_receipts(notary).items())


def test_a_notary_that_did_its_work_is_clean(lab: Lab) -> None:
    """Everything accepted is in one final batch, anchored once, with a receipt that verifies."""
    with lab.open() as notary:
        found = count(lab, notary)
    assert found.clean, found
    assert found.counts() == {"accepted": 8, "final": 8, "lost": 0, "twice": 0, "wrong": 0}


def test_a_recovered_notary_is_audited_alike(lab: Lab) -> None:
    """Its ids are new; positions, anchors and receipts are the same."""
    lab.recover()
    with lab.open("recovered") as notary:
        receipts = all_receipts(notary)
        assert audit(notary, receipts, receipts.items()).clean


def test_what_waits_for_an_anchor_is_not_final(lab: Lab) -> None:
    """Accepted, sealed, logged: not in a final batch, and so lost as far as the world knows."""
    with lab.open() as notary:
        receipts = all_receipts(notary)
        lab.award(notary, 0, "Nadia")
        found = audit(notary, lab.accepted, receipts.items())
    assert (found.accepted, found.final) == (9, 8)
    assert [line for line in found.lost if line.endswith("in no final batch")]
    assert [line for line in found.wrong if line.endswith("there is no receipt")]


def test_an_acknowledged_credential_that_the_ledger_forgot_is_lost(lab: Lab) -> None:
    with lab.open() as notary:
        found = audit(notary, [*lab.accepted, CredentialId("abcdefghijkl")], all_receipts(notary).items())
    assert found.lost == ("credential abcdefghijkl: the ledger has it no more",)


def test_a_root_anchored_twice_by_our_own_account_is_counted(lab: Lab) -> None:
    """One anchor a chain: the second cost coins, and is a fault."""
    lab.steal(lab.manifests()[-1].anchor_root())
    with lab.open() as notary:
        found = count(lab, notary)
    assert len(found.twice) == 1
    assert "anchored 2 times" in found.twice[0]


def test_what_our_account_anchored_beside_the_log_is_wrong(lab: Lab) -> None:
    lab.steal(sha256(b"junk"))
    with lab.open() as notary:
        assert [line for line in count(lab, notary).wrong if "no manifest of the log" in line]


def test_a_ledger_that_calls_an_anchor_final_too_early_is_wrong(lab: Lab) -> None:
    """The block it names is not the chain's."""
    with lab.open() as notary:
        with notary.ledger.begin() as work:
            row = work.anchors.anchors()[-1]
            assert row.state is AnchorState.FINAL
            work.anchors.save(replace(row, block_hash=bytes(32)))
        assert [line for line in count(lab, notary).wrong if "in no final block" in line]


def test_a_receipt_that_does_not_verify_is_wrong(lab: Lab) -> None:
    """Altered, or another credential's."""
    with lab.open() as notary:
        receipts = all_receipts(notary)
        first, second = list(receipts)[:2]
        altered = receipts | {first: receipts[first].replace(b"Ana", b"Eva"), second: receipts[first]}
        found = audit(notary, lab.accepted, altered.items())
    assert len(found.wrong) == 2
    assert "its receipt is not verified" in found.wrong[0]
    assert "another credential's" in found.wrong[1]
