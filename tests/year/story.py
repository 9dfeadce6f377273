"""The year, day by day. What its receipts must say of it stands in `fates`, and is not looked at here."""

from __future__ import annotations

import io
from dataclasses import replace

import pyrage

from anchoring.evm_key import EvmKey
from notary.core.status import Status
from notary.ports.ledger import Reason
from notary.service.governance.applying import apply
from notary.service.governance.edits import add_key, admit, edit, end_key, leave, mark_compromised
from notary.service.governance.proposal import Draft
from notary.service.holdings.hand_over import hand_over
from notary.service.receipts.making import receipt
from notary.service.status.marking import Wish, mark, plan_marks
from notary.service.status.reissue import plan_reissue
from tests.clocks import Standing
from tests.service.lab import resigned
from tests.service.paper_log import new_key
from tests.year.cast import FENWICK, MAKERS, NORTHGATE, QUAY, RIVERA
from tests.year.fates import MARKED
from tests.year.fork import fork
from tests.year.verdicts import Form, Trust
from tests.year.world import VOTERS, K, World, pin_document, wait_until_final

ANCHORED = (10, 40, 70, 80, 81, 90, 100, 120, 121, 130, 131, 140, 145, 160, 172, 175, 210, 215, 245, 260, 300, 320)
STOLEN = 150
"""The day from which on the Makers' key is compromised, as the mark says."""


def live(world: World) -> tuple[Form, Trust]:
    """Live the year; return what the notary's fork handed out, and a trust file that lists even its block."""
    begin(world)
    rotate(world)
    change_statuses(world)
    correct_a_name(world)
    award_jointly(world)
    steal_a_key(world)
    expel(world)
    close(world)
    forged = fork(world)
    world.day(320)
    world.award(world.schools[FENWICK], "Mira Stone")
    world.anchor()
    world.refresh()
    world.must("the days of the anchors, by their blocks' times", ", ".join(map(str, ANCHORED)), _days(world))
    return forged


def begin(world: World) -> None:
    """Four institutions, a vote each, k = 3; the fifth is admitted by three of them."""
    schools = world.schools
    world.day(1)
    founder = world.group.voters[0]
    votes = tuple(key.address for key in VOTERS[:QUAY])
    proposal = world.propose(lambda draft: replace(draft, added=votes, removed=(founder.address,), threshold=K))
    apply(world.lab.notary, proposal, [world.group.approve(proposal, founder)])
    world.day(10)
    world.award(schools[FENWICK], "Ana Perez", "Jonas Weber", "Amina El-Sayed")
    world.award(schools[MAKERS], "Sofia Rossi", "Pia Brandt")
    world.award(schools[RIVERA], "Luis Rivera, wrens", "Luis Rivera, larks")
    world.award(schools[NORTHGATE], "Clara Voss", "Dora Klein")
    world.anchor()

    world.day(30)
    application = schools[QUAY].application(world.today)
    proposal = world.propose(lambda draft: replace(admit(draft, application.admitted), added=(VOTERS[QUAY].address,)))
    two = world.approved(proposal, FENWICK, MAKERS)
    world.refused("Quay is admitted by two", "too few approvals", lambda: apply(world.lab.notary, proposal, two))
    stranger = EvmKey.generate()
    world.refused("a stranger votes for Quay", "has no vote", lambda: world.group.approve(proposal, stranger))
    apply(world.lab.notary, proposal, world.approved(proposal, FENWICK, MAKERS, NORTHGATE))
    world.must("Quay is admitted by three", "5 votes, k = 3", _votes(world))
    world.day(40)
    world.award(schools[QUAY], "Emil Sand")
    world.anchor()


def rotate(world: World) -> None:
    """Fenwick's working key announces the next, and ends on day 75: what was anchored by then stays valid."""
    old = world.schools[FENWICK]
    world.day(60)
    new, listed = world.announce(old, new_key(), old.key, since=world.today)
    ended = end_key(old.verification_method, world.time(75))
    document = pin_document(new, (old.listed(world.today), listed))
    world.decide(lambda draft: edit(draft, old.did, add_key(listed), ended, document), FENWICK, RIVERA, QUAY)
    world.day(70)
    world.award(old, "Farid Haddad")
    world.anchor()
    world.day(74)
    world.submit(old, "Greta Holm")
    batch = world.seal(old)
    world.log(world.sign(old, batch))
    world.schools[FENWICK] = new
    world.day(80)
    world.anchor()  # too late for Greta's batch: the key it was signed with has ended
    with world.lab.notary.ledger.read() as work:
        waiting = work.batches.get(batch.id)
    world.must("Greta's batch waits for its anchor too long", "needs a new signature", waiting and waiting.held)
    world.refused(
        "it is signed with the old key again", "needs a new signature", lambda: world.log(world.sign(old, batch))
    )
    world.day(81)
    world.log(world.sign(new, batch))
    world.anchor()


def change_statuses(world: World) -> None:
    """One is suspended and reinstated, one is revoked."""
    fenwick = world.schools[FENWICK]
    world.day(90)
    world.mark(fenwick, Status.SUSPENDED, "Jonas Weber")
    world.mark(fenwick, Status.REVOKED, "Amina El-Sayed")
    world.anchor()
    world.day(100)
    world.mark(fenwick, Status.VALID, "Jonas Weber")
    amina = Wish(world.credentials["Amina El-Sayed"], Reason.CLEARED)
    plan = plan_marks(world.lab.notary, world.lab.record(fenwick), Status.VALID, [amina])
    world.must("a revoked credential is reinstated", "revoked", plan.findings[0].why)
    world.anchor()


def correct_a_name(world: World) -> None:
    """The corrected credential is anchored first, then the old one is marked as replaced."""
    fenwick, notary = world.schools[FENWICK], world.lab.notary
    world.day(120)
    world.award(fenwick, "Ana Pérez")
    old, new = world.credentials["Ana Perez"], world.credentials["Ana Pérez"]
    mark(notary, plan_reissue(notary, world.lab.record(fenwick), old, new, Reason.CORRECTION))
    world.sign_statuses(fenwick)  # nothing is due yet
    world.anchor()
    world.day(121)
    world.sign_statuses(fenwick)
    world.anchor()


def award_jointly(world: World) -> None:
    """Fenwick and Quay award one credential; either may change its status, and the gravest counts."""
    fenwick, quay = world.schools[FENWICK], world.schools[QUAY]
    world.day(130)
    world.submit(fenwick, "Ida Lund, by Fenwick", joint_with=[quay])
    world.log(world.sign(fenwick, world.seal(fenwick, quay)))
    world.anchor()
    alone = world.credentials["Ida Lund, by Fenwick"]
    world.refused("a joint award of one institution", quay.did, lambda: receipt(world.lab.notary, alone))
    world.day(131)
    world.hand_in(quay, "Ida Lund, by Quay", world.own["Ida Lund, by Fenwick"], [fenwick])
    world.log(world.sign(quay, world.seal(quay, fenwick)))
    world.anchor()
    world.day(140)
    world.mark(quay, Status.SUSPENDED, "Ida Lund, by Quay")
    world.anchor()
    world.day(145)
    world.mark(fenwick, Status.REVOKED, "Ida Lund, by Fenwick")
    world.anchor()


def steal_a_key(world: World) -> None:
    """The Makers' key is stolen on day 150, used on day 160, and marked on day 165; the recovery key goes on."""
    old = world.schools[MAKERS]
    world.day(160)
    world.submit(old, "Tomasz Nowak")
    signed = world.sign(old, world.seal(old))
    world.log(resigned(signed, old, time=world.time(STOLEN - 10)))  # times in statements are claims
    world.mark(old, Status.SUSPENDED, "Sofia Rossi")
    world.anchor()
    world.day(MARKED)
    new, listed = world.announce(old, new_key(), old.recovery, since=world.today)
    document = pin_document(new, (old.listed(world.today), listed))

    def change(draft: Draft) -> Draft:
        added = edit(draft, old.did, add_key(listed), document)
        return mark_compromised(added, old.verification_method, world.time(STOLEN))

    world.decide(change, MAKERS, NORTHGATE, QUAY)
    world.refused(
        "the stolen key announces another",
        "is marked compromised",
        lambda: world.announce(old, new_key(), old.key, since=world.today),
    )
    world.day(172)
    world.award(world.schools[QUAY], "Hana Mori")
    world.anchor()
    world.day(175)
    world.submit(new, "Tomasz Nowak, again")
    batch = world.seal(new)
    world.refused("the thief signs a batch", "was compromised", lambda: world.log(world.sign(old, batch)))
    world.log(world.sign(new, batch))
    world.schools[MAKERS] = new
    world.mark(new, Status.VALID, "Sofia Rossi")
    world.anchor()


def expel(world: World) -> None:
    """Rivera is expelled: what he awarded stays what it was, he may sign statuses, and a batch only by fraud."""
    rivera = world.schools[RIVERA]
    world.day(200)
    world.submit(rivera, "Luis Rivera, owls")
    batch = world.seal(rivera)
    world.decide(lambda draft: edit(draft, rivera.did, leave(world.today)), FENWICK, MAKERS, QUAY)
    world.day(210)
    signed = world.sign(rivera, batch)
    world.refused("Rivera, expelled, awards", "was no member then", lambda: world.log(signed))
    world.mark(rivera, Status.REVOKED, "Luis Rivera, larks")
    world.anchor()
    world.day(215)
    honest = world.lab
    world.lab = replace(honest, notary=replace(honest.notary, clock=Standing(world.calendar.date(199))))
    world.log(world.sign(rivera, batch))
    wait_until_final(world.lab, world.stage)
    world.lab = honest
    world.anchor()


def close(world: World) -> None:
    """Northgate closes with Fenwick as its successor, hands over what it has, and awards until its last day."""
    fenwick, northgate = world.schools[FENWICK], world.schools[NORTHGATE]
    notary = world.lab.notary
    world.day(240)
    closing = leave(world.time(250), successor=fenwick.did)
    world.decide(lambda draft: edit(draft, northgate.did, closing), FENWICK, NORTHGATE, QUAY)
    identity = pyrage.x25519.Identity.generate()
    out = io.BytesIO()
    done = hand_over(notary, world.lab.record(northgate), [str(identity.to_public())], out)
    lines = pyrage.decrypt(out.getvalue(), [identity]).splitlines()
    world.must("Northgate hands over", "2 credentials", f"{done.credentials} credentials in {len(lines)} lines")
    world.day(245)
    world.award(northgate, "Kofi Mensah")
    world.anchor()
    world.day(260)
    clara = Wish(world.credentials["Clara Voss"], Reason.ISSUED_IN_ERROR)
    makers = world.lab.record(world.schools[MAKERS])
    plan = plan_marks(notary, makers, Status.REVOKED, [clara])
    world.must("the Makers revoke what Northgate awarded", "no credential", plan.findings[0].why)
    world.mark(fenwick, Status.REVOKED, "Clara Voss")
    world.anchor()


def _votes(world: World) -> str:
    (seat,) = world.group.here.seats
    return f"{len(seat.voters)} votes, k = {seat.threshold}"


def _days(world: World) -> str:
    with world.lab.notary.ledger.read() as work:
        times = [row.block_time or 0 for row in work.anchors.anchors()]
    begin = world.calendar.begin.timestamp()
    return ", ".join(str(int(time - begin) // 86_400) for time in times)
