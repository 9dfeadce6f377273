"""What others say of a credential: EndorsementCredentials (Open Badges 3.0 §B.1.9), attached to its receipts.

An endorsement is its endorser's word, signed by a key of their own. It never
changes a verdict: whether the key is the person's, nobody here says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from notary.core.canonical import JSON, canonical, load
from notary.core.credential import Credential, read, signed_claims
from notary.core.did import DID_KEY, KeySource
from notary.core.digest import Digest, sha256
from notary.core.errors import IssuerError, Malformed, NotaryError
from notary.core.naming import from_ni, to_ni
from notary.core.own_proof import own_proof
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.ports.ledger import CredentialId, EndorsementRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.errors import Absent
from notary.service.issuing.badge import CONTEXT
from notary.service.notary import Notary

ATTACHMENT = "credential-notary/endorsement/v1"
"""Type of the attachment: `{type, endorsement}`, the second the whole EndorsementCredential."""
MAX_SIZE = 32 << 10
MOST = 20
"""Endorsements of one credential."""
MAX_COMMENT = 5_000
MAX_NAME = 200


class Role(StrEnum):
    """Who endorses, seen from the learner."""

    PEER = "peer"
    SUPERVISOR = "supervisor"
    INSTRUCTOR = "instructor"

    @property
    def signed_as(self) -> str:
        """The endorsement's `name`, which is signed with it."""
        return f"{self.capitalize()} endorsement"


@dataclass(frozen=True, slots=True)
class Endorsement:
    """An endorsement, read. `made`: as its maker claims; `proof`: pass, fail or unknown, its own signature."""

    role: Role
    by: str
    comment: str
    made: str
    about: str
    digest: Digest
    proof: str

    @classmethod
    def parse(cls, data: bytes, where: str = "endorsement") -> Endorsement:
        """Read one of at most 32 KiB strictly; Malformed where it is none."""
        value = load(data, where, max_size=MAX_SIZE, max_depth=32).value
        if not isinstance(value, dict) or "EndorsementCredential" not in _list(value.get("type")):
            raise Malformed(where, expected="an EndorsementCredential of Open Badges 3.0")
        issuer, subject = value.get("issuer"), value.get("credentialSubject")
        if not isinstance(issuer, dict) or not isinstance(subject, dict):
            raise Malformed(where, expected="an issuer with a name, and a credentialSubject")
        role = next((each for each in Role if each.signed_as == value.get("name")), None)
        if role is None:
            raise Malformed(f"{where}.name", expected=" or ".join(each.signed_as for each in Role))
        whole = canonical(value)
        return cls(
            role=role,
            by=_text(issuer, "name", f"{where}.issuer", MAX_NAME),
            comment=_text(subject, "endorsementComment", f"{where}.credentialSubject", MAX_COMMENT),
            made=_text(value, "validFrom", where, 40),
            about=_text(subject, "id", f"{where}.credentialSubject", 1000),
            digest=sha256(whole),
            proof=own_proof(Credential.of_json(whole, where), KeySource()).state,
        )


def named(credential: Credential) -> str:
    """Return how an endorsement names a credential: by its id, or by its digest where it has none."""
    for claims in signed_claims(credential):
        for key in ("id", "jti"):
            if isinstance(name := claims.get(key), str) and name:
                return name
    return to_ni(credential.digest)


def endorse(
    credential: Credential, role: Role, by: str, comment: str, key: CredentialKey, created: str, salt: bytes
) -> bytes:
    """Write and sign an endorsement of a credential; `salt`: 16 random bytes, for its id."""
    about: dict[str, JSON] = {
        "id": named(credential),
        "type": ["EndorsementSubject"],
        "endorsementComment": comment,
    }
    unsigned: dict[str, JSON] = {
        "@context": list(CONTEXT),
        "id": f"urn:uuid:{UUID(bytes=salt, version=4)}",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": role.signed_as,
        "issuer": {"id": key.method.partition("#")[0], "type": ["Profile"], "name": by},
        "validFrom": created,
        "credentialSubject": about,
    }
    made = key.prove(unsigned, created)
    Endorsement.parse(made)
    return made


def attach_endorsement(notary: Notary, member: MemberRecord, name: CredentialId, data: bytes) -> Endorsement:
    """Keep an endorsement with one of the institution's credentials: its receipts carry it from now on.

    IssuerError where it is another's, its signature does not hold, or there are too many.
    """
    found = Endorsement.parse(data)
    if found.proof != "pass":
        raise IssuerError("the endorsement's own signature does not hold", hint="Ask its maker for the file again")
    with notary.ledger.begin() as work:
        row = work.credentials.get(name)
        if row is None or row.digest is None or row.institution != member.id:
            raise Absent(f"{member.name} has no credential {name} here", hint="See index.csv: notary receipt --batch")
        if row.content is None:
            raise IssuerError(f"credential {name} is not kept here", hint="Its learner keeps the endorsement beside it")
        about = named(read(row.content, "credential", row.form))
        if found.about != about and from_ni(found.about) != row.digest:
            raise IssuerError("the endorsement is of another credential", expected=about, actual=found.about)
        if len(work.endorsements.of(name)) >= MOST:
            raise IssuerError(f"credential {name} has {MOST} endorsements", hint="No more are kept")
        whole = canonical(load(data, "endorsement", max_size=MAX_SIZE).value)
        work.endorsements.add(EndorsementRow(name, found.digest, whole, notary.clock.now()))
        record(notary, work, Action.ENDORSE, member.id, [name])
    return found


def attachments(work: UnitOfWork, name: CredentialId) -> tuple[JSON, ...]:
    """Return what a credential's receipts carry beside their proofs."""
    kept = (load(row.data, "endorsement", max_size=MAX_SIZE).value for row in work.endorsements.of(name))
    return tuple({"type": ATTACHMENT, "endorsement": value} for value in kept)


def endorsements_in(attached: Sequence[JSON], credential: Credential | None) -> tuple[Endorsement, ...]:
    """Read the endorsements of a credential among a receipt's attachments; what is none, or of another, is left out."""
    about = None if credential is None else {named(credential), to_ni(credential.digest)}
    found = []
    for each in attached[: 4 * MOST]:
        if isinstance(each, dict) and each.get("type") == ATTACHMENT:
            try:
                endorsement = Endorsement.parse(canonical(each.get("endorsement")))
            except NotaryError:
                continue
            if about is None or endorsement.about in about:
                found.append(endorsement)
    return tuple(found[:MOST])


def credential_key_id(multibase: str) -> str:
    """Return the verification method of a key that is its own document: did:key (§2)."""
    return f"{DID_KEY}{multibase}#{multibase}"


def _text(value: dict[str, JSON], name: str, where: str, most: int) -> str:
    found = value.get(name)
    if not isinstance(found, str) or not found.strip() or len(found) > most:
        raise Malformed(f"{where}.{name}", expected=f"a text of at most {most} characters")
    return found


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else [value]
