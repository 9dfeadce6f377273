"""What institutions, voters, witnesses and a monitor do on the year's days, by the product's own use cases."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import ChainSetting, Settings
from api.wiring import open_notary
from api.witnessing import WitnessFile
from notary.core.canonical import canonical
from notary.core.credential import read
from notary.core.encoding import format_time
from notary.core.errors import NotaryError, Pending
from notary.core.receipt import Receipt
from notary.core.registry import MemberKey
from notary.core.statement import SignedStatement
from notary.core.status import Status
from notary.core.trust import Quorum, TrustedLog
from notary.ports.ledger import BatchRow, CredentialId
from notary.service.governance.announcement import Announcement
from notary.service.governance.applying import apply
from notary.service.governance.approvals import SignedApproval
from notary.service.governance.edits import Edit
from notary.service.governance.proposal import Draft, Proposal
from notary.service.log.entries import log_batch
from notary.service.log.witness import WitnessDesk
from notary.service.monitoring.anchored import Place
from notary.service.monitoring.findings import Report
from notary.service.monitoring.monitor import Watch, monitor
from notary.service.monitoring.own import read_own
from notary.service.monitoring.seen import Seen
from notary.service.receipts.making import receipt
from notary.service.receipts.trust import export_trust
from notary.service.rounds.advancing import advance
from notary.service.rounds.block_notes import add_notes, party_key, sign_block
from notary.service.status.bundle import refreshed
from notary.service.status.publishing import status_bundles
from notary.service.status.statements import log_status
from notary.service.submission.accept import Accepted
from notary.service.submission.reading import Source
from notary.service.submission.seal import seal
from notary.service.submission.submit import submit
from tests.service.council import Council, council, voter
from tests.service.lab import Lab
from tests.service.paper_log import new_key
from tests.service.status_lab import marked, signed_drafts
from tests.service.test_monitor_anchors import Served
from tests.year.cast import FENWICK, NORTHGATE, School, new_schools
from tests.year.stage import Calendar, Stage
from tests.year.verdicts import Form, Trust

NAME = "Harbour Consortium"
K = 3
WITNESSES, NEEDED = 3, 2
PARTIES = 2
"""Who sign block notes; trust files ask for both."""
VOTERS = tuple(voter(number) for number in range(1, 6))
"""One for each institution; the founder's first vote is taken away once they are there."""
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Something that was tried: what must come of it, and what came."""

    day: int
    tried: str
    expected: str
    found: str

    @property
    def right(self) -> bool:
        """Whether what must be said was said."""
        return self.expected in self.found

    def __str__(self) -> str:
        came = self.found if self.right else f"WRONG: {self.found}; expected: {self.expected}"
        return f"day {self.day}: {self.tried}: {came}"


@dataclass
class World:
    """The consortium and all that the year leaves behind: credentials, forms, trust files, outcomes."""

    stage: Stage
    calendar: Calendar
    lab: Lab
    schools: list[School]
    group: Council
    desks: tuple[WitnessDesk, ...]
    parties: dict[str, KeyFile]
    seen: Seen
    signed: list[SignedStatement] = field(default_factory=list)
    credentials: dict[str, CredentialId] = field(default_factory=dict)
    own: dict[str, bytes] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    trusts: list[Trust] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def today(self) -> str:
        """This day as the formats write it."""
        return self.time(self.calendar.today)

    def time(self, day: int) -> str:
        """Return a day's midnight."""
        return format_time(self.calendar.date(day))

    def day(self, number: int) -> None:
        """Let the days until then pass."""
        self.calendar.go_to(self.stage, number)

    # --------------------------------------------------------------- credentials

    def submit(self, school: School, *names: str, joint_with: Sequence[School] = ()) -> None:
        """Issue credentials and hand them in; what stands before a comma is the learner's name."""
        for name in names:
            self.lab.issued += 1
            issued = school.issue(name.partition(",")[0], self.lab.issued, self.today, {})
            self.hand_in(school, name, json.dumps(issued).encode(), joint_with)

    def hand_in(self, school: School, name: str, issued: bytes, joint_with: Sequence[School]) -> None:
        """Hand one credential in; of a joint award, the one that another institution issued."""
        record, partners = self.lab.record(school), [partner.did for partner in joint_with]
        (taken,) = submit(self.lab.notary, record, [Source(issued, f"{name}.json")], joint_with=partners)
        assert isinstance(taken, Accepted), taken
        self.credentials[name], self.own[name] = taken.id, issued

    def seal(self, school: School, *joint_with: School) -> BatchRow:
        """Seal what the institution has handed in."""
        return seal(self.lab.notary, self.lab.record(school), joint_with=[partner.did for partner in joint_with])

    def sign(self, school: School, batch: BatchRow) -> SignedStatement:
        """Recompute the batch from the institution's own credentials, and sign it with its key of the day."""
        with self.lab.notary.ledger.read() as work:
            named = [row.id for row in work.credentials.of_batch(batch.id)]
        own = [read(self.own[name], name) for name, known in self.credentials.items() if known in named]
        return self.lab.signed(school, batch, own)

    def log(self, signed: SignedStatement) -> BatchRow:
        """Hand a signed statement in; whoever signed keeps a copy."""
        logged = log_batch(self.lab.notary, signed)
        self.signed.append(signed)
        return logged

    def award(self, school: School, *names: str) -> None:
        """Submit, seal, sign and log one batch."""
        self.submit(school, *names)
        self.log(self.sign(school, self.seal(school)))

    def mark(self, school: School, status: Status, *names: str) -> None:
        """Mark credentials, sign the statement, log it."""
        marked(self.lab, school, status, *(self.credentials[name] for name in names))
        self.sign_statuses(school)

    def sign_statuses(self, school: School) -> None:
        """Sign and log the statement of what is marked."""
        for _, signed in signed_drafts(self.lab, school):
            log_status(self.lab.notary, signed)
            self.signed.append(signed)

    # ---------------------------------------------------------------- consortium

    def propose(self, change: Callable[[Draft], Draft]) -> Proposal:
        """Make a proposal, and read it back as every approver does."""
        return Proposal.parse(bytes(self.group.propose(change)))

    def approved(self, proposal: Proposal, *by: int) -> list[SignedApproval]:
        """Let some vote for it, each with a file."""
        made = (self.group.approve(proposal, VOTERS[number]) for number in by)
        return [SignedApproval.parse(bytes(each)) for each in made]

    def decide(self, change: Callable[[Draft], Draft], *by: int) -> None:
        """Propose, collect three approvals, apply."""
        proposal = self.propose(change)
        assert len(by) == K
        apply(self.lab.notary, proposal, self.approved(proposal, *by))

    def announce(self, school: School, key: KeyFile, by: KeyFile, *, since: str) -> tuple[School, MemberKey]:
        """Announce a new working key, by one that stands in the record; checked as the proposer does."""
        record, state = self.lab.record(school), self.group.here.members.state
        renewed = replace(school, key=key)
        method = f"{school.did}#{by.public_key_multibase}"
        announced = Announcement.sign(school.did, renewed.listed(since), key, by, method)
        Announcement.parse(bytes(announced)).check(record, state, now=self.group.now)
        return renewed, announced.key

    # ----------------------------------------------------------------- anchoring

    def anchor(self) -> None:
        """Anchor what is logged, look as a monitor, publish a trust file, and refresh every receipt there is."""
        wait_until_final(self.lab, self.stage)
        self.look(self.lab)
        self.note()
        trust = export_trust(
            self.lab.notary,
            NAME,
            block_notes=Quorum(tuple(party_key(name, key) for name, key in self.parties.items()), len(self.parties)),
            witnesses=Quorum(tuple(desk.key for desk in self.desks), NEEDED),
        )
        today = self.calendar.today
        self.trusts.append(Trust(today, self.calendar.now(), canonical(trust.to_json())))
        for name, credential in self.credentials.items():
            try:
                made = receipt(self.lab.notary, credential)
            except Pending:
                continue  # its batch, or a co-issuer's, has no final anchor yet
            self.forms.append(Form(name, today, bytes(made)))

    def refresh(self) -> None:
        """Refresh everybody's first form as `verify --fresh` does: from whole batches' statuses at any mirror."""
        bundles = {bundle.batch: bundle for bundle in status_bundles(self.lab.notary)}
        first = {form.name: form for form in reversed(self.forms)}
        for name, form in first.items():
            made = refreshed(Receipt.parse(form.data), bundles)
            self.forms.append(Form(name, self.calendar.today, bytes(made), how=", refreshed"))

    def note(self) -> None:
        """Let the parties that run a node vouch for the newest anchor's block, so that receipts carry their notes."""
        with self.lab.notary.ledger.read() as work:
            block = work.anchors.anchors()[-1].block
        assert block is not None
        chain = self.lab.notary.sites[0].chain
        add_notes(self.lab.notary, [sign_block(chain, block, name, key) for name, key in self.parties.items()])

    def look(self, shown: Lab) -> Report:
        """Look at a log as Fenwick's monitor, which keeps what it saw between looks."""
        notary, site = shown.notary, shown.notary.sites[0]
        own, neither = read_own((f"{each.id.hex()}.json", each.entry()) for each in self.signed)
        assert not neither
        places = (Place(site.chain, site.contract),)
        watch = Watch(Served(notary), (notary.log_vkey,), own, places, notary.blocks)
        self.seen, report = monitor(Seen.parse(bytes(self.seen)), watch, self.calendar.now())
        return report

    # ------------------------------------------------------------------ outcomes

    def must(self, tried: str, expected: str, found: object) -> None:
        """Keep what came of something."""
        self.outcomes.append(Outcome(self.calendar.today, tried, expected, str(found)))

    def refused(self, tried: str, why: str, do: Callable[[], object]) -> None:
        """Try something that must be refused, with the reason."""
        try:
            do()
        except NotaryError as error:
            self.must(tried, why, f"refused: {error.what}")
        else:
            self.must(tried, why, "it was done")


def wait_until_final(lab: Lab, stage: Stage) -> None:
    """Advance until everything is final."""
    deadline = time.monotonic() + _PATIENCE
    while not all(one.final for one in advance(lab.notary)):
        assert time.monotonic() < deadline, "the anchor did not become final"
        stage.pause()


@contextmanager
def open_world(folder: Path, stage: Stage) -> Iterator[World]:
    """Found the consortium with four institutions and one vote, and hire its witnesses."""
    calendar, schools = Calendar(), new_schools()
    data = folder / "notary"
    data.mkdir()
    stage.prepare(data)
    settings = replace(Settings.load(data, {}), name=NAME, origin="harbour.example/log")
    settings = replace(settings, chains=(ChainSetting(stage.node),))
    records = [school.application(format_time(calendar.begin)).admitted for school in schools[: NORTHGATE + 1]]
    found_notary(settings, records)
    settings = Settings.load(data, {})
    with open_notary(settings) as opened:
        logs = (TrustedLog(opened.origin, (opened.log_vkey,)),)
        desks = tuple(
            WitnessDesk(f"w{at}.example", new_key(), logs, WitnessFile.create(folder / f"w{at}.json"), calendar)
            for at in range(WITNESSES)
        )
        lab = Lab(settings, replace(opened, clock=calendar, witnesses=desks), tuple(schools))
        seen = Seen(opened.origin, schools[FENWICK].did)
        parties = {f"n{at}.example": new_key() for at in range(PARTIES)}
        yield World(stage, calendar, lab, schools, council(lab), desks, parties, seen)


def pin_document(school: School, keys: Sequence[MemberKey]) -> Edit:
    """Pin the member's new DID document, which lists these keys."""
    return lambda record: replace(record, did_document=school.document(keys))
