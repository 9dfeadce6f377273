"""Claims and their validation: a learner says what they can do, and an institution that looked at it says so too.

A claim is an AchievementCredential that its maker signs with a key of their own
(did:key): self-asserted, and worth what its evidence is worth. Who validates it
issues a credential of their own, which names the claim by digest among its evidence
(RFC 6920); the claim itself goes along as an evidence file, so that both can be read.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from notary.core.canonical import JSON, canonical
from notary.core.credential import Credential
from notary.core.did import KeySource
from notary.core.digest import Digest, sha256
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError, Malformed
from notary.core.naming import from_ni, to_ni
from notary.core.own_proof import own_proof
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.core.summary import CLAIM
from notary.ports.ledger import AwardRow, ContactRow, NewCredential, UnitOfWork
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.issuing.badge import CONTEXT, Issuer
from notary.service.issuing.cells import MAX_LINE, MAX_TEXT
from notary.service.notary import Notary
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.reading import Reading, Refused, Source, read_source

MAX_SIZE = 1 << 20
MAX_FILES = 20
"""Evidence files of one claim."""
FILE = "claim.json"
"""What the claim is called among the evidence of the credential that validates it."""
_MEDIA_TYPE = "application/vc"


@dataclass(frozen=True, slots=True)
class Shown:
    """An evidence file that a claim names."""

    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, read and its signature checked. `by` made it, for `learner`; `data` is its JCS bytes."""

    data: bytes
    digest: Digest
    by: str
    learner: str
    title: str
    narrative: str
    achievement: dict[str, JSON]
    evidence: tuple[Shown, ...]

    @classmethod
    def parse(cls, data: bytes, where: str = "claim") -> Claim:
        """Read a claim of at most 1 MiB; IssuerError where its own signature does not hold."""
        if len(data) > MAX_SIZE:
            raise Malformed(f"{where} is too large", expected=f"at most {MAX_SIZE} bytes")
        credential = Credential.of_json(data, where)
        found = own_proof(credential, KeySource())
        if found.state != "pass":
            raise IssuerError(
                f"{where}: its maker's signature does not hold", actual=found.message, hint="Ask for the file again"
            )
        value = credential.claims or {}
        issuer, subject = value.get("issuer"), value.get("credentialSubject")
        achievement = subject.get("achievement") if isinstance(subject, dict) else None
        if not isinstance(issuer, dict) or not isinstance(subject, dict) or not isinstance(achievement, dict):
            raise Malformed(where, expected="a claim, as notary claim writes it")
        return cls(
            data=canonical(value),
            digest=credential.digest,
            by=_text(issuer, "name", where, MAX_LINE),
            learner=_learner(subject, where),
            title=_text(achievement, "name", where, MAX_LINE),
            narrative=_text(subject, "narrative", where, MAX_TEXT),
            achievement=achievement,
            evidence=tuple(_shown(value, where)),
        )


def make_claim(
    key: CredentialKey,
    created: str,
    *,
    learner: str,
    title: str,
    narrative: str,
    by: str | None = None,
    evidence: Sequence[Shown] = (),
) -> bytes:
    """Write and sign a claim; `by`: who speaks for the learner, where that is somebody else. Returns its JCS bytes."""
    if len(evidence) > MAX_FILES:
        raise IssuerError("a claim's evidence", expected=f"at most {MAX_FILES} files", actual=len(evidence))
    did = key.method.partition("#")[0]
    files: list[JSON] = [{"id": to_ni(each.digest), "type": ["Evidence"], "name": each.name} for each in evidence]
    achievement: dict[str, JSON] = {
        "id": _urn("achievement", did, title),
        "type": ["Achievement"],
        "name": title,
        "description": narrative,
        "criteria": {"narrative": "What the claim itself and its evidence show."},
    }
    subject: dict[str, JSON] = {
        "type": ["AchievementSubject"],
        "identifier": [{"type": "IdentityObject", "hashed": False, "identityHash": learner, "identityType": "name"}],
        "achievement": achievement,
        "narrative": narrative,
    }
    if by is None:
        subject["id"] = did
    unsigned: dict[str, JSON] = {
        "@context": list(CONTEXT),
        "id": _urn("claim", did, learner, title, created),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": title,
        "issuer": {"id": did, "type": ["Profile"], "name": by or learner},
        "validFrom": created,
        "credentialSubject": subject,
    }
    if files:
        unsigned["evidence"] = files
    made = key.prove(unsigned, created)
    return Claim.parse(made).data


@dataclass(frozen=True, slots=True)
class Validation:
    """What an institution adds to a claim: how it looked at it, and which of its own achievements it is.

    `achievement`: an id of the institution's, where the claim meets one; `title` then too, or the claim's.
    """

    narrative: str
    achievement: str | None = None
    title: str | None = None


def validation(claim: Claim, issuer: Issuer, added: Validation, today: date) -> dict[str, JSON]:
    """Return the credential by which an institution validates a claim, unsigned."""
    title = added.title or claim.title
    achievement: dict[str, JSON] = {
        "id": added.achievement or _urn("achievement", issuer.id, to_digest_text(claim.digest)),
        "type": ["Achievement"],
        "name": title,
        "description": claim.narrative,
        "criteria": {"narrative": added.narrative},
    }
    files: list[JSON] = [{"id": to_ni(each.digest), "type": ["Evidence"], "name": each.name} for each in claim.evidence]
    named: dict[str, JSON] = {
        "id": to_ni(claim.digest),
        "type": ["Evidence"],
        "name": f"Claim of {claim.by}",
        "genre": CLAIM,
        "narrative": claim.narrative,
    }
    return {
        "@context": list(CONTEXT),
        "id": _urn("validation", issuer.id, to_digest_text(claim.digest)),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": title,
        "issuer": issuer.to_json(),
        "validFrom": f"{today.isoformat()}T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "hashed": False, "identityHash": claim.learner, "identityType": "name"}
            ],
            "achievement": achievement,
            "narrative": added.narrative,
        },
        "evidence": [named, *files],
    }


def validate_claim(
    notary: Notary,
    member: MemberRecord,
    claim: Claim,
    signed: bytes,
    exhibits: Sequence[Exhibit],
    email: str | None = None,
) -> Accepted:
    """Submit the signed credential that validates a claim; the claim goes along, encrypted, as its first evidence.

    IssuerError where a file the claim names is missing or another one, and where
    the institution has validated this claim before.
    """
    _check_files(claim, exhibits)
    identity = sha256(b"claim\0" + claim.digest)
    with notary.ledger.read() as work:
        before = work.awards.known(member.id, [identity]).get(identity)
    if before is not None:
        raise IssuerError(
            f"{member.name} validated this claim before: credential {before.credential}",
            hint=f"To put another in its place: notary reissue {before.credential} --with FILE",
        )
    reading = read_source(Source(signed, FILE), member)
    if not isinstance(reading, Reading):
        raise IssuerError(reading.reason, hint=reading.hint)
    whole = [Exhibit(FILE, _MEDIA_TYPE, io.BytesIO(claim.data)), *exhibits]
    taken = reading._replace(evidence=attach(notary, whole, claim.narrative))

    def along(work: UnitOfWork, taken: Sequence[NewCredential]) -> None:
        work.awards.add([AwardRow(new.id, new.institution, identity, claim.digest) for new in taken])
        if email is not None:
            work.contacts.add([ContactRow(new.id, email, claim.learner) for new in taken])

    (result,) = accept(notary, member, [taken], along=along)
    if isinstance(result, Refused):
        raise IssuerError(result.reason, hint=result.hint)
    return result


def _check_files(claim: Claim, exhibits: Sequence[Exhibit]) -> None:
    brought = {_hash(exhibit): exhibit.name for exhibit in exhibits}
    missing = [each.name for each in claim.evidence if each.digest not in brought]
    if missing:
        raise IssuerError(
            "evidence that the claim names is not here, or was changed",
            expected=", ".join(missing),
            actual=", ".join(brought.values()) or "no file",
            hint="Name each file: --evidence FILE",
        )


def _hash(exhibit: Exhibit) -> Digest:
    hashed = hashlib.sha256()
    while piece := exhibit.data.read(1 << 20):
        hashed.update(piece)
    exhibit.data.seek(0)
    return Digest(hashed.digest())


def _shown(value: dict[str, JSON], where: str) -> list[Shown]:
    listed = value.get("evidence", [])
    found = []
    for item in listed if isinstance(listed, list) else [listed]:
        digest = from_ni(str(item.get("id"))) if isinstance(item, dict) else None
        if not isinstance(item, dict) or digest is None:
            raise Malformed(f"{where}.evidence", expected="files named by digest, as notary claim writes them")
        found.append(Shown(_text(item, "name", f"{where}.evidence", MAX_LINE), digest))
    if len(found) > MAX_FILES:
        raise Malformed(f"{where}.evidence", expected=f"at most {MAX_FILES} files", actual=len(found))
    return found


def _learner(subject: dict[str, JSON], where: str) -> str:
    named = subject.get("identifier")
    for item in named if isinstance(named, list) else []:
        if isinstance(item, dict) and item.get("identityType") == "name":
            return _text(item, "identityHash", where, MAX_LINE)
    raise Malformed(where, expected="the learner's name")


def _text(value: dict[str, JSON], name: str, where: str, most: int) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > most:
        raise Malformed(f"{where}: {name}", expected=f"a text of at most {most} characters")
    return found


def _urn(*of: str) -> str:
    """Return an id that follows from what it is of, as a UUID of version 8 (RFC 9562 §5.8)."""
    drawn = bytearray(sha256("\0".join(of).encode())[:16])
    drawn[6], drawn[8] = drawn[6] & 0x0F | 0x80, drawn[8] & 0x3F | 0x80
    return f"urn:uuid:{UUID(bytes=bytes(drawn))}"
