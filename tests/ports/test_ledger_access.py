"""API keys and the journal in both databases: what is kept of a key, and that no entry can be changed."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from notary.core.digest import ZERO
from notary.core.errors import OperatorError
from notary.ports.ledger import Actor, ApiKeyRow, CredentialId, JournalRow, KeyId, Role
from notary.store.ledger import SqlLedger, SqlUnitOfWork
from notary.store.schema import migrate, versions
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import COLLEGE, NOON, SCHOOL, credential, digest, seal, submit

__all__ = ["database", "ledger", "postgres"]


def key(seed: str, institution: str | None = COLLEGE, role: Role = Role.ISSUER) -> ApiKeyRow:
    """Return a key that is good for a day."""
    return ApiKeyRow(KeyId(seed), digest(seed), role, institution, NOON, NOON + timedelta(days=1))


def entry(number: int, institution: str | None = COLLEGE) -> JournalRow:
    """Return an entry; the ledger does not compute its hash."""
    previous = digest(("journal", number - 1)) if number > 1 else None
    actor = Actor("issuer", "abc")
    return JournalRow(
        number, NOON, actor, institution, "seal batch", ("batch 1",), 1, "done", previous, digest(("journal", number))
    )


def test_a_key_is_found_by_its_hash_and_ends_once(ledger: SqlLedger) -> None:
    """It is found by hash and id; the first revocation's moment stays; use is noted by day."""
    first, second = key("a"), replace(key("b", None, Role.AUDITOR), made=NOON + timedelta(seconds=1))
    with ledger.begin() as work:
        work.keys.add(second)
        work.keys.add(first)
        work.keys.use(KeyId("a"), date(2026, 11, 22))
        work.keys.revoke(KeyId("a"), NOON)
        work.keys.revoke(KeyId("a"), NOON + timedelta(hours=1))
        work.keys.revoke(KeyId("nobody"), NOON)
    ended = replace(first, used=date(2026, 11, 22), revoked=NOON)
    with ledger.read() as work:
        assert work.keys.get(KeyId("a")) == work.keys.by_hash(digest("a")) == ended
        assert work.keys.by_hash(digest("c")) is work.keys.get(KeyId("c")) is None
        assert work.keys.all() == (ended, second)
        assert work.keys.all(COLLEGE) == (ended,)


@pytest.mark.parametrize(
    "bad",
    [
        key("a"),
        replace(key("b"), hash=digest("a")),
        key("c", None, Role.ISSUER),
        key("d", COLLEGE, Role.OPERATOR),
    ],
    ids=["an id twice", "a hash twice", "an issuer of nothing", "an operator of one institution"],
)
def test_a_key_that_cannot_be_is_refused(ledger: SqlLedger, bad: ApiKeyRow) -> None:
    """Two keys never share id or hash, and a role is of its scope; what was there stays."""
    with ledger.begin() as work:
        work.keys.add(key("a"))
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.keys.add(bad)
    with ledger.read() as work:
        assert work.keys.all() == (key("a"),)


def test_the_journal_gives_its_entries_in_order_whole_or_by_institution(ledger: SqlLedger) -> None:
    """From any number on; across pages; the newest is known at once."""
    rows = [entry(number, (COLLEGE, SCHOOL, None)[number % 3]) for number in range(1, 1100)]
    with ledger.begin() as work:
        assert work.journal.last() is None
        for row in rows:
            work.journal.append(row)
    with ledger.read() as work:
        assert list(work.journal.entries()) == rows
        assert list(work.journal.entries(after=600)) == rows[600:]
        theirs = [row for row in rows if row.institution == SCHOOL]
        assert list(work.journal.entries(after=5, institution=SCHOOL)) == [row for row in theirs if row.number > 5]
        assert (work.journal.last(), work.journal.last(SCHOOL)) == (rows[-1], theirs[-1])


@pytest.mark.parametrize(
    "words", ["UPDATE journal SET outcome = 'x'", "DELETE FROM journal", "DELETE FROM journal WHERE number = 1"]
)
def test_no_entry_of_the_journal_can_be_changed_or_removed(ledger: SqlLedger, words: str) -> None:
    """The database itself refuses, whoever asks it; adding goes on."""
    with ledger.begin() as work:
        work.journal.append(entry(1))
    with pytest.raises(OperatorError, match="append-only"), ledger.connection(write=True) as connection:
        connection.execute(text(words))
    with ledger.begin() as work:
        work.journal.append(entry(2))
    with ledger.read() as work:
        assert list(work.journal.entries()) == [entry(1), entry(2)]


@pytest.mark.parametrize(
    "bad",
    [replace(entry(2), number=1), replace(entry(2), hash=digest(("journal", 1))), replace(entry(2), previous=None)],
    ids=["a number twice", "a hash twice", "a second beginning"],
)
def test_an_entry_that_does_not_follow_is_refused(ledger: SqlLedger, bad: JournalRow) -> None:
    """Numbers and hashes are unique, and only the first entry follows none."""
    with ledger.begin() as work:
        work.journal.append(entry(1))
    with pytest.raises(OperatorError), ledger.begin() as work:
        work.journal.append(bad)


def test_keys_survive_the_way_down_and_up(ledger: SqlLedger) -> None:
    """Before roles there were issuers' keys alone: those come back, good for a year from then; the rest is gone."""
    with ledger.begin() as work:
        for row in (key("abcdefghijkl"), key("b", None, Role.OPERATOR), replace(key("c"), revoked=NOON)):
            work.keys.add(row)
    for target in ("0004", versions()[-1]):
        with ledger.connection(write=True) as connection:
            migrate(connection, target)
    with ledger.read() as work:
        (found,) = work.keys.all()
    assert (found.hash, found.role, found.institution) == (digest("abcdefghijkl"), Role.ISSUER, COLLEGE)
    assert found.expires - found.made == timedelta(days=365)
    assert (len(found.id), found.revoked, found.used) == (12, None, None)


def test_a_link_is_exchanged_and_the_one_before_opens_nothing(ledger: SqlLedger) -> None:
    """By the new one the same credential is found."""
    row = credential(1)
    with ledger.begin() as work:
        submit(work, [row])
        work.credentials.relink(row.id, ZERO, NOON)
        work.credentials.relink(CredentialId("nobody"), digest("x"), NOON)
        assert work.credentials.by_link(row.link) is None
        found = work.credentials.by_link(ZERO)
    assert found is not None
    assert found.id == row.id


def test_a_link_from_before_it_named_its_credential_still_opens(ledger: SqlLedger) -> None:
    """An older release drew ids by themselves; its credentials keep them, and its links open."""
    with ledger.connection(write=True) as connection:
        work = SqlUnitOfWork(connection)
        submit(work, [credential(1)])
        connection.execute(text("UPDATE credential SET id = 'drawn'"))
        assert work.credentials.by_link(credential(1).link) is None
        for target in ("0009", versions()[-1], "0009", versions()[-1]):
            migrate(connection, target)
        found = work.credentials.by_link(credential(1).link)
    assert found is not None
    assert found.id == "drawn"


def test_an_institutions_credentials_are_given_in_the_order_of_submission(ledger: SqlLedger) -> None:
    """Across pages and batches, those that wait too, and never another's."""
    mine = [credential(seed) for seed in range(150)]
    with ledger.begin() as work:
        for row in mine[:70]:
            submit(work, [row])
        submit(work, [credential("theirs", institution=SCHOOL)])
        seal(work, 1)
        submit(work, mine[70:])
    with ledger.read() as work:
        found = list(work.credentials.of_institution(COLLEGE))
    assert [row.id for row in found] == [row.id for row in mine]
    assert [row.batch for row in found] == [1] * 70 + [None] * 80
