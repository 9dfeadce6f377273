"""The port `Ledger`: what forgets, and what says whether it can be worked with; the same in both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from notary.core.errors import OperatorError
from notary.ports.ledger import BatchId, CredentialId, UnitOfWork
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import COLLEGE, Database, credential, digest, seal, submit

__all__ = ["database", "ledger", "postgres"]


def test_an_erased_credential_keeps_its_place_and_its_link(ledger: SqlLedger) -> None:
    """Salt, digest, evidence, content, names and source go; the same again changes nothing."""
    rows = [replace(credential(at), evidence=digest("evidence")) for at in range(3)]
    with ledger.begin() as work:
        submit(work, rows[:2])
        leaves = seal(work, 1)
        submit(work, rows[2:])
    for _ in range(2):
        with ledger.begin() as work:
            work.credentials.erase(rows[0].id)
            work.credentials.erase(CredentialId("nobody"))
    with ledger.read() as work:
        found = work.credentials.by_link(rows[0].link)
        assert found is not None
        assert (found.id, found.batch, found.index, found.leaf) == (rows[0].id, BatchId(1), 0, leaves[0])
        assert (found.salt, found.digest, found.evidence, found.content, found.learner) == (None,) * 5
        assert (found.title, found.line, found.source) == (None, None, "erased")
        assert work.credentials.by_digest(digest(("digest", 0))) == ()
        assert list(work.credentials.leaves(BatchId(1))) == leaves
        assert (work.credentials.count(), work.credentials.sharing(digest("evidence"))) == (3, 2)
        assert [row.id for row in work.credentials.of_batch(BatchId(1))] == [rows[0].id, rows[1].id]


def test_what_is_erased_while_it_waits_waits_no_more(ledger: SqlLedger) -> None:
    """The next batch takes the others."""
    rows = [credential(at) for at in range(3)]
    with ledger.begin() as work:
        submit(work, rows)
        work.credentials.erase(rows[1].id)
    with ledger.read() as work:
        assert work.credentials.waiting() == {COLLEGE: 2}
        assert [row.id for row in work.credentials.unsealed(COLLEGE)] == [rows[0].id, rows[2].id]


def test_an_erased_manifest_takes_its_keys_along(ledger: SqlLedger) -> None:
    """The others stay; one that is not there is no error."""
    with ledger.begin() as work:
        for name in ("one", "other"):
            work.evidence.add(digest(name), name.encode(), {digest((name, "item")): "AGE-SECRET-KEY-1"})
        work.evidence.erase(digest("one"))
        work.evidence.erase(digest("nobody"))
    with ledger.read() as work:
        assert work.evidence.get(digest("one")) is None
        assert work.evidence.digests() == (digest("other"),)
        assert work.evidence.get(digest("other")) == (b"other", {digest(("other", "item")): "AGE-SECRET-KEY-1"})


def test_an_erasure_that_is_undone_is_undone_whole(ledger: SqlLedger) -> None:
    """A unit of work that raises leaves the credential as it was."""
    row = credential(1)
    with ledger.begin() as work:
        submit(work, [row])

    def broken(work: UnitOfWork) -> None:
        work.credentials.erase(row.id)
        raise RuntimeError

    with pytest.raises(RuntimeError), ledger.begin() as work:
        broken(work)
    with ledger.read() as work:
        assert work.credentials.get(row.id) == row
        assert work.credentials.waiting() == {COLLEGE: 1}


def test_a_ledger_whose_tables_are_another_releases_is_not_ready(database: Database) -> None:
    """Both versions are named."""
    with database.ledger() as ledger:
        ledger.check()
        with ledger.connection(write=True) as connection:
            connection.execute(text("DELETE FROM alembic_version"))
        with pytest.raises(OperatorError, match="not this release's"):
            ledger.check()
