"""Five invented institutions: each a did:web with a pinned document, a working key, a recovery key and a vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from api.demo.institutions import PROFILES, Institution, Profile
from api.key_files import KeyFile
from notary.core.canonical import JSON
from notary.core.registry import PURPOSES, MemberKey, MemberRecord, Period
from notary.service.members.application import Application
from tests.service.paper_log import new_key

FENWICK, MAKERS, RIVERA, NORTHGATE, QUAY = range(5)
"""Places in `PEOPLE`, in the consortium's votes, and in the story."""


def _another(like: Profile, name: str, folder: str, course: str) -> Profile:
    """Invent an institution beside the demo's three."""
    url = f"https://{folder}.example"
    named = replace(like.course, id=f"{url}/achievements/1", name=course)
    return replace(like, folder=folder, name=name, url=url, course=named)


PEOPLE = (
    *PROFILES,
    _another(PROFILES[0], "Northgate Conservatory", "northgate", "Harmony I"),
    _another(PROFILES[1], "Quay Academy", "quay", "Navigation"),
)


@dataclass(frozen=True, slots=True)
class School(Institution):
    """A demo institution whose id outlives its keys; `replace(school, key=…)` is the same one with the next key."""

    recovery: KeyFile = field(default_factory=new_key)

    @property
    def did(self) -> str:
        """Of its web site."""
        return f"did:web:{self.profile.url.removeprefix('https://')}"

    def record(self, since: str, aliases: tuple[str, ...] = ()) -> MemberRecord:
        """Return the record it applies with, its document pinned."""
        record = Institution.record(self, since, aliases)
        return replace(record, did_document=self.document(record.keys))

    def application(self, since: str) -> Application:
        """Apply, with the recovery key."""
        return Application.sign(self.record(since), self.recovery.public_key_multibase, self.key)

    def listed(self, since: str) -> MemberKey:
        """Return its working key as a member record lists it."""
        held = self.key.public_key_multibase
        return MemberKey(self.verification_method, held, PURPOSES, Period(since, None), custodial=False)

    def document(self, keys: Sequence[MemberKey]) -> JSON:
        """Return its DID document, which lists these keys for assertions."""
        methods: list[JSON] = [
            {"id": key.id, "type": "Multikey", "controller": self.did, "publicKeyMultibase": key.public_key_multibase}
            for key in keys
        ]
        return {"id": self.did, "verificationMethod": methods, "assertionMethod": [key.id for key in keys]}


def new_schools() -> list[School]:
    """Draw everybody's keys."""
    return [School(profile, new_key()) for profile in PEOPLE]
