"""What an institution signs: batches and their statuses. Specs: docs/spec/statements.md.

A statement's id leaves its proof out, so a signature that was malleated before
logging changes no reference. Statements of one issuer in one log are chained by
`previous`, so the notary cannot show two histories without a gap or a fork.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from notary.core.canonical import JSON, canonical
from notary.core.digest import Digest, TreeSize, sha256
from notary.core.encoding import to_digest_text
from notary.core.errors import Malformed
from notary.core.keys import PublicKey
from notary.core.proof import DataIntegrityProof, signing_input
from notary.core.shape import Closed, read_did

BATCH = "credential-notary/batch/v1"
STATUS = "credential-notary/status/v1"
MAX_ENTRY = 65_535
"""Largest log entry: C2SP tlog-tiles gives its length in 16 bits."""


class Recognition(StrEnum):
    """A claim's standing; it stands beside every verdict."""

    AUTHORISED = "authorised"
    COMMUNITY = "community"
    SELF_ASSERTED = "self-asserted"

    def within(self, highest: Recognition) -> bool:
        """Say whether a member recognised up to `highest` may claim this."""
        order = list(Recognition)
        return order.index(self) >= order.index(highest)


@dataclass(frozen=True, slots=True)
class BatchStatement:
    """`issuer` commits `size` credentials under `root`, in the one log `log`.

    `seq` counts the issuer's statements in this log from 1, `previous` is the
    id of the one before. `legacy`: root of the batch's Blockcerts tree.
    `joint_with`: DIDs that must have committed the same digest and evidence.
    """

    log: str
    issuer: str
    seq: int
    previous: Digest | None
    size: TreeSize
    root: Digest
    recognition: Recognition
    legacy: Digest | None
    joint_with: tuple[str, ...]
    time: str

    def __post_init__(self) -> None:
        _check_sequence(self.seq, self.previous)
        if len({self.issuer, *self.joint_with}) != 1 + len(self.joint_with):
            raise Malformed("statement.jointWith", expected="other institutions, each once")

    @classmethod
    def parse(cls, value: JSON, where: str) -> BatchStatement:
        """Read a closed batch statement without its proof."""
        names = "log issuer seq previous size root recognition legacy jointWith time"
        fields = Closed.typed(value, where, BATCH, names)
        return cls(
            log=fields.origin("log"),
            issuer=fields.did("issuer"),
            seq=fields.count("seq", 1),
            previous=fields.optional("previous", fields.digest),
            size=TreeSize(fields.count("size", 1)),
            root=fields.digest("root"),
            recognition=Recognition(fields.one_of("recognition", tuple(Recognition))),
            legacy=fields.optional("legacy", fields.digest),
            joint_with=fields.each("jointWith", read_did),
            time=fields.time("time"),
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the closed statement without its proof."""
        return {
            "type": BATCH,
            "log": self.log,
            "issuer": self.issuer,
            "seq": self.seq,
            "previous": _text(self.previous),
            "size": self.size,
            "root": to_digest_text(self.root),
            "recognition": self.recognition.value,
            "legacy": _text(self.legacy),
            "jointWith": list(self.joint_with),
            "time": self.time,
        }


@dataclass(frozen=True, slots=True)
class StatusStatement:
    """`issuer` says the statuses of batch `batch`: `root` over its status chunks."""

    log: str
    issuer: str
    seq: int
    previous: Digest | None
    batch: Digest
    root: Digest
    time: str

    def __post_init__(self) -> None:
        _check_sequence(self.seq, self.previous)

    @classmethod
    def parse(cls, value: JSON, where: str) -> StatusStatement:
        """Read a closed status statement without its proof."""
        fields = Closed.typed(value, where, STATUS, "log issuer seq previous batch root time")
        return cls(
            log=fields.origin("log"),
            issuer=fields.did("issuer"),
            seq=fields.count("seq", 1),
            previous=fields.optional("previous", fields.digest),
            batch=fields.digest("batch"),
            root=fields.digest("root"),
            time=fields.time("time"),
        )

    def to_json(self) -> dict[str, JSON]:
        """Return the closed statement without its proof."""
        return {
            "type": STATUS,
            "log": self.log,
            "issuer": self.issuer,
            "seq": self.seq,
            "previous": _text(self.previous),
            "batch": to_digest_text(self.batch),
            "root": to_digest_text(self.root),
            "time": self.time,
        }


Statement: TypeAlias = BatchStatement | StatusStatement


def statement_id(statement: Statement) -> Digest:
    """Return H(JCS(statement without proof)), the id every reference uses."""
    return sha256(canonical(statement.to_json()))


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement and its issuer's proof, as it stands in the log."""

    statement: Statement
    proof: DataIntegrityProof
    _entry: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_entry", canonical(self.to_json()))
        if len(self._entry) > MAX_ENTRY:
            raise Malformed("statement", expected=f"at most {MAX_ENTRY} bytes", actual=f"{len(self._entry)} bytes")

    @classmethod
    def parse(cls, value: JSON, where: str = "statement") -> SignedStatement:
        """Read a closed, signed statement of either type."""
        if not isinstance(value, dict) or "proof" not in value:
            raise Malformed(where, expected="a signed statement: an object with a proof")
        bare = {name: member for name, member in value.items() if name != "proof"}
        kind = StatusStatement if str(bare.get("type")).startswith(STATUS.rpartition("/")[0]) else BatchStatement
        return cls(kind.parse(bare, where), DataIntegrityProof.read(value["proof"], f"{where}.proof"))

    def to_json(self) -> dict[str, JSON]:
        """Return the closed statement with its proof."""
        return {**self.statement.to_json(), "proof": self.proof.to_json()}

    @property
    def id(self) -> Digest:
        """H(JCS(statement without proof))."""
        return statement_id(self.statement)

    def entry(self) -> bytes:
        """Return the log entry: JCS of the statement with its proof."""
        return self._entry

    def verify(self, key: PublicKey) -> None:
        """Check the proof with the key the member record gives; Mismatch where it does not hold."""
        self.proof.verify(self.statement.to_json(), key)


def message_to_sign(statement: Statement, cryptosuite: str, verification_method: str) -> bytes:
    """Return the bytes the key named `verification_method` signs by this cryptosuite."""
    return signing_input(statement.to_json(), DataIntegrityProof.options(cryptosuite, verification_method))


def _check_sequence(seq: int, previous: Digest | None) -> None:
    if (seq == 1) != (previous is None):
        raise Malformed("statement.previous", expected="null exactly where seq is 1", actual=f"seq {seq}")


def _text(digest: Digest | None) -> str | None:
    return None if digest is None else to_digest_text(digest)
