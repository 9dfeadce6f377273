"""The trust file: what a verifier keeps, and decides by. Spec: docs/spec/trust.md.

One entry a consortium, never mixed. What it lacks is unknown, never invalid; a
malformed one allows no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.canonical import JSON, load
from notary.core.encoding import to_hex
from notary.core.errors import Malformed
from notary.core.keys import Algorithm
from notary.core.note import SignatureType, VerifierKey
from notary.core.registry import ADDRESS_SIZE, RegistryState
from notary.core.shape import Closed, read_text

TYPE = "credential-notary/trust/v1"
MAX_SIZE = 32 * 1024 * 1024
HASH_SIZE = 32
SHA_256 = "SHA-256"
KECCAK_256 = "Keccak-256"
ALGORITHMS = (SHA_256, KECCAK_256, *(algorithm.label for algorithm in Algorithm))
"""What a trust file may distrust. A name it would not know is refused: misspelt, it would distrust nothing."""


@dataclass(frozen=True, slots=True)
class TrustedContract:
    """A CredentialAnchor that is believed, up to and including `until_block`.

    `blocks`: hash by number of the finalized block of every anchor so far.
    """

    chain: str
    contract: bytes
    until_block: int | None
    blocks: dict[int, bytes]

    @classmethod
    def parse(cls, value: JSON, where: str) -> TrustedContract:
        """Read it."""
        fields = Closed.of(value, where, "chain contract untilBlock blocks")
        blocks = fields.each("blocks", _read_block)
        if len(dict(blocks)) != len(blocks):
            raise Malformed(fields.path("blocks"), expected="each number once")
        return cls(
            chain=fields.chain("chain"),
            contract=fields.hex("contract", ADDRESS_SIZE),
            until_block=fields.optional("untilBlock", fields.count),
            blocks=dict(blocks),
        )

    def to_json(self) -> JSON:
        """Write it."""
        return {
            "chain": self.chain,
            "contract": to_hex(self.contract),
            "untilBlock": self.until_block,
            "blocks": [{"number": number, "hash": to_hex(hash_)} for number, hash_ in sorted(self.blocks.items())],
        }


@dataclass(frozen=True, slots=True)
class TrustedLog:
    """A log's origin and the keys that may sign its checkpoints."""

    origin: str
    keys: tuple[VerifierKey, ...]

    @classmethod
    def parse(cls, value: JSON, where: str) -> TrustedLog:
        """Read it; a checkpoint's key bears the origin as its name (C2SP tlog-checkpoint)."""
        fields = Closed.of(value, where, "origin keys")
        origin, keys = fields.origin("origin"), _read_keys(fields, SignatureType.ED25519)
        if not keys or any(key.name != origin for key in keys):
            raise Malformed(fields.path("keys"), expected=f"one key or more, each named {origin}")
        return cls(origin, keys)

    def to_json(self) -> JSON:
        """Write it."""
        return {"origin": self.origin, "keys": [str(key) for key in self.keys]}


@dataclass(frozen=True, slots=True)
class Quorum:
    """How many of these independent keys must have signed; no keys: nobody is asked."""

    keys: tuple[VerifierKey, ...]
    need: int

    @classmethod
    def parse(cls, value: JSON, where: str, kind: SignatureType) -> Quorum:
        """Read it: with keys, `need` is from 1 to their number; without, 0."""
        fields = Closed.of(value, where, "keys need")
        keys, need = _read_keys(fields, kind), fields.count("need")
        if not (1 <= need <= len(keys) if keys else need == 0):
            raise Malformed(
                fields.path("need"), expected=f"1 to {len(keys)}" if keys else "0 without keys", actual=need
            )
        return cls(keys, need)

    def to_json(self) -> JSON:
        """Write it."""
        return {"keys": [str(key) for key in self.keys], "need": self.need}


@dataclass(frozen=True, slots=True)
class Distrusted:
    """An algorithm no longer relied on; for signatures, from block time `since` (None: ever)."""

    algorithm: str
    since: str | None

    @classmethod
    def parse(cls, value: JSON, where: str) -> Distrusted:
        """Read it."""
        fields = Closed.of(value, where, "algorithm since")
        return cls(fields.one_of("algorithm", ALGORITHMS), fields.optional("since", fields.time))

    def to_json(self) -> JSON:
        """Write it."""
        return {"algorithm": self.algorithm, "since": self.since}


@dataclass(frozen=True, slots=True)
class TrustedConsortium:
    """Everything a verifier believes of one consortium."""

    name: str
    contracts: tuple[TrustedContract, ...]
    logs: tuple[TrustedLog, ...]
    witnesses: Quorum
    block_notes: Quorum
    registry: RegistryState
    distrusted: tuple[Distrusted, ...]
    anchors_needed: int

    @classmethod
    def parse(cls, value: JSON, where: str) -> TrustedConsortium:
        """Read it."""
        names = "name chains logs witnesses blockNotes registry distrusted anchorsNeeded"
        fields = Closed.of(value, where, names)
        contracts = fields.each("chains", TrustedContract.parse)
        if len({(contract.chain, contract.contract) for contract in contracts}) != len(contracts):
            raise Malformed(fields.path("chains"), expected="each contract once")
        return cls(
            name=fields.filled("name"),
            contracts=contracts,
            logs=fields.each("logs", TrustedLog.parse),
            witnesses=Quorum.parse(fields.value("witnesses"), fields.path("witnesses"), SignatureType.COSIGNATURE),
            block_notes=Quorum.parse(fields.value("blockNotes"), fields.path("blockNotes"), SignatureType.ED25519),
            registry=RegistryState.parse(fields.value("registry"), fields.path("registry")),
            distrusted=fields.each("distrusted", Distrusted.parse),
            anchors_needed=fields.count("anchorsNeeded", 1),
        )

    def to_json(self) -> JSON:
        """Write it."""
        return {
            "name": self.name,
            "chains": [contract.to_json() for contract in self.contracts],
            "logs": [log.to_json() for log in self.logs],
            "witnesses": self.witnesses.to_json(),
            "blockNotes": self.block_notes.to_json(),
            "registry": self.registry.to_json(),
            "distrusted": [entry.to_json() for entry in self.distrusted],
            "anchorsNeeded": self.anchors_needed,
        }

    def contract(self, chain: str, address: bytes) -> TrustedContract | None:
        """Return the contract, where it is believed."""
        return next((c for c in self.contracts if (c.chain, c.contract) == (chain, address)), None)

    def block_hashes(self, chain: str, number: int) -> set[bytes]:
        """Return what the contracts' lists on this chain say a block's hash is."""
        return {c.blocks[number] for c in self.contracts if c.chain == chain and number in c.blocks}

    def newest_block(self, chain: str, contract: bytes) -> int:
        """Return the number of the newest anchor's block known here, -1 for none."""
        trusted = self.contract(chain, contract)
        return max(trusted.blocks, default=-1) if trusted else -1

    def log(self, origin: str) -> TrustedLog | None:
        """Return the log, where it is believed."""
        return next((log for log in self.logs if log.origin == origin), None)


@dataclass(frozen=True, slots=True)
class TrustFile:
    """A verifier's own knowledge, as of `date`."""

    date: str
    consortia: tuple[TrustedConsortium, ...]

    def __post_init__(self) -> None:
        origins = [log.origin for consortium in self.consortia for log in consortium.logs]
        if len(set(origins)) != len(origins):
            raise Malformed("trust file", expected="each log origin in one consortium, once")

    @classmethod
    def parse(cls, data: bytes) -> TrustFile:
        """Read a trust file strictly."""
        value = load(data, "trust file", max_size=MAX_SIZE).value
        fields = Closed.typed(value, "trust file", TYPE, "date consortia")
        return cls(fields.time("date"), fields.each("consortia", TrustedConsortium.parse))

    def to_json(self) -> JSON:
        """Write it."""
        return {"type": TYPE, "date": self.date, "consortia": [consortium.to_json() for consortium in self.consortia]}

    def consortium(self, origin: str) -> TrustedConsortium | None:
        """Return the one consortium whose log this is."""
        return next((consortium for consortium in self.consortia if consortium.log(origin)), None)


def _read_block(value: JSON, where: str) -> tuple[int, bytes]:
    fields = Closed.of(value, where, "number hash")
    return fields.count("number"), fields.hex("hash", HASH_SIZE)


def _read_keys(fields: Closed, kind: SignatureType) -> tuple[VerifierKey, ...]:
    keys = fields.each("keys", lambda value, where: VerifierKey.parse(read_text(value, where), where))
    if any(key.type is not kind for key in keys):
        raise Malformed(fields.path("keys"), expected=f"vkeys of signature type {kind.value}")
    if len({key.public_key for key in keys}) != len(keys):
        raise Malformed(fields.path("keys"), expected="each public key once")
    return keys
