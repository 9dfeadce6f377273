"""Erasure: nothing personal is left in the data folder, and what the learner holds still verifies."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.signing import retained
from notary.core.errors import IssuerError, OperatorError, Pending
from notary.core.verdict import Result
from notary.core.verify import verify
from notary.ports.ledger import CredentialId, CredentialRow
from notary.service.access.links import link_hash
from notary.service.errors import Absent
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.log.entries import log_batch
from notary.service.receipts.learner import behind_link
from notary.service.receipts.making import batch_receipts, receipt
from notary.service.receipts.trust import export_trust
from notary.service.rounds.drawing import draw
from notary.service.submission.accept import Accepted
from notary.service.submission.seal import seal
from tests.service import lab
from tests.service.lab import Failing, Fault, Lab

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def accepted(notary_lab: Lab, *learners: str, evidence: bytes | None = None) -> list[Accepted]:
    """Submit credentials, with evidence of their own."""
    college = notary_lab.institutions[0]
    proof = None
    if evidence is not None:
        proof = attach(notary_lab.notary, [Exhibit("thesis.pdf", "application/pdf", io.BytesIO(evidence))])
    results = notary_lab.submit(college, *notary_lab.credentials(college, *learners), evidence=proof)
    return [result for result in results if isinstance(result, Accepted)]


def anchored(notary_lab: Lab) -> None:
    """Seal, sign and anchor what waits."""
    college = notary_lab.institutions[0]
    batch = seal(notary_lab.notary, notary_lab.record(college))
    log_batch(notary_lab.notary, notary_lab.signed(college, batch, list(retained(notary_lab.notary, batch.id))))
    notary_lab.anchor()


def row(notary_lab: Lab, name: CredentialId) -> CredentialRow:
    with notary_lab.notary.ledger.read() as work:
        found = work.credentials.get(name)
    assert found is not None
    return found


def test_the_learners_receipt_still_verifies_and_the_notary_has_nothing(notary_lab: Lab) -> None:
    """The receipt in hand is as good as before; the notary cannot make another, and says who can still show one."""
    ana, bo = accepted(notary_lab, "Ana", "Bo", evidence=b"her thesis")
    anchored(notary_lab)
    before = row(notary_lab, ana.id)
    assert before.batch is not None
    in_hand = bytes(receipt(notary_lab.notary, ana.id))
    erase(notary_lab.notary, plan_erasure(notary_lab.notary, [ana.id]))
    trust = export_trust(notary_lab.notary, "the lab")
    assert verify(in_hand, trust, at=datetime.now(UTC)).result is Result.VERIFIED
    after = row(notary_lab, ana.id)
    gone = (after.salt, after.digest, after.evidence, after.content, after.learner, after.title, after.line)
    assert gone == (None,) * 7
    assert after.source == "erased"
    assert (after.batch, after.index, after.leaf) == (before.batch, before.index, before.leaf)
    with pytest.raises(IssuerError, match=r"erased.*own receipt still verifies"):
        receipt(notary_lab.notary, ana.id)
    assert [made.id for made, _ in batch_receipts(notary_lab.notary, before.batch)] == [bo.id]
    assert behind_link(notary_lab.notary, "the lab", ana.token).erased


def test_the_next_anchor_and_the_others_receipts_are_untouched(notary_lab: Lab) -> None:
    """The tree stays: log, batch root and statuses go on."""
    ana, _ = accepted(notary_lab, "Ana", "Bo", evidence=b"her thesis")
    anchored(notary_lab)
    batch = row(notary_lab, ana.id).batch
    erase(notary_lab.notary, plan_erasure(notary_lab.notary, [ana.id]))
    later = notary_lab.logged(notary_lab.institutions[1], "Cy")
    notary_lab.anchor()
    assert notary_lab.verdicts(later) == [Result.VERIFIED]
    assert batch is not None
    ((_, kept),) = batch_receipts(notary_lab.notary, batch)
    verdict = verify(bytes(kept), export_trust(notary_lab.notary, "the lab"), at=datetime.now(UTC))
    assert verdict.result is Result.VERIFIED


def test_evidence_that_others_have_too_stays_until_the_last_of_them_goes(notary_lab: Lab) -> None:
    """Manifest, keys and ciphertext are there while one credential has them."""
    ana, bo = accepted(notary_lab, "Ana", "Bo", evidence=b"their thesis")
    anchored(notary_lab)
    digest = row(notary_lab, ana.id).evidence
    assert digest is not None
    first = plan_erasure(notary_lab.notary, [ana.id])
    assert (first.manifests, first.shared, first.pins) == ((), 1, ())
    erase(notary_lab.notary, first)
    with notary_lab.notary.ledger.read() as work:
        assert work.evidence.get(digest) is not None
    last = plan_erasure(notary_lab.notary, [bo.id])
    assert (last.manifests, last.shared, len(last.pins)) == ((digest,), 0, 1)
    assert last.pins[0] in set(notary_lab.notary.blocks.pins())
    erase(notary_lab.notary, last)
    assert last.pins[0] not in set(notary_lab.notary.blocks.pins())
    with notary_lab.notary.ledger.read() as work:
        assert work.evidence.get(digest) is None


def test_both_who_share_evidence_are_erased_at_once(notary_lab: Lab) -> None:
    """The plan sees that nobody else is left; a name given twice counts once."""
    ana, bo = accepted(notary_lab, "Ana", "Bo", evidence=b"their thesis")
    plan = plan_erasure(notary_lab.notary, [ana.id, bo.id, ana.id])
    assert (len(plan.credentials), plan.waiting, len(plan.manifests), len(plan.pins)) == (2, 2, 1, 1)
    erase(notary_lab.notary, plan)
    again = plan_erasure(notary_lab.notary, [ana.id, bo.id])
    assert (again.credentials, again.gone, again.pins) == ((), (ana.id, bo.id), ())


def test_what_waits_for_a_batch_will_be_in_none(notary_lab: Lab) -> None:
    """Sealing takes the others."""
    ana, _ = accepted(notary_lab, "Ana", "Bo")
    erase(notary_lab.notary, plan_erasure(notary_lab.notary, [ana.id]))
    assert seal(notary_lab.notary, notary_lab.record(notary_lab.institutions[0])).size == 1


def test_a_batch_not_signed_yet_is_named(notary_lab: Lab) -> None:
    """It can be signed with the batch file made before, and it verifies."""
    college = notary_lab.institutions[0]
    batch, signed = notary_lab.sealed(college, "Ana", "Bo")
    with notary_lab.notary.ledger.read() as work:
        name = next(work.credentials.of_batch(batch.id)).id
    plan = plan_erasure(notary_lab.notary, [name])
    assert plan.unsigned == (batch.id,)
    erase(notary_lab.notary, plan)
    log_batch(notary_lab.notary, signed)
    notary_lab.anchor()
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


def test_a_credential_that_is_not_there_is_named_and_nothing_is_erased(notary_lab: Lab) -> None:
    """One wrong id stops the whole of it."""
    (ana,) = accepted(notary_lab, "Ana")
    with pytest.raises(Absent, match="no credential nobody"):
        plan_erasure(notary_lab.notary, [ana.id, CredentialId("nobody")])


def test_public_evidence_leaves_the_data_folder_too(founded: Path, tmp_path: Path) -> None:
    """Without a key there is nothing to forget but the file itself: its blocks are overwritten."""
    folder = Path(shutil.copytree(founded, tmp_path / "lab"))
    with lab.opened(folder) as opened:
        college, plain = opened.institutions[0], b"for everybody, for ever " * 20_000
        proof = attach(opened.notary, [Exhibit("x.txt", "text/plain", io.BytesIO(plain))], public=True)
        (ana,) = opened.submit(college, *opened.credentials(college, "Ana"), evidence=proof)
        assert isinstance(ana, Accepted)
        assert plain[:64] in (folder / "notary" / "blocks" / "blocks.sqlite").read_bytes()
        erase(opened.notary, plan_erasure(opened.notary, [ana.id]))
    for path in (folder / "notary").rglob("*"):
        assert not path.is_file() or plain[:64] not in path.read_bytes(), path


@pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])
def test_a_block_store_that_fails_leaves_the_credential_to_be_erased_again(notary_lab: Lab, *, happens: bool) -> None:
    """Nothing is forgotten before its pins are gone; the second try ends it."""
    (ana,) = accepted(notary_lab, "Ana", evidence=b"her thesis")
    failing: Any = Failing(notary_lab.notary.blocks, "unpin", happens=happens)
    plan = plan_erasure(notary_lab.notary, [ana.id])
    with pytest.raises(Fault):
        erase(replace(notary_lab.notary, blocks=failing), plan)
    assert row(notary_lab, ana.id).digest is not None
    erase(notary_lab.notary, plan_erasure(notary_lab.notary, [ana.id]))
    assert row(notary_lab, ana.id).digest is None
    assert plan.pins[0] not in set(notary_lab.notary.blocks.pins())


def test_evidence_is_not_erased_while_its_manifest_is_being_pinned(notary_lab: Lab) -> None:
    """After a crash the manifest has to be put together again, byte for byte."""
    (ana,) = accepted(notary_lab, "Ana", evidence=b"her thesis")
    college = notary_lab.institutions[0]
    batch = seal(notary_lab.notary, notary_lab.record(college))
    log_batch(notary_lab.notary, notary_lab.signed(college, batch, list(retained(notary_lab.notary, batch.id))))
    failing: Any = Failing(notary_lab.notary.blocks, "put", happens=False)
    with pytest.raises(OperatorError):
        draw(replace(notary_lab.notary, blocks=failing))
    with pytest.raises(Pending, match="being pinned"):
        plan_erasure(notary_lab.notary, [ana.id])
    notary_lab.anchor()
    erase(notary_lab.notary, plan_erasure(notary_lab.notary, [ana.id]))


def test_no_byte_of_it_is_left_in_the_data_folder(founded: Path, tmp_path: Path) -> None:
    """Neither in the ledger's free pages and journals nor in the block store: names, salts, digests, keys."""
    folder = Path(shutil.copytree(founded, tmp_path / "lab"))
    with lab.opened(folder) as opened:
        # Wide enough that contents fill pages of their own.
        (ana, *_) = accepted(opened, "Zebulon Quixwood", *(f"Other {at}" for at in range(40)), evidence=b"e" * 70_000)
        found = row(opened, ana.id)
        with opened.notary.ledger.read() as work:
            assert found.evidence is not None
            kept = work.evidence.get(found.evidence)
        assert kept is not None
        (solo,) = accepted(opened, "Xanthippe Vandersloot", evidence=b"f" * 70_000)
        alone = row(opened, solo.id)
        with opened.notary.ledger.read() as work:
            assert alone.evidence is not None
            own = work.evidence.get(alone.evidence)
        assert own is not None
        anchored(opened)
        assert link_hash(ana.token) == found.link
        erase(opened.notary, plan_erasure(opened.notary, [ana.id, solo.id]))
    secrets = [b"Zebulon", b"Quixwood", b"Xanthippe", found.salt, found.digest, alone.salt, alone.digest]
    secrets += [key.encode() for key in own[1].values()] + [alone.evidence]
    for path in (folder / "notary").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret is not None and secret in data], path
