"""Who may speak: members, their keys, and the state whose digest the chain carries. Spec: docs/spec/registry.md.

The state's digest stands in every anchor's event, so "was this institution, with
this key, recognised when this was anchored?" is answered offline, years later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain as flat

from notary.core.canonical import JSON, canonical, depth_of
from notary.core.cid import Cid
from notary.core.digest import Digest, TreeSize, leaf_hash, sha256
from notary.core.encoding import parse_time, shorten, to_digest_text, to_hex
from notary.core.errors import Malformed
from notary.core.keys import PublicKey
from notary.core.shape import Closed
from notary.core.statement import Recognition

STATE = "credential-notary/registry/v1"
MEMBER = "credential-notary/member/v1"
ADDRESS_SIZE = 20
DID_DOCUMENT_DEPTH = 32
PURPOSES = ("batch", "status")


@dataclass(frozen=True, slots=True)
class Period:
    """`since` <= moment < `until`, in Unix seconds; None leaves a side open."""

    since: str | None
    until: str | None

    @classmethod
    def parse(cls, fields: Closed) -> Period:
        """Read the members `from` and `until`."""
        return cls(fields.optional("from", fields.time), fields.optional("until", fields.time))

    def holds(self, moment: int, *, ignore_until: bool = False) -> bool:
        """Say whether a block's time lies in the period."""
        if self.since is not None and moment < unix(self.since):
            return False
        return ignore_until or self.until is None or moment < unix(self.until)

    def __str__(self) -> str:
        return f"from {self.since or 'the beginning'} until {self.until or 'further notice'}"


@dataclass(frozen=True, slots=True)
class MemberKey:
    """A key of a member; `id` is what a proof's verificationMethod names."""

    id: str
    public_key_multibase: str
    purposes: tuple[str, ...]
    period: Period
    custodial: bool

    @classmethod
    def parse(cls, value: JSON, where: str) -> MemberKey:
        """Read a closed key; the point itself is checked where the key is used."""
        fields = Closed.of(value, where, "id publicKeyMultibase purposes from until custodial")
        purposes = fields.texts("purposes")
        if not purposes or len(set(purposes)) != len(purposes) or not set(purposes) <= set(PURPOSES):
            raise Malformed(fields.path("purposes"), expected="some of batch, status, each once")
        return cls(
            id=fields.filled("id"),
            public_key_multibase=fields.filled("publicKeyMultibase"),
            purposes=purposes,
            period=Period.parse(fields),
            custodial=fields.flag("custodial"),
        )

    def to_json(self) -> JSON:
        """Return the closed key."""
        return {
            "id": self.id,
            "publicKeyMultibase": self.public_key_multibase,
            "purposes": list(self.purposes),
            "from": self.period.since,
            "until": self.period.until,
            "custodial": self.custodial,
        }

    def public_key(self) -> PublicKey:
        """Return the key itself; Malformed or Unsupported where it is none to trust."""
        return PublicKey.parse(self.public_key_multibase, f"key {self.id}")


@dataclass(frozen=True, slots=True)
class Programme:
    """An achievement the member is authorised for, with the regulator's reference or null."""

    achievement: str
    reference: str | None

    @classmethod
    def parse(cls, value: JSON, where: str) -> Programme:
        """Read a closed programme."""
        fields = Closed.of(value, where, "achievement reference")
        return cls(fields.filled("achievement"), fields.optional("reference", fields.filled))

    def to_json(self) -> JSON:
        """Return the closed programme."""
        return {"achievement": self.achievement, "reference": self.reference}


@dataclass(frozen=True, slots=True)
class MemberRecord:
    """An institution as the consortium knows it; members that left stay listed with `until`.

    `aliases`: every other issuer id its credentials may name. `recognition`:
    the highest it may claim; `programmes`: what it is authorised for, () for all.
    """

    id: str
    aliases: tuple[str, ...]
    name: str
    recognition: Recognition
    programmes: tuple[Programme, ...]
    period: Period
    successor: str | None
    keys: tuple[MemberKey, ...]
    did_document: JSON

    @classmethod
    def parse(cls, value: JSON, where: str = "member record") -> MemberRecord:
        """Read a closed record."""
        names = "id aliases name recognition programmes from until successor keys didDocument"
        fields = Closed.typed(value, where, MEMBER, names)
        document = fields.value("didDocument")
        if document is not None and not isinstance(document, dict):
            raise Malformed(fields.path("didDocument"), expected="an object or null")
        if depth_of(document) > DID_DOCUMENT_DEPTH:
            raise Malformed(fields.path("didDocument"), expected=f"at most {DID_DOCUMENT_DEPTH} levels")
        return cls(
            id=fields.did("id"),
            aliases=fields.texts("aliases"),
            name=fields.filled("name"),
            recognition=Recognition(fields.one_of("recognition", tuple(Recognition))),
            programmes=fields.each("programmes", Programme.parse),
            period=Period.parse(fields),
            successor=fields.optional("successor", fields.did),
            keys=fields.each("keys", MemberKey.parse),
            did_document=document,
        )

    def to_json(self) -> JSON:
        """Return the closed record."""
        return {
            "type": MEMBER,
            "id": self.id,
            "aliases": list(self.aliases),
            "name": self.name,
            "recognition": self.recognition.value,
            "programmes": [programme.to_json() for programme in self.programmes],
            "from": self.period.since,
            "until": self.period.until,
            "successor": self.successor,
            "keys": [key.to_json() for key in self.keys],
            "didDocument": self.did_document,
        }

    def line(self) -> bytes:
        """Return the record's JCS bytes, one line of the state's records."""
        return canonical(self.to_json())

    def hash(self) -> Digest:
        """Return the record's leaf in the state's tree."""
        return leaf_hash(self.line())

    def names(self, issuer: str) -> bool:
        """Say whether a credential's issuer id is this member's id or alias, byte for byte."""
        return issuer == self.id or issuer in self.aliases


@dataclass(frozen=True, slots=True)
class Contract:
    """A CredentialAnchor on one chain."""

    chain: str
    address: bytes

    @classmethod
    def parse(cls, value: JSON, where: str) -> Contract:
        """Read a closed contract."""
        fields = Closed.of(value, where, "chain address")
        return cls(fields.chain("chain"), fields.hex("address", ADDRESS_SIZE))

    def to_json(self) -> JSON:
        """Return the closed contract."""
        return {"chain": self.chain, "address": to_hex(self.address)}


@dataclass(frozen=True, slots=True)
class NotaryAccount:
    """An account that may anchor the log `origin` on one chain."""

    chain: str
    address: bytes
    origin: str

    @classmethod
    def parse(cls, value: JSON, where: str) -> NotaryAccount:
        """Read a closed notary."""
        fields = Closed.of(value, where, "chain address origin")
        return cls(fields.chain("chain"), fields.hex("address", ADDRESS_SIZE), fields.origin("origin"))

    def to_json(self) -> JSON:
        """Return the closed notary."""
        return {"chain": self.chain, "address": to_hex(self.address), "origin": self.origin}


@dataclass(frozen=True, slots=True)
class Compromise:
    """A public key nobody may rely on for blocks from `since` on."""

    key: str
    since: str

    @classmethod
    def parse(cls, value: JSON, where: str) -> Compromise:
        """Read a closed compromise."""
        fields = Closed.of(value, where, "key since")
        return cls(fields.filled("key"), fields.time("since"))

    def to_json(self) -> JSON:
        """Return the closed compromise."""
        return {"key": self.key, "since": self.since}


@dataclass(frozen=True, slots=True)
class RegistryState:
    """State `number` of a consortium: what its contracts carry as a digest.

    `root` is over the member records sorted by the UTF-8 bytes of their id,
    `size` their number, `records` the CID of their lines.
    """

    number: int
    previous: Digest | None
    contracts: tuple[Contract, ...]
    size: TreeSize
    root: Digest
    records: Cid
    notaries: tuple[NotaryAccount, ...]
    compromised: tuple[Compromise, ...]

    def __post_init__(self) -> None:
        if (self.number == 1) != (self.previous is None):
            raise Malformed("registry.previous", expected="null exactly where number is 1", actual=self.number)

    @classmethod
    def parse(cls, value: JSON, where: str = "registry state") -> RegistryState:
        """Read a closed state."""
        names = "number previous contracts size root records notaries compromised"
        fields = Closed.typed(value, where, STATE, names)
        return cls(
            number=fields.count("number", 1),
            previous=fields.optional("previous", fields.digest),
            contracts=fields.each("contracts", Contract.parse),
            size=TreeSize(fields.count("size", 1)),
            root=fields.digest("root"),
            records=Cid.parse(fields.text("records"), fields.path("records")),
            notaries=fields.each("notaries", NotaryAccount.parse),
            compromised=fields.each("compromised", Compromise.parse),
        )

    def to_json(self) -> JSON:
        """Return the closed state."""
        return {
            "type": STATE,
            "number": self.number,
            "previous": None if self.previous is None else to_digest_text(self.previous),
            "contracts": [contract.to_json() for contract in self.contracts],
            "size": self.size,
            "root": to_digest_text(self.root),
            "records": str(self.records),
            "notaries": [notary.to_json() for notary in self.notaries],
            "compromised": [compromise.to_json() for compromise in self.compromised],
        }

    def block(self) -> bytes:
        """Return the JCS bytes, as they are pinned."""
        return canonical(self.to_json())

    def digest(self) -> Digest:
        """Return H(JCS(state)), what the contracts carry."""
        return sha256(self.block())

    def compromised_since(self, key: str) -> int | None:
        """Return from which Unix second on a key is compromised, or None."""
        times = [unix(compromise.since) for compromise in self.compromised if compromise.key == key]
        return min(times, default=None)


def sort_records(records: Iterable[MemberRecord]) -> list[MemberRecord]:
    """Return records in the state's order; Malformed where two members share an id, alias or key.

    Verification does not repeat this check (a receipt holds few records): the
    tools with which members approve a state do.
    """
    ordered = sorted(records, key=lambda record: record.id.encode())
    _check_unique("id or alias", flat.from_iterable((record.id, *record.aliases) for record in ordered))
    _check_unique("key", flat.from_iterable((key.public_key_multibase for key in record.keys) for record in ordered))
    return ordered


def unix(time: str) -> int:
    """Return a format time as Unix seconds, to compare with a block's."""
    return int(parse_time(time, "time").timestamp())


def _check_unique(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise Malformed(f"registry: the {what} {shorten(value)} stands twice", expected="each in one member only")
        seen.add(value)
