"""Joint awards: several institutions, one credential, one receipt."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from api.demo.institutions import Institution
from notary.core.credential import read
from notary.core.digest import Digest
from notary.core.errors import IssuerError, Pending
from notary.core.leaf import Form
from notary.core.status import Status
from notary.ports.ledger import BatchRow, CredentialId
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.log.entries import log_batch
from notary.service.receipts.lookup import find_proofs
from notary.service.receipts.making import receipt
from notary.service.submission.accept import Accepted
from notary.service.submission.joint import accept_joint, with_partners
from notary.service.submission.reading import Refused, Source, read_source
from notary.service.submission.seal import seal
from tests.service.lab import Lab
from tests.service.status_lab import changed, judged


def submitted(
    lab: Lab, by: Institution, partner: Institution, *data: bytes, evidence: Digest | None = None
) -> list[Accepted | Refused]:
    """Hand a joint award's credentials in for one institution."""
    record, other = lab.record(by), lab.record(partner)
    named = with_partners(record, [other])
    readings = [read_source(Source(one, f"{at}.json"), named) for at, one in enumerate(data, 1)]
    return list(accept_joint(lab.notary, record, [other], readings, evidence=evidence))


def committed(
    lab: Lab, by: Institution, partner: Institution, *data: bytes, evidence: Digest | None = None
) -> tuple[list[CredentialId], BatchRow]:
    """Submit, seal and sign one institution's part."""
    results = submitted(lab, by, partner, *data, evidence=evidence)
    names = [result.id for result in results if isinstance(result, Accepted)]
    assert len(names) == len(data), results
    batch = seal(lab.notary, lab.record(by), joint_with=[partner.did])
    return names, log_batch(lab.notary, lab.signed(by, batch, [read(one, "own") for one in data]))


def exhibit(lab: Lab, name: str = "thesis.pdf") -> Digest:
    """Evidence, pinned."""
    return attach(lab.notary, [Exhibit(name, "application/pdf", io.BytesIO(name.encode()))])


def test_two_institutions_make_one_receipt(notary_lab: Lab) -> None:
    """Both are named with their recognition, the evidence is one, and either institution gives the same receipt."""
    college, makers, _ = notary_lab.institutions
    award = notary_lab.credentials(college, "Ana")[0]
    evidence = exhibit(notary_lab)
    (first,), _ = committed(notary_lab, college, makers, award, evidence=evidence)
    (second,), _ = committed(notary_lab, makers, college, award)  # takes the evidence over
    notary_lab.anchor()
    made = receipt(notary_lab.notary, first)
    assert [each.statement.issuer for each in made.submissions] == [college.did, makers.did]
    assert len(made.commitments) == 1
    verdict = judged(notary_lab, made)
    assert verdict.result.value == "verified"
    assert [each.record.id for each in verdict.facts.institutions] == [college.did, makers.did]
    other = receipt(notary_lab.notary, second)
    assert set(other.submissions) == set(made.submissions)
    assert (other.evidence, other.evidence_keys) == (made.evidence, made.evidence_keys)


def test_the_parts_may_be_anchored_apart(notary_lab: Lab) -> None:
    """Pending, with the name of who is missing, until all are final; then one receipt over two commitments."""
    college, makers, _ = notary_lab.institutions
    award = notary_lab.credentials(college, "Ana")[0]
    (first,), _ = committed(notary_lab, college, makers, award)
    notary_lab.anchor()
    with pytest.raises(Pending, match=f"{makers.did} has not committed credential {first}"):
        receipt(notary_lab.notary, first)
    committed(notary_lab, makers, college, award)
    with pytest.raises(Pending, match="batch 2 is not final"):
        receipt(notary_lab.notary, first)
    notary_lab.anchor()
    made = receipt(notary_lab.notary, first)
    assert len(made.commitments) == 2
    assert judged(notary_lab, made).result.value == "verified"
    assert [proof.receipt is not None for proof in find_proofs(notary_lab.notary, read(award, "own").digest)] == [
        True,
        True,
    ]


def test_a_receipt_without_one_of_them_fails_and_names_it(notary_lab: Lab) -> None:
    """Whoever leaves a submission out shows an award that the other has not committed."""
    college, makers, _ = notary_lab.institutions
    award = notary_lab.credentials(college, "Ana")[0]
    (first,), _ = committed(notary_lab, college, makers, award)
    committed(notary_lab, makers, college, award)
    notary_lab.anchor()
    made = receipt(notary_lab.notary, first)
    verdict = judged(notary_lab, replace(made, submissions=made.submissions[:1]))
    assert verdict.result.value == "not verified"
    (broken,) = (check for check in verdict.checks if check.state.value == "fail")
    assert makers.did in broken.says


def test_the_gravest_status_counts(notary_lab: Lab) -> None:
    """One suspends, the other revokes: revoked, by whichever institution's receipt."""
    college, makers, _ = notary_lab.institutions
    award = notary_lab.credentials(college, "Ana")[0]
    (first,), _ = committed(notary_lab, college, makers, award)
    (second,), _ = committed(notary_lab, makers, college, award)
    notary_lab.anchor()
    changed(notary_lab, makers, Status.SUSPENDED, second)
    assert judged(notary_lab, receipt(notary_lab.notary, first)).result.value == "suspended"
    changed(notary_lab, college, Status.REVOKED, first)
    for name in (first, second):
        assert judged(notary_lab, receipt(notary_lab.notary, name)).result.value == "revoked"


def test_other_evidence_is_refused_with_its_row(notary_lab: Lab) -> None:
    """A co-issuer that brings evidence of its own would commit another leaf."""
    college, makers, _ = notary_lab.institutions
    ana, bo = notary_lab.credentials(college, "Ana", "Bo")
    committed(notary_lab, college, makers, ana, evidence=exhibit(notary_lab))
    results = submitted(notary_lab, makers, college, ana, bo, b"{", evidence=exhibit(notary_lab, "other.pdf"))
    assert sorted(type(result).__name__ for result in results) == ["Accepted", "Refused", "Refused"]
    assert any(
        "1.json: " in result.why and "other evidence" in result.why for result in results if isinstance(result, Refused)
    )


def test_nobody_gets_evidence_or_salts_by_naming_somebody(notary_lab: Lab) -> None:
    """Makers submit the college's credential as joint; the college has not: no evidence, no salt, no receipt."""
    college, makers, _ = notary_lab.institutions
    award = notary_lab.credentials(college, "Ana")[0]
    notary_lab.submit(college, award, evidence=exhibit(notary_lab))
    alone = seal(notary_lab.notary, notary_lab.record(college))
    log_batch(notary_lab.notary, notary_lab.signed(college, alone, [read(award, "own")]))
    (taken,), _ = committed(notary_lab, makers, college, award)
    notary_lab.anchor()
    with pytest.raises(Pending, match=college.did):
        receipt(notary_lab.notary, taken)
    with notary_lab.notary.ledger.read() as work:
        row = work.credentials.get(taken)
    assert row is not None
    assert (row.form, row.evidence) == (Form.JSON, None)


def test_an_institution_is_not_its_own_partner(notary_lab: Lab) -> None:
    """And a partner that is no member is named."""
    college = notary_lab.institutions[0]
    record = notary_lab.record(college)
    with pytest.raises(IssuerError, match="jointly with itself"):
        with_partners(record, [record])
    notary_lab.submit(college, *notary_lab.credentials(college, "Ana"))
    with pytest.raises(IssuerError, match=r"did:web:nobody\.example.* is no member"):
        seal(notary_lab.notary, record, joint_with=["did:web:nobody.example"])
