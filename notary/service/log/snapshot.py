"""The log at one size: its tree, and its snapshot of every batch's newest status.

Computed from the ledger's entries alone, at every anchor anew: what an issuer's
monitor and `recover` do with the public log.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.digest import Digest, TreeSize, leaf_hash
from notary.core.manifest import snapshot_entry
from notary.core.merkle import Tree
from notary.ports.ledger import UnitOfWork


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The newest status statement of every batch among the first `tree.size` log entries."""

    newest: dict[Digest, Digest]
    tree: Tree


def take_snapshot(work: UnitOfWork, size: TreeSize) -> Snapshot:
    """Compute the snapshot of the log at a size; needs memory for its hashes."""
    rows = [(row.about, row.id, row.is_batch) for row in work.log.entries(0, size)]
    newest = {about: statement for about, statement, is_batch in rows if not is_batch}
    leaves = (leaf_hash(snapshot_entry(about, newest.get(about)) if is_batch else b"") for about, _, is_batch in rows)
    return Snapshot(newest, Tree(leaves))
