"""Looking over what waits before it is sealed: what a registrar should know, and what never goes on chain."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from notary.core.canonical import canonical
from notary.core.digest import sha256
from notary.core.errors import IssuerError
from notary.core.statement import Recognition
from notary.core.status import Status
from notary.ports.ledger import BatchRow
from notary.service.evidence.manifest import Exhibit, attach, read_evidence
from notary.service.submission.joint import with_partners
from notary.service.submission.preflight import Grade, Report, Unready, preflight
from notary.service.submission.seal import seal
from tests.clocks import Standing
from tests.ports.ledger_lab import new
from tests.service.lab import Lab
from tests.service.status_lab import marked, rows

COLLEGE, MAKERS = 0, 1


def looked(lab: Lab, who: int = MAKERS, **options: Any) -> Report:
    """Look over what an institution has waiting."""
    return preflight(lab.notary, lab.record(lab.institutions[who]), **options)


def found(report: Report) -> list[tuple[str, str, str]]:
    """Grade, code and place of each finding."""
    return [(finding.grade.value, finding.code, finding.where) for finding in report.findings]


def edited(credential: bytes, **changes: Any) -> bytes:
    """The same credential with other members."""
    return json.dumps({**json.loads(credential), **changes}).encode()


def logged_again(lab: Lab, who: int, data: bytes) -> BatchRow:
    """Submit one credential, seal and sign it."""
    from notary.core.credential import read
    from notary.service.log.entries import log_batch

    institution = lab.institutions[who]
    lab.submit(institution, data, duplicates=True)
    batch = seal(lab.notary, lab.record(institution))
    return log_batch(lab.notary, lab.signed(institution, batch, [read(data, "own")]))


def test_a_clean_batch_has_no_findings(notary_lab: Lab) -> None:
    """Of a restricted member every achievement is read; of any member nothing is found."""
    for who in (COLLEGE, MAKERS):
        institution = notary_lab.institutions[who]
        notary_lab.submit(institution, *notary_lab.credentials(institution, "Ana", "Bo"))
        assert (looked(notary_lab, who).findings, looked(notary_lab, who).size) == ((), 2)


def test_what_is_expired_nameless_or_twice_is_a_warning(notary_lab: Lab) -> None:
    """Each with its file and what to do; together they keep a batch from being sealed until they are accepted."""
    notary_lab.notary = replace(notary_lab.notary, clock=Standing())
    makers = notary_lab.institutions[MAKERS]
    good, old, twice, nameless = notary_lab.credentials(makers, "Ana", "Bo", "Cy", "Di")
    subject = {"achievement": json.loads(nameless)["credentialSubject"]["achievement"]}
    bare = edited(nameless, credentialSubject=subject)
    notary_lab.submit(makers, good, edited(old, validUntil="2020-01-01T00:00:00Z"), twice, twice, bare, duplicates=True)
    report = looked(notary_lab)
    assert found(report) == [
        ("warning", "expired", "learner-2.json"),
        ("warning", "duplicate", "learner-4.json"),
        ("warning", "learner", "learner-5.json"),
    ]
    assert "(learner-3.json)" in report.findings[1].what
    with pytest.raises(Unready, match=r"learner-2\.json.*and 2 more.*--accept-warnings") as refused:
        seal(notary_lab.notary, notary_lab.record(makers), accept_warnings=False)
    assert refused.value.report == report
    assert seal(notary_lab.notary, notary_lab.record(makers), accept_warnings=True).size == 5


def test_what_was_submitted_before_is_named_with_its_batch(notary_lab: Lab) -> None:
    """A warning where it holds, an error where it was revoked: nobody could tell the two apart."""
    makers = notary_lab.institutions[MAKERS]
    one, two = notary_lab.credentials(makers, "Ana", "Bo")
    first, second = (logged_again(notary_lab, MAKERS, data) for data in (one, two))
    marked(notary_lab, makers, Status.REVOKED, rows(notary_lab, second)[0].id)
    notary_lab.submit(makers, one, two, duplicates=True)
    report = looked(notary_lab)
    assert found(report) == [
        ("error", "revoked", "learner-2.json"),
        ("warning", "duplicate", "learner-1.json"),
        ("warning", "duplicate", "learner-2.json"),
    ]
    assert f"batch {first.id}" in report.warnings[0].what
    with pytest.raises(Unready, match="revoked or replaced"):
        seal(notary_lab.notary, notary_lab.record(makers), accept_warnings=True)


def test_another_issuers_credential_is_an_error_unless_it_is_joint(notary_lab: Lab) -> None:
    """One that came in for a joint award is not sealed as one's own."""
    college, makers, _ = notary_lab.institutions
    (theirs,) = notary_lab.credentials(college, "Ana")
    record = notary_lab.record(makers)
    from notary.service.submission.accept import accept
    from notary.service.submission.reading import Source, read_source

    named = with_partners(record, [notary_lab.record(college)])
    list(accept(notary_lab.notary, record, [read_source(Source(theirs, "a.json"), named)]))
    assert found(looked(notary_lab)) == [("error", "issuer", "a.json")]
    assert found(looked(notary_lab, partners=[notary_lab.record(college)])) == [("warning", "joint", "the batch")]


def test_claims_above_ones_own_are_errors(notary_lab: Lab) -> None:
    """Recognition, and achievements outside the programmes: all of them are named, not the first."""
    college, makers, _ = notary_lab.institutions
    notary_lab.submit(makers, *notary_lab.credentials(makers, "Ana"))
    assert found(looked(notary_lab, recognition=Recognition.AUTHORISED)) == [("error", "recognition", "the batch")]
    other = replace(college, profile=replace(college.profile, course=makers.profile.course))
    notary_lab.submit(college, *notary_lab.credentials(other, "Bo", "Cy"))
    assert [code for _, code, _ in found(looked(notary_lab, COLLEGE))] == ["programme", "programme"]
    assert looked(notary_lab, COLLEGE, recognition=Recognition.COMMUNITY).findings == ()


def test_evidence_that_is_gone_is_an_error(notary_lab: Lab) -> None:
    """Its ciphertext from the block store, or its manifest from the ledger."""
    makers = notary_lab.institutions[MAKERS]
    one, two = notary_lab.credentials(makers, "Ana", "Bo")
    digests = []
    for at, data in enumerate((one, two)):
        exhibit = Exhibit(f"work-{at}.png", "image/png", io.BytesIO(b"the work %d" % at))
        digests.append(attach(notary_lab.notary, [exhibit]))
        notary_lab.submit(makers, data, evidence=digests[-1])
    assert looked(notary_lab).findings == ()

    class Emptied:
        """A block store that has lost what it had."""

        def kept(self, cid: object) -> None:  # noqa: ARG002  # the port's
            return None

    emptied: Any = Emptied()
    report = preflight(replace(notary_lab.notary, blocks=emptied), notary_lab.record(makers))
    assert [finding.what for finding in report.errors] == [
        f"the evidence “{name}” cannot be had from the block store any more"
        for name in sorted(("work-0.png", "work-1.png"), key=lambda n: digests[int(n[5])])
    ]
    with notary_lab.notary.ledger.begin() as work:
        assert read_evidence(work, digests[0]) is not None
        work.evidence.erase(digests[0])
    assert found(looked(notary_lab)) == [("error", "evidence", "evidence")]


def test_what_cannot_be_read_any_more_is_an_error(notary_lab: Lab) -> None:
    """Content that a release before took and this one does not."""
    makers = notary_lab.institutions[MAKERS]
    notary_lab.submit(makers, *notary_lab.credentials(makers, "Ana"))
    with notary_lab.notary.ledger.begin() as work:
        ((row, _),) = work.credentials.unsealed_notable(
            makers.did, issuers=[], at=notary_lab.notary.clock.now(), programmes=["another"]
        )
        two = replace(row, link=sha256(b"link"), content=b'{"a":1,"a":2}')
        work.credentials.add([new(two, again=True)])
    report = looked(notary_lab)
    assert ("error", "unreadable", "learner-1.json") in found(report)


def test_nothing_to_look_over_is_said(notary_lab: Lab) -> None:
    """There is nothing to find, and nothing to seal."""
    assert (looked(notary_lab).size, looked(notary_lab).findings) == (0, ())
    with pytest.raises(IssuerError, match="nothing to seal"):
        seal(notary_lab.notary, notary_lab.record(notary_lab.institutions[MAKERS]))


def test_what_comes_in_meanwhile_is_not_sealed_unseen(notary_lab: Lab) -> None:
    """A credential that arrives between the look and the sealing: seal again."""
    makers = notary_lab.institutions[MAKERS]
    first, second = notary_lab.credentials(makers, "Ana", "Bo")
    notary_lab.submit(makers, first)

    class Late:
        """A block store that is asked while somebody else submits."""

        def kept(self, cid: object) -> bytes:  # noqa: ARG002  # the port's
            notary_lab.submit(makers, second)
            return b"there"

    exhibit = Exhibit("work.png", "image/png", io.BytesIO(b"the work"))
    notary_lab.submit(makers, edited(first, name="Other"), evidence=attach(notary_lab.notary, [exhibit]))
    late: Any = Late()
    with pytest.raises(IssuerError, match="came in while"):
        seal(replace(notary_lab.notary, blocks=late), notary_lab.record(makers))
    assert seal(notary_lab.notary, notary_lab.record(makers)).size == 3


def test_findings_are_told_to_machines_as_to_people(notary_lab: Lab) -> None:
    """Grade, code, place, what, hint."""
    makers = notary_lab.institutions[MAKERS]
    (one,) = notary_lab.credentials(makers, "Ana")
    notary_lab.submit(makers, edited(one, expirationDate="2020-01-01T00:00:00Z"))
    (finding,) = looked(notary_lab).findings
    assert json.loads(canonical(finding.to_json()))["code"] == "expired"
    assert finding.grade is Grade.WARNING
    assert str(finding).startswith("learner-1.json: it has expired already")
