"""Delivery: everybody is written to once, whatever the mail server does; links exist in mails alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from notary.core.credential import read
from notary.core.errors import IssuerError
from notary.core.status import Status
from notary.ports.ledger import ContactRow, CredentialId, MailKind, MailState
from notary.service.access.links import link_hash
from notary.service.delivery.bounces import mark_bounces, read_bounces
from notary.service.delivery.lost import PAUSE, ask_for_links
from notary.service.delivery.own_mailer import make_links, note_handed
from notary.service.delivery.queue import Delivery, enqueue, plan_delivery, resend
from notary.service.delivery.sending import LEASE, PATIENCE, backoff, send_due
from notary.service.delivery.text import Template
from notary.service.errors import Absent
from notary.service.holdings.erase import erase, plan_erasure
from notary.service.log.entries import log_batch
from notary.service.notary import Notary, Post
from notary.service.receipts.learner import find_row
from notary.service.receipts.links import renew_link
from notary.service.submission.accept import Accepted
from notary.service.submission.seal import seal
from tests.clocks import Standing
from tests.mailbox import Mailbox
from tests.service.lab import Failing, FailingLedger, Fault, Lab
from tests.service.status_lab import changed


@dataclass
class Office:
    """A lab with a mail server, a clock, and an institution that has issued to learners with addresses."""

    lab: Lab
    mailbox: Mailbox
    clock: Standing

    @property
    def notary(self) -> Notary:
        return self.lab.notary

    def issue(self, *emails: str | None) -> list[CredentialId]:
        """Submit a credential for each address; `None` has none."""
        college = self.lab.institutions[0]
        data = self.lab.credentials(college, *(f"Learner {at}" for at in range(len(emails))))
        taken = [each for each in self.lab.submit(college, *data) if isinstance(each, Accepted)]
        with self.notary.ledger.begin() as work:
            pairs = zip(taken, emails, strict=True)
            work.contacts.add([ContactRow(each.id, email, each.learner) for each, email in pairs if email])
        return [each.id for each in taken]

    def plan(self) -> Delivery:
        return plan_delivery(self.notary, institution=self.lab.institutions[0].did)

    def deliver(self) -> int:
        """Queue everybody and send what is due."""
        enqueue(self.notary, self.plan())
        return send_due(self.notary).sent

    def mail(self, name: CredentialId, kind: MailKind = MailKind.AWARD) -> Any:
        with self.notary.ledger.read() as work:
            return work.outbox.get(name, kind)


@pytest.fixture
def office(notary_lab: Lab) -> Office:
    """An office at noon."""
    mailbox, clock = Mailbox(), Standing()
    notary_lab.notary = replace(
        notary_lab.notary, clock=clock, post=Post(mailbox, "https://notary.example/", "the lab")
    )
    return Office(notary_lab, mailbox, clock)


def test_everybody_with_an_address_is_mailed_a_link_once(office: Office) -> None:
    """Counted first; delivered again, nobody is mailed twice; the link opens the credential, and the first one does."""
    ana, bo, _ = office.issue("ana@x.example", "bo@x.example", None)
    plan = office.plan()
    assert (plan.ready, plan.nowhere, plan.before) == ([ana, bo], 1, 0)
    assert office.deliver() == 2
    assert office.deliver() == 0
    assert office.plan().before == 2
    (token,) = office.mailbox.tokens("ana@x.example")
    assert find_row(office.notary, token)[0].id == ana
    mail = office.mailbox.mails[0]
    assert mail.subject.startswith("Your credential from Fenwick College: ")
    assert "https://notary.example/lost" in mail.text
    assert office.mail(ana).state is MailState.SENT


def test_the_outbox_holds_no_address_and_nothing_that_opens(office: Office) -> None:
    """A copy of the ledger between queueing and sending leads to nobody's page."""
    (ana,) = office.issue("ana@x.example")
    enqueue(office.notary, office.plan())
    assert "ana" not in repr(office.mail(ana))
    send_due(office.notary)
    (token,) = office.mailbox.tokens("ana@x.example")
    with office.notary.ledger.read() as work:
        assert token not in repr(work.credentials.get(ana))
        assert work.credentials.by_link(link_hash(token)) is not None


def test_one_learner_is_written_one_mail(office: Office) -> None:
    """Two credentials of one institution for one address go together, each with its link."""
    first, second = office.issue("ana@x.example", "ana@x.example")
    assert office.deliver() == 1
    opened = [find_row(office.notary, token)[0].id for token in office.mailbox.tokens("ana@x.example")]
    assert opened == [first, second]
    assert "2 credentials" in office.mailbox.mails[0].subject


def test_an_outage_is_waited_out(office: Office) -> None:
    """The server is down: nothing is lost, each try waits longer, the trouble is told, and then all are sent."""
    ana, bo = office.issue("ana@x.example", "bo@x.example")
    office.mailbox.down = True
    assert office.deliver() == 0
    first = office.mail(ana)
    assert (first.state, first.tries, first.trouble) == (
        MailState.WAITING,
        1,
        "the mail server is not reached: Connection refused",
    )
    assert send_due(office.notary).sent == 0
    assert office.mailbox.sessions == 1  # not due yet
    office.clock.pass_by(timedelta(minutes=15))
    send_due(office.notary)
    assert office.mail(bo).due - office.clock.now() > first.due - (office.clock.now() - timedelta(minutes=15))
    with office.notary.ledger.read() as work:
        tally = work.outbox.tally()
    assert (tally.waiting, tally.troubled) == (2, 2)
    office.mailbox.down = False
    office.clock.pass_by(timedelta(minutes=15))
    assert send_due(office.notary).sent == 2
    assert office.mail(ana).trouble is None


def test_a_mail_that_was_taken_and_not_acknowledged_is_sent_again_under_its_id(office: Office) -> None:
    """Failed but happened: the same Message-ID, so that a mailbox can drop it; both links open."""
    (ana,) = office.issue("ana@x.example")
    office.mailbox.lossy = True
    office.deliver()
    office.mailbox.lossy = False
    assert office.mail(ana).state is MailState.WAITING
    office.clock.pass_by(backoff(1))
    assert send_due(office.notary).sent == 1
    one, two = office.mailbox.mails
    assert one.id == two.id
    assert {find_row(office.notary, token)[0].id for token in office.mailbox.tokens("ana@x.example")} == {ana}


@pytest.mark.parametrize("happens", [False, True])
def test_a_crash_after_sending_sends_again_and_never_loses_one(office: Office, *, happens: bool) -> None:
    """The unit of work that notes a sent mail fails, undone or done: at the end everybody has a link."""
    ana, bo = office.issue("ana@x.example", "bo@x.example")
    enqueue(office.notary, office.plan())
    whole = office.lab.notary
    office.lab.notary = replace(whole, ledger=FailingLedger(whole.ledger, at=2, happens=happens))
    with pytest.raises(Fault):
        send_due(office.notary)
    office.lab.notary = whole
    office.clock.pass_by(LEASE)
    send_due(office.notary)
    assert {office.mail(name).state for name in (ana, bo)} == {MailState.SENT}
    assert len(office.mailbox.tokens("ana@x.example")) == (1 if happens else 2)
    assert len(office.mailbox.tokens("bo@x.example")) == 1


def test_no_mail_goes_out_that_could_not_be_taken_in_hand(office: Office) -> None:
    """Where the ledger fails before sending, nothing is sent."""
    office.issue("ana@x.example")
    enqueue(office.notary, office.plan())
    broken = replace(office.notary, ledger=FailingLedger(office.notary.ledger, at=1, happens=False))
    with pytest.raises(Fault):
        send_due(broken)
    assert office.mailbox.mails == []


def test_an_address_that_is_refused_is_marked_and_left_alone(office: Office) -> None:
    """Refused for good: listed for the registrar, not tried again; with the right address it is mailed."""
    ana, bo = office.issue("ana@x.example", "bo@x.example")
    office.mailbox.closed = {"ana@x.example"}
    assert office.deliver() == 1
    assert (office.mail(ana).state, office.mail(ana).trouble) == (
        MailState.FAILED,
        "the address was refused: 550 5.1.1",
    )
    with office.notary.ledger.read() as work:
        ((named, row),) = work.outbox.bounces()
    assert (named, row.why) == (ana, "the address was refused: 550 5.1.1")
    with pytest.raises(IssuerError, match="takes no mail"):
        resend(office.notary, [ana])
    resend(office.notary, [ana], "ana@y.example")
    assert send_due(office.notary).sent == 1
    with office.notary.ledger.read() as work:
        assert work.outbox.bounces() == ()
        assert work.outbox.bounced("ana@x.example") is None  # nobody's any more
    assert office.mail(bo).state is MailState.SENT


def test_a_mail_that_is_put_off_for_days_is_given_up(office: Office) -> None:
    """Greylisting is waited out; after five days it is a failure the registrar sees, and may be resent."""
    (ana,) = office.issue("ana@x.example")
    office.mailbox.greylisted = {"ana@x.example"}
    office.deliver()
    assert office.mail(ana).state is MailState.WAITING
    office.clock.pass_by(PATIENCE + timedelta(hours=5))
    send_due(office.notary)
    assert office.mail(ana).state is MailState.FAILED
    with office.notary.ledger.read() as work:
        assert [row.credential for row in work.outbox.failed(None, 10)] == [ana]
        assert work.outbox.failed("did:web:other.example", 10) == ()
    office.mailbox.greylisted = set()
    resend(office.notary, [ana])
    assert send_due(office.notary).sent == 1


def test_three_failures_in_a_row_end_the_run(office: Office) -> None:
    """A server that takes nothing is not asked a thousand times."""
    emails = [f"{at}@x.example" for at in range(30)]
    office.issue(*emails)
    office.mailbox.greylisted = set(emails)
    enqueue(office.notary, office.plan())
    assert send_due(office.notary).failed == 20  # what was in hand; the others are not taken in hand


def test_revoked_between_queueing_and_sending(office: Office) -> None:
    """What was revoked before its mail left is not delivered, nor planned."""
    college = office.lab.institutions[0]
    (ana,) = office.issue("ana@x.example")
    batch = seal(office.notary, office.lab.record(college))
    with office.notary.ledger.read() as work:
        rows = list(work.credentials.of_batch(batch.id))

    log_batch(office.notary, office.lab.signed(college, batch, [read(row.content or b"", "own") for row in rows]))
    office.lab.anchor()
    assert plan_delivery(office.notary, batch.id).ready == [ana]
    enqueue(office.notary, plan_delivery(office.notary, batch.id))
    changed(office.lab, college, Status.REVOKED, ana)
    assert send_due(office.notary).sent == 0
    assert office.mail(ana).trouble == "it was revoked, replaced or erased before its mail left"
    assert plan_delivery(office.notary, batch.id).ended == 1


def test_erasure_takes_the_mail_the_mark_and_the_address(office: Office) -> None:
    """Of a learner who was erased nothing is left to write to, and nothing is sent."""
    ana, bo = office.issue("ana@x.example", "bo@x.example")
    enqueue(office.notary, office.plan())
    mark_bounces(office.notary, [("ana@x.example", "5.1.1")])
    erase(office.notary, plan_erasure(office.notary, [ana]))
    assert office.mail(ana) is None
    with office.notary.ledger.read() as work:
        assert work.outbox.bounced("ana@x.example") is None
    assert send_due(office.notary).sent == 1
    assert office.mail(bo).state is MailState.SENT
    with pytest.raises(Absent):
        resend(office.notary, [ana])


def test_links_for_the_institutions_own_mailer(office: Office) -> None:
    """Handed out, they open, and nobody is mailed by us afterwards."""
    ana, _ = office.issue("ana@x.example", None)
    college = office.lab.institutions[0].did
    (handed,) = make_links(office.notary, college, office.plan().ready)
    assert find_row(office.notary, handed.token)[0].id == ana
    assert office.plan().ready == [ana]  # a crash before it is noted: the table is written anew
    note_handed(office.notary, college, [handed.credential])
    assert office.plan().ready == []
    assert office.deliver() == 0


def test_a_lost_link_is_mailed_to_the_contact_on_file_alone(office: Office) -> None:
    """One mail an hour, whoever asks how often; links of before still open; strangers get nothing."""
    ana, again = office.issue("ana@x.example", "ana@x.example")
    office.deliver()
    before = office.mailbox.tokens("ana@x.example")
    for address in ("ana@x.example", "ana@x.example", "stranger@x.example"):
        ask_for_links(office.notary, address)
    assert send_due(office.notary).sent == 1
    office.clock.pass_by(PAUSE - timedelta(seconds=1))
    ask_for_links(office.notary, "ana@x.example")
    assert send_due(office.notary).sent == 0
    office.clock.pass_by(timedelta(seconds=1))
    ask_for_links(office.notary, "ana@x.example")
    assert send_due(office.notary).sent == 1
    tokens = office.mailbox.tokens("ana@x.example")
    assert len(set(tokens)) == 6
    assert {find_row(office.notary, token)[0].id for token in (*before, *tokens)} == {ana, again}
    assert {mail.to for mail in office.mailbox.mails} == {"ana@x.example"}


def test_a_renewed_link_ends_all_before(office: Office) -> None:
    """Mailed ones too: whoever has one that they should not is shut out."""
    (ana,) = office.issue("ana@x.example")
    office.deliver()
    (token,) = office.mailbox.tokens("ana@x.example")
    fresh = renew_link(office.notary, ana)
    assert find_row(office.notary, fresh)[0].id == ana
    with pytest.raises(Absent):
        find_row(office.notary, token)


def test_of_many_links_the_newest_open(office: Office) -> None:
    """A credential keeps the link it was given and twenty more; nobody fills the ledger by asking."""
    (ana,) = office.issue("ana@x.example")
    for at in range(25):
        with office.notary.ledger.begin() as work:
            work.credentials.link_also([(ana, link_hash(f"token {at}"))], office.clock.now() + timedelta(seconds=at))
    with office.notary.ledger.read() as work:
        opens = [at for at in range(25) if work.credentials.by_link(link_hash(f"token {at}"))]
    assert opens == list(range(5, 25))


def test_an_institutions_own_text_is_kept_with_its_mails(office: Office) -> None:
    """Its fields are filled in once; what a credential says is never read as a field."""
    (ana,) = office.issue("ana@x.example")
    own = Template.parse(b"Subject: {institution}\n\nDear {learner},\n{credentials}\n", "own.txt")
    enqueue(office.notary, office.plan(), own)
    with office.notary.ledger.begin() as work:
        work.contacts.forget(ana)
        work.contacts.add([ContactRow(ana, "ana@x.example", "{title}\r\nBcc: eve@x.example")])
    send_due(office.notary)
    (mail,) = office.mailbox.mails
    assert mail.subject == "Fenwick College"
    assert mail.text.startswith("Dear {title} Bcc: eve@x.example,\n")
    assert len(office.mailbox.tokens("ana@x.example")) == 1


@pytest.mark.parametrize(
    "data, says",
    [
        (b"no head\n\n{credentials}", "its beginning"),
        (b"Subject: x\nno empty line {credentials}", "its beginning"),
        (b"Subject: x\n\nno link", "has no links"),
        (b"Subject: {credentials}\n\n{credentials}", "no subject"),
        (b"Subject: x\n\n{credentials} {password}", "a field nobody knows"),
        (b"Subject: \xff\n\n{credentials}", "no UTF-8 text"),
        (b"Subject: x\n\n{credentials}" + b"x" * 20_000, "too long"),
    ],
)
def test_a_text_that_cannot_be_used_says_why(data: bytes, says: str) -> None:
    """Before anybody is written to."""
    with pytest.raises(IssuerError, match=says):
        Template.parse(data, "own.txt")


DSN = b"""\
From: MAILER-DAEMON@x.example
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Sorry.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; x.example

Final-Recipient: rfc822; Ana@x.example
Action: failed
Status: 5.1.1

Final-Recipient: rfc822; bo@x.example
Action: delayed
Status: 4.2.0
--b--
"""


def test_bounces_are_read_from_tables_and_from_mails(office: Office) -> None:
    """A notification counts where it failed for good; of a table every address; strangers are counted, not kept."""
    office.issue("ana@x.example", "bo@x.example")
    assert read_bounces(DSN, "dsn.eml") == [("ana@x.example", "5.1.1")]
    box = b"From a@b Sun\n" + DSN + b"\nFrom a@b Sun\n" + DSN.replace(b"Ana@", b"cy@")
    assert [address for address, _ in read_bounces(box, "box.mbox")] == ["ana@x.example", "cy@x.example"]
    table = b"email;reason\nBO@x.example;=cmd|' /C calc'!A0\nno address;x\nstranger@x.example;\n"
    found = read_bounces(table, "b.csv")
    assert found == [("bo@x.example", "=cmd|' /C calc'!A0"), ("stranger@x.example", "listed as bounced")]
    done = mark_bounces(office.notary, [*found, ("ana@x.example", "5.1.1")])
    assert (done.marked, done.unknown) == (2, 1)
    assert mark_bounces(office.notary, found).before == 1
    assert office.plan().ready == []
    assert len(office.plan().bounced) == 2
    ask_for_links(office.notary, "ana@x.example")
    assert send_due(office.notary).sent == 0


@pytest.mark.parametrize("data", [b"name\nx", b"\xff\xfe", b"email\n" + b'"' + b"x" * 200_000])
def test_a_file_that_lists_no_addresses_is_refused(data: bytes) -> None:
    """With what its first row should be."""
    with pytest.raises(IssuerError):
        read_bounces(data, "b.csv")


def test_a_stopped_session_is_no_outage_of_the_notary(office: Office) -> None:
    """A part that fails in a way nobody foresaw raises, and the mail is due again."""
    (ana,) = office.issue("ana@x.example")
    enqueue(office.notary, office.plan())
    assert office.notary.post is not None
    broken: Any = Failing(office.mailbox, "session", happens=False)
    send_due(replace(office.notary, post=replace(office.notary.post, mailer=broken)))
    assert office.mail(ana).state is MailState.WAITING
    assert send_due(replace(office.notary, post=None)).sent == 0
