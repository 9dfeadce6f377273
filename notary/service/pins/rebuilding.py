"""What of the pinned blocks the ledger, or the chain, can give again when every store has lost them.

Manifests, preimages, registry states and their records stand in the ledger byte for
byte. A tree is put together again and believed only where its CID comes out: what
stands in it beside log and batches depends on the moment it was drawn, so a few
moments are tried. An archive is read from the chain again. Evidence cannot be had:
its plaintext was never kept.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from notary.core.cid import Cid
from notary.core.dag_pb import Link
from notary.core.digest import TreeSize
from notary.core.log import index_path
from notary.core.unixfs import build_file, update_tree
from notary.ports.ledger import AnchorRow, ManifestRow, UnitOfWork
from notary.service.log.tree import manifest_path, tree_changes
from notary.service.notary import Notary
from notary.service.rounds.archive import encode_archive
from notary.service.rounds.drawing import read_manifest

_MOMENTS = 4
"""How many anchors' proofs, and how many registry states, may have come in after a tree was drawn."""


class LedgerBlocks:
    """The blocks below one pinned root after another, as far as they can be made again."""

    def __init__(self, notary: Notary) -> None:
        self._notary = notary
        self._drawn: _Drawn | None = None

    def below(self, root: Cid) -> Mapping[Cid, bytes]:
        """Return blocks below a root by CID; none where the ledger cannot give them."""
        if root in self._raw:
            return {root: self._raw[root]}
        if root in self._trees:
            with self._notary.ledger.read() as work:
                return self._tree(work, root, self._trees[root])
        if root in self._archives:
            return self._archive(root, self._archives[root])
        return {}

    @cached_property
    def _raw(self) -> dict[Cid, bytes]:
        with self._notary.ledger.read() as work:
            found = [part for row in work.anchors.manifests() for part in _parts(row)]
            for state in work.registry.states():
                found += [state.data, b"".join(line + b"\n" for line in state.records)]
        return {Cid.of(data): data for data in found}

    @cached_property
    def _trees(self) -> dict[Cid, ManifestRow]:
        with self._notary.ledger.read() as work:
            return {read_manifest(row).tree: row for row in work.anchors.manifests()}

    @cached_property
    def _archives(self) -> dict[Cid, AnchorRow]:
        with self._notary.ledger.read() as work:
            return {Cid.parse(row.archive): row for row in work.anchors.anchors() if row.archive is not None}

    def _archive(self, root: Cid, row: AnchorRow) -> dict[Cid, bytes]:
        assert row.block is not None  # it is final
        block = self._notary.site(row.chain).chain.block(row.block)
        if block is None:
            return {}
        blocks = {each.cid: each.data for each in build_file([encode_archive(block)])}
        return blocks if root in blocks else {}

    def _tree(self, work: UnitOfWork, root: Cid, row: ManifestRow) -> Mapping[Cid, bytes]:
        """Put a tree together as it was drawn: without the proofs and the states that came in since."""
        last = self._drawn if self._drawn and self._drawn.row.number < row.number else None
        before, old = (last.row, last.link.cid) if last else (None, None)
        since = before.number if before else 0
        files = {
            **tree_changes(work, before, TreeSize(row.tree_size), row.checkpoint),
            **{
                manifest_path(each): each.data for each in work.anchors.manifests() if since <= each.number < row.number
            },
        }
        proofs = {f"anchor/{index_path(each.manifest)}.evidence": each.manifest for each in work.anchors.anchors()}
        states = {f"registry/{index_path(state.number)}": state.number for state in work.registry.states()}
        states |= {f"{path}.records": number for path, number in states.items()}
        blocks = last.blocks if last else {}
        drawn = {path: files[path] for path in files.keys() - proofs.keys() - states.keys()}
        link, made = update_tree(old, drawn, blocks.__getitem__)
        blocks.update((block.cid, block.data) for block in made)
        self._drawn = _Drawn(row, link, blocks)
        for newest_proof, newest_state in product(_proofs_then(row), _states_then(work, row)):
            there = [path for path in proofs.keys() & files.keys() if proofs[path] <= newest_proof]
            there += [path for path in states if states[path] <= newest_state]
            found, more = update_tree(link.cid, {path: files[path] for path in there}, blocks.__getitem__)
            if found.cid == root:
                return ChainMap({block.cid: block.data for block in more}, blocks)
        return {}


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A manifest's tree without proofs and states, on which the next one's is drawn; `blocks`: its own and earlier."""

    row: ManifestRow
    link: Link
    blocks: dict[Cid, bytes]


def _parts(row: ManifestRow) -> tuple[bytes, bytes]:
    return row.data, read_manifest(row).anchor_preimage()


def _proofs_then(row: ManifestRow) -> range:
    """Return up to which manifest anchors may have been final when this one was drawn, the likeliest first."""
    return range(row.number - 1, row.number - 1 - _MOMENTS, -1)


def _states_then(work: UnitOfWork, row: ManifestRow) -> list[int]:
    """Return up to which state the registry may have been kept then: about the one in force at its first anchor."""
    numbers = {state.digest: state.number for state in work.registry.states()}
    known = [numbers[each.registry] for each in work.anchors.anchors(row.number) if each.registry in numbers]
    likely = min(known, default=max(numbers.values()))
    return sorted(numbers.values(), key=lambda number: abs(number - likely))[:_MOMENTS]
