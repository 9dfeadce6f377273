"""The announcement of a new working key, by a member's recovery key or by the working key it follows.

`{type, member, key, proof, possession}`, closed: `key` as it is to stand in the
member record, `proof` by a key that stands there, `possession` by the new key
itself. It changes nothing; `consortium propose --announcement` makes a proposal
of it, and k members decide. A recovery key stands in the record with an empty
period: it can sign neither batch nor status at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.canonical import JSON, canonical, load
from notary.core.encoding import shorten
from notary.core.errors import IssuerError, Mismatch
from notary.core.keys import PublicKey
from notary.core.proof import DataIntegrityProof, signing_input
from notary.core.registry import MemberKey, MemberRecord, RegistryState
from notary.core.shape import Closed
from notary.ports import Signer
from notary.service.governance.rules import is_recovery

TYPE = "credential-notary/announcement/v1"
MAX_SIZE = 1 << 16


@dataclass(frozen=True, slots=True)
class Announcement:
    """A new working key of a member; whether it may be announced, `check` says."""

    member: str
    key: MemberKey
    proof: DataIntegrityProof
    possession: DataIntegrityProof

    def __post_init__(self) -> None:
        if is_recovery(self.key):
            raise IssuerError("a recovery key cannot be announced", hint="A new one comes with a new application")
        if self.possession.verification_method != self.key.id:
            raise IssuerError(
                "the announcement is not signed by the key it announces",
                expected=self.key.id,
                actual=shorten(self.possession.verification_method),
            )
        self.possession.verify(_unsigned(self.member, self.key), self.key.public_key())

    @classmethod
    def sign(cls, member: str, key: MemberKey, new: Signer, by: Signer, method: str) -> Announcement:
        """Announce `key`, which is `new`, by a key that stands in the member's record with the id `method`."""
        unsigned = _unsigned(member, key)
        return cls(member, key, _prove(unsigned, by, method), _prove(unsigned, new, key.id))

    @classmethod
    def parse(cls, data: bytes) -> Announcement:
        """Read an announcement file strictly."""
        value = load(data, "announcement", max_size=MAX_SIZE).value
        fields = Closed.typed(value, "announcement", TYPE, "member key proof possession")
        return cls(
            member=fields.did("member"),
            key=MemberKey.parse(fields.value("key"), fields.path("key")),
            proof=DataIntegrityProof.read(fields.value("proof"), fields.path("proof")),
            possession=DataIntegrityProof.read(fields.value("possession"), fields.path("possession")),
        )

    def __bytes__(self) -> bytes:
        proofs: dict[str, JSON] = {"proof": self.proof.to_json(), "possession": self.possession.to_json()}
        return canonical({**_unsigned(self.member, self.key), **proofs}) + b"\n"

    def check(self, record: MemberRecord, state: RegistryState, *, now: int) -> MemberKey:
        """Return the key of the record that announced it; IssuerError or Mismatch where none may.

        A working key may while it is in force, the recovery key always, and neither
        once it is marked compromised.
        """
        by = next((key for key in record.keys if key.id == self.proof.verification_method), None)
        if by is None:
            raise IssuerError(
                f"the announcement is not signed by a key of {record.name}",
                expected=" or ".join(key.id for key in record.keys),
                actual=shorten(self.proof.verification_method),
            )
        self.proof.verify(_unsigned(self.member, self.key), by.public_key())
        if not (is_recovery(by) or by.period.holds(now)):
            raise Mismatch(f"the announcing key {by.id} is not in force", expected=str(by.period))
        if state.compromised_since(by.public_key_multibase) is not None:
            raise IssuerError(
                f"the announcing key {by.id} is marked compromised", hint="Announce it by the recovery key"
            )
        return by


def _prove(unsigned: dict[str, JSON], signer: Signer, method: str) -> DataIntegrityProof:
    suite = PublicKey.parse(signer.public_key_multibase, "key").cryptosuite
    message = signing_input(unsigned, DataIntegrityProof.options(suite, method))
    return DataIntegrityProof(suite, method, signer.sign(message))


def _unsigned(member: str, key: MemberKey) -> dict[str, JSON]:
    return {"type": TYPE, "member": member, "key": key.to_json()}
