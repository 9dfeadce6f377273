"""Contacts and awards in both databases: who is reached, and which row became which credential."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notary.core.errors import OperatorError
from notary.ports.ledger import AwardRow, ContactRow, CredentialId, UnitOfWork
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import COLLEGE, SCHOOL, credential, digest, submit

__all__ = ["database", "ledger", "postgres"]


def award(seed: int, institution: str = COLLEGE) -> AwardRow:
    """The award of `credential(seed)`."""
    return AwardRow(credential(seed).id, institution, digest(("who", seed)), digest(("what", seed)))


def test_a_contact_is_found_by_credential_and_by_address(ledger: SqlLedger) -> None:
    """One address may stand behind several credentials; a forgotten contact leaves the credential."""
    rows = [credential(at) for at in range(3)]
    contacts = [ContactRow(rows[0].id, "ana@x.example", "Ana"), ContactRow(rows[2].id, "ana@x.example", None)]
    with ledger.begin() as work:
        submit(work, rows)
        work.contacts.add(contacts)
        work.contacts.add([])
    with ledger.read() as work:
        assert work.contacts.get(rows[0].id) == contacts[0]
        assert work.contacts.get(rows[1].id) is None
        assert work.contacts.by_email("ana@x.example") == tuple(contacts)
        assert work.contacts.by_email("nobody@x.example") == ()
    with ledger.begin() as work:
        for name in (rows[0].id, rows[0].id, CredentialId("nobody")):
            work.contacts.forget(name)
    with ledger.read() as work:
        assert work.contacts.by_email("ana@x.example") == (contacts[1],)
        assert work.credentials.get(rows[0].id) == rows[0]


def test_an_award_is_known_by_who_it_is_about(ledger: SqlLedger) -> None:
    """For its own institution alone; what was handed out is noted, what was forgotten is gone."""
    rows = [credential(at) for at in range(3)]
    awards = [award(0), award(1), replace(award(2), institution=SCHOOL)]
    with ledger.begin() as work:
        submit(work, rows)
        work.awards.add(awards)
        work.awards.add([])
        work.awards.hand([rows[1].id])
    asked = [each.identity for each in awards] + [digest(("more", at)) for at in range(1200)]
    with ledger.read() as work:
        found = work.awards.known(COLLEGE, asked)
        assert found == {awards[0].identity: awards[0], awards[1].identity: replace(awards[1], handed=True)}
        assert work.awards.known(SCHOOL, asked) == {awards[2].identity: awards[2]}
    with ledger.begin() as work:
        for name in (rows[0].id, rows[0].id, CredentialId("nobody")):
            work.awards.forget(name)
    with ledger.read() as work:
        assert set(work.awards.known(COLLEGE, asked)) == {awards[1].identity}


def test_nobody_is_awarded_the_same_twice(ledger: SqlLedger) -> None:
    """A second credential of the same identity undoes its whole unit of work."""
    with ledger.begin() as work:
        submit(work, [credential(0)])
        work.awards.add([award(0)])

    def again(work: UnitOfWork) -> None:
        submit(work, [credential(1)])
        work.awards.add([replace(award(0), credential=credential(1).id)])

    with pytest.raises(OperatorError, match="refused a unit of work"), ledger.begin() as work:
        again(work)
    with ledger.read() as work:
        assert work.credentials.get(credential(1).id) is None
