"""Whether a ledger is what it says: its log's tree computed again, its manifests and batches compared with it.

For a backup before it is restored. And whether the chains know more than it: a
ledger older than the newest anchor would log a second history, which no
verifier may follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from notary.core.digest import Digest, leaf_hash
from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.core.merkle import TreeBuilder
from notary.core.status import StatusList
from notary.ports.ledger import Ledger, UnitOfWork
from notary.service.log.entries import read_statement
from notary.service.notary import Notary
from notary.service.rounds.drawing import read_manifest


@dataclass(frozen=True, slots=True)
class Counted:
    """What a ledger has, by number."""

    credentials: int
    batches: int
    entries: int
    manifests: int


def check_ledger(ledger: Ledger, origin: str) -> Counted:
    """Compute everything again that can be; OperatorError names the first thing that is otherwise."""
    with ledger.read() as work:
        roots = _check_log(work, origin)
        manifests = work.anchors.manifests()
        for row in manifests:
            manifest = read_manifest(row)
            if (manifest.digest(), manifest.origin) != (row.digest, origin) or roots.get(
                row.tree_size
            ) != manifest.root:
                raise _unsound(f"anchor manifest {row.number} is not of this log")
        batches = work.batches.all()
        for batch in batches:
            tree = TreeBuilder()
            tree.extend(work.credentials.leaves(batch.id))
            # No leaf at all: a total loss took them, and `recover` could not have them back.
            if tree.size and (tree.size != batch.size or tree.root() != batch.root):
                raise _unsound(f"the leaves of batch {batch.id} do not give its root")
        _check_statuses(work)
        return Counted(work.credentials.count(), len(batches), work.log.size(), len(manifests))


def count_credentials(ledger: Ledger) -> int:
    """Return how many credentials a ledger has accepted."""
    with ledger.read() as work:
        return work.credentials.count()


def unknown_anchors(notary: Notary) -> Iterator[str]:
    """Name what this notary's own accounts anchored on its chains and its ledger does not know.

    OperatorError where a node is another chain's, or its registry is not there: it would know of no anchor at all.
    """
    for site in notary.sites:
        site.chain.check_id()
        notary.contracts.consortium(site.chain, site.registry)
        with notary.ledger.read() as work:
            rows = [row for row in work.anchors.anchors() if row.chain == site.chain.id]
        known = {row.root for row in rows}
        since = max((row.block for row in rows if row.block is not None), default=0)
        for seen in site.chain.sightings(site.contract, since=since, sender=site.wallet.address):
            if seen.root not in known:
                yield f"root {to_hex(seen.root)} in block {seen.block_number} of {site.chain.id}"


def _check_log(work: UnitOfWork, origin: str) -> dict[int, Digest]:
    """Compute the log's tree from its entries; return its root at the sizes that manifests have."""
    wanted = {row.tree_size for row in work.anchors.manifests()}
    roots: dict[int, Digest] = {}
    tree = TreeBuilder()
    for at, row in enumerate(work.log.entries(0, work.log.size())):
        signed = read_statement(row.data)
        if row.index != at or signed.id != row.id or signed.statement.log != origin:
            raise _unsound(f"log entry {at} is not a statement of {origin}")
        for level, node in enumerate(tree.append(leaf_hash(row.data))):
            if work.log.node(level, at >> level) != node:
                raise _unsound(f"log entry {at} is not under the tree that is kept of the log")
        if tree.size in wanted:
            roots[tree.size] = tree.root()
    return roots


def _check_statuses(work: UnitOfWork) -> None:
    """Compute every kept status list's root again; one that a total loss took is not there to be checked."""
    sizes = {batch.statement_id: batch.size for batch in work.batches.all()}
    for row in work.log.entries(0, work.log.size()):
        data = work.statuses.list_of(row.index) if row.about in sizes and not row.is_batch else None
        if data is not None and StatusList(sizes[row.about], data).root() != read_statement(row.data).statement.root:
            raise _unsound(f"the statuses of log entry {row.index} do not give its root")


def _unsound(what: str) -> OperatorError:
    return OperatorError(what, hint="The file was changed or is another notary's: take another backup")
