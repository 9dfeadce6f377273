"""Statuses: marked, signed, logged, anchored, and shown by every receipt made since."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notary.core.canonical import load
from notary.core.credential import read
from notary.core.digest import ZERO, LeafIndex
from notary.core.errors import IssuerError, NotaryError
from notary.core.log import index_path
from notary.core.manifest import Manifest
from notary.core.statement import SignedStatement
from notary.core.status import Status, StatusList
from notary.core.unixfs import read_path
from notary.ports.ledger import BatchId, CredentialId, MarkRow, Reason
from notary.service.log.entries import log_batch
from notary.service.receipts.making import batch_receipts, receipt
from notary.service.status.marking import Wish, mark, plan_marks
from notary.service.status.statements import draw_statuses, log_status, read_status_file, unsigned_statuses
from notary.service.submission.preflight import Unready
from notary.service.submission.seal import seal
from tests.service.lab import FailingLedger, Fault, Lab, resigned
from tests.service.status_lab import changed, judged, marked, planned, results, rows, signed_drafts

BOTH = pytest.mark.parametrize("happens", [False, True], ids=["failed", "failed but happened"])


def test_a_revocation_shows_in_every_receipt_made_since(notary_lab: Lab) -> None:
    """One of three is revoked; its receipt says so offline, the others stay verified, and the old one is older."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana", "Bo", "Cy")
    notary_lab.anchor()
    ana, bo, cy = (row.id for row in rows(notary_lab, batch))
    before = receipt(notary_lab.notary, bo)
    changed(notary_lab, college, Status.REVOKED, bo)
    assert results(notary_lab, ana, bo, cy) == ["verified", "revoked", "verified"]
    made = receipt(notary_lab.notary, bo)
    (submission,) = made.submissions
    assert submission.status is not None
    assert submission.status.change is not None
    assert before.submissions[0].status is not None
    assert before.submissions[0].status.change is None
    assert judged(notary_lab, before).result.value == "verified"  # as of then, and stale


def test_a_suspension_ends(notary_lab: Lab) -> None:
    """Suspended, then reinstated: each newest receipt says what holds, and keeps three commitments at most."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    notary_lab.anchor()
    (ana,) = (row.id for row in rows(notary_lab, batch))
    changed(notary_lab, college, Status.SUSPENDED, ana)
    assert results(notary_lab, ana) == ["suspended"]
    changed(notary_lab, college, Status.VALID, ana)
    assert results(notary_lab, ana) == ["verified"]
    notary_lab.logged(notary_lab.institutions[1], "Zoe")
    notary_lab.anchor()
    assert len(receipt(notary_lab.notary, ana).commitments) == 3


def test_the_chunks_are_pinned_under_the_log_index_of_their_statement(notary_lab: Lab) -> None:
    """`status/N` of the newest tree holds exactly the list that was signed."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana", "Bo")
    (_, bo) = (row.id for row in rows(notary_lab, batch))
    changed(notary_lab, college, Status.REVOKED, bo)
    with notary_lab.notary.ledger.read() as work:
        manifest = Manifest.parse(load(work.anchors.manifests()[-1].data, "manifest", max_size=1 << 18).value)
    data = read_path(manifest.tree, f"status/{index_path(1)}", notary_lab.notary.blocks.get, max_size=1 << 20)
    assert StatusList(batch.size, data).get(LeafIndex(1)) is Status.REVOKED


def test_every_position_of_a_credential_is_covered(notary_lab: Lab) -> None:
    """The same credential in three batches: one mark each, one statement a batch, chained in the issuer's order."""
    college = notary_lab.institutions[0]
    (one,) = notary_lab.credentials(college, "Ana")
    batches = []
    for _ in range(2):
        notary_lab.submit(college, one, duplicates=True)
        batch = seal(notary_lab.notary, notary_lab.record(college))
        batches.append(log_batch(notary_lab.notary, notary_lab.signed(college, batch, [read(one, "own")])))
    notary_lab.submit(college, one, duplicates=True)
    third = seal(notary_lab.notary, notary_lab.record(college))  # not logged yet
    notary_lab.submit(college, one, duplicates=True)  # a fourth waits for its batch
    first, second = (rows(notary_lab, batch)[0].id for batch in batches)
    plan = marked(notary_lab, college, Status.REVOKED, first)
    assert len(plan.changes) == 4
    assert plan.batches == (batches[0].id, batches[1].id)
    drafts = signed_drafts(notary_lab, college)
    assert [draft.statement.seq for draft, _ in drafts] == [3, 4]
    for _, signed in drafts:
        log_status(notary_lab.notary, signed)
    with pytest.raises(Unready, match="revoked or replaced"):
        seal(notary_lab.notary, notary_lab.record(college))
    log_batch(notary_lab.notary, notary_lab.signed(college, third, [read(one, "own")]))
    ((_, last),) = signed_drafts(notary_lab, college)  # its mark waited for its batch
    log_status(notary_lab.notary, last)
    notary_lab.anchor()
    assert results(notary_lab, first, second, rows(notary_lab, third)[0].id) == ["revoked"] * 3


def test_marks_change_nothing_until_they_are_signed(notary_lab: Lab) -> None:
    """Marked and not signed: valid, and the ledger says what waits."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana", "Bo")
    ana, _ = (row.id for row in rows(notary_lab, batch))
    marked(notary_lab, college, Status.REVOKED, ana, note="told in private")
    notary_lab.anchor()
    assert results(notary_lab, ana) == ["verified"]
    (waiting,) = unsigned_statuses(notary_lab.notary, notary_lab.record(college))
    assert (waiting.batch.id, waiting.due, waiting.early) == (batch.id, 1, 0)
    assert unsigned_statuses(notary_lab.notary, notary_lab.record(notary_lab.institutions[1])) == ()


def test_a_mark_is_taken_back_while_it_is_not_signed(notary_lab: Lab) -> None:
    """Reinstating what is only marked drops the mark; nothing is left to sign."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    (ana,) = (row.id for row in rows(notary_lab, batch))
    marked(notary_lab, college, Status.REVOKED, ana)
    plan = marked(notary_lab, college, Status.VALID, ana)
    assert len(plan.withdrawn) == 1
    assert draw_statuses(notary_lab.notary, notary_lab.record(college)) == ()


def test_the_newer_mark_counts_and_the_same_again_is_nothing(notary_lab: Lab) -> None:
    """Suspended, then revoked, before anything was signed: one mark, the newer; once more changes nothing."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    (ana,) = (row.id for row in rows(notary_lab, batch))
    marked(notary_lab, college, Status.SUSPENDED, ana)
    marked(notary_lab, college, Status.REVOKED, ana)
    again = planned(notary_lab, college, Status.REVOKED, ana)
    assert (again.changes, [wish.credential for wish in again.unchanged]) == ((), [ana])
    with notary_lab.notary.ledger.read() as work:
        (only,) = work.statuses.history(ana)
    assert only.status is Status.REVOKED


def test_what_was_looked_at_is_what_is_marked(notary_lab: Lab) -> None:
    """Somebody else marks meanwhile: nothing is marked, and one is asked to look again."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana", "Bo")
    ana, bo = (row.id for row in rows(notary_lab, batch))
    plan = planned(notary_lab, college, Status.SUSPENDED, ana, bo)
    marked(notary_lab, college, Status.SUSPENDED, bo)
    with pytest.raises(IssuerError, match="look again"):
        mark(notary_lab.notary, plan)
    assert [found.mark.credential for found in _pending(notary_lab)] == [bo]


def _pending(lab: Lab) -> Any:
    with lab.notary.ledger.read() as work:
        return work.statuses.pending()


# ------------------------------------------------------------------- who may


def test_another_institutions_credential_cannot_be_told_from_none(notary_lab: Lab) -> None:
    """Harbour Makers asks for Fenwick's: the same words as for an id that nobody has; the good ones go on."""
    college, makers, _ = notary_lab.institutions
    theirs, own = notary_lab.logged(college, "Ana"), notary_lab.logged(makers, "Bo")
    ana, bo = rows(notary_lab, theirs)[0].id, rows(notary_lab, own)[0].id
    nobody = CredentialId("a" * 12)
    plan = planned(notary_lab, makers, Status.REVOKED, ana, nobody, bo)
    theirs_said, nobodys_said = map(str, plan.findings)
    assert theirs_said.replace(ana, "ID") == nobodys_said.replace(nobody, "ID")
    assert "has no credential" in str(plan.findings[0])
    assert [change.position.credential for change in plan.changes] == [bo]


@pytest.mark.parametrize(
    "status, reason, says",
    [
        (Status.REVOKED, Reason.CLEARED, "expected issued-in-error"),
        (Status.VALID, Reason.CLEARED, "is revoked, and that is final"),
        (Status.SUSPENDED, Reason.DISPUTED, "is revoked, and that is final"),
    ],
)
def test_what_cannot_be_is_said_of_its_row(notary_lab: Lab, status: Status, reason: Reason, says: str) -> None:
    """A reason of another kind, and an end to what has no end: where it stands and what may be."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    (ana,) = (row.id for row in rows(notary_lab, batch))
    changed(notary_lab, college, Status.REVOKED, ana)
    wish = Wish(ana, reason, where="row 7")
    plan = plan_marks(notary_lab.notary, notary_lab.record(college), status, [wish])
    (found,) = plan.findings
    assert str(found).startswith("row 7, ")
    assert says in str(found)
    assert not plan.changes


def test_a_credential_that_is_not_logged_has_no_status(notary_lab: Lab) -> None:
    """Waiting or sealed: sign its batch first. Asked for twice: the first counts."""
    college = notary_lab.institutions[0]
    batch, _ = notary_lab.sealed(college, "Ana")
    (ana,) = (row.id for row in rows(notary_lab, batch))
    (finding,) = planned(notary_lab, college, Status.REVOKED, ana).findings
    assert "in no logged batch yet" in str(finding)
    logged = notary_lab.logged(college, "Bo")
    (bo,) = (row.id for row in rows(notary_lab, logged))
    (finding,) = planned(notary_lab, college, Status.REVOKED, bo, bo).findings
    assert "stands twice" in str(finding)


def test_a_long_note_is_refused(notary_lab: Lab) -> None:
    """A note is a note."""
    with pytest.raises(IssuerError, match="2000"):
        planned(notary_lab, notary_lab.institutions[0], Status.REVOKED, CredentialId("a"), note="x" * 2001)


# --------------------------------------------------------------------- signing


def test_statements_of_something_else_are_not_logged(notary_lab: Lab) -> None:
    """Another list, log, place, batch or speaker: refused, and the log stays as it was."""
    college, makers, _ = notary_lab.institutions
    batch = notary_lab.logged(college, "Ana", "Bo")
    ana, bo = (row.id for row in rows(notary_lab, batch))
    marked(notary_lab, college, Status.REVOKED, ana)
    ((_, signed),) = signed_drafts(notary_lab, college)
    wrong: list[tuple[SignedStatement, str]] = [
        (resigned(signed, college, root=ZERO), "list is not what is marked"),
        (resigned(signed, college, log="elsewhere.example/log"), "another log"),
        (resigned(signed, college, seq=1, previous=None), "does not follow the newest"),
        (resigned(signed, college, seq=3, previous=signed.id), "does not follow the newest"),
        (resigned(signed, college, batch=ZERO), "a batch that is not in this log"),
        (resigned(signed, makers, issuer=makers.did, seq=1, previous=None), "only a batch's issuer or its successor"),
        (resigned(signed, makers), "needs a new signature"),
    ]
    for statement, says in wrong:
        with pytest.raises(IssuerError, match=says):
            log_status(notary_lab.notary, statement)
    marked(notary_lab, college, Status.REVOKED, bo)
    with pytest.raises(IssuerError, match="ask for the statement again"):
        log_status(notary_lab.notary, signed)
    with notary_lab.notary.ledger.read() as work:
        assert work.log.size() == 1


def test_a_statement_logged_twice_is_one(notary_lab: Lab) -> None:
    """Handed in again, it gives the same entry."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    marked(notary_lab, college, Status.REVOKED, rows(notary_lab, batch)[0].id)
    ((_, signed),) = signed_drafts(notary_lab, college)
    assert log_status(notary_lab.notary, signed) == log_status(notary_lab.notary, signed)
    with pytest.raises(IssuerError, match="a batch statement is expected"):
        log_batch(notary_lab.notary, signed)
    _, other = notary_lab.sealed(college, "Bo")
    with pytest.raises(IssuerError, match="a status statement is expected"):
        log_status(notary_lab.notary, other)


@BOTH
def test_a_ledger_that_fails_logs_a_statement_once(notary_lab: Lab, *, happens: bool) -> None:
    """The unit of work is undone, or done without a word: tried again it stands in the log once."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    (ana,) = (row.id for row in rows(notary_lab, batch))
    marked(notary_lab, college, Status.REVOKED, ana)
    ((_, signed),) = signed_drafts(notary_lab, college)
    failing: Any = FailingLedger(notary_lab.notary.ledger, at=1, happens=happens)
    with pytest.raises(Fault):
        log_status(replace(notary_lab.notary, ledger=failing), signed)
    assert log_status(notary_lab.notary, signed).index == 1
    notary_lab.anchor()
    assert results(notary_lab, ana) == ["revoked"]
    assert _pending(notary_lab) == ()


def test_a_status_file_holds_what_is_signed(notary_lab: Lab) -> None:
    """Written and read again it is the same; a list or batch that its statement does not commit is refused."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    marked(notary_lab, college, Status.REVOKED, rows(notary_lab, batch)[0].id)
    (draft,) = draw_statuses(notary_lab.notary, notary_lab.record(college))
    assert read_status_file([draft.line()]) == (draft,)
    for line in (draft.line().replace(b'"chunks":"g', b'"chunks":"A'), draft.line().replace(b'"size":1', b'"size":2')):
        assert line != draft.line()
        with pytest.raises(NotaryError, match="status file"):
            read_status_file([line])
    with pytest.raises(NotaryError, match="empty"):
        read_status_file([])


def test_receipts_of_a_whole_batch_share_what_they_can(notary_lab: Lab) -> None:
    """Two hundred credentials in two chunks: each receipt shows its own bits."""
    makers = notary_lab.institutions[1]
    batch = notary_lab.logged(makers, *(f"Learner {at}" for at in range(130)))
    names = [row.id for row in rows(notary_lab, batch)]
    changed(notary_lab, makers, Status.REVOKED, names[0], names[129])
    notary_lab.anchor()
    found = {row.id: judged(notary_lab, made).result.value for row, made in batch_receipts(notary_lab.notary, batch.id)}
    assert [name for name, result in found.items() if result == "revoked"] == [names[0], names[129]]
    assert set(found.values()) == {"verified", "revoked"}


def test_a_note_goes_with_its_credential(notary_lab: Lab) -> None:
    """Erased: the mark stays, for the list was signed; the words about a person do not."""
    from notary.service.holdings.erase import erase, plan_erasure

    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    (ana,) = (row.id for row in rows(notary_lab, batch))
    marked(notary_lab, college, Status.REVOKED, ana, note="Ana copied it")
    erase(notary_lab.notary, plan_erasure(notary_lab.notary, [ana]))
    with notary_lab.notary.ledger.read() as work:
        (kept,) = work.statuses.history(ana)
    assert isinstance(kept, MarkRow)
    assert (kept.status, kept.note) == (Status.REVOKED, None)


def test_a_batch_the_ledger_lacks_is_no_reason_to_fail(notary_lab: Lab) -> None:
    """Only what is asked for is drawn."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    marked(notary_lab, college, Status.REVOKED, rows(notary_lab, batch)[0].id)
    assert draw_statuses(notary_lab.notary, notary_lab.record(college), [BatchId(9)]) == ()
