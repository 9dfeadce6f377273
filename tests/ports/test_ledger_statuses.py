"""The port `Statuses`, the same for SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

import pytest

from notary.core.digest import LeafIndex
from notary.core.errors import OperatorError
from notary.core.status import Status
from notary.ports.ledger import BatchId, BatchState, CredentialId, MarkRow, Reason, UnitOfWork
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import COLLEGE, NOON, SCHOOL, append, batch, credential, digest, entry, new, submit

__all__ = ["database", "ledger", "postgres"]


def a_mark(name: CredentialId, status: Status = Status.REVOKED, **more: object) -> MarkRow:
    """A mark by the college."""
    row = MarkRow(name, status, Reason.MISCONDUCT, "a note", COLLEGE, NOON)
    return replace(row, **more)  # type: ignore[arg-type]


def placed(work: UnitOfWork, number: int, *seeds: object, of: object = None) -> list[CredentialId]:
    """Submit credentials and place them in a batch of their own."""
    rows = [credential(seed, of=of) for seed in seeds]
    submit(work, rows)
    work.batches.save(batch(number, len(rows)))
    work.credentials.place(BatchId(number), COLLEGE)
    return [row.id for row in rows]


def test_every_position_of_a_digest_is_found_its_own_first(ledger: SqlLedger) -> None:
    """In each batch of its institution, in none and in no other institution's; an id that is nobody's has none."""
    with ledger.begin() as work:
        (first,) = placed(work, 1, "a")
        (second, other) = (*placed(work, 2, "b", of="a"), *placed(work, 3, "c"))
        submit(work, [credential("d", of="a"), credential("e", institution=SCHOOL, of="a")])
        append(work, entry(0))
        work.batches.save(replace(batch(1, 1), state=BatchState.LOGGED, entry=LeafIndex(0), statement_id=digest(1)))
    waiting = credential("d", of="a").id
    with ledger.read() as work:
        found = work.statuses.positions([second, CredentialId("nobody"), other])
        assert [(each.asked, each.credential) for each in found] == [
            (second, second),
            (second, first),
            (second, waiting),
            (other, other),
        ]
        assert [(each.batch, each.index, each.entry) for each in found] == [
            (2, 0, None),
            (1, 0, 0),
            (None,) * 3,
            (3, 0, None),
        ]
        assert {each.institution for each in found} == {COLLEGE}


def test_an_erased_credential_keeps_its_one_position(ledger: SqlLedger) -> None:
    """Without a digest nobody knows its others; its own place is still there to be revoked."""
    with ledger.begin() as work:
        (first, _) = (*placed(work, 1, "a"), *placed(work, 2, "b", of="a"))
        work.credentials.erase(first)
        assert [each.credential for each in work.statuses.positions([first])] == [first]


def test_marks_are_pending_until_a_statement_says_them(ledger: SqlLedger) -> None:
    """By batch and index; settled, they are history with the statement's id, and a new mark may follow."""
    with ledger.begin() as work:
        first, second, third = placed(work, 1, "a", "b", "c")
        (other,) = placed(work, 2, "d")
        append(work, entry(0))
        work.statuses.mark([a_mark(third), a_mark(other), a_mark(first, note=None)])
    with ledger.begin() as work:
        assert [(each.batch, each.index) for each in work.statuses.pending()] == [(1, 0), (1, 2), (2, 0)]
        pending = work.statuses.pending(BatchId(1))
        assert [each.mark for each in pending] == [a_mark(first, note=None), a_mark(third)]
        work.statuses.settle([each.number for each in pending], entry(0).id)
        work.statuses.mark([a_mark(first, Status.REPLACED, replacement=second)])
    with ledger.read() as work:
        assert [each.mark.credential for each in work.statuses.pending(BatchId(1))] == [first]
        assert work.statuses.history(first) == (
            a_mark(first, note=None, statement=entry(0).id),
            a_mark(first, Status.REPLACED, replacement=second),
        )
        assert work.statuses.history(second) == ()


def test_a_credential_has_one_pending_mark(ledger: SqlLedger) -> None:
    """The newer takes the older one's place; one may be taken back; what was said stays said."""
    with ledger.begin() as work:
        (first,) = placed(work, 1, "a")
        append(work, entry(0))
        work.statuses.mark([a_mark(first, Status.SUSPENDED)])
        work.statuses.settle([each.number for each in work.statuses.pending()], entry(0).id)
        work.statuses.mark([a_mark(first, Status.REVOKED)])
        work.statuses.mark([a_mark(first, Status.VALID)])
        assert [each.mark.status for each in work.statuses.pending()] == [Status.VALID]
        work.statuses.withdraw([first, CredentialId("nobody")])
        assert [each.status for each in work.statuses.history(first)] == [Status.SUSPENDED]
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.statuses.mark([a_mark(first), a_mark(first)])


def test_more_marks_than_one_question_holds_come_back(ledger: SqlLedger) -> None:
    """More than one question's worth: all are resolved, marked and settled."""
    count = 1_200
    with ledger.begin() as work:
        names = placed(work, 1, *range(count))
        append(work, entry(0))
        assert len(work.statuses.positions(names)) == count
        work.statuses.mark([a_mark(name) for name in names])
        pending = work.statuses.pending()
        assert [each.index for each in pending] == list(range(count))
        work.statuses.settle([each.number for each in pending], entry(0).id)
        assert work.statuses.pending() == ()


def test_notes_are_forgotten_and_nothing_else(ledger: SqlLedger) -> None:
    """The mark stays, for a list was signed of it."""
    with ledger.begin() as work:
        first, second = placed(work, 1, "a", "b")
        work.statuses.mark([a_mark(first), a_mark(second)])
        work.statuses.forget(first)
        work.statuses.forget(CredentialId("nobody"))
        assert work.statuses.history(first) == (a_mark(first, note=None),)
        assert work.statuses.history(second) == (a_mark(second),)


def test_lists_and_the_newest_statement_about_a_batch(ledger: SqlLedger) -> None:
    """By log index; below a size what was newest then."""
    with ledger.begin() as work:
        append(work, entry(0))
        for index in (1, 2):
            append(work, replace(entry(index), about=entry(0).id, is_batch=False))
            work.statuses.add_list(LeafIndex(index), bytes(32) + bytes([index]))
    with ledger.read() as work:
        assert work.statuses.list_of(LeafIndex(1)) == bytes(32) + b"\x01"
        assert work.statuses.list_of(LeafIndex(0)) is None
        newest = [work.log.newest_status(entry(0).id, below) for below in (None, 3, 2, 1)]
        assert [None if row is None else row.index for row in newest] == [2, 2, 1, None]
        assert work.log.newest_status(digest("another")) is None


def test_a_statement_that_fell_leaves_what_it_said_marked_again(ledger: SqlLedger) -> None:
    """But for a credential with a newer mark, which stays; the list is kept, and known not to count."""
    with ledger.begin() as work:
        first, second, other = placed(work, 1, "a", "b", "c")
        append(work, entry(0))
        append(work, replace(entry(1), about=entry(0).id, is_batch=False))
        append(work, replace(entry(2), about=entry(0).id, is_batch=False))
        for index, names in ((1, (first, second)), (2, (other,))):
            work.statuses.mark([a_mark(name, Status.SUSPENDED) for name in names])
            work.statuses.settle([each.number for each in work.statuses.pending()], entry(index).id)
            work.statuses.add_list(LeafIndex(index), bytes(32))
        work.statuses.mark([a_mark(second, Status.REVOKED)])
        work.statuses.fall(LeafIndex(1), entry(1).id)
    with ledger.read() as work:
        pending = [(each.mark.credential, each.mark.status) for each in work.statuses.pending()]
        assert pending == [(first, Status.SUSPENDED), (second, Status.REVOKED)]
        assert [each.status for each in work.statuses.history(second)] == [Status.REVOKED]
        assert [work.statuses.has_fallen(LeafIndex(index)) for index in range(3)] == [False, True, False]
        assert work.statuses.list_of(LeafIndex(1)) == bytes(32)


def test_what_waits_and_deserves_a_second_look(ledger: SqlLedger) -> None:
    """Nameless, submitted before, of another issuer, ended by then, or for another achievement; in order."""
    from notary.core.leaf import Form

    rows = [
        credential(0),
        replace(credential(1), learner=None),
        replace(credential(2), title=None),
        credential(3),
        credential(4, of=3),
        credential(5),
        credential(6),
        replace(credential(7), form=Form.FILE, learner=None),
        replace(credential(8), evidence=digest("evidence")),
        credential(9, institution=SCHOOL),
    ]
    coming = [new(row, issuer=COLLEGE, achievement="welding") for row in rows]
    coming[0] = new(rows[0], issuer=COLLEGE)
    coming[3] = new(rows[3], issuer="https://college.example")
    coming[4] = new(rows[4], again=True)
    coming[5] = new(rows[5], issuer="https://elsewhere.example")
    coming[6] = new(rows[6], until=NOON)
    coming[8] = new(rows[8], until=NOON + timedelta(seconds=1))
    with ledger.begin() as work:
        work.credentials.add(coming)
        found = work.credentials.unsealed_notable(COLLEGE, issuers=["https://college.example"], at=NOON)
        assert [(row, again) for row, again in found] == [(rows[at], at == 4) for at in (1, 2, 4, 5, 6)]
        for programme, beyond in (("welding", [*range(7), 8]), ("bakery", [*range(9)])):
            found = work.credentials.unsealed_notable(COLLEGE, issuers=[COLLEGE], at=NOON, programmes=[programme])
            assert [row.id for row, _ in found] == [rows[at].id for at in beyond]
        assert work.credentials.unsealed_evidence(COLLEGE) == {digest("evidence")}
        assert work.credentials.unsealed_evidence(SCHOOL) == set()
