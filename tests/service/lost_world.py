"""A notary on the embedded parts, cheap to copy: what is lost, what is left, and what a thief with its wallet does."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anchoring.contracts import PublishedContracts
from anchoring.embedded_blocks import EmbeddedBlocks
from anchoring.embedded_chain import EmbeddedChain
from anchoring.evm_key import EvmKey
from anchoring.wallet import KeyWallet
from api.demo.institutions import PROFILES, Institution
from api.key_files import KeyFile
from notary.core.cid import Cid, StoredBlock
from notary.core.digest import Digest
from notary.core.manifest import Manifest
from notary.ports import Address, BlockStore, Chain
from notary.ports.ledger import BatchId, CredentialId
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.governance.founding import Ground, found
from notary.service.log.entries import log_batch
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary, Site
from notary.service.receipts.making import batch_receipts
from notary.service.recovery.events import Place
from notary.service.recovery.fill import Source as FileSource
from notary.service.recovery.recover import Recovery, World, recover
from notary.service.rounds.advancing import advance
from notary.service.rounds.drawing import read_manifest
from notary.service.rounds.sending import send
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.batch_file import BatchFile, write_batch_file
from notary.service.submission.reading import Source, read_source
from notary.service.submission.seal import seal
from notary.service.submission.signing import sign
from notary.store import open_ledger
from notary.store.ledger import SqlLedger
from tests.clocks import Running

ORIGIN = "lost.example/log"
SINCE = "2020-01-01T00:00:00Z"
CONTRACTS = PublishedContracts()


def new_key() -> KeyFile:
    """Draw a signing key that is in no file."""
    return KeyFile(Ed25519PrivateKey.generate())


@dataclass(frozen=True, slots=True)
class Lab:
    """A folder with chain, blocks and ledger; the keys; and what institutions and learners keep."""

    folder: Path
    log_key: KeyFile
    wallet: EvmKey
    governor: EvmKey
    institutions: tuple[Institution, ...]
    registry: Address
    contract: Address
    batch_files: dict[int, bytes] = field(default_factory=dict)
    receipts: dict[CredentialId, bytes] = field(default_factory=dict)
    accepted: list[CredentialId] = field(default_factory=list)

    def copy(self, folder: Path, *, ledger: bool = True) -> Lab:
        """Copy the world, and the ledger where it is not lost."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in self.folder.iterdir():
            if ledger or not path.name.startswith("ledger"):
                shutil.copy(path, folder)
        return replace(
            self,
            folder=folder,
            batch_files=dict(self.batch_files),
            receipts=dict(self.receipts),
            accepted=list(self.accepted),
        )

    @property
    def blocks(self) -> EmbeddedBlocks:
        """The block store."""
        return EmbeddedBlocks(self.folder)

    @contextmanager
    def ledger(self, name: str = "ledger") -> Iterator[SqlLedger]:
        """Open a ledger of the folder."""
        opened = open_ledger(f"sqlite:///{self.folder / name}.sqlite3")
        try:
            yield opened
        finally:
            opened.close()

    @contextmanager
    def chain(self) -> Iterator[EmbeddedChain]:
        """Open the chain."""
        chain = EmbeddedChain(self.folder)
        try:
            yield chain
        finally:
            chain.close()

    @contextmanager
    def open(self, ledger: str = "ledger", *, log_key: KeyFile | None = None) -> Iterator[Notary]:
        """Open the notary on one of the folder's ledgers."""
        with self.chain() as chain, self.ledger(ledger) as opened:
            site = Site(chain, KeyWallet(chain, self.wallet), self.registry, self.contract)
            yield Notary(
                origin=ORIGIN,
                ledger=opened,
                blocks=self.blocks,
                contracts=CONTRACTS,
                sites=(site,),
                log_key=log_key or self.log_key,
                clock=Running(),
                random=secrets.token_bytes,
            )

    def award(self, notary: Notary, who: int, *learners: str) -> BatchId:
        """Let an institution submit, seal and sign a batch, and log it."""
        institution = self.institutions[who]
        member = members_in_force(notary.ledger).require(institution.did)
        number = len(self.accepted)
        credentials = [
            institution.issue(learner, number + at, "2026-01-01T00:00:00Z", {}) for at, learner in enumerate(learners)
        ]
        evidence = attach(notary, [_exhibit(number)], narrative="It was shown.")
        sources = (Source(_json(credential), f"{at}.json") for at, credential in enumerate(credentials))
        results = accept(notary, member, (read_source(source, member) for source in sources), evidence=evidence)
        for result in results:
            assert isinstance(result, Accepted), result
            self.accepted.append(result.id)
        batch = seal(notary, member)
        self.batch_files[batch.id] = b"".join(write_batch_file(notary, batch.id))
        statement = BatchFile.parse(self.batch_files[batch.id].splitlines(keepends=True)).statement
        log_batch(notary, sign(statement, institution.key, institution.verification_method))
        return batch.id

    def anchor(self, notary: Notary) -> Manifest:
        """Anchor what is logged, and return the newest manifest."""
        assert all(each.final for each in advance(notary))
        with notary.ledger.read() as work:
            return read_manifest(work.anchors.manifests()[-1])

    def steal(self, root: Digest, wallet: EvmKey | None = None) -> None:
        """Anchor a root with the notary's wallet, or another one."""
        with self.chain() as chain:
            key = wallet or self.wallet
            chain.fund(key.address)
            send(chain, KeyWallet(chain, key), CONTRACTS.anchor(self.contract, root))

    def steal_manifest(self, manifest: Manifest) -> Digest:
        """Pin a manifest of the thief's own and anchor it with the notary's wallet."""
        data = [manifest.block(), manifest.anchor_preimage()]
        self.blocks.put([StoredBlock.of(each) for each in data], pins=[Cid.of(each) for each in data])
        self.steal(manifest.anchor_root())
        return manifest.anchor_root()

    def manifests(self) -> list[Manifest]:
        """Return the manifests of the ledger that is going to be lost."""
        with self.ledger() as ledger, ledger.read() as work:
            return [read_manifest(row) for row in work.anchors.manifests()]

    def recover(
        self,
        *,
        files: bool = True,
        receipts: bool = True,
        log_key: KeyFile | None = None,
        chain: Chain | None = None,
        blocks: BlockStore | None = None,
    ) -> Recovery:
        """Recover into a ledger of the folder that is called `recovered`."""
        with self.chain() as own, self.ledger("recovered") as ledger:
            place = Place(chain or own, self.registry, self.contract)
            world = World((place,), blocks or self.blocks, CONTRACTS, log_key or self.log_key)
            found = [FileSource(f"batch-{n}", data.splitlines(keepends=True)) for n, data in self.batch_files.items()]
            shown = [FileSource(name, [data]) for name, data in self.receipts.items()]
            return recover(
                world,
                ledger,
                secrets.token_bytes,
                batch_files=found if files else (),
                receipts=shown if receipts else (),
            )


def found_lab(folder: Path) -> Lab:
    """Found a notary of two institutions."""
    folder.mkdir(parents=True, exist_ok=True)
    institutions = tuple(Institution(profile, new_key()) for profile in PROFILES[:2])
    wallet, governor = EvmKey.generate(), EvmKey.generate()
    bare = Lab(folder, new_key(), wallet, governor, institutions, Address(bytes(20)), Address(bytes(20)))
    with bare.chain() as chain, bare.ledger() as ledger:
        chain.fund(wallet.address)
        (site,) = found(
            [Ground(chain, KeyWallet(chain, wallet))],
            [governor.address],
            1,
            [institution.record(SINCE) for institution in institutions],
            ORIGIN,
            ledger=ledger,
            blocks=bare.blocks,
            contracts=CONTRACTS,
        )
    return replace(bare, registry=site.registry, contract=site.contract)


def grown_lab(folder: Path, rounds: int = 3) -> Lab:
    """A notary with three anchors, two batches before each, all receipts given out."""
    lab = found_lab(folder)
    with lab.open() as notary:
        for number in range(rounds):
            lab.award(notary, 0, f"Ana {number}", f"Ben {number}", f"Cleo {number}")
            lab.award(notary, 1, f"Dan {number}")
            lab.anchor(notary)
        lab.receipts.update(all_receipts(notary))
    return lab


def all_receipts(notary: Notary) -> dict[CredentialId, bytes]:
    """Make every receipt the notary can make."""
    with notary.ledger.read() as work:
        batches = [row.id for row in work.batches.all() if row.entry is not None]
    return {row.id: bytes(made) for batch in batches for row, made in batch_receipts(notary, batch)}


def _exhibit(number: int) -> Exhibit:
    from io import BytesIO

    return Exhibit(f"work-{number}.txt", "text/plain", BytesIO(b"seen and judged"))


def _json(value: object) -> bytes:
    import json

    return json.dumps(value).encode()
