"""Two institutions, one log, one chain, three anchors: what docs/spec/vectors is made of. All from fixed seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256 as seed_of
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from notary.core.block_note import BlockNote
from notary.core.canonical import JSON, canonical
from notary.core.cid import Cid
from notary.core.credential import Credential
from notary.core.digest import ZERO, Digest, LeafIndex, TreeSize, leaf_hash, sha256
from notary.core.encoding import format_unix, to_base58, to_base64url, to_digest_text
from notary.core.evidence import EvidenceItem, EvidenceManifest
from notary.core.evm import Address, Header, keccak256, prove_tx_receipt, rlp, tx_receipts_trie
from notary.core.evm.anchored import TOPIC
from notary.core.keys import Algorithm, PublicKey
from notary.core.leaf import Leaf
from notary.core.log import Checkpoint, changed_tiles, encode_entries, index_path, tile_data
from notary.core.manifest import Manifest, snapshot_entry
from notary.core.merkle import Tree
from notary.core.note import Note, SignatureType, VerifierKey
from notary.core.proof import DataIntegrityProof, signing_input
from notary.core.receipt import (
    Commitment,
    EvidenceKey,
    EvmAnchor,
    MemberProof,
    Receipt,
    StatusChange,
    StatusProof,
    Submission,
)
from notary.core.registry import (
    Contract,
    MemberKey,
    MemberRecord,
    NotaryAccount,
    Period,
    Programme,
    RegistryState,
    sort_records,
)
from notary.core.statement import (
    BatchStatement,
    Recognition,
    SignedStatement,
    Statement,
    StatusStatement,
    message_to_sign,
)
from notary.core.status import PER_CHUNK, Status, StatusList
from notary.core.trust import Quorum, TrustedConsortium, TrustedContract, TrustedLog, TrustFile
from notary.core.unixfs import update_tree

CHAIN = "eip155:1"
CONTRACT = Address(bytes.fromhex("11" * 20))
ACCOUNT = Address(bytes.fromhex("22" * 20))
ORIGIN = "notary.example/log"
PILOT = "https://alpha.example/achievements/pilot"
BATCH_SIZE = TreeSize(130)

Event: TypeAlias = tuple[bytes, tuple[bytes, ...], bytes]
"""Address, topics and data."""


# ------------------------------------------------------------------ keys


@dataclass(frozen=True, slots=True)
class Key:
    """A private key whose seed is the SHA-256 of its name; a P-256 scalar is the seed's last 31 bytes, plus 1."""

    name: str
    algorithm: Algorithm = Algorithm.ED25519

    @property
    def seed(self) -> bytes:
        return seed_of(self.name.encode()).digest()

    @property
    def public(self) -> PublicKey:
        if self.algorithm is Algorithm.ED25519:
            raw = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
            return PublicKey.ed25519(raw.public_bytes(Encoding.Raw, PublicFormat.Raw))
        point = derive_private_key(int.from_bytes(self.seed[1:]) + 1, SECP256R1()).public_key()
        return PublicKey.p256(point.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))

    def sign(self, message: bytes) -> bytes:
        if self.algorithm is Algorithm.ED25519:
            return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        private = derive_private_key(int.from_bytes(self.seed[1:]) + 1, SECP256R1())
        r, s = decode_dss_signature(private.sign(message, ECDSA(SHA256(), deterministic_signing=True)))
        return r.to_bytes(32) + s.to_bytes(32)

    def to_json(self) -> JSON:
        return {
            "name": self.name,
            "algorithm": self.algorithm.label,
            "seed": to_base64url(self.seed),
            "publicKeyMultibase": self.public.multibase,
        }


LOG_KEY, WITNESS, NODE = Key(ORIGIN), Key("witness.example/w1"), Key("node.example/n1")
LOG_VKEY = VerifierKey(ORIGIN, SignatureType.ED25519, LOG_KEY.public)
WITNESS_VKEY = VerifierKey(WITNESS.name, SignatureType.COSIGNATURE, WITNESS.public)
NODE_VKEY = VerifierKey(NODE.name, SignatureType.ED25519, NODE.public)


# ------------------------------------------------------------------ institutions and their credentials


@dataclass(frozen=True, slots=True)
class Institution:
    """A member, and the one key that signs its statements and credentials."""

    key: Key
    record: MemberRecord

    def sign(self, statement: Statement) -> SignedStatement:
        suite, method = self.key.public.cryptosuite, self.record.keys[0].id
        signature = self.key.sign(message_to_sign(statement, suite, method))
        return SignedStatement(statement, DataIntegrityProof(suite, method, signature))

    def badge(self, learner: str, **changes: JSON) -> dict[str, JSON]:
        """Issue an Open Badges 3.0 credential with its own proof."""
        unsigned: dict[str, JSON] = {
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            ],
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": {"id": self.record.id, "type": ["Profile"], "name": self.record.name},
            "name": "Harbour Pilot",
            "validFrom": "2026-01-10T00:00:00Z",
            "credentialSubject": {
                "type": ["AchievementSubject"],
                "name": learner,
                "achievement": {"id": PILOT, "type": ["Achievement"], "name": "Harbour Pilot"},
            },
            **changes,
        }
        options = DataIntegrityProof.options(self.key.public.cryptosuite, self.record.keys[0].id)
        signature = self.key.sign(signing_input(unsigned, options))
        return {**unsigned, "proof": {**options, "proofValue": "z" + to_base58(signature)}}

    def token(self, learner: str) -> str:
        """Issue an SD-JWT whose one disclosure is the learner's name."""
        disclosure = to_base64url(canonical(["c2FsdCBvZiBEYW4", "name", learner]))
        payload: dict[str, JSON] = {
            "iss": self.record.id,
            "vct": "https://alpha.example/pilot",
            "name": "Harbour Pilot",
            "credentialSubject": {"achievement": PILOT, "_sd": [to_digest_text(sha256(disclosure.encode()))]},
        }
        header: JSON = {"alg": "EdDSA", "kid": self.record.keys[0].id}
        signed = f"{to_base64url(canonical(header))}.{to_base64url(canonical(payload))}"
        return f"{signed}.{to_base64url(self.key.sign(signed.encode()))}~{disclosure}~"


def found(name: str, recognition: Recognition, algorithm: Algorithm, programmes: tuple[Programme, ...]) -> Institution:
    """Make an institution with one key, which its DID document lists for credentials too."""
    host = f"{name.split(maxsplit=1)[0].lower()}.example"
    did, key = f"did:web:{host}", Key(host, algorithm)
    method = f"{did}#key-1"
    document: JSON = {
        "id": did,
        "verificationMethod": [
            {"id": method, "type": "Multikey", "controller": did, "publicKeyMultibase": key.public.multibase}
        ],
        "assertionMethod": [method],
    }
    record = MemberRecord(
        id=did,
        aliases=(f"https://{host}/issuer",),
        name=name,
        recognition=recognition,
        programmes=programmes,
        period=Period("2026-01-01T00:00:00Z", None),
        successor=None,
        keys=(MemberKey(method, key.public.multibase, ("batch", "status"), Period(None, None), custodial=False),),
        did_document=document,
    )
    return Institution(key, record)


ALPHA = found("Alpha University", Recognition.AUTHORISED, Algorithm.ED25519, (Programme(PILOT, "REG-7"),))
BETA = found("Beta College", Recognition.COMMUNITY, Algorithm.P256, ())

EVIDENCE = EvidenceManifest(
    items=(
        EvidenceItem(
            name="thesis.pdf",
            media_type="application/pdf",
            size=20,
            digest=sha256(b"The thesis, in full."),
            cid=Cid.of(b"not age, but what would be pinned"),
            encrypted=True,
        ),
    ),
    narrative="Graded by two examiners.",
)
FILE = b"A diploma, as a file."


# ------------------------------------------------------------------ batches


def salt(name: str) -> bytes:
    """Make a salt of a name; a real one is random."""
    return seed_of(f"salt of {name}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Batch:
    """A signed batch and its leaves."""

    issuer: Institution
    leaves: tuple[Leaf, ...]
    signed: SignedStatement

    @classmethod
    def of(cls, issuer: Institution, leaves: Sequence[Leaf], previous: SignedStatement | None, **more: str) -> Batch:
        statement = BatchStatement(
            log=ORIGIN,
            issuer=issuer.record.id,
            seq=1 if previous is None else previous.statement.seq + 1,
            previous=None if previous is None else previous.id,
            size=TreeSize(len(leaves)),
            root=Tree(leaf.hash() for leaf in leaves).root,
            recognition=issuer.record.recognition,
            legacy=None,
            joint_with=tuple(more.values()),
            time="2026-02-01T09:00:00Z",
        )
        return cls(issuer, tuple(leaves), issuer.sign(statement))


def leaf_of(credential: Credential, name: str, evidence: Digest = ZERO) -> Leaf:
    """Make a credential's leaf, its salt made of a name."""
    return Leaf(credential.form, salt(name), credential.digest, evidence)


def as_json(badge: dict[str, JSON]) -> Credential:
    """Read a credential of form 1."""
    return Credential.of_json(canonical(badge), "badge")


ANA = as_json(ALPHA.badge("Ana Silva", validUntil="2036-01-10T00:00:00Z"))
BO = Credential.of_file(FILE)
DAN = Credential.of_jose(ALPHA.token("Dan Brown").encode(), "token")
EVE_BADGE = ALPHA.badge("Eve Adams")
FORGED = as_json({**EVE_BADGE, "name": "Master Mariner"})
STRANGER = as_json({**EVE_BADGE, "issuer": "did:web:gamma.example"})
COOK = as_json(ALPHA.badge("Fay Cook", credentialSubject={"achievement": {"id": "https://alpha.example/cook"}}))
IDA = as_json(ALPHA.badge("Ida Lund"))
JOINT = as_json(ALPHA.badge("Joe Hill"))

NAMED = {"ana": ANA, "bo": BO, "dan": DAN, "forged": FORGED, "stranger": STRANGER, "cook": COOK}
"""The first credentials of Alpha's first batch, by the name their salt is made from; Ida's is the last."""


@cache
def first_batch() -> Batch:
    """Return Alpha's first batch: the named credentials, files, and Ida's."""
    leaves = [leaf_of(read, name, EVIDENCE.digest() if name == "ana" else ZERO) for name, read in NAMED.items()]
    others = range(len(NAMED), BATCH_SIZE - 1)
    leaves += [leaf_of(Credential.of_file(f"file {n}".encode()), f"file {n}") for n in others]
    return Batch.of(ALPHA, [*leaves, leaf_of(IDA, "ida")], None)


@cache
def joint_batches() -> tuple[Batch, Batch]:
    """Return Alpha's second batch and Beta's first: one award of both."""
    alpha = Batch.of(ALPHA, [leaf_of(JOINT, "joe at alpha")], first_batch().signed, other=BETA.record.id)
    return alpha, Batch.of(BETA, [leaf_of(JOINT, "joe at beta")], None, other=ALPHA.record.id)


@cache
def statuses() -> StatusList:
    """Return the statuses of the first batch: Dan's suspended, Ida's revoked."""
    listed = StatusList(BATCH_SIZE)
    listed.set(LeafIndex(2), Status.SUSPENDED)
    listed.set(LeafIndex(BATCH_SIZE - 1), Status.REVOKED)
    return listed


@cache
def status_statement() -> SignedStatement:
    """Return what Alpha signed about them."""
    newest = joint_batches()[0].signed
    return ALPHA.sign(
        StatusStatement(
            log=ORIGIN,
            issuer=ALPHA.record.id,
            seq=newest.statement.seq + 1,
            previous=newest.id,
            batch=first_batch().signed.id,
            root=statuses().root(),
            time="2026-03-01T09:00:00Z",
        )
    )


@cache
def foreign_status() -> tuple[SignedStatement, StatusList]:
    """Return what Beta signed about Alpha's second batch, which no honest notary would log."""
    listed = StatusList(TreeSize(1))
    listed.set(LeafIndex(0), Status.REVOKED)
    alpha, beta = joint_batches()
    statement = StatusStatement(
        log=ORIGIN,
        issuer=BETA.record.id,
        seq=beta.signed.statement.seq + 1,
        previous=beta.signed.id,
        batch=alpha.signed.id,
        root=listed.root(),
        time="2026-04-01T09:00:00Z",
    )
    return BETA.sign(statement), listed


# ------------------------------------------------------------------ registry, log, chain


@cache
def records() -> tuple[MemberRecord, ...]:
    """Return the member records in their order."""
    return tuple(sort_records([BETA.record, ALPHA.record]))


@cache
def state() -> RegistryState:
    """Return the one registry state."""
    tree = Tree(record.hash() for record in records())
    return RegistryState(
        number=1,
        previous=None,
        contracts=(Contract(CHAIN, CONTRACT),),
        size=tree.size,
        root=tree.root,
        records=Cid.of(b"".join(record.line() + b"\n" for record in records())),
        notaries=(NotaryAccount(CHAIN, ACCOUNT, ORIGIN),),
        compromised=(),
    )


def member(institution: Institution) -> MemberProof:
    """Prove a member's record."""
    index = records().index(institution.record)
    path = list(Tree(record.hash() for record in records()).paths())[index]
    return MemberProof(institution.record, LeafIndex(index), path)


@cache
def entries() -> tuple[SignedStatement, ...]:
    """Return the log: three batches, Alpha's status statement, and Beta's."""
    return (first_batch().signed, *(batch.signed for batch in joint_batches()), status_statement(), foreign_status()[0])


def changes() -> dict[LeafIndex, StatusList]:
    """Return the statuses of every status statement, by its log index."""
    return {LeafIndex(3): statuses(), LeafIndex(4): foreign_status()[1]}


@cache
def log_tree(size: int) -> Tree:
    """Return the log's tree at a size."""
    return Tree(leaf_hash(signed.entry()) for signed in entries()[:size])


@cache
def snapshot_data(size: int) -> tuple[bytes, ...]:
    """Return the snapshot's leaf data at a size."""
    logged = entries()[:size]
    newest = {signed.statement.batch: signed.id for signed in logged if isinstance(signed.statement, StatusStatement)}
    return tuple(
        snapshot_entry(signed.id, newest.get(signed.id)) if isinstance(signed.statement, BatchStatement) else b""
        for signed in logged
    )


def snapshot(size: int) -> Tree:
    """Return the snapshot's tree at a size."""
    return Tree(map(leaf_hash, snapshot_data(size)))


def checkpoint(size: int, seen: int) -> Note:
    """Return the checkpoint at a size, signed by the log and, at a Unix time, by the witness."""
    text = Checkpoint(ORIGIN, TreeSize(size), log_tree(size).root).text
    witnessed = WITNESS_VKEY.sign(text, WITNESS.sign, timestamp=seen)
    return Note(text, (LOG_VKEY.sign(text, LOG_KEY.sign), witnessed))


@dataclass(frozen=True, slots=True)
class Anchoring:
    """A manifest, its checkpoint, the pinned files it names, and the block it stands in."""

    manifest: Manifest
    checkpoint: Note
    files: dict[str, bytes]
    number: int
    time: int
    head: bytes

    @classmethod
    def of(cls, size: int, earlier: tuple[Anchoring, ...], number: int, time: int) -> Anchoring:
        previous = earlier[-1] if earlier else None
        note = checkpoint(size, time - 600)
        files = pinned_files(size, note, earlier)
        tree, _ = update_tree(None, files, nothing_stored)
        manifest = Manifest(
            origin=ORIGIN,
            since=previous.manifest.size if previous else 0,
            size=TreeSize(size),
            root=log_tree(size).root,
            snapshot=snapshot(size).root,
            legacy=None,
            previous=previous.manifest.digest() if previous else None,
            tree=tree.cid,
            time=format_unix(time - 300),
        )
        old = previous.head if previous else bytes(32)
        hashed = old + manifest.anchor_root() + state().digest() + number.to_bytes(8) + time.to_bytes(8)
        return cls(manifest, note, files, number, time, keccak256(hashed))

    @property
    def tx_receipts(self) -> list[bytes]:
        transfer: Event = (bytes.fromhex("33" * 20), (keccak256(b"Transfer(address,address,uint256)"),), b"\x01")
        topics = (TOPIC, bytes(self.manifest.anchor_root()), bytes(12) + ACCOUNT)
        anchored: Event = (CONTRACT, topics, self.head + state().digest())
        return [
            tx_receipt(21_000, [], kind=b""),
            tx_receipt(73_356, [transfer, anchored], kind=b"\x02"),
            tx_receipt(94_356, [], kind=b"\x02"),
        ]

    @property
    def header(self) -> bytes:
        """A header as chains write it since Prague: 21 fields."""
        number, time = rlp.from_integer(self.number), rlp.from_integer(self.time)
        fields = (
            *(keccak256(rlp.from_integer(self.number - 1)), bytes(32), bytes(20), bytes(32), bytes(32)),
            *(tx_receipts_trie(self.tx_receipts).root, bytes(256), b"", number, rlp.from_integer(36_000_000)),
            *(rlp.from_integer(94_356), time, b"", bytes(32), bytes(8), rlp.from_integer(7), bytes(32)),
            *(b"", b"", bytes(32), bytes(32)),
        )
        return rlp.encode(fields)

    @property
    def block_note(self) -> Note:
        text = BlockNote(CHAIN, self.number, Header.parse(self.header).hash).text
        return Note(text, (NODE_VKEY.sign(text, NODE.sign),))

    def anchor(self, *members: Institution) -> EvmAnchor:
        return EvmAnchor(
            chain=CHAIN,
            contract=CONTRACT,
            header=self.header,
            transaction=1,
            log=1,
            proof=prove_tx_receipt(Header.parse(self.header), self.tx_receipts, transaction=1),
            notes=(str(self.block_note),),
            state=state(),
            members=tuple(map(member, members)),
        )

    def commitment(self, *members: Institution) -> Commitment:
        return Commitment(self.manifest, str(self.checkpoint), (self.anchor(*members),))


def tx_receipt(gas_used: int, events: Sequence[Event], *, kind: bytes) -> bytes:
    """Write a transaction receipt that succeeded, its bloom filter included."""
    bloom = 0
    for address, topics, _ in events:
        for digest in map(keccak256, (address, *topics)):
            for at in (0, 2, 4):
                bloom |= 1 << (int.from_bytes(digest[at : at + 2]) & 2047)
    return kind + rlp.encode((b"\x01", rlp.from_integer(gas_used), bloom.to_bytes(256), tuple(events)))


def nothing_stored(cid: Cid) -> bytes:
    """Read a block where there are none yet."""
    raise LookupError(cid)


def pinned_files(size: int, note: Note, earlier: tuple[Anchoring, ...]) -> dict[str, bytes]:
    """Return the files of the pinned tree, by path."""
    files = {"checkpoint": bytes(note)}
    for tile in changed_tiles(0, TreeSize(size)):
        files[tile.path] = tile_data(tile, log_tree(size).node)
        files[tile.entries_path] = encode_entries(signed.entry() for signed in entries()[:size])
    for at, batch in enumerate((first_batch(), *joint_batches())):
        files[f"batch/{index_path(at)}/leaves"] = b"".join(leaf.hash() for leaf in batch.leaves)
        cids = [str(item.cid) for item in EVIDENCE.items] if batch is first_batch() else []
        files[f"batch/{index_path(at)}/evidence"] = "".join(f"{cid}\n" for cid in sorted(cids)).encode()
    files[f"registry/{index_path(1)}"] = state().block()
    files[f"registry/{index_path(1)}.records"] = b"".join(record.line() + b"\n" for record in records())
    files |= {f"status/{index_path(entry)}": bytes(listed) for entry, listed in changes().items() if entry < size}
    for number, anchoring in enumerate(earlier, 1):
        files[f"anchor/{index_path(number)}.manifest"] = anchoring.manifest.block()
        files[f"anchor/{index_path(number)}.evidence"] = canonical(anchoring.anchor().to_json()) + b"\n"
    return files


@cache
def anchorings() -> tuple[Anchoring, ...]:
    """Return the anchors: of three entries, of four, and of Beta's doubtful one too."""
    first = Anchoring.of(3, (), 24_000_000, 1_770_000_000)
    second = Anchoring.of(4, (first,), 24_200_000, 1_772_400_000)
    return first, second, Anchoring.of(5, (first, second), 24_400_000, 1_775_200_000)


# ------------------------------------------------------------------ receipts and what a verifier trusts


def submission(batch: Batch, index: int, *, as_of: int) -> Submission:
    """Show a credential of a batch, its status as of an anchor, from 0."""
    entry = LeafIndex(entries().index(batch.signed))
    first, newest = anchorings()[0], anchorings()[as_of]
    path = list(snapshot(newest.manifest.size).paths())[entry]
    change = None
    for at, listed in changes().items():
        signed = entries()[at]
        assert isinstance(signed.statement, StatusStatement)
        if at >= newest.manifest.size or signed.statement.batch != batch.signed.id:
            continue
        judging = next(number for number, anchoring in enumerate(anchorings()) if anchoring.manifest.judges(at))
        chunks, chunk = list(listed.chunks()), index // PER_CHUNK
        change = StatusChange(
            signed=signed,
            entry=at,
            path=list(log_tree(anchorings()[judging].manifest.size).paths())[at],
            commitment=judging,
            chunk=chunks[chunk],
            chunk_path=list(Tree(map(leaf_hash, chunks)).paths())[chunk],
        )
    return Submission(
        salt=batch.leaves[index].salt,
        index=LeafIndex(index),
        path=list(Tree(leaf.hash() for leaf in batch.leaves).paths())[index],
        signed=batch.signed,
        entry=entry,
        log_path=list(log_tree(first.manifest.size).paths())[entry],
        commitment=0,
        status=StatusProof(as_of, path, change),
    )


def receipt(credential: Credential, *submissions: Submission, evidence: EvidenceManifest | None = None) -> Receipt:
    """Make a receipt with the commitments its submissions name."""
    used = set().union(*(one.commitments() for one in submissions))
    members = (ALPHA, BETA) if len(submissions) > 1 else (ALPHA,)
    return Receipt(
        form=credential.form,
        content=credential.content,
        evidence=evidence,
        evidence_keys=(EvidenceKey(EVIDENCE.items[0].digest, "AGE-SECRET-KEY-1EXAMPLE"),) if evidence else (),
        submissions=submissions,
        commitments=tuple(anchorings()[at].commitment(*members) for at in sorted(used)),
    )


def trust() -> TrustFile:
    """Return the verifier's trust file, from before the third anchor."""
    blocks = {anchoring.number: Header.parse(anchoring.header).hash for anchoring in anchorings()[:2]}
    consortium = TrustedConsortium(
        name="Harbour Consortium",
        contracts=(TrustedContract(CHAIN, CONTRACT, None, blocks),),
        logs=(TrustedLog(ORIGIN, (LOG_VKEY,)),),
        witnesses=Quorum((WITNESS_VKEY,), 1),
        block_notes=Quorum((NODE_VKEY,), 1),
        registry=state(),
        distrusted=(),
        anchors_needed=1,
    )
    return TrustFile("2026-12-31T00:00:00Z", (consortium,))


def receipts() -> dict[str, Receipt]:
    """Return the receipts the cases start from, by name."""
    batch = first_batch()
    places = {name: at for at, name in enumerate(NAMED)}
    alpha, beta = joint_batches()
    return {
        "one": receipt(ANA, submission(batch, places["ana"], as_of=0), evidence=EVIDENCE),
        "newest": receipt(ANA, submission(batch, places["ana"], as_of=1), evidence=EVIDENCE),
        "file": receipt(BO, submission(batch, places["bo"], as_of=1)),
        "suspended": receipt(DAN, submission(batch, places["dan"], as_of=1)),
        "token": receipt(DAN, submission(batch, places["dan"], as_of=0)),
        "revoked": receipt(IDA, submission(batch, BATCH_SIZE - 1, as_of=1)),
        "joint": receipt(JOINT, submission(alpha, 0, as_of=1), submission(beta, 0, as_of=1)),
        "foreign": receipt(JOINT, submission(alpha, 0, as_of=2), submission(beta, 0, as_of=1)),
        "forged": receipt(FORGED, submission(batch, places["forged"], as_of=0)),
        "stranger": receipt(STRANGER, submission(batch, places["stranger"], as_of=0)),
        "cook": receipt(COOK, submission(batch, places["cook"], as_of=0)),
    }
