"""Consortia and their notaries: logs of signed statements, anchored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from notary.core.block_note import BlockNote
from notary.core.cid import Cid
from notary.core.credential import Credential
from notary.core.digest import ZERO, Digest, LeafIndex, TreeSize, leaf_hash, sha256
from notary.core.encoding import format_unix
from notary.core.evm import Address, Header, keccak256
from notary.core.leaf import Leaf
from notary.core.log import Checkpoint
from notary.core.manifest import Manifest, snapshot_entry
from notary.core.merkle import Tree
from notary.core.note import Note, SignatureType
from notary.core.receipt import (
    Anchor,
    Commitment,
    EvmAnchor,
    Path,
)
from notary.core.registry import (
    Compromise,
    Contract,
    NotaryAccount,
)
from notary.core.statement import (
    BatchStatement,
    SignedStatement,
    StatusStatement,
    statement_id,
)
from notary.core.status import Status, StatusList
from notary.core.trust import Quorum, TrustedConsortium, TrustedContract, TrustedLog
from tests.world.cast import Institution, Key
from tests.world.chains import MAIN, Chain, Registry

START = 1_767_225_600
"""2026-01-01T00:00:00Z: each anchor's block is a day younger than the last."""
DAY = 86_400


@dataclass(slots=True)
class Clock:
    """The world's time, a day for each anchor."""

    now: int = START

    def tick(self) -> int:
        self.now += DAY
        return self.now


class Consortium:
    """Members, contracts, registry states, and the parties that witness and note."""

    def __init__(
        self, name: str, members: Iterable[Institution], chains: Iterable[str], *, first_block: int = 1000
    ) -> None:
        self.name = name
        self.chains = {chain: Chain(chain, keccak256(f"{name} {chain}".encode())[:20], first_block) for chain in chains}
        self.members = {member.did: member for member in members}
        self.notaries: list[Notary] = []
        host = f"{name.split(maxsplit=1)[0].lower()}.example"
        self.witnesses = [Key(f"witness-{at}.{host}") for at in range(2)]
        self.parties = [Key(f"party-{at}.{host}") for at in range(3)]
        self.registries: list[Registry] = []

    @property
    def registry(self) -> Registry:
        """The registry in force."""
        return self.registries[-1]

    def enact(self, *members: Institution, compromised: Iterable[Compromise] = (), **state: Any) -> Registry:
        """Put the next registry state in force, with these members' records as they are now."""
        self.members |= {member.did: member for member in members}
        fields: dict[str, Any] = {
            "number": len(self.registries) + 1,
            "previous": self.registries[-1].state.digest() if self.registries else None,
            "contracts": tuple(Contract(chain.id, chain.contract) for chain in self.chains.values()),
            "notaries": tuple(
                NotaryAccount(chain, notary.account, notary.origin) for notary in self.notaries for chain in self.chains
            ),
            "compromised": tuple(compromised),
            **state,
        }
        self.registries.append(Registry.of((member.record for member in self.members.values()), **fields))
        return self.registry

    def trusted(self) -> TrustedConsortium:
        """What its trust file says: every block, one of two witnesses, two of three parties."""
        return TrustedConsortium(
            name=self.name,
            contracts=tuple(TrustedContract(c.id, c.contract, None, dict(c.blocks)) for c in self.chains.values()),
            logs=tuple(TrustedLog(notary.origin, (notary.key.vkey(),)) for notary in self.notaries),
            witnesses=Quorum(tuple(key.vkey(SignatureType.COSIGNATURE) for key in self.witnesses), 1),
            block_notes=Quorum(tuple(key.vkey() for key in self.parties), 2),
            registry=self.registry.state,
            distrusted=(),
            anchors_needed=1,
        )


@dataclass(frozen=True, slots=True)
class Batch:
    """A logged batch: its credentials with their salts and evidence, its tree, its signed statement."""

    notary: Notary
    institution: Institution
    credentials: tuple[Credential, ...]
    salts: tuple[bytes, ...]
    paths: tuple[Path, ...]
    signed: SignedStatement
    entry: LeafIndex

    def index(self, credential: Credential) -> LeafIndex:
        return LeafIndex([other.digest for other in self.credentials].index(credential.digest))


@dataclass(frozen=True, slots=True)
class Anchoring:
    """One anchored state of a log, with everything its proofs are made from."""

    manifest: Manifest
    checkpoint: str
    anchors: tuple[Anchor, ...]
    registry: Registry
    statements: tuple[SignedStatement, ...]
    log_paths: tuple[Path, ...]
    snapshot_paths: tuple[Path, ...]

    def commitment(self, members: Iterable[str]) -> Commitment:
        """The commitment with these members' records."""
        proofs = tuple(self.registry.member(did) for did in sorted(set(members)))
        anchors = (replace(a, members=proofs) if isinstance(a, EvmAnchor) else a for a in self.anchors)
        return Commitment(self.manifest, self.checkpoint, tuple(anchors))

    def newest_status(self, batch: Digest) -> LeafIndex | None:
        """The entry of the batch's newest status statement here."""
        return _newest_status(self.statements, batch)


def _newest_status(statements: Sequence[SignedStatement], batch: Digest) -> LeafIndex | None:
    found = [
        at for at, s in enumerate(statements) if isinstance(s.statement, StatusStatement) and s.statement.batch == batch
    ]
    return LeafIndex(found[-1]) if found else None


class Notary:
    """One log, and the account that anchors it."""

    def __init__(self, origin: str, consortium: Consortium, clock: Clock) -> None:
        self.origin = origin
        self.consortium = consortium
        self.clock = clock
        self.key = Key(origin)
        self.account = Address(keccak256(origin.encode())[:20])
        self.statements: list[SignedStatement] = []
        self.anchorings: list[Anchoring] = []
        self.lists: dict[Digest, StatusList] = {}
        consortium.notaries.append(self)

    def append(self, signed: SignedStatement) -> LeafIndex:
        """Log a statement, whatever it says."""
        self.statements.append(signed)
        return LeafIndex(len(self.statements) - 1)

    def submit(
        self,
        institution: Institution,
        *credentials: Credential,
        evidence: Mapping[Digest, Digest] | None = None,
        signer: Key | None = None,
        method: str | None = None,
        **changes: Any,
    ) -> Batch:
        """Seal, sign and log a batch; `evidence` is by credential digest, `changes` are the statement's."""
        salts = tuple(
            sha256(f"salt {institution.did} {len(self.statements)} {at}".encode()) for at in range(len(credentials))
        )
        leaves = (
            Leaf(credential.form, salt, credential.digest, (evidence or {}).get(credential.digest, ZERO)).hash()
            for credential, salt in zip(credentials, salts, strict=True)
        )
        tree = Tree(leaves)
        statement = BatchStatement(
            **{
                "log": self.origin,
                "issuer": institution.did,
                "size": tree.size,
                "root": tree.root,
                "recognition": institution.record.recognition,
                "legacy": None,
                "joint_with": (),
                "time": format_unix(self.clock.now),
                **self._next(institution),
                **changes,
            }
        )
        signed = institution.sign(statement, key=signer, method=method)
        return Batch(self, institution, credentials, salts, tuple(tree.paths()), signed, self.append(signed))

    def change(
        self,
        batch: Batch,
        *statuses: tuple[Credential, Status],
        by: Institution | None = None,
        signer: Key | None = None,
        **changes: Any,
    ) -> SignedStatement:
        """Sign and log new statuses of a batch."""
        institution = by or batch.institution
        size = TreeSize(len(batch.credentials))
        newest = _newest_status(self.statements, batch.signed.id)
        known = None if newest is None else bytes(self.lists[self.statements[newest].id])
        listed = StatusList(size, known)
        for credential, status in statuses:
            listed.set(batch.index(credential), status)
        fields: dict[str, Any] = {
            "log": self.origin,
            "issuer": institution.did,
            "batch": batch.signed.id,
            "root": listed.root(),
            "time": format_unix(self.clock.now),
            **self._next(institution),
            **changes,
        }
        signed = institution.sign(StatusStatement(**fields), key=signer)
        self.lists[signed.id] = listed
        self.append(signed)
        return signed

    def anchor(self, *chains: str, **changes: Any) -> Anchoring:
        """Anchor the log as it is; `changes` are the manifest's."""
        statements = tuple(self.statements)
        log, snapshot = Tree(leaf_hash(s.entry()) for s in statements), Tree(map(leaf_hash, self._snapshot()))
        last = self.anchorings[-1].manifest if self.anchorings else None
        fields: dict[str, Any] = {
            "origin": self.origin,
            "since": last.size if last else 0,
            "size": log.size,
            "root": log.root,
            "snapshot": snapshot.root,
            "legacy": None,
            "previous": last.digest() if last else None,
            "tree": Cid.of(f"{self.origin} {log.size}".encode()),
            "time": format_unix(self.clock.tick()),
            **changes,
        }
        manifest = Manifest(**fields)
        anchoring = Anchoring(
            manifest,
            self.checkpoint(manifest),
            tuple(self.evm_anchor(chain, manifest) for chain in chains or (MAIN,)),
            self.consortium.registry,
            statements,
            tuple(log.paths()),
            tuple(snapshot.paths()),
        )
        self.anchorings.append(anchoring)
        return anchoring

    def checkpoint(self, manifest: Manifest, *, key: Key | None = None, witnesses: int = 2) -> str:
        """Sign the log's checkpoint, cosigned by witnesses."""
        text = Checkpoint(manifest.origin, manifest.size, manifest.root).text
        signer, now = key or self.key, self.clock.now
        witnessed = (
            witness.vkey(SignatureType.COSIGNATURE).sign(text, witness.sign, timestamp=now)
            for witness in self.consortium.witnesses[:witnesses]
        )
        return str(Note(text, (signer.vkey(name=self.origin).sign(text, signer.sign), *witnessed)))

    def evm_anchor(self, chain: str, manifest: Manifest, **changes: Any) -> EvmAnchor:
        """Mine an anchor of a manifest; `changes` are Chain.mine's, or another registry, contract or members."""
        where = self.consortium.chains[chain]
        registry = changes.pop("registry", self.consortium.registry)
        event = {"root": manifest.anchor_root(), "notary": self.account, "registry": registry.state.digest()}
        mined = {**event, "time": self.clock.now, **changes}
        header, transaction, proof = where.mine(**mined)
        members = tuple(registry.member(record.id) for record in registry.records)
        notes = self.notes(chain, header, self.consortium.parties[:2])
        return EvmAnchor(chain, where.contract, header, transaction, 0, proof, notes, registry.state, members)

    def notes(self, chain: str, header: bytes, parties: Iterable[Key]) -> tuple[str, ...]:
        """Note a block, one note a party."""
        block = Header.parse(header)
        text = BlockNote(chain, block.number, block.hash).text
        return tuple(str(Note(text, (party.vkey().sign(text, party.sign),))) for party in parties)

    def _next(self, institution: Institution) -> dict[str, Any]:
        own = [signed.statement for signed in self.statements if signed.statement.issuer == institution.did]
        return {"seq": len(own) + 1, "previous": statement_id(own[-1]) if own else None}

    def _snapshot(self) -> Iterable[bytes]:
        for signed in self.statements:
            newest = _newest_status(self.statements, signed.id)
            status = None if newest is None else self.statements[newest].id
            yield snapshot_entry(signed.id, status) if isinstance(signed.statement, BatchStatement) else b""
