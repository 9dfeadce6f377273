"""Where one store's blocks come from: the other stores, what it has itself, and what the ledger can make again."""

from __future__ import annotations

from collections.abc import Mapping

from notary.core.cid import Cid
from notary.core.errors import NotaryError, OperatorError
from notary.ports.ledger import PinState
from notary.service.notary import Notary, Store
from notary.service.pins.rebuilding import LedgerBlocks
from notary.service.rounds.drawing import read_manifest


class LostError(OperatorError):
    """No store and no ledger has a block: the pin's fault, not the store's that was to get it."""


class Source:
    """The source of one store, for one round."""

    def __init__(self, notary: Notary, target: Store) -> None:
        self._notary, self._target = notary, target
        self._stores = sorted(notary.stores, key=lambda store: store.name == target.name)
        self._ledger = LedgerBlocks(notary)
        self._trees: Mapping[Cid, Cid] | None = None

    def below(self, root: Cid) -> Below:
        """Return a reader of the blocks below a root; it raises LostError."""
        return Below(self, root)

    def before(self, tree: Cid) -> Cid | None:
        """Return the tree that a tree followed on, where the store holds it."""
        with self._notary.ledger.read() as work:
            if self._trees is None:
                trees = [read_manifest(row).tree for row in work.anchors.manifests()]
                self._trees = dict(zip(trees[1:], trees, strict=False))
            found = work.pins.get(self._target.name, self._trees[tree]) if tree in self._trees else None
        return found.cid if found and found.state is PinState.HELD else None

    def read(self, cid: Cid) -> bytes | None:
        """Return what any store keeps; one that is not reached is not asked again in this round."""
        for store in list(self._stores):
            try:
                data = store.blocks.kept(cid)
            except OperatorError:
                self._stores.remove(store)
                continue
            if data is not None:
                return data
        return None

    def rebuilt(self, root: Cid) -> Mapping[Cid, bytes]:
        """Return what the ledger, or a chain that is reached, gives below a root."""
        try:
            return self._ledger.below(root)
        except NotaryError:
            return {}


class Below:
    """Reads the blocks below one root, each from wherever it is; what the ledger made once no store is asked for."""

    def __init__(self, source: Source, root: Cid) -> None:
        self._source, self._root = source, root
        self._rebuilt: Mapping[Cid, bytes] | None = None

    def __call__(self, cid: Cid) -> bytes:
        data = self._rebuilt.get(cid) if self._rebuilt else None
        if data is None:
            data = self._source.read(cid)
        if data is None and self._rebuilt is None:
            self._rebuilt = self._source.rebuilt(self._root)
            data = self._rebuilt.get(cid)
        if data is None:
            raise LostError(
                f"block {cid} below {self._root} is in no store",
                hint="Add a store that has it, or import an archive that holds it.",
            )
        return data
