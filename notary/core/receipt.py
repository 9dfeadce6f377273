"""The receipt: everything a verifier needs, in one JSON file. Spec: docs/spec/receipt.md.

`application/vnd.credential-notary.receipt+json`. Sizes are never taken from the
receipt's own words: they stand in statements, manifests and states, which are
hashed. A member this release does not know makes the receipt Unsupported;
everything else that is off makes it Malformed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from notary.core.canonical import JSON, Document, canonical, load
from notary.core.digest import SIZE, ZERO, Digest, LeafIndex
from notary.core.encoding import from_base64url, from_digest_text, shorten, to_base64url, to_digest_text, to_hex
from notary.core.errors import Malformed, Unsupported
from notary.core.evidence import EvidenceManifest
from notary.core.leaf import Form
from notary.core.manifest import Manifest
from notary.core.registry import ADDRESS_SIZE, MemberRecord, RegistryState
from notary.core.shape import Closed, names_of, read_text
from notary.core.statement import BatchStatement, SignedStatement, StatusStatement

TYPE = "credential-notary/receipt/v1"
MEDIA_TYPE = "application/vnd.credential-notary.receipt+json"
EVM = "evm"
MAX_SIZE = 4 * 1024 * 1024

Path: TypeAlias = tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class MemberProof:
    """A member record and its path to a registry state's root."""

    record: MemberRecord
    index: LeafIndex
    path: Path

    @classmethod
    def parse(cls, value: JSON, where: str) -> MemberProof:
        """Read it."""
        fields = _open(value, where, "record index path")
        record = MemberRecord.parse(fields.value("record"), fields.path("record"))
        return cls(record, LeafIndex(fields.count("index")), fields.digests("path"))

    def to_json(self) -> JSON:
        """Write it."""
        return {"record": self.record.to_json(), "index": self.index, "path": _join(self.path)}


@dataclass(frozen=True, slots=True)
class EvmAnchor:
    """An `Anchored` event, down from its block's header.

    `transaction` is the index in the block, `log` the index in that
    transaction's receipt, `proof` the Merkle-Patricia nodes from the root on,
    `notes` block notes as text, `members` the records that are needed.
    """

    chain: str
    contract: bytes
    header: bytes
    transaction: int
    log: int
    proof: tuple[bytes, ...]
    notes: tuple[str, ...]
    state: RegistryState
    members: tuple[MemberProof, ...]

    @classmethod
    def parse(cls, value: JSON, where: str) -> EvmAnchor:
        """Read an anchor whose type is `evm`."""
        fields = _open(value, where, "type chain contract header transaction log proof notes registry")
        registry = _open(fields.value("registry"), fields.path("registry"), "state members")
        members = registry.each("members", MemberProof.parse)
        if len({member.record.id for member in members}) != len(members):
            raise Malformed(registry.path("members"), expected="one record a member")
        return cls(
            chain=fields.chain("chain"),
            contract=fields.hex("contract", ADDRESS_SIZE),
            header=fields.data("header"),
            transaction=fields.count("transaction"),
            log=fields.count("log"),
            proof=fields.each("proof", _read_bytes),
            notes=fields.each("notes", read_text),
            state=RegistryState.parse(registry.value("state"), registry.path("state")),
            members=members,
        )

    def to_json(self) -> JSON:
        """Write it."""
        return {
            "type": EVM,
            "chain": self.chain,
            "contract": to_hex(self.contract),
            "header": to_base64url(self.header),
            "transaction": self.transaction,
            "log": self.log,
            "proof": [to_base64url(node) for node in self.proof],
            "notes": list(self.notes),
            "registry": {"state": self.state.to_json(), "members": [member.to_json() for member in self.members]},
        }

    def member(self, did: str) -> MemberProof | None:
        """Return the proof of a member's record, where the receipt holds it."""
        return next((member for member in self.members if member.record.id == did), None)


@dataclass(frozen=True, slots=True)
class OtherAnchor:
    """An anchor of another type: kept and reported; it proves time at most, never authority."""

    type: str
    value: JSON

    def to_json(self) -> JSON:
        """Write it as it came."""
        return self.value


Anchor: TypeAlias = EvmAnchor | OtherAnchor


@dataclass(frozen=True, slots=True)
class Commitment:
    """One anchored manifest: its checkpoint (a whole C2SP note) and its anchors."""

    manifest: Manifest
    checkpoint: str
    anchors: tuple[Anchor, ...]

    @classmethod
    def parse(cls, value: JSON, where: str) -> Commitment:
        """Read it."""
        fields = _open(value, where, "manifest checkpoint anchors")
        return cls(
            manifest=Manifest.parse(fields.value("manifest"), fields.path("manifest")),
            checkpoint=fields.filled("checkpoint"),
            anchors=fields.each("anchors", _read_anchor),
        )

    def to_json(self) -> JSON:
        """Write it."""
        return {
            "manifest": self.manifest.to_json(),
            "checkpoint": self.checkpoint,
            "anchors": [anchor.to_json() for anchor in self.anchors],
        }


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The newest status statement of a batch, and the chunk with this credential's bits."""

    signed: SignedStatement
    entry: LeafIndex
    path: Path
    commitment: int
    chunk: bytes
    chunk_path: Path

    @classmethod
    def parse(cls, value: JSON, where: str) -> StatusChange:
        """Read it."""
        fields = _open(value, where, "statement entry path commitment chunk chunkPath")
        signed = SignedStatement.parse(fields.value("statement"), fields.path("statement"))
        if not isinstance(signed.statement, StatusStatement):
            raise Malformed(fields.path("statement"), expected="a status statement")
        chunk = fields.data("chunk")
        if len(chunk) != SIZE:
            raise Malformed(fields.path("chunk"), expected=f"{SIZE} bytes", actual=f"{len(chunk)} bytes")
        return cls(
            signed=signed,
            entry=LeafIndex(fields.count("entry")),
            path=fields.digests("path"),
            commitment=fields.count("commitment"),
            chunk=chunk,
            chunk_path=fields.digests("chunkPath"),
        )

    def to_json(self) -> JSON:
        """Write it."""
        return {
            "statement": self.signed.to_json(),
            "entry": self.entry,
            "path": _join(self.path),
            "commitment": self.commitment,
            "chunk": to_base64url(self.chunk),
            "chunkPath": _join(self.chunk_path),
        }

    @property
    def statement(self) -> StatusStatement:
        """The statement without its proof."""
        assert isinstance(self.signed.statement, StatusStatement)
        return self.signed.statement


@dataclass(frozen=True, slots=True)
class StatusProof:
    """What the snapshot of one commitment says of the batch; no `change`: all are valid."""

    commitment: int
    path: Path
    change: StatusChange | None

    @classmethod
    def parse(cls, value: JSON, where: str) -> StatusProof:
        """Read it."""
        fields = _open(value, where, "commitment path", "change")
        change = StatusChange.parse(fields.value("change"), fields.path("change")) if fields.has("change") else None
        return cls(fields.count("commitment"), fields.digests("path"), change)

    def to_json(self) -> JSON:
        """Write it."""
        change: dict[str, JSON] = {} if self.change is None else {"change": self.change.to_json()}
        return {"commitment": self.commitment, "path": _join(self.path), **change}


@dataclass(frozen=True, slots=True)
class Submission:
    """One institution's commitment of the credential: leaf, batch, log entry, status."""

    salt: bytes
    index: LeafIndex
    path: Path
    signed: SignedStatement
    entry: LeafIndex
    log_path: Path
    commitment: int
    status: StatusProof | None

    @classmethod
    def parse(cls, value: JSON, where: str) -> Submission:
        """Read it."""
        fields = _open(value, where, "salt index path statement entry logPath commitment", "status")
        signed = SignedStatement.parse(fields.value("statement"), fields.path("statement"))
        if not isinstance(signed.statement, BatchStatement):
            raise Malformed(fields.path("statement"), expected="a batch statement")
        return cls(
            salt=fields.digest("salt"),
            index=LeafIndex(fields.count("index")),
            path=fields.digests("path"),
            signed=signed,
            entry=LeafIndex(fields.count("entry")),
            log_path=fields.digests("logPath"),
            commitment=fields.count("commitment"),
            status=StatusProof.parse(fields.value("status"), fields.path("status")) if fields.has("status") else None,
        )

    def to_json(self) -> JSON:
        """Write it."""
        status: dict[str, JSON] = {} if self.status is None else {"status": self.status.to_json()}
        return {
            "salt": to_base64url(self.salt),
            "index": self.index,
            "path": _join(self.path),
            "statement": self.signed.to_json(),
            "entry": self.entry,
            "logPath": _join(self.log_path),
            "commitment": self.commitment,
            **status,
        }

    @property
    def statement(self) -> BatchStatement:
        """The statement without its proof."""
        assert isinstance(self.signed.statement, BatchStatement)
        return self.signed.statement

    def commitments(self) -> set[int]:
        """Return the commitments this submission rests on, by index."""
        used = {self.commitment}
        if self.status is not None:
            used.add(self.status.commitment)
            if self.status.change is not None:
                used.add(self.status.change.commitment)
        return used


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """The age identity that opens one evidence item, named by the item's digest."""

    digest: Digest
    key: str

    @classmethod
    def parse(cls, value: JSON, where: str) -> EvidenceKey:
        """Read it."""
        fields = _open(value, where, "digest key")
        return cls(fields.digest("digest"), fields.filled("key"))

    def to_json(self) -> JSON:
        """Write it."""
        return {"digest": to_digest_text(self.digest), "key": self.key}


@dataclass(frozen=True, slots=True)
class Receipt:
    """A whole receipt.

    `content` is the credential as the form has it: a JSON value, bytes, or the
    text of a JWT; None where the verifier is given it beside. `evidence` is the
    manifest, its digest alone where the holder withholds it, or None.
    """

    form: Form
    content: JSON | bytes
    evidence: EvidenceManifest | Digest | None
    evidence_keys: tuple[EvidenceKey, ...]
    submissions: tuple[Submission, ...]
    commitments: tuple[Commitment, ...]
    renewals: tuple[JSON, ...] = ()
    attachments: tuple[JSON, ...] = ()

    def __post_init__(self) -> None:
        items = self.evidence.items if isinstance(self.evidence, EvidenceManifest) else ()
        if not {key.digest for key in self.evidence_keys} <= {item.digest for item in items}:
            raise Malformed("receipt.evidenceKeys", expected="keys of the evidence items in this receipt")
        used = set().union(*(submission.commitments() for submission in self.submissions))
        if self.submissions and self.commitments and used != set(range(len(self.commitments))):
            raise Malformed("receipt.commitments", expected="each used, and each that is named there")

    @classmethod
    def parse(cls, data: bytes) -> Receipt:
        """Read a receipt of at most 4 MiB strictly."""
        return cls.of(load(data, "receipt", max_size=MAX_SIZE))

    @classmethod
    def of(cls, document: Document) -> Receipt:
        """Read a receipt from strictly parsed JSON."""
        if isinstance(document.value, dict) and "type" in document.value:
            Closed(document.value, "receipt").kind(TYPE)  # another version is not looked into
        names = "type form submissions commitments renewals attachments"
        fields = _open(document.value, "receipt", names, "credential evidence evidenceKeys")
        form_number = fields.count("form", 1)
        if form_number not in list(Form):
            raise Unsupported("receipt.form is not known to this release", expected="1, 2 or 3", actual=form_number)
        form = Form(form_number)
        return cls(
            form=form,
            content=_read_content(fields, form) if fields.has("credential") else None,
            evidence=_read_evidence(fields) if fields.has("evidence") else None,
            evidence_keys=fields.each("evidenceKeys", EvidenceKey.parse) if fields.has("evidenceKeys") else (),
            submissions=fields.each("submissions", Submission.parse),
            commitments=fields.each("commitments", Commitment.parse),
            renewals=tuple(fields.items("renewals")),
            attachments=tuple(fields.items("attachments")),
        )

    def to_json(self) -> JSON:
        """Write the receipt."""
        written: dict[str, JSON] = {"type": TYPE, "form": int(self.form)}
        if self.content is not None:
            written["credential"] = to_base64url(self.content) if isinstance(self.content, bytes) else self.content
        if isinstance(self.evidence, EvidenceManifest):
            written["evidence"] = self.evidence.to_json()
        elif self.evidence is not None:
            written["evidence"] = to_digest_text(self.evidence)
        if self.evidence_keys:
            written["evidenceKeys"] = [key.to_json() for key in self.evidence_keys]
        return {
            **written,
            "submissions": [submission.to_json() for submission in self.submissions],
            "commitments": [commitment.to_json() for commitment in self.commitments],
            "renewals": list(self.renewals),
            "attachments": list(self.attachments),
        }

    def __bytes__(self) -> bytes:
        return canonical(self.to_json())

    def evidence_digest(self) -> Digest:
        """Return the leaf's `evidence`: the manifest's digest, or 32 zero bytes for none."""
        if self.evidence is None:
            return ZERO
        return self.evidence.digest() if isinstance(self.evidence, EvidenceManifest) else self.evidence


def _read_content(fields: Closed, form: Form) -> JSON | bytes:
    value = fields.value("credential")
    if form is Form.JSON:
        if not isinstance(value, dict):
            raise Malformed(fields.path("credential"), expected="a JSON object, for form 1")
        return value
    return fields.data("credential") if form is Form.FILE else fields.filled("credential")


def _read_evidence(fields: Closed) -> EvidenceManifest | Digest:
    value = fields.value("evidence")
    if not isinstance(value, str):
        return EvidenceManifest.parse(value, fields.path("evidence"))
    digest = from_digest_text(value, fields.path("evidence"))
    if digest == ZERO:
        raise Malformed(fields.path("evidence"), expected="no member where there is no evidence", actual="zero")
    return digest


def _read_anchor(value: JSON, where: str) -> Anchor:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        raise Malformed(where, expected="an anchor with a type")
    return EvmAnchor.parse(value, where) if kind == EVM else OtherAnchor(kind, value)


def _read_bytes(value: JSON, where: str) -> bytes:
    return from_base64url(read_text(value, where), where)


def _open(value: JSON, where: str, names: str, optional: str = "") -> Closed:
    """Take one of the receipt's own objects: an unknown member is Unsupported, not Malformed."""
    if isinstance(value, dict):
        more = value.keys() - names_of(names) - names_of(optional)
        if more:
            raise Unsupported(
                f"{where} has members this release does not know: {', '.join(map(shorten, sorted(more)))}",
                hint="A newer release of the verifier may know them",
            )
    return Closed.of(value, where, names, optional)


def _join(path: Path) -> str:
    return to_base64url(b"".join(path))
