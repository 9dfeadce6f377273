"""What happened in the world, and what a verifier trusts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from notary.core.authority import BlockHashes
from notary.core.cid import Cid
from notary.core.credential import Credential
from notary.core.digest import sha256
from notary.core.encoding import format_unix
from notary.core.evidence import EvidenceItem, EvidenceManifest
from notary.core.receipt import (
    EvidenceKey,
    Receipt,
)
from notary.core.registry import (
    Period,
)
from notary.core.status import Status
from notary.core.trust import TrustFile
from notary.core.verdict import Verdict
from notary.core.verify import verify
from tests.world.cast import ALPHA, BETA, DELTA, GAMMA, Institution
from tests.world.chains import MAIN, SIDE
from tests.world.notaries import Batch, Clock, Consortium, Notary
from tests.world.receipts import Award, receipt_of

NOW = datetime(2027, 1, 1, tzinfo=UTC)


class World:
    """Two consortia, three logs, and awards by learner's name.

    | learner | award | as of its last anchor |
    |---|---|---|
    | alice | Alpha's badge with evidence, authorised programme | valid |
    | bob, carol, dave | in the same batch | revoked, suspended, replaced |
    | erin | joint award of Alpha and Beta | valid |
    | frank, nora | numbers 151 and 152 of Beta's 200, P-256 | valid, revoked |
    | grace | Gamma's, in a batch alone; Gamma left, Alpha is its successor | revoked by Alpha |
    | heidi | a file that Beta submitted | valid |
    | ivan | Alpha's SD-JWT | valid |
    | judy | Alpha's, in the consortium's other log | valid |
    | kim | Delta's, of the other consortium | valid |
    | lena | Beta's, first anchored on both chains | valid |
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.awards: dict[str, Award] = {}
        self.harbour = Consortium("Harbour Universities", [ALPHA, BETA, GAMMA], [MAIN, SIDE])
        self.valley = Consortium("Valley Schools", [DELTA], [MAIN], first_block=2000)
        self.east = Notary("east.example/log", self.harbour, self.clock)
        self.west = Notary("west.example/log", self.harbour, self.clock)
        self.hill = Notary("hill.example/log", self.valley, self.clock)
        self.harbour.enact()
        self.valley.enact()
        self._first_anchors()
        self._statuses()
        self._gamma_leaves()

    def _first_anchors(self) -> None:
        alice, bob, carol, dave = (ALPHA.badge(name) for name in ("Alice", "Bob", "Carol", "Dave"))
        ivan, erin = ALPHA.token("Ivan"), ALPHA.badge("Erin")
        certificate = b"%PDF-1.7 Heidi"
        thesis = b"Alice's thesis"
        evidence = EvidenceManifest(
            (
                EvidenceItem(
                    "thesis.pdf", "application/pdf", 14, sha256(thesis), Cid.of(b"age " + thesis), encrypted=True
                ),
            ),
            "Her thesis, as it was examined.",
        )
        key = EvidenceKey(sha256(thesis), "AGE-SECRET-KEY-1ALICE")
        first = self.east.submit(ALPHA, alice, bob, carol, dave, ivan, evidence={alice.digest: evidence.digest()})
        self._add(first, alice=alice, bob=bob, carol=carol, dave=dave, ivan=ivan)
        self.awards["alice"] = Award(alice, (first,), evidence, (key,))
        frank, nora = BETA.badge("Frank"), BETA.badge("Nora")
        others = [Credential.of_file(f"student {at}".encode()) for at in range(198)]
        self._add(self.east.submit(BETA, *others[:150], frank, nora, *others[150:]), frank=frank, nora=nora)
        grace = GAMMA.badge("Grace")
        self._add(self.east.submit(GAMMA, grace), grace=grace)
        joint = (
            self.east.submit(ALPHA, erin, joint_with=(BETA.did,)),
            self.east.submit(BETA, BETA.badge("Somebody"), erin, joint_with=(ALPHA.did,)),
        )
        self.awards["erin"] = Award(erin, joint)
        file = Credential.of_file(certificate)
        self._add(self.east.submit(BETA, file), heidi=file)
        self.east.anchor()
        for notary, institution, name in ((self.west, ALPHA, "judy"), (self.hill, DELTA, "kim")):
            badge = institution.badge(name.title())
            self._add(notary.submit(institution, badge), **{name: badge})
            notary.anchor()

    def _statuses(self) -> None:
        bob, carol, dave = (self.awards[name].credential for name in ("bob", "carol", "dave"))
        batch = self.batch("alice")
        self.east.change(batch, (bob, Status.REVOKED), (carol, Status.SUSPENDED), (dave, Status.REPLACED))
        self.east.change(self.batch("frank"), (self.awards["nora"].credential, Status.REVOKED))
        lena = BETA.badge("Lena")
        self._add(self.east.submit(BETA, lena), lena=lena)
        self.east.anchor(MAIN, SIDE)

    def _gamma_leaves(self) -> None:
        self.harbour.enact(GAMMA.but(period=Period(None, format_unix(self.clock.now)), successor=ALPHA.did))
        grace = self.awards["grace"]
        self.east.change(grace.batches[0], (grace.credential, Status.REVOKED), by=ALPHA)
        self.east.anchor()

    def _add(self, batch: Batch, **credentials: Credential) -> None:
        self.awards |= {name: Award(credential, (batch,)) for name, credential in credentials.items()}

    def batch(self, name: str) -> Batch:
        """The first batch that holds somebody's award."""
        return self.awards[name].batches[0]

    def award(self, institution: Institution, credential: Credential | None = None, **submission: Any) -> Award:
        """Submit one more credential in the east log, and anchor it."""
        badge = credential or institution.badge("Zoe")
        award = Award(badge, (self.east.submit(institution, badge, **submission),))
        self.east.anchor()
        return award

    def receipt(self, award: str | Award, *, as_of: int | None = None) -> Receipt:
        """Make a receipt, its statuses as of an anchor of the log, by default the newest."""
        return receipt_of(self.awards[award] if isinstance(award, str) else award, as_of=as_of)

    def trust(self, *, blocks: bool = True, **changes: Any) -> TrustFile:
        """The trust file, Harbour's entry changed; without `blocks`, only notes tell of blocks."""
        harbour = self.harbour.trusted()
        if not blocks:
            harbour = replace(harbour, contracts=tuple(replace(c, blocks={}) for c in harbour.contracts))
        return TrustFile("2026-12-31T00:00:00Z", (replace(harbour, **changes), self.valley.trusted()))

    def verify(
        self,
        receipt: Receipt | bytes,
        *,
        trust: TrustFile | None = None,
        at: datetime = NOW,
        credential: bytes | None = None,
        blocks: BlockHashes | None = None,
    ) -> Verdict:
        """Verify as a verifier would who holds this world's trust file."""
        return verify(bytes(receipt), trust or self.trust(), at=at, credential=credential, blocks=blocks or {})
