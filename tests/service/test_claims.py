"""Claims, their validation, and endorsements: whose word is worth what, and that nobody can change it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from api.key_files import KeyFile, persons_key
from api.words import answer
from notary.core.canonical import JSON, canonical
from notary.core.credential import read
from notary.core.digest import sha256
from notary.core.errors import IssuerError, Malformed, NotaryError
from notary.core.naming import to_ni
from notary.core.own_signature import CredentialKey
from notary.core.receipt import Receipt
from notary.core.verdict import Result
from notary.ports.ledger import CredentialId
from notary.service.errors import Absent
from notary.service.evidence.manifest import Exhibit, read_evidence
from notary.service.issuing.badge import Issuer
from notary.service.issuing.claims import Claim, Shown, Validation, make_claim, validate_claim, validation
from notary.service.issuing.conformity import check_credential
from notary.service.issuing.template import Party
from notary.service.log.entries import log_batch
from notary.service.receipts.endorsements import (
    ATTACHMENT,
    MOST,
    Endorsement,
    Role,
    attach_endorsement,
    endorse,
    endorsements_in,
)
from notary.service.receipts.making import receipt
from notary.service.submission.accept import Accepted
from notary.service.submission.seal import seal
from tests.service.lab import Lab
from tests.service.status_lab import judged

WHEN = "2026-05-03T12:00:00Z"
SOUND = b"forty birds"


def person(folder: Path, name: str = "ana") -> CredentialKey:
    """A key of somebody's own."""
    return persons_key(KeyFile.create(folder / f"{name}.pem", "for tests"))


def claim_file(key: CredentialKey, **more: Any) -> bytes:
    """A claim of Ana's with one recording."""
    about = {"learner": "Ana Pérez", "title": "Field Recording", "narrative": "Forty species over two springs."}
    return make_claim(key, WHEN, **{**about, "evidence": [Shown("birds.wav", sha256(SOUND))], **more})


def validated(lab: Lab, claim: Claim, *exhibits: bytes, email: str | None = None) -> Accepted:
    """Let the college validate a claim."""
    college = lab.institutions[0]
    member = lab.record(college)
    profile = Issuer(member.id, member.name, Party(None, None, None))
    unsigned = validation(
        claim,
        profile,
        Validation("We listened to all forty.", college.profile.course.id),
        lab.notary.clock.now().date(),
    )
    signing = CredentialKey(persons_key(college.key).key, college.verification_method, college.key.sign)
    files = [Exhibit("birds.wav", "audio/wav", io.BytesIO(data)) for data in exhibits]
    return validate_claim(lab.notary, member, claim, signing.prove(unsigned, WHEN), files, email)


def anchored(lab: Lab, name: CredentialId) -> Receipt:
    """Take everything to the end and make a receipt."""
    college = lab.institutions[0]
    batch = seal(lab.notary, lab.record(college))
    with lab.notary.ledger.read() as work:
        own = [read(row.content or b"", "own") for row in work.credentials.of_batch(batch.id)]
    log_batch(lab.notary, lab.signed(college, batch, own))
    lab.anchor()
    return receipt(lab.notary, name)


def test_a_validated_claim_says_both_recognitions(notary_lab: Lab, tmp_path: Path) -> None:
    """The credential names the claim by digest; the verdict says what it was worth before, and who vouches now."""
    claim = Claim.parse(claim_file(person(tmp_path)))
    taken = validated(notary_lab, claim, SOUND, email="ana@x.example")
    made = anchored(notary_lab, taken.id)
    content: Any = made.content
    assert content["evidence"][0]["id"] == to_ni(claim.digest)
    verdict = judged(notary_lab, made)
    assert verdict.result is Result.VERIFIED
    assert verdict.facts.summary is not None
    assert verdict.facts.summary.claims == (claim.digest,)
    said = answer(verdict).facts
    assert "Fenwick College is authorised for it by the lab" in said[0]
    assert "It validates a claim that was self-asserted before" in said[1]
    assert "Fenwick College now vouches for" in said[1]
    with notary_lab.notary.ledger.read() as work:
        row, contact = work.credentials.get(taken.id), work.contacts.get(taken.id)
        assert row is not None
        assert row.evidence is not None
        assert contact is not None
        found = read_evidence(work, row.evidence)
    assert contact.email == "ana@x.example"
    assert found is not None
    assert [(item.name, item.digest) for item in found[0].items] == [
        ("claim.json", claim.digest),
        ("birds.wav", sha256(SOUND)),
    ]


def test_claim_and_validation_are_open_badges(notary_lab: Lab, tmp_path: Path) -> None:
    """Other Open Badges software reads both."""
    claim = Claim.parse(claim_file(person(tmp_path)))
    taken = validated(notary_lab, claim, SOUND)
    with notary_lab.notary.ledger.read() as work:
        row = work.credentials.get(taken.id)
    assert row is not None
    for data in (claim.data, row.content or b""):
        value = json.loads(data)
        value.pop("proof")
        assert check_credential(value) == ()


def test_a_claim_is_validated_once_and_with_its_files(notary_lab: Lab, tmp_path: Path) -> None:
    """A missing file, another file, a second time: refused, and nothing is submitted."""
    claim = Claim.parse(claim_file(person(tmp_path)))
    for wrong in ((), (b"other birds",)):
        with pytest.raises(IssuerError, match=r"birds\.wav"):
            validated(notary_lab, claim, *wrong)
    taken = validated(notary_lab, claim, SOUND)
    with pytest.raises(IssuerError, match=f"validated this claim before: credential {taken.id}"):
        validated(notary_lab, claim, SOUND)
    with notary_lab.notary.ledger.read() as work:
        assert work.credentials.count() == 1


def test_somebody_may_speak_for_a_learner(tmp_path: Path) -> None:
    """Who made the claim and whom it is about both stand in it."""
    claim = Claim.parse(claim_file(person(tmp_path), by="Marta Gil", evidence=()))
    assert (claim.by, claim.learner, claim.evidence) == ("Marta Gil", "Ana Pérez", ())


def test_any_change_of_a_claim_is_found(tmp_path: Path) -> None:
    """Whoever edits a claim breaks its maker's signature; what is no claim is told so."""
    made = claim_file(person(tmp_path))
    for changed in (
        made.replace(b"Forty", b"Fifty"),
        made.replace(b"Ana P", b"Eve P"),
        made.replace(to_ni(sha256(SOUND)).encode(), to_ni(sha256(b"x")).encode()),
    ):
        assert changed != made
        with pytest.raises(IssuerError, match="signature does not hold"):
            Claim.parse(changed)
    with pytest.raises(NotaryError):
        Claim.parse(b"{}")
    with pytest.raises(Malformed, match="too large"):
        Claim.parse(b" " * (1 << 21))
    with pytest.raises(IssuerError, match="at most 20"):
        claim_file(person(tmp_path, "bo"), evidence=[Shown(str(at), sha256(SOUND)) for at in range(21)])


@pytest.mark.parametrize(
    "member, value",
    [
        ("issuer", "did:key:z"),
        ("credentialSubject", []),
        ("credentialSubject", {"achievement": {"name": "x"}, "narrative": "x"}),
        ("evidence", [{"id": "https://x.example/file", "name": "x"}]),
        ("evidence", "birds.wav"),
    ],
)
def test_what_its_maker_signed_and_is_no_claim_is_refused(tmp_path: Path, member: str, value: JSON) -> None:
    """A signature under something else makes no claim of it."""
    key = person(tmp_path)
    whole = json.loads(claim_file(key))
    whole.pop("proof")
    if member == "issuer":
        value = key.method.partition("#")[0]
    with pytest.raises(NotaryError):
        Claim.parse(key.prove({**whole, member: value}, WHEN))


def test_endorsements_are_attached_and_change_no_verdict(notary_lab: Lab, tmp_path: Path) -> None:
    """Peer, supervisor, instructor: receipts carry them from then on, and say the same as before."""
    college = notary_lab.institutions[0]
    batch = notary_lab.logged(college, "Ana")
    notary_lab.anchor()
    with notary_lab.notary.ledger.read() as work:
        (row,) = work.credentials.of_batch(batch.id)
    credential = read(row.content or b"", "own")
    before = judged(notary_lab, receipt(notary_lab.notary, row.id))
    key = person(tmp_path, "marta")
    for at, role in enumerate(Role):
        made = endorse(credential, role, "Marta Gil", f"I saw it, as a {role}.", key, WHEN, bytes([at]) * 16)
        for _ in range(2):  # the same again changes nothing
            attach_endorsement(notary_lab.notary, notary_lab.record(college), row.id, made)
    after = receipt(notary_lab.notary, row.id)
    assert [found.role for found in endorsements_in(after.attachments, credential)] != []
    assert {found.role for found in endorsements_in(after.attachments, credential)} == set(Role)
    assert {found.proof for found in endorsements_in(after.attachments, credential)} == {"pass"}
    found = judged(notary_lab, after)
    assert (found.result, found.checks) == (before.result, before.checks)
    assert Receipt.parse(bytes(after)).attachments == after.attachments


def test_an_endorsement_that_does_not_hold_is_not_attached(notary_lab: Lab, tmp_path: Path) -> None:
    """Edited, of another credential, of somebody else's credential, one too many: each is refused in words."""
    college, makers = notary_lab.institutions[:2]
    batch = notary_lab.logged(college, "Ana", "Bo")
    with notary_lab.notary.ledger.read() as work:
        ana, bo = work.credentials.of_batch(batch.id)
    key, member = person(tmp_path), notary_lab.record(college)
    about = read(ana.content or b"", "own")
    made = endorse(about, Role.PEER, "Mo", "Well done.", key, WHEN, bytes(16))
    with pytest.raises(IssuerError, match="own signature does not hold"):
        attach_endorsement(notary_lab.notary, member, ana.id, made.replace(b"Well", b"Ill-"))
    with pytest.raises(IssuerError, match="of another credential"):
        attach_endorsement(notary_lab.notary, member, bo.id, made)
    with pytest.raises(Absent):
        attach_endorsement(notary_lab.notary, notary_lab.record(makers), ana.id, made)
    for at in range(MOST):
        more = endorse(about, Role.PEER, "Mo", "Well done.", key, WHEN, bytes([at + 1]) * 16)
        attach_endorsement(notary_lab.notary, member, ana.id, more)
    with pytest.raises(IssuerError, match="20 endorsements"):
        attach_endorsement(notary_lab.notary, member, ana.id, made)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"type": "EndorsementCredential"},
        {"type": ["EndorsementCredential"], "issuer": {}, "credentialSubject": {}, "name": "King's endorsement"},
        {"type": ["EndorsementCredential"], "issuer": {}, "credentialSubject": {}, "name": "Peer endorsement"},
        {
            "type": ["EndorsementCredential"],
            "issuer": {"name": "x" * 201},
            "credentialSubject": {"endorsementComment": "x", "id": "urn:x"},
            "name": "Peer endorsement",
            "validFrom": WHEN,
        },
    ],
)
def test_what_is_no_endorsement_is_malformed_and_left_out_of_pages(value: dict[str, JSON]) -> None:
    """Among a receipt's attachments anything may stand: what is none of ours is kept and not shown."""
    with pytest.raises(Malformed):
        Endorsement.parse(canonical(value))
    assert endorsements_in(({"type": ATTACHMENT, "endorsement": value}, {"type": "x"}, "y"), None) == ()
