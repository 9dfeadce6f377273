"""One credential in another's place, and statuses changed by a successor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.wiring import open_keys
from notary.core.encoding import format_time
from notary.core.errors import IssuerError
from notary.core.registry import Period
from notary.core.status import Status
from notary.ports.ledger import CredentialId, Reason
from notary.service.errors import Absent
from notary.service.governance.applying import change_members
from notary.service.members.registry import keep_state, make_state, members_in_force
from notary.service.receipts.making import receipt
from notary.service.status.marking import Wish, mark, plan_marks
from notary.service.status.reissue import newest_of, plan_reissue
from notary.service.status.statements import draw_statuses, log_status, unsigned_statuses
from tests.service.lab import Lab
from tests.service.status_lab import changed, marked, results, rows, signed_drafts


def reissued(lab: Lab, old: CredentialId, new: CredentialId) -> None:
    """Mark the one as replaced by the other."""
    college = lab.record(lab.institutions[0])
    mark(lab.notary, plan_reissue(lab.notary, college, old, new, Reason.CORRECTION))


def newest(lab: Lab, name: CredentialId) -> CredentialId:
    """What a link to a credential opens."""
    with lab.notary.ledger.read() as work:
        row = work.credentials.get(name)
        assert row is not None
        return newest_of(work, row).id


def test_the_old_one_is_marked_once_the_new_one_is_final(notary_lab: Lab) -> None:
    """The order stands in the ledger: nothing to sign before, nobody without a credential in between."""
    college = notary_lab.institutions[0]
    first = notary_lab.logged(college, "Ana")
    notary_lab.anchor()
    second = notary_lab.logged(college, "Ana Ruiz")
    old, new = rows(notary_lab, first)[0].id, rows(notary_lab, second)[0].id
    reissued(notary_lab, old, new)
    (waiting,) = unsigned_statuses(notary_lab.notary)
    assert (waiting.due, waiting.early) == (0, 1)
    assert draw_statuses(notary_lab.notary, notary_lab.record(college)) == ()
    assert newest(notary_lab, old) == old
    notary_lab.anchor()
    assert newest(notary_lab, old) == new
    assert results(notary_lab, old, new) == ["verified", "verified"]
    for _, signed in signed_drafts(notary_lab, college):
        log_status(notary_lab.notary, signed)
    notary_lab.anchor()
    assert results(notary_lab, old, new) == ["replaced", "verified"]


def test_a_link_follows_to_the_last_of_several(notary_lab: Lab) -> None:
    """Corrected twice: the first link opens the third credential; the second one's cannot replace anything again."""
    college = notary_lab.institutions[0]
    names = []
    for learner in ("A", "B", "C"):
        batch = notary_lab.logged(college, learner)
        notary_lab.anchor()
        names.append(rows(notary_lab, batch)[0].id)
    reissued(notary_lab, names[0], names[1])
    reissued(notary_lab, names[1], names[2])
    assert newest(notary_lab, names[0]) == newest(notary_lab, names[1]) == names[2]
    with pytest.raises(IssuerError, match="revoked or replaced itself"):
        reissued(notary_lab, names[2], names[0])  # no circle


def test_what_cannot_take_a_place_is_refused(notary_lab: Lab) -> None:
    """Another institution's, one that is not there, the same one, or an old one that is nobody's."""
    college, makers, _ = notary_lab.institutions
    mine = rows(notary_lab, notary_lab.logged(college, "Ana"))[0].id
    theirs = rows(notary_lab, notary_lab.logged(makers, "Ana"))[0].id
    for new in (theirs, CredentialId("nobody")):
        with pytest.raises(Absent, match=f"has no credential {new}"):
            reissued(notary_lab, mine, new)
    with pytest.raises(IssuerError, match="is the same credential"):
        reissued(notary_lab, mine, mine)
    with pytest.raises(IssuerError, match="has no credential"):
        reissued(notary_lab, theirs, mine)


def test_what_was_revoked_can_still_be_replaced(notary_lab: Lab) -> None:
    """Revoked for its mistake, then issued again: the learner is led to the right one."""
    college = notary_lab.institutions[0]
    old = rows(notary_lab, notary_lab.logged(college, "Ana"))[0].id
    notary_lab.anchor()
    changed(notary_lab, college, Status.REVOKED, old)
    new = rows(notary_lab, notary_lab.logged(college, "Ana Ruiz"))[0].id
    notary_lab.anchor()
    reissued(notary_lab, old, new)
    for _, signed in signed_drafts(notary_lab, college):
        log_status(notary_lab.notary, signed)
    notary_lab.anchor()
    assert results(notary_lab, old, new) == ["replaced", "verified"]


def leave(lab: Lab, *, successor: bool) -> None:
    """Put a state in force in which the college has left; before anything is anchored under it."""
    members = members_in_force(lab.notary.ledger)
    college, makers, _ = lab.institutions
    records = [
        replace(
            record,
            period=Period(record.period.since, "2026-02-01T00:00:00Z"),
            successor=makers.did if successor else None,
        )
        if record.id == college.did
        else record
        for record in members.records
    ]
    state = members.state
    made = make_state(records, contracts=state.contracts, notaries=state.notaries, after=state)
    keep_state(made, lab.notary.ledger, lab.notary.blocks, in_force=True)


def test_a_member_that_left_signs_statuses_only(notary_lab: Lab) -> None:
    """A batch of its needs a new signature that nobody can give; a revocation is logged."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    leave(notary_lab, successor=False)
    marked(notary_lab, college, Status.REVOKED, rows(notary_lab, batch)[0].id)
    ((_, signed),) = signed_drafts(notary_lab, college)
    assert log_status(notary_lab.notary, signed).issuer == college.did
    with pytest.raises(IssuerError, match="was no member then"):
        notary_lab.logged(college, "Bo")


def test_a_successor_speaks_for_who_left(notary_lab: Lab) -> None:
    """Named in the registry it marks and signs in its own chain; before it was named it had no such credential."""
    college, makers, _ = notary_lab.institutions
    batch = notary_lab.logged(college, "Ana")
    ana = rows(notary_lab, batch)[0].id
    wish = Wish(ana, Reason.ISSUED_IN_ERROR)
    assert plan_marks(notary_lab.notary, notary_lab.record(makers), Status.REVOKED, [wish]).findings
    leave(notary_lab, successor=True)
    marked(notary_lab, makers, Status.REVOKED, ana)
    ((draft, signed),) = signed_drafts(notary_lab, makers)
    assert (draft.statement.issuer, draft.statement.seq, draft.of.issuer) == (makers.did, 1, college.did)
    assert log_status(notary_lab.notary, signed).about == batch.statement_id


def test_a_successors_revocation_verifies_years_later(notary_lab: Lab) -> None:
    """The college closes, on chain, with the makers as its successor: their word changes its receipts, offline."""
    college, makers, _ = notary_lab.institutions
    batch = notary_lab.logged(college, "Ana", "Bo")
    notary_lab.anchor()
    ana, bo = (row.id for row in rows(notary_lab, batch))
    members = members_in_force(notary_lab.notary.ledger)
    left = Period(members.require(college.did).period.since, format_time(datetime.now(UTC) - timedelta(days=1)))
    records = [
        replace(record, period=left, successor=makers.did) if record.id == college.did else record
        for record in members.records
    ]
    governor = open_keys(notary_lab.settings.data).governor
    change_members(notary_lab.notary, records, [governor.approve])
    changed(notary_lab, makers, Status.REVOKED, ana)
    assert results(notary_lab, ana, bo) == ["revoked", "verified"]
    (submission,) = receipt(notary_lab.notary, ana).submissions
    assert submission.status is not None
    assert submission.status.change is not None
    assert submission.status.change.statement.issuer == makers.did
