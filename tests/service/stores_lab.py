"""A lab whose blocks lie in three stores that can be switched off, emptied and damaged, and a clock set by hand."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from anchoring.car import export_car
from anchoring.embedded_blocks import FILE, EmbeddedBlocks
from api.signing import retained
from notary.core.cid import Cid, StoredBlock
from notary.core.errors import OperatorError
from notary.ports.ledger import CredentialId, PinState
from notary.service.evidence.manifest import Exhibit, attach
from notary.service.log.entries import log_batch
from notary.service.notary import Notary, Store
from notary.service.pins.queue import audit_pins
from notary.service.pins.stores import Stores
from notary.service.rounds.drawing import read_manifest
from notary.service.submission.accept import Accepted
from notary.service.submission.seal import seal
from tests.clocks import Standing
from tests.service.lab import Lab

HELD = (PinState.HELD,)


class Node:
    """A block store that can be switched off, and emptied; counts the blocks it was given."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.blocks, self.off, self.given = folder, EmbeddedBlocks(folder), False, 0

    @property
    def store(self) -> Store:
        return Store(self.folder.name, self)

    def put(self, blocks: Iterable[StoredBlock], *, pins: Iterable[Cid]) -> None:
        self._reach()
        self.blocks.put(self._counted(blocks), pins=pins)

    def get(self, cid: Cid) -> bytes:
        return self._reach().get(cid)

    def kept(self, cid: Cid) -> bytes | None:
        return self._reach().kept(cid)

    def unpin(self, cid: Cid) -> None:
        self._reach().unpin(cid)

    def pins(self) -> Iterator[Cid]:
        return self._reach().pins()

    def sweep(self) -> int:
        return self._reach().sweep()

    def empty(self) -> None:
        (self.folder / FILE).unlink()
        self.blocks = EmbeddedBlocks(self.folder)

    def damage(self, cid: Cid, data: bytes | None) -> None:
        with sqlite3.connect(self.folder / FILE) as database:
            if data is None:
                database.execute("DELETE FROM block WHERE cid = ?", (bytes(cid),))
            else:
                database.execute("UPDATE block SET data = ? WHERE cid = ?", (data, bytes(cid)))
        database.close()

    def _reach(self) -> EmbeddedBlocks:
        if self.off:
            raise OperatorError("the node is off")
        return self.blocks

    def _counted(self, blocks: Iterable[StoredBlock]) -> Iterator[StoredBlock]:
        for block in blocks:
            self.given += 1
            yield block


class Cluster:
    """A lab whose blocks lie in three stores: a folder and two nodes."""

    def __init__(self, lab: Lab, folder: Path, *, least: int = 1) -> None:
        self.lab, self.clock = lab, Standing()
        self.nodes = [Node(folder / name) for name in ("folder", "one", "two")]
        audit_pins(lab.notary)
        nodes = [node.store for node in self.nodes]
        self.use(*lab.notary.stores, *nodes)
        self.settle()
        self.use(*nodes, least=least)

    def use(self, *stores: Store, least: int = 1) -> None:
        blocks = Stores(stores, self.notary.ledger, self.clock, least=least)
        self.lab.notary = replace(self.notary, blocks=blocks, stores=stores, clock=self.clock)

    @property
    def notary(self) -> Notary:
        return self.lab.notary

    def settle(self) -> None:
        """Adopt, audit and pin until nothing is due."""
        for _ in range(3):
            self.clock.pass_by(timedelta(hours=7))
            audit_pins(self.notary)

    def roots(self, name: str) -> frozenset[Cid]:
        with self.notary.ledger.read() as work:
            return work.pins.roots(name, HELD)

    def anchored(self, *learners: str, evidence: bytes | None = None) -> list[CredentialId]:
        college = self.lab.institutions[0]
        proof = None
        if evidence is not None:
            proof = attach(self.notary, [Exhibit("thesis.pdf", "application/pdf", io.BytesIO(evidence))])
        taken = self.lab.submit(college, *self.lab.credentials(college, *learners), evidence=proof)
        batch = seal(self.notary, self.lab.record(college))
        log_batch(self.notary, self.lab.signed(college, batch, list(retained(self.notary, batch.id))))
        self.lab.anchor()
        return [one.id for one in taken if isinstance(one, Accepted)]

    def newest_tree(self) -> Cid:
        with self.notary.ledger.read() as work:
            return read_manifest(work.anchors.manifests()[-1]).tree

    def whole(self, node: Node) -> None:
        """Check that every root is pinned there with all it reaches."""
        wanted = self.roots(node.folder.name)
        assert wanted
        assert wanted <= set(node.pins())
        b"".join(export_car(node.blocks, sorted(wanted)))
