"""A key that falls between signing and anchoring: the batch needs a new signature."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.demo.institutions import Institution
from api.key_files import KeyFile
from api.wiring import make_keys
from notary.core.registry import Compromise, MemberKey, MemberRecord, Period
from notary.core.status import Status
from notary.core.verdict import Result
from notary.ports.ledger import BatchRow, BatchState
from notary.service.governance.applying import change_members
from notary.service.log.entries import log_batch
from notary.service.members.registry import members_in_force
from notary.service.rounds.advancing import advance
from notary.service.rounds.drawing import draw
from notary.service.rounds.progress import progress
from notary.service.status.signing import differences_here
from notary.service.status.statements import draw_statuses, log_status
from notary.service.submission.batch_file import BatchFile, write_batch_file
from notary.service.submission.signing import sign
from tests.service.lab import SINCE, FailingLedger, Fault, Lab
from tests.service.status_lab import marked, results, rows, signed_drafts

BOTH = pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])


def compromise(lab: Lab, *fallen: str, keys: tuple[MemberKey, ...] = ()) -> None:
    """The consortium marks keys as compromised, and gives the first member others."""
    college = lab.institutions[0]

    def changed(record: MemberRecord) -> MemberRecord:
        return replace(record, keys=(*record.keys, *keys)) if record.id == college.did else record

    records = [changed(record) for record in members_in_force(lab.notary.ledger).records]
    listed = [Compromise(key, "2026-01-02T00:00:00Z") for key in fallen]
    change_members(lab.notary, records, [make_keys(lab.settings.data).governor.approve], compromised=listed)


def fresh_key(of: Institution, folder: Path) -> tuple[KeyFile, str, MemberKey]:
    """Another key of an institution's: itself, the id it signs by, and its line in the record."""
    fresh = KeyFile.create(folder / "fresh.pem", "a test's")
    method = f"{of.did}#{fresh.public_key_multibase}"
    return fresh, method, MemberKey(method, fresh.public_key_multibase, ("batch", "status"), Period(SINCE, None), False)


def stored(lab: Lab, batch: BatchRow) -> BatchRow:
    with lab.notary.ledger.read() as work:
        row = work.batches.get(batch.id)
    assert row is not None
    return row


@pytest.mark.parametrize("drawn", [False, True], ids=["logged", "drawn and pinned"])
def test_what_would_not_verify_is_not_anchored_as_if_it_did(notary_lab: Lab, tmp_path: Path, *, drawn: bool) -> None:
    """The others' batches go on; the one whose key fell waits with its reason, and is anchored once signed anew."""
    college, makers, _ = notary_lab.institutions
    fallen, good = notary_lab.logged(college, "Ana"), notary_lab.logged(makers, "Bo")
    if drawn:
        draw(notary_lab.notary)
    fresh, method, key = fresh_key(college, tmp_path)
    compromise(notary_lab, college.key.public_key_multibase, keys=(key,))
    notary_lab.anchor()
    row = stored(notary_lab, fallen)
    assert (row.state, row.entry) == (BatchState.SEALED, None)
    assert row.held is not None
    assert row.held.startswith("needs a new signature: ")
    (waits, _) = progress(notary_lab.notary)
    assert waits.next_step == f"notary sign {fallen.id}"
    assert notary_lab.verdicts(good) == [Result.VERIFIED]
    statement = BatchFile.parse(write_batch_file(notary_lab.notary, fallen.id)).statement
    log_batch(notary_lab.notary, sign(statement, fresh, method))
    notary_lab.anchor()
    assert stored(notary_lab, fallen).held is None
    assert notary_lab.verdicts(fallen) == notary_lab.verdicts(good) == [Result.VERIFIED]


def test_a_revocation_whose_key_falls_before_its_anchor_is_signed_again(notary_lab: Lab, tmp_path: Path) -> None:
    """Until then receipts show the status before, and verify; no list is asked for that leaves it out."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana", "Bo")
    notary_lab.anchor()
    ana, bo = (row.id for row in rows(notary_lab, batch))
    other, method, key = fresh_key(college, tmp_path)
    compromise(notary_lab, keys=(key,))
    marked(notary_lab, college, Status.REVOKED, bo)
    (draft,) = draw_statuses(notary_lab.notary, notary_lab.record(college))
    signed = sign(draft.statement, other, method)
    log_status(notary_lab.notary, signed)
    compromise(notary_lab, other.public_key_multibase)
    notary_lab.anchor()
    assert results(notary_lab, ana, bo) == ["verified", "verified"]
    (draft,) = draw_statuses(notary_lab.notary, notary_lab.record(college))
    (shown,) = differences_here(notary_lab.notary, [draft])
    assert [(each.before, each.after) for each in shown.changes] == [(Status.VALID, Status.REVOKED)]
    again = sign(draft.statement, college.key, college.verification_method)
    assert again.statement.root == signed.statement.root
    log_status(notary_lab.notary, again)
    notary_lab.anchor()
    assert results(notary_lab, ana, bo) == ["verified", "revoked"]


def test_a_batch_that_is_taken_back_takes_its_statuses_with_it(notary_lab: Lab, tmp_path: Path) -> None:
    """Revoked before its first anchor: signed anew, the batch is never final with the revocation forgotten."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    (ana,) = (row.id for row in rows(notary_lab, batch))
    marked(notary_lab, college, Status.REVOKED, ana)
    ((_, signed),) = signed_drafts(notary_lab, college)
    log_status(notary_lab.notary, signed)
    fresh, method, key = fresh_key(college, tmp_path)
    compromise(notary_lab, college.key.public_key_multibase, keys=(key,))
    notary_lab.anchor()
    statement = BatchFile.parse(write_batch_file(notary_lab.notary, batch.id)).statement
    log_batch(notary_lab.notary, sign(statement, fresh, method))
    (draft,) = draw_statuses(notary_lab.notary, notary_lab.record(college))
    log_status(notary_lab.notary, sign(draft.statement, fresh, method))
    notary_lab.anchor()
    assert results(notary_lab, ana) == ["revoked"]


def test_what_a_chain_may_have_is_not_taken_back(notary_lab: Lab) -> None:
    """It was in force when it was submitted: the anchor says what was so then."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    compromise(notary_lab, notary_lab.institutions[0].key.public_key_multibase)
    assert advance(notary_lab.notary) == ()
    assert stored(notary_lab, batch).state is BatchState.LOGGED


@BOTH
def test_a_ledger_that_fails_while_a_batch_is_taken_back(notary_lab: Lab, *, happens: bool) -> None:
    """Taken back at the next step, once, and never anchored as good."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    draw(notary_lab.notary)
    compromise(notary_lab, notary_lab.institutions[0].key.public_key_multibase)
    ledger: Any = FailingLedger(notary_lab.notary.ledger, at=1, happens=happens)
    (found,) = advance(replace(notary_lab.notary, ledger=ledger))
    assert [row.reason for row in found.held] == [str(Fault())]
    notary_lab.anchor()
    assert stored(notary_lab, batch).state is BatchState.SEALED
