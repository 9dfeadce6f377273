"""An application for membership: a record, proposed and signed by its own working key.

`{type, record, recovery, proof}`, closed. The proof shows that the applicant
holds the key; who the applicant is, only the fingerprint read out over another
channel shows. `recovery` is the key that may announce a new working key, or null.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from notary.core.canonical import JSON, canonical, load
from notary.core.digest import sha256
from notary.core.errors import IssuerError, Malformed
from notary.core.keys import PublicKey
from notary.core.proof import DataIntegrityProof, signing_input
from notary.core.registry import PURPOSES, MemberKey, MemberRecord
from notary.core.shape import Closed
from notary.ports import Signer
from notary.service.governance.rules import NEVER

TYPE = "credential-notary/application/v1"
MAX_SIZE = 1 << 20
_GROUPS, _DIGITS = 8, 5
"""Read out loud: 40 decimal digits, 132 bits, in eight groups of five."""


@dataclass(frozen=True, slots=True)
class Application:
    """A proposed member record with its signature, checked on construction."""

    record: MemberRecord
    recovery: str | None
    proof: DataIntegrityProof

    def __post_init__(self) -> None:
        named = [key for key in self.record.keys if key.id == self.proof.verification_method]
        if len(named) != 1:
            raise IssuerError(
                "the application is signed by a key it does not propose",
                expected=", ".join(key.id for key in self.record.keys),
                actual=self.proof.verification_method,
            )
        for key in self.record.keys:
            key.public_key()  # a small-order or invalid key never becomes a member's
        if self.recovery is not None:
            PublicKey.parse(self.recovery, "application.recovery")
        self.proof.verify(self._unsigned(), named[0].public_key())

    @classmethod
    def sign(cls, record: MemberRecord, recovery: str | None, signer: Signer) -> Application:
        """Sign a proposed record with the working key it lists."""
        key = PublicKey.parse(signer.public_key_multibase, "working key")
        method = next((k.id for k in record.keys if k.public_key_multibase == signer.public_key_multibase), "")
        options = DataIntegrityProof.options(key.cryptosuite, method)
        message = signing_input(_unsigned(record, recovery), options)
        return cls(record, recovery, DataIntegrityProof(key.cryptosuite, method, signer.sign(message)))

    @classmethod
    def parse(cls, data: bytes) -> Application:
        """Read an application file strictly; Malformed, IssuerError or Mismatch where it is none."""
        value = load(data, "application", max_size=MAX_SIZE).value
        fields = Closed.of(value, "application", "type record recovery proof")
        fields.kind(TYPE)
        record = MemberRecord.parse(fields.value("record"), fields.path("record"))
        if not record.keys:
            raise Malformed(fields.path("record.keys"), expected="one key or more")
        proof = DataIntegrityProof.read(fields.value("proof"), fields.path("proof"))
        return cls(record, fields.optional("recovery", fields.filled), proof)

    def to_json(self) -> JSON:
        """Return the closed object."""
        return {**self._unsigned(), "proof": self.proof.to_json()}

    def __bytes__(self) -> bytes:
        return canonical(self.to_json()) + b"\n"

    @property
    def admitted(self) -> MemberRecord:
        """The record as it is to stand in the registry: with the recovery key, which can sign nothing there."""
        if self.recovery is None:
            return self.record
        key = MemberKey(f"{self.record.id}#{self.recovery}", self.recovery, PURPOSES, NEVER, custodial=False)
        return replace(self.record, keys=(*self.record.keys, key))

    @property
    def fingerprint(self) -> str:
        """Forty digits of its hash, to be read out: eight groups of five."""
        number = int.from_bytes(sha256(canonical(self.to_json()))) % 10 ** (_GROUPS * _DIGITS)
        digits = f"{number:0{_GROUPS * _DIGITS}}"
        return " ".join(digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS))

    def _unsigned(self) -> dict[str, JSON]:
        return _unsigned(self.record, self.recovery)


def _unsigned(record: MemberRecord, recovery: str | None) -> dict[str, JSON]:
    return {"type": TYPE, "record": record.to_json(), "recovery": recovery}
