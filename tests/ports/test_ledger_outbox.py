"""Mails, marked addresses, further links, shares and endorsements in both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from notary.core.errors import OperatorError
from notary.ports.ledger import (
    BounceRow,
    ContactRow,
    CredentialId,
    EndorsementRow,
    MailKind,
    MailRow,
    MailState,
    MailTally,
    ShareId,
    ShareRow,
)
from notary.store.ledger import SqlLedger
from tests.ports.databases import database, ledger, postgres
from tests.ports.ledger_lab import COLLEGE, NOON, SCHOOL, credential, digest, submit

__all__ = ["database", "ledger", "postgres"]
ANA, BO, CY = (credential(at, institution=SCHOOL if at == 2 else COLLEGE) for at in range(3))
NOBODY = CredentialId("nobody")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def filled(ledger: SqlLedger) -> SqlLedger:
    """Three credentials with contacts, the third another institution's."""
    with ledger.begin() as work:
        submit(work, [ANA, BO, CY])
        work.contacts.add([ContactRow(row.id, f"{at}@x.example", None) for at, row in enumerate((ANA, BO, CY))])
    return ledger


def waiting(name: CredentialId, due: datetime = NOON, kind: MailKind = MailKind.AWARD) -> MailRow:
    return MailRow(name, kind, MailState.WAITING, NOON, due)


def test_a_credential_has_one_mail_of_a_kind(filled: SqlLedger) -> None:
    """Saved again it is replaced; the other kind stands beside it; one of no credential is not kept."""
    award, lost = waiting(ANA.id), waiting(ANA.id, kind=MailKind.LOST)
    sent = replace(award, state=MailState.SENT, due=None, tries=2, sent=NOON, trouble="451")
    with filled.begin() as work:
        work.outbox.save([award, lost, waiting(NOBODY)])
        work.outbox.save([sent])
    with filled.read() as work:
        assert work.outbox.get(ANA.id, MailKind.AWARD) == sent
        assert work.outbox.get(ANA.id, MailKind.LOST) == lost
        assert work.outbox.get(BO.id, MailKind.AWARD) is None
        names = [ANA.id, BO.id, *(CredentialId(f"other {at}") for at in range(700))]
        assert work.outbox.known(names, MailKind.AWARD) == {ANA.id}


def test_what_waits_is_due_and_nothing_else() -> None:
    """A row that contradicts itself is never made."""
    for state, due in ((MailState.WAITING, None), (MailState.SENT, NOON)):
        with pytest.raises(ValueError, match="due"):
            MailRow(ANA.id, MailKind.AWARD, state, NOON, due)


def test_mails_are_due_in_their_order_and_put_off_together(filled: SqlLedger) -> None:
    """The longest due first, as many as asked for; an outage puts all that are due off at once."""
    with filled.begin() as work:
        work.outbox.save([waiting(BO.id, NOON), waiting(ANA.id, NOON - MINUTE), waiting(CY.id, NOON + MINUTE)])
    with filled.read() as work:
        assert [row.credential for row in work.outbox.due(NOON, 10)] == [ANA.id, BO.id]
        assert [row.credential for row in work.outbox.due(NOON, 1)] == [ANA.id]
    with filled.begin() as work:
        assert work.outbox.put_off(NOON, NOON + 2 * MINUTE, "down") == 2
    with filled.read() as work:
        assert work.outbox.due(NOON, 10) == ()
        assert [row.credential for row in work.outbox.due(NOON + MINUTE, 10)] == [CY.id]
        row = work.outbox.get(BO.id, MailKind.AWARD)
    assert row == replace(waiting(BO.id), due=NOON + 2 * MINUTE, tries=1, trouble="down")


def test_mails_are_counted_by_institution(filled: SqlLedger) -> None:
    """What waits, what failed, what bounced: of one institution or all."""
    with filled.begin() as work:
        work.outbox.save(
            [
                replace(waiting(ANA.id), tries=3),
                replace(waiting(BO.id), queued=NOON - MINUTE, state=MailState.FAILED, due=None),
                replace(waiting(CY.id), state=MailState.HANDED, due=None),
                replace(waiting(CY.id, kind=MailKind.LOST), queued=NOON + MINUTE),
            ]
        )
        work.outbox.add_bounces([BounceRow("1@x.example", NOON, "5.1.1"), BounceRow("stranger", NOON, "5.1.1")])
    with filled.read() as work:
        assert work.outbox.tally() == MailTally(2, 1, 0, 1, 1, 1, NOON)
        assert work.outbox.tally(SCHOOL) == MailTally(1, 0, 0, 1, 0, 0, NOON + MINUTE)
        assert work.outbox.tally("did:web:none.example") == MailTally()
        assert [row.credential for row in work.outbox.failed(None, 5)] == [BO.id]
        assert work.outbox.failed(SCHOOL, 5) == ()
        assert [name for name, _ in work.outbox.bounces(COLLEGE)] == [BO.id]
        assert work.outbox.bounces(SCHOOL) == ()


def test_a_marked_address_keeps_its_first_reason_and_goes_with_its_last_contact(filled: SqlLedger) -> None:
    """Marked again nothing changes; once nobody's contact it is forgotten, and so are the credential's mails."""
    with filled.begin() as work:
        work.outbox.save([waiting(ANA.id), waiting(BO.id)])
        for why in ("first", "second"):
            work.outbox.add_bounces([BounceRow("0@x.example", NOON, why)])
    with filled.read() as work:
        assert work.outbox.bounced("0@x.example") == BounceRow("0@x.example", NOON, "first")
        assert work.outbox.bounced("1@x.example") is None
    with filled.begin() as work:
        work.contacts.forget(ANA.id)
        work.outbox.forget(ANA.id)
        work.outbox.forget(NOBODY)
    with filled.read() as work:
        assert work.outbox.bounced("0@x.example") is None
        assert work.outbox.get(ANA.id, MailKind.AWARD) is None
        assert work.outbox.get(BO.id, MailKind.AWARD) is not None


def test_addresses_of_a_class_and_those_that_take_no_mail_are_asked_for_at_once(filled: SqlLedger) -> None:
    """However many are asked about; whoever has no contact is not among them."""
    names = [ANA.id, CY.id, NOBODY, *(CredentialId(f"other {at}") for at in range(1100))]
    with filled.begin() as work:
        work.outbox.add_bounces([BounceRow("0@x.example", NOON, "5.1.1"), BounceRow("2@x.example", NOON, "5.1.1")])
        assert work.contacts.emails(names) == {ANA.id: "0@x.example", CY.id: "2@x.example"}
        asked = {"0@x.example", "1@x.example", *(f"{at}@y.example" for at in range(1100))}
        assert work.outbox.refusing(asked) == {"0@x.example"}
        assert work.contacts.emails([]) == {}
        assert work.outbox.refusing(set()) == set()


def test_a_text_is_kept_by_its_digest(filled: SqlLedger) -> None:
    """Safe to repeat; a mail cannot name one that is not there."""
    with filled.begin() as work:
        for _ in range(2):
            work.outbox.keep_template(digest("text"), "Subject: x")
        work.outbox.save([replace(waiting(ANA.id), template=digest("text"))])
    with filled.read() as work:
        assert work.outbox.template(digest("text")) == "Subject: x"
        assert work.outbox.template(digest("other")) is None
    with pytest.raises(OperatorError), filled.begin() as work:
        work.outbox.save([replace(waiting(BO.id), template=digest("other"))])


def test_further_links_open_until_the_link_is_renewed(filled: SqlLedger) -> None:
    """Beside the first; of no credential none is kept; a renewed link ends all; no two credentials share one."""
    with filled.begin() as work:
        work.credentials.link_also([(ANA.id, digest("a")), (ANA.id, digest("b")), (NOBODY, digest("c"))], NOON)
    with filled.read() as work:
        for link in (ANA.link, digest("a"), digest("b")):
            found = work.credentials.by_link(link)
            assert found is not None
            assert found.id == ANA.id
        assert work.credentials.by_link(digest("c")) is None
    with pytest.raises(OperatorError), filled.begin() as work:
        work.credentials.link_also([(BO.id, digest("a"))], NOON)
    with filled.begin() as work:
        work.credentials.relink(ANA.id, digest("new"), NOON)
    with filled.read() as work:
        opens = [link for link in (ANA.link, digest("a"), digest("b"), digest("new")) if work.credentials.by_link(link)]
        assert opens == [digest("new")]
        assert work.credentials.by_link(BO.link) == BO


def test_a_renewed_link_stays_beside_the_further_ones(filled: SqlLedger) -> None:
    """As the first link does: of the further ones the oldest end, it does not."""
    with filled.begin() as work:
        work.credentials.relink(ANA.id, digest("new"), NOON)
        for at in range(25):
            work.credentials.link_also([(ANA.id, digest(at))], NOON + timedelta(seconds=at))
    with filled.read() as work:
        opens = [at for at in ("new", *range(25)) if work.credentials.by_link(digest(at))]
    assert opens == ["new", *range(5, 25)]


def share(seed: str, **more: object) -> ShareRow:
    row = ShareRow(ShareId(f"share {seed}"), digest(seed), ANA.id, NOON, None)
    return replace(row, **more)  # type: ignore[arg-type]


def test_shares_are_found_ended_and_swept(filled: SqlLedger) -> None:
    """By hash; its own credential ends it and no other; what expired goes at its moment; erased, all go."""
    plain = share("a")
    rich = share("b", made=NOON + MINUTE, expires=NOON + 2 * MINUTE, items=(digest("i"), digest("j")), named=True)
    with filled.begin() as work:
        work.shares.add(rich)
        work.shares.add(plain)
        work.shares.end(BO.id, plain.id)
        work.shares.sweep(NOON + MINUTE)
    with filled.read() as work:
        assert work.shares.of(ANA.id) == (plain, rich)
        assert work.shares.of(BO.id) == ()
        assert work.shares.by_hash(rich.hash) == rich
        assert work.shares.by_hash(digest("c")) is None
    with filled.begin() as work:
        work.shares.end(ANA.id, plain.id)
        work.shares.sweep(NOON + 2 * MINUTE)
    with filled.read() as work:
        assert work.shares.of(ANA.id) == ()
    with filled.begin() as work:
        work.shares.add(plain)
        work.shares.forget(ANA.id)
        work.shares.forget(NOBODY)
    with filled.read() as work:
        assert work.shares.by_hash(plain.hash) is None


def test_endorsements_are_kept_once_in_their_order(filled: SqlLedger) -> None:
    """The same again changes nothing; forgotten with their credential."""
    first = EndorsementRow(ANA.id, digest("z"), b"{}", NOON)
    second = EndorsementRow(ANA.id, digest("y"), b"{ }", NOON + MINUTE)
    with filled.begin() as work:
        for row in (second, first, replace(first, added=NOON + 2 * MINUTE)):
            work.endorsements.add(row)
    with filled.read() as work:
        assert work.endorsements.of(ANA.id) == (first, second)
        assert work.endorsements.of(BO.id) == ()
    with filled.begin() as work:
        work.endorsements.forget(ANA.id)
    with filled.read() as work:
        assert work.endorsements.of(ANA.id) == ()
