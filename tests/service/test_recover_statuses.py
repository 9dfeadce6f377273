"""A total loss takes no revocation back: statuses come from the pinned tree, or from what an institution signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.errors import OperatorError
from notary.core.log import index_path
from notary.core.manifest import Manifest
from notary.core.registry import Compromise, MemberKey, Period
from notary.core.status import Status
from notary.core.verify import verify
from notary.ports.ledger import REASONS, BatchId, CredentialId
from notary.service.governance.applying import change_members
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.trust import export_trust
from notary.service.recovery.soundness import check_ledger
from notary.service.rounds.advancing import advance
from notary.service.status.marking import Wish, mark, plan_marks
from notary.service.status.statements import draw_statuses, log_status
from notary.service.submission.signing import sign
from tests.service.lost_world import ORIGIN, SINCE, Lab, grown_lab, new_key
from tests.service.test_recover import link, lose


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, bytes]:
    """A notary that has revoked the second credential of its first batch; and the status file that was signed."""
    lab = grown_lab(tmp_path_factory.mktemp("revoked"), rounds=1)
    with lab.open() as notary:
        with notary.ledger.read() as work:
            name = list(work.credentials.of_batch(BatchId(1)))[1].id
        line = changed(lab, notary, Status.REVOKED, name)
        lab.award(notary, 1, "Later")
        lab.anchor(notary)  # so that an earlier tree has it too
    return lab, line


@pytest.fixture
def lab(grown: tuple[Lab, bytes], tmp_path: Path) -> Lab:
    """A copy of it, its ledger lost."""
    return grown[0].copy(tmp_path / "lab", ledger=False)


def changed(lab: Lab, notary: Notary, status: Status, name: CredentialId) -> bytes:
    """Mark, sign, log and anchor; return the line of the status file."""
    college = lab.institutions[0]
    member = members_in_force(notary.ledger).require(college.did)
    mark(notary, plan_marks(notary, member, status, [Wish(name, REASONS[status][0])]))
    (draft,) = draw_statuses(notary, member)
    log_status(notary, sign(draft.statement, college.key, college.verification_method))
    lab.anchor(notary)
    return draft.line()


def results(notary: Notary) -> list[str]:
    """The verdicts on the first batch's receipts."""
    trust, now = export_trust(notary, "the lost"), datetime.now(UTC)
    return [verify(bytes(made), trust, at=now).result.value for _, made in batch_receipts(notary, BatchId(1))]


def test_a_statement_whose_key_fell_counts_no_more_after_a_loss_than_before(tmp_path: Path) -> None:
    """It is in the log, and its anchor says that its key was compromised by then: receipts show what stands."""
    lab = grown_lab(tmp_path / "lab", rounds=1)
    college, other = lab.institutions[0], new_key()
    key = other.public_key_multibase
    method = f"{college.did}#{key}"
    with lab.open() as notary:
        members = members_in_force(notary.ledger)
        first = members.require(college.did)
        more = replace(first, keys=(*first.keys, MemberKey(method, key, ("status",), Period(SINCE, None), False)))
        records = [more if each is first else each for each in members.records]
        change_members(notary, records, [lab.governor.approve])
        with notary.ledger.read() as work:
            name = next(iter(work.credentials.of_batch(BatchId(1)))).id
        mark(notary, plan_marks(notary, more, Status.REVOKED, [Wish(name, REASONS[Status.REVOKED][0])]))
        (draft,) = draw_statuses(notary, more)
        log_status(notary, sign(draft.statement, other, method))
        change_members(notary, records, [lab.governor.approve], compromised=[Compromise(key, "2026-01-02T00:00:00Z")])
        lab.anchor(notary)
        assert results(notary) == ["verified"] * 3
    lost = lab.copy(tmp_path / "lost", ledger=False)
    lost.recover()
    with lost.open("recovered") as notary:
        assert results(notary) == ["verified"] * 3


def test_a_lost_registry_state_takes_no_revocation_back(tmp_path: Path) -> None:
    """Nobody can judge the statement's anchor meanwhile: nothing falls, and with the state back all goes on."""
    lab = grown_lab(tmp_path / "lab", rounds=1)
    with lab.open() as notary:
        with notary.ledger.read() as work:
            name = next(iter(work.credentials.of_batch(BatchId(1)))).id
        changed(lab, notary, Status.REVOKED, name)
        members = members_in_force(notary.ledger)
        first, *others = members.records
        change_members(notary, [replace(first, name="Renamed"), *others], [lab.governor.approve])
    lost = lab.copy(tmp_path / "lost", ledger=False)
    lose(lost, Cid(Codec.RAW, members.state.digest()))
    assert any(line.startswith("registry state") for line in lost.recover().missing)
    with lost.open("recovered") as notary:
        assert any("cannot be had" in held.reason for each in advance(notary) for held in each.held)
        lost.blocks.put([StoredBlock.of(members.state.block())], pins=())
        lost.anchor(notary)
        assert results(notary) == ["revoked", "verified", "verified"]


def test_what_was_revoked_stays_revoked(lab: Lab) -> None:
    """Every list is back to the byte, the ledger is sound, receipts say the same, and statuses go on from there."""
    found = lab.recover()
    assert (found.statuses, found.missing, found.unused) == (1, (), ())
    with lab.open("recovered") as notary:
        check_ledger(notary.ledger, ORIGIN)
        assert results(notary) == ["verified", "revoked", "verified"]
        with notary.ledger.read() as work:
            first = next(work.credentials.of_batch(BatchId(1))).id
        changed(lab, notary, Status.SUSPENDED, first)
        assert results(notary) == ["suspended", "revoked", "verified"]


def test_a_list_lost_from_the_tree_comes_back_from_the_status_file(lab: Lab, grown: tuple[Lab, bytes]) -> None:
    """The institution's own list is believed where its root is the statement's; the tree is whole again."""
    lose(lab, link(lab, _newest(grown[0]), f"status/{index_path(2)}"))
    lab.batch_files[99] = grown[1]
    found = lab.recover()
    assert (found.missing, found.unused) == ((), ())
    with lab.open("recovered") as notary:
        assert results(notary) == ["verified", "revoked", "verified"]


def test_a_list_lost_for_good_is_listed_and_made_up_by_nobody(lab: Lab, grown: tuple[Lab, bytes]) -> None:
    """No receipt of that batch can be made, and no status changed: a list made up would reinstate what was revoked."""
    lose(lab, link(lab, _newest(grown[0]), f"status/{index_path(2)}"))
    lab.batch_files[98] = b'{"type":"credential-notary/status-file/v1"}\n'
    found = lab.recover()
    assert any(line.startswith("status/002: the statuses of batch 1") for line in found.missing)
    assert len(found.unused) == 1
    with lab.open("recovered") as notary:
        with pytest.raises(OperatorError, match="statuses of batch 1 are lost"):
            results(notary)
        with notary.ledger.read() as work:
            first = next(work.credentials.of_batch(BatchId(1))).id
        with pytest.raises(OperatorError, match="statuses of batch 1 are lost"):
            changed(lab, notary, Status.SUSPENDED, first)


def _newest(grown: Lab) -> Manifest:
    return grown.manifests()[-1]
