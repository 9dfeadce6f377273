"""Anchoring a log: draw a manifest, submit it on every chain, confirm it, capture its proof at finality.

Each step is durable before the next and safe to run again; recovery is the same
function as the normal path. A manifest is drawn when something new is logged
and the one before is in a block somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from notary.core.canonical import canonical, load
from notary.core.cid import Cid, StoredBlock
from notary.core.digest import Digest, TreeSize
from notary.core.encoding import format_time, to_hex
from notary.core.errors import OperatorError
from notary.core.evm import Header, anchored_event, prove_tx_receipt
from notary.core.log import Checkpoint
from notary.core.manifest import MAX_SIZE, Manifest
from notary.core.merkle import tree_root
from notary.core.receipt import EvmAnchor
from notary.core.unixfs import update_tree
from notary.ports import Address, Inclusion, Quote, SignedTransaction
from notary.ports.ledger import AnchorRow, AnchorState, ManifestNumber, ManifestRow, UnitOfWork
from notary.service.notary import Notary, Site
from notary.service.registry import members_at
from notary.service.snapshot import take_snapshot
from notary.service.tree import lost_files, tree_changes


@dataclass(frozen=True, slots=True)
class Round:
    """One manifest and where it stands on each chain; a chain that is missing has nothing submitted yet."""

    manifest: ManifestRow
    anchors: tuple[AnchorRow, ...]

    @property
    def final(self) -> bool:
        """Whether every chain it was submitted to is final; one at least."""
        return bool(self.anchors) and all(anchor.state is AnchorState.FINAL for anchor in self.anchors)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What anchoring now would cost on one chain, in wei at most, and for how many credentials."""

    chain: str
    quote: Quote
    credentials: int


def advance(notary: Notary) -> tuple[Round, ...]:
    """Take everything as far as it goes without waiting; return the rounds that are not final, or just became so."""
    touched = set()
    for manifest in _unfinished(notary):
        touched.add(manifest.number)
        _advance(notary, manifest)
    drawn = draw(notary)
    if drawn is not None and drawn.number not in touched:
        touched.add(drawn.number)
        _advance(notary, drawn)
    return tuple(found for found in rounds(notary) if found.manifest.number in touched)


def rounds(notary: Notary) -> tuple[Round, ...]:
    """Return every round so far."""
    with notary.ledger.read() as work:
        anchors = work.anchors.anchors()
        return tuple(
            Round(manifest, tuple(anchor for anchor in anchors if anchor.manifest == manifest.number))
            for manifest in work.anchors.manifests()
        )


def estimate(notary: Notary) -> tuple[Estimate, ...]:
    """Return what anchoring what is logged now would cost, without doing it."""
    with notary.ledger.read() as work:
        manifests = work.anchors.manifests()
        since = manifests[-1].tree_size if manifests else 0
        waiting = sum(row.size for row in work.batches.all() if row.entry is not None and row.entry >= since)
    root = Digest(notary.random(32))
    return tuple(
        Estimate(site.chain.id, site.wallet.quote(notary.contracts.anchor(site.contract, root)), waiting)
        for site in notary.sites
    )


# ---------------------------------------------------------------------- draw


def draw(notary: Notary) -> ManifestRow | None:
    """Draw the next manifest and pin everything it names; None where nothing new is logged."""
    with notary.ledger.read() as work:
        manifests = work.anchors.manifests()
        before = manifests[-1] if manifests else None
        size = work.log.size()
        if size == (before.tree_size if before else 0):
            return None
        if before and not any(row.block is not None for row in work.anchors.anchors(before.number)):
            return None  # the one before is in no block yet: one at a time
        row, blocks, pins = _compose(notary, work, before, TreeSize(size))
    with notary.ledger.begin() as work:
        if len(work.anchors.manifests()) >= row.number:
            return None  # another process drew it meanwhile
        work.anchors.save_manifest(row)
    notary.blocks.put(blocks, pins=pins)
    row = replace(row, pinned=True)
    with notary.ledger.begin() as work:
        work.anchors.save_manifest(row)
    return row


def _compose(
    notary: Notary, work: UnitOfWork, before: ManifestRow | None, size: TreeSize, time: str | None = None
) -> tuple[ManifestRow, list[StoredBlock], list[Cid]]:
    """Put a manifest together with all its blocks: the same again after a crash, given its time."""
    previous = read_manifest(before) if before else None
    root = tree_root(size, work.log.node)
    checkpoint = notary.sign_note(Checkpoint(notary.origin, size, root).text)
    changes = tree_changes(work, before, size, checkpoint)
    if before and previous and not before.pinned:  # a total loss took files of that tree: see `recover`
        changes = {**dict.fromkeys(lost_files(previous.tree, notary.blocks.get)), **changes}
    tree, blocks = update_tree(previous.tree if previous else None, changes, notary.blocks.get)
    manifest = Manifest(
        origin=notary.origin,
        since=before.tree_size if before else 0,
        size=size,
        root=root,
        snapshot=take_snapshot(work, size).tree.root,
        legacy=None,
        previous=before.digest if before else None,
        tree=tree.cid,
        time=time or format_time(notary.clock.now()),
    )
    raw = [manifest.block(), manifest.anchor_preimage()]
    named = [StoredBlock(Cid.of(data), data) for data in raw]
    row = ManifestRow(
        number=ManifestNumber(before.number + 1 if before else 1),
        digest=manifest.digest(),
        data=manifest.block(),
        checkpoint=checkpoint,
        tree_size=size,
        pinned=False,
    )
    return row, [*blocks, *named], [tree.cid, *(block.cid for block in named)]


def _pin(notary: Notary, row: ManifestRow) -> ManifestRow:
    """Pin a manifest that a crash left drawn and not pinned."""
    with notary.ledger.read() as work:
        before = next((m for m in work.anchors.manifests() if m.number == row.number - 1), None)
        manifest = read_manifest(row)
        again, blocks, pins = _compose(notary, work, before, manifest.size, manifest.time)
    if again.digest != row.digest:
        raise OperatorError(
            f"manifest {row.number} cannot be composed again", hint="The ledger was changed by hand: restore a backup"
        )
    notary.blocks.put(blocks, pins=pins)
    pinned = replace(row, pinned=True)
    with notary.ledger.begin() as work:
        work.anchors.save_manifest(pinned)
    return pinned


def read_manifest(row: ManifestRow) -> Manifest:
    """Read a drawn manifest."""
    return Manifest.parse(load(row.data, f"manifest {row.number}", max_size=MAX_SIZE).value)


# --------------------------------------------------- submit, confirm, finalise


def _unfinished(notary: Notary) -> list[ManifestRow]:
    chains = {site.chain.id for site in notary.sites}
    with notary.ledger.read() as work:
        done = {(row.manifest, row.chain) for row in work.anchors.anchors() if row.state is AnchorState.FINAL}
        return [row for row in work.anchors.manifests() if any((row.number, chain) not in done for chain in chains)]


def _advance(notary: Notary, manifest: ManifestRow) -> None:
    if not manifest.pinned:
        manifest = _pin(notary, manifest)
    for site in notary.sites:
        with notary.ledger.read() as work:
            row = next((row for row in work.anchors.anchors(manifest.number) if row.chain == site.chain.id), None)
        if row is None:
            row = _submit(notary, site, manifest)
        if row.state is not AnchorState.FINAL:
            row = _confirm(notary, site, row)
        if row.state is AnchorState.CONFIRMED:
            _finalise(notary, site, row)


def _submit(notary: Notary, site: Site, manifest: ManifestRow) -> AnchorRow:
    """Sign, store, then send. Of several workers the first to store wins; the others go on with its row."""
    root = read_manifest(manifest).anchor_root()
    call = notary.contracts.anchor(site.contract, root)
    quote, on_chain = site.wallet.quote(call), site.wallet.next_nonce()
    with notary.ledger.begin() as work:
        for row in work.anchors.anchors(manifest.number):
            if row.chain == site.chain.id:
                return row
        nonce = max(on_chain, work.anchors.next_nonce(site.chain.id, site.wallet.address))
        transaction = site.wallet.sign(call, nonce=nonce, quote=quote)
        row = AnchorRow(
            manifest=manifest.number,
            chain=site.chain.id,
            contract=site.contract,
            sender=site.wallet.address,
            root=root,
            state=AnchorState.SUBMITTED,
            raw=transaction.raw,
            tx_hash=transaction.hash,
            nonce=nonce,
            gas=quote.gas,
            fee_per_gas=quote.fee_per_gas,
            tip_per_gas=quote.tip_per_gas,
            submitted=notary.clock.now(),
        )
        work.anchors.save(row)
    site.wallet.broadcast(transaction)
    return row


def _confirm(notary: Notary, site: Site, row: AnchorRow) -> AnchorRow:
    """Find the anchor in the chain as it stands now; a reorg takes it back to submitted."""
    inclusion = site.chain.inclusion(row.tx_hash)
    if inclusion is None:
        if row.state is AnchorState.CONFIRMED:
            row = _save(notary, _taken_back(row))
        quote = Quote(row.gas, row.fee_per_gas, row.tip_per_gas)
        site.wallet.broadcast(SignedTransaction(row.tx_hash, row.raw, row.nonce, quote))
        return row
    if not inclusion.succeeded:
        raise OperatorError(
            f"the anchor's transaction {to_hex(row.tx_hash)} on {row.chain} reverted",
            hint="Look at the wallet and the contract: notary doctor",
        )
    if row.block_hash == inclusion.block_hash:
        return row
    return _save(notary, _sighted(site, row, inclusion))


def _sighted(site: Site, row: AnchorRow, inclusion: Inclusion) -> AnchorRow:
    sightings = site.chain.sightings(
        Address(row.contract), since=inclusion.block_number, root=row.root, sender=Address(row.sender)
    )
    sighting = next((s for s in sightings if s.tx_hash == row.tx_hash), None)
    if sighting is None:
        raise OperatorError(
            f"transaction {to_hex(row.tx_hash)} on {row.chain} left no event of the anchor contract",
            hint="The contract is another one than this notary was founded with: notary doctor",
        )
    return replace(
        row,
        state=AnchorState.CONFIRMED,
        block=sighting.block_number,
        block_hash=sighting.block_hash,
        transaction=sighting.transaction,
        log=sighting.log,
        registry=sighting.registry,
    )


def _finalise(notary: Notary, site: Site, row: AnchorRow) -> AnchorRow:
    """At finality, capture header, proof and state once: from here on no node is needed."""
    if row.block is None or row.block > site.chain.finalized():
        return row
    block = site.chain.block(row.block)
    if block is None or block.hash != row.block_hash or row.transaction is None or row.log is None:
        return _save(notary, _taken_back(row))
    with notary.ledger.read() as work:
        state = members_at(work, row.registry).state
    anchor = EvmAnchor(
        chain=row.chain,
        contract=row.contract,
        header=block.header,
        transaction=row.transaction,
        log=row.log,
        proof=prove_tx_receipt(Header.parse(block.header), block.tx_receipts, transaction=row.transaction),
        notes=(),
        state=state,
        members=(),
    )
    event = anchored_event(
        Header.parse(anchor.header), transaction=anchor.transaction, log=anchor.log, proof=anchor.proof
    )
    if (event.root, event.notary, event.registry) != (row.root, row.sender, row.registry):
        raise OperatorError(f"block {row.block} of {row.chain} proves another event than its node showed")
    return _save(
        notary,
        replace(row, state=AnchorState.FINAL, block_time=block.time, proof=canonical(anchor.to_json())),
    )


def _taken_back(row: AnchorRow) -> AnchorRow:
    return replace(
        row,
        state=AnchorState.SUBMITTED,
        block=None,
        block_hash=None,
        block_time=None,
        transaction=None,
        log=None,
        registry=None,
    )


def _save(notary: Notary, row: AnchorRow) -> AnchorRow:
    with notary.ledger.begin() as work:
        work.anchors.save(row)
    return row
