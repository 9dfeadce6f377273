"""The demo's three invented institutions, and the Open Badges 3.0 credentials they issue.

Real formats, invented people: AchievementCredentials on VC 2.0, each with
criteria, alignments and evidence, signed by its institution's own key with
eddsa-jcs-2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from api.key_files import KeyFile
from notary.core.canonical import JSON
from notary.core.encoding import to_base58
from notary.core.proof import signing_input
from notary.core.registry import MemberKey, MemberRecord, Period, Programme
from notary.core.statement import Recognition

CONTEXT = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)


@dataclass(frozen=True, slots=True)
class Alignment:
    """What an achievement is aligned to: an item of somebody's framework."""

    name: str
    url: str
    framework: str
    code: str


@dataclass(frozen=True, slots=True)
class Course:
    """What an institution certifies."""

    id: str
    name: str
    kind: str
    description: str
    criteria: str
    alignment: Alignment
    result: str


@dataclass(frozen=True, slots=True)
class Profile:
    """An invented institution."""

    folder: str
    name: str
    url: str
    recognition: Recognition
    course: Course
    learners: tuple[tuple[str, ...], tuple[str, ...]]
    """Names in the first and in the second batch."""


PROFILES = (
    Profile(
        folder="fenwick-college",
        name="Fenwick College",
        url="https://fenwick.example",
        recognition=Recognition.AUTHORISED,
        course=Course(
            id="https://fenwick.example/achievements/data-literacy-1",
            name="Data Literacy I",
            kind="MicroCredential",
            description="Reads, questions and presents small data sets.",
            criteria="Cleaned a data set of 500 rows, drew three charts from it, and defended the findings orally.",
            alignment=Alignment(
                name="analyse and interpret data",
                url="https://fenwick.example/frameworks/digital-skills#2.1",
                framework="Fenwick Digital Skills Framework",
                code="2.1",
            ),
            result="Distinction",
        ),
        learners=(("Ana Pérez", "Jonas Weber", "Amina El-Sayed"), ("Chidi Okafor", "Mei Lin 林美")),
    ),
    Profile(
        folder="harbour-makers",
        name="Harbour Makers",
        url="https://harbour-makers.example",
        recognition=Recognition.COMMUNITY,
        course=Course(
            id="https://harbour-makers.example/badges/boat-repair",
            name="Wooden Boat Repair",
            kind="Badge",
            description="Repairs planks and seams of small wooden boats.",
            criteria="Replaced a plank and caulked its seams on a boat that has since been at sea for a season.",
            alignment=Alignment(
                name="repair wooden structures",
                url="https://harbour-makers.example/skills#planks",
                framework="Harbour Makers' skills",
                code="planks",
            ),
            result="Passed",
        ),
        learners=(("Ana Pérez", "Sofia Rossi"), ("Tomasz Nowak",)),
    ),
    Profile(
        folder="rivera-portfolio",
        name="Luis Rivera",
        url="https://rivera.example",
        recognition=Recognition.SELF_ASSERTED,
        course=Course(
            id="https://rivera.example/claims/field-recording",
            name="Field Recording of Birdsong",
            kind="Achievement",
            description="Records, edits and catalogues birdsong.",
            criteria="Recorded 40 species over two springs; recordings and catalogue are attached as evidence.",
            alignment=Alignment(
                name="operate audio equipment",
                url="https://rivera.example/skills#audio",
                framework="Luis Rivera's portfolio",
                code="audio",
            ),
            result="40 species",
        ),
        learners=(("Luis Rivera",), ("Luis Rivera",)),
    ),
)


@dataclass(frozen=True, slots=True)
class Institution:
    """A profile with its working key; its id is the key itself (did:key)."""

    profile: Profile
    key: KeyFile

    @property
    def did(self) -> str:
        """The institution's DID."""
        return f"did:key:{self.key.public_key_multibase}"

    @property
    def verification_method(self) -> str:
        """The id of its working key."""
        return f"{self.did}#{self.key.public_key_multibase}"

    def record(self, since: str, aliases: tuple[str, ...] = ()) -> MemberRecord:
        """Return the member record it applies with."""
        profile = self.profile
        authorised = profile.recognition is Recognition.AUTHORISED and not aliases
        return MemberRecord(
            id=self.did,
            aliases=(profile.url, *aliases),
            name=profile.name,
            recognition=profile.recognition,
            programmes=(Programme(profile.course.id, "FW-2026-017"),) if authorised else (),
            period=Period(since, None),
            successor=None,
            keys=(
                MemberKey(
                    id=self.verification_method,
                    public_key_multibase=self.key.public_key_multibase,
                    purposes=("batch", "status"),
                    period=Period(since, None),
                    custodial=False,
                ),
            ),
            did_document=None,
        )

    def issue(self, learner: str, number: int, valid_from: str, evidence: Mapping[str, str]) -> dict[str, JSON]:
        """Return a signed credential; `evidence` maps file names to what they show."""
        credential = self._credential(learner, number, valid_from, evidence)
        options: dict[str, JSON] = {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "created": valid_from,
            "verificationMethod": self.verification_method,
            "proofPurpose": "assertionMethod",
            "@context": list(CONTEXT),
        }
        signature = self.key.sign(signing_input(credential, options))
        return {**credential, "proof": {**options, "proofValue": "z" + to_base58(signature)}}

    def _credential(self, learner: str, number: int, valid_from: str, evidence: Mapping[str, str]) -> dict[str, JSON]:
        profile, course = self.profile, self.profile.course
        return {
            "@context": list(CONTEXT),
            "id": f"urn:uuid:{uuid5(NAMESPACE_URL, f'{course.id}#{number}')}",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": course.name,
            "issuer": {"id": self.did, "type": ["Profile"], "name": profile.name, "url": profile.url},
            "validFrom": valid_from,
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "identifier": [
                    {"type": "IdentityObject", "hashed": False, "identityHash": learner, "identityType": "name"}
                ],
                "achievement": {
                    "id": course.id,
                    "type": ["Achievement"],
                    "achievementType": course.kind,
                    "name": course.name,
                    "description": course.description,
                    "criteria": {"narrative": course.criteria},
                    "alignment": [
                        {
                            "type": ["Alignment"],
                            "targetName": course.alignment.name,
                            "targetUrl": course.alignment.url,
                            "targetFramework": course.alignment.framework,
                            "targetCode": course.alignment.code,
                            "targetType": "CFItem",
                        }
                    ],
                    "resultDescription": [
                        {
                            "id": f"{course.id}#result",
                            "type": ["ResultDescription"],
                            "name": "Result",
                            "resultType": "Result",
                        }
                    ],
                },
                "result": [{"type": ["Result"], "resultDescription": f"{course.id}#result", "value": course.result}],
            },
            "evidence": [
                {"type": ["Evidence"], "name": name, "description": shows} for name, shows in evidence.items()
            ],
        }
