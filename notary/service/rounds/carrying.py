"""Carrying one manifest on one chain: submit, confirm, finalise.

Each step is durable before the next and safe to run again, by several workers at
once; recovery is the same function as the normal path. What a chain's node or
wallet refuses holds that chain alone, with the reason, until it is gone.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from notary.core.digest import Digest
from notary.core.encoding import to_hex
from notary.core.errors import NotaryError, OperatorError
from notary.ports import Inclusion, Outage, Sighting
from notary.ports.ledger import (
    AnchorRow,
    AnchorState,
    AttemptRow,
    HeldRow,
    ManifestNumber,
    ManifestRow,
    UnitOfWork,
)
from notary.service.governance.following import know, require_in_force
from notary.service.notary import Notary, Site
from notary.service.rounds.attempts import Purse
from notary.service.rounds.drawing import pinned, read_manifest
from notary.service.rounds.finality import made_final
from notary.service.rounds.resigning import take_back

WAITS = 10
"""Typical waits of a chain after which a transaction without a block is stuck, where no patience is set."""


def carry(notary: Notary, number: ManifestNumber, chain: str) -> AnchorRow | None:
    """Take one manifest on one chain as far as it goes without waiting; return its anchor, None before there is one.

    What stands in the way on that chain is kept as the reason why it is held.
    OperatorError where the manifest itself cannot be pinned, or the ledger fails.
    """
    manifest = pinned(notary, number)
    carrier = _Carrier(notary, notary.site(chain), manifest)
    trouble: NotaryError | None = None
    try:
        carrier.carry()
    except NotaryError as error:
        trouble = error
    row = carrier.row()
    if trouble is None or (row is not None and row.state is AnchorState.FINAL):
        _release(notary, chain)
    else:
        standing = HeldRow(chain, str(trouble), notary.clock.now(), outage=isinstance(trouble, Outage))
        with notary.ledger.begin() as work:
            work.held.hold(standing)
    return row


def _release(notary: Notary, chain: str) -> None:
    with notary.ledger.read() as work:
        if all(held.chain != chain for held in work.held.all()):
            return
    with notary.ledger.begin() as work:
        work.held.release(chain)


class _Carrier:
    """One manifest, one chain."""

    def __init__(self, notary: Notary, site: Site, manifest: ManifestRow) -> None:
        self.notary, self.site, self.manifest, self.number = notary, site, manifest, manifest.number
        self.chain = site.chain.id
        self.root: Digest = read_manifest(manifest).anchor_root()
        self.call = notary.contracts.anchor(site.contract, self.root)
        self.purse = Purse(notary.ledger, site.wallet, self.chain)

    def carry(self) -> None:
        row = self.row()
        if row is not None and row.state is AnchorState.FINAL:
            return
        self.site.chain.check_id()
        if row is None:
            row = self._submit(None)
        if row.state is not AnchorState.FINAL:
            row = self._confirm(row)
        if row.state is AnchorState.CONFIRMED:
            self._finalise(row)

    def row(self) -> AnchorRow | None:
        """The anchor as the ledger has it."""
        with self.notary.ledger.read() as work:
            return self._row(work)

    def _row(self, work: UnitOfWork) -> AnchorRow | None:
        return next((row for row in work.anchors.anchors(self.number) if row.chain == self.chain), None)

    # ------------------------------------------------------------------ submit

    def _submit(self, before: AnchorRow | None) -> AnchorRow:
        """Look, sign, store, then send. Of several workers the first to store wins; the others go on with its row."""
        found = self.notary.contracts.consortium(self.site.chain, self.site.registry)
        if found.anchor != self.site.contract:
            raise OperatorError(
                f"the registry on {self.chain} has another anchor contract",
                expected=to_hex(self.site.contract),
                actual=to_hex(found.anchor),
            )
        own = self._own_sighting()
        if own is not None:  # a ledger restored from a backup has forgotten what it sent
            return self._save(before, _sighted(before or self._new(own.tx_hash, None), own))
        require_in_force(self.notary, self.site, found.state)
        if before is None:
            take_back(self.notary, self.manifest)

        def also(work: UnitOfWork, attempt: AttemptRow) -> bool:
            if self._row(work) != before:
                return False
            fresh = self._new(attempt.tx_hash, attempt)
            work.anchors.save(fresh if before is None else replace(fresh, submitted=before.submitted))
            return True

        attempt = self.purse.store_next(self.call, now=self.notary.clock.now(), manifest=self.number, also=also)
        if attempt is not None:
            self.purse.send(attempt)
        row = self.row()
        assert row is not None
        return row

    def _own_sighting(self) -> Sighting | None:
        """Find this root anchored by this wallet: anybody may anchor a root, and a stranger's is not ours."""
        sightings = self.site.chain.sightings(
            self.site.contract, since=self._since(), root=self.root, sender=self.site.wallet.address
        )
        return next(sightings, None)

    def _since(self) -> int:
        """The block before which this root cannot be: nobody knew it before the anchor of an earlier one was final."""
        with self.notary.ledger.read() as work:
            anchors = [row for row in work.anchors.anchors() if row.chain == self.chain and row.manifest < self.number]
            first = work.attempts.since(self.chain, self.site.wallet.address, 0)[:1]
        earlier = [row.block for row in anchors if row.state is AnchorState.FINAL and row.block is not None]
        if earlier:
            return max(earlier)
        founded = self.site.chain.inclusion(first[0].tx_hash) if first else None
        return founded.block_number if founded else 0

    def _new(self, tx_hash: bytes, attempt: AttemptRow | None) -> AnchorRow:
        return AnchorRow(
            manifest=self.number,
            chain=self.chain,
            contract=self.site.contract,
            sender=self.site.wallet.address,
            root=self.root,
            state=AnchorState.SUBMITTED,
            tx_hash=tx_hash,
            gas=attempt.gas if attempt else 0,
            fee_per_gas=attempt.fee_per_gas if attempt else 0,
            tip_per_gas=attempt.tip_per_gas if attempt else 0,
            submitted=self.notary.clock.now(),
        )

    # ----------------------------------------------------------------- confirm

    def _confirm(self, row: AnchorRow) -> AnchorRow:
        """Find the anchor in the chain as it stands now, in whichever attempt; a reorg takes it back to submitted."""
        with self.notary.ledger.read() as work:
            attempts = work.attempts.of(self.number, self.chain)
        hashes = dict.fromkeys((row.tx_hash, *(attempt.tx_hash for attempt in reversed(attempts))))
        included = [found for found in map(self.site.chain.inclusion, hashes) if found is not None]
        good = next((found for found in included if found.succeeded), None)
        if good is None:
            if row.state is AnchorState.CONFIRMED:
                row = self._save(row, _taken_back(row))
            return self._again(row, attempts, included)
        if (row.tx_hash, row.block_hash) == (good.tx_hash, good.block_hash):
            return row
        mined = next((attempt for attempt in attempts if attempt.tx_hash == good.tx_hash), None)
        return self._save(row, _sighted(_offering(row, mined), self._sighting_of(good)))

    def _sighting_of(self, inclusion: Inclusion) -> Sighting:
        sightings = self.site.chain.sightings(
            self.site.contract, since=inclusion.block_number, root=self.root, sender=self.site.wallet.address
        )
        found = next((sighting for sighting in sightings if sighting.tx_hash == inclusion.tx_hash), None)
        if found is None:
            raise OperatorError(
                f"transaction {to_hex(inclusion.tx_hash)} on {self.chain} left no event of the anchor contract",
                hint="The contract is another one than this notary was founded with: notary doctor",
            )
        return found

    def _again(self, row: AnchorRow, attempts: tuple[AttemptRow, ...], reverted: list[Inclusion]) -> AnchorRow:
        """Nothing anchored it yet: send it again, offer more, or sign anew where its nonce is spent for good."""
        now = self.notary.clock.now()
        if not attempts:  # our own, found on chain, and gone with a reorg: it may come back from a pool
            return self._submit(row) if self._stuck(row.submitted) else row
        newest = attempts[-1]
        if self.site.wallet.final_nonce() > newest.nonce:
            return self._anew(row, attempts)
        if newest.tx_hash in {found.tx_hash for found in reverted}:
            raise OperatorError(
                f"the anchor's transaction {to_hex(newest.tx_hash)} on {self.chain} reverted",
                hint="It is signed anew once that is final. Look at wallet and contract: notary doctor",
            )
        if self._stuck(newest.sent):

            def also(work: UnitOfWork, attempt: AttemptRow) -> bool:
                if self._row(work) == row:
                    work.anchors.save(replace(_offering(row, attempt), tx_hash=attempt.tx_hash))
                return True

            newest = self.purse.store_replacement(self.call, newest, now=now, also=also)
        self._send(newest, attempts)
        return self.row() or row

    def _send(self, newest: AttemptRow, attempts: tuple[AttemptRow, ...]) -> None:
        try:
            self.purse.send(newest)
        except OperatorError:
            # Refused because one of those that it replaces was mined meanwhile? Then that one is the anchor.
            if not any(self.site.chain.inclusion(attempt.tx_hash) for attempt in attempts):
                raise

    def _anew(self, row: AnchorRow, attempts: tuple[AttemptRow, ...]) -> AnchorRow:
        """Sign with another nonce: what has this one is final, and it is no attempt of ours that anchored."""
        for attempt in attempts:  # asked after the nonce was found final: none can come any more
            found = self.site.chain.inclusion(attempt.tx_hash)
            if found is not None and found.succeeded:
                return row
        return self._submit(row)

    def _stuck(self, since: datetime) -> bool:
        """Say whether something should be in a block by now."""
        patience = self.notary.patience or WAITS * self.site.chain.typical_wait
        return (self.notary.clock.now() - since).total_seconds() >= patience

    # ---------------------------------------------------------------- finalise

    def _finalise(self, row: AnchorRow) -> AnchorRow:
        """At finality, capture header, proof and state once, and archive the block: then no node is needed."""
        if row.block is None or row.block > self.site.chain.finalized():
            return row
        block = self.site.chain.block(row.block)
        if block is None or block.hash != row.block_hash:
            return self._save(row, _taken_back(row))
        if row.registry is not None:
            know(self.notary, row.registry)
        return self._save(row, made_final(self.notary, row, block))

    # -------------------------------------------------------------------- rows

    def _save(self, before: AnchorRow | None, after: AnchorRow) -> AnchorRow:
        """Go on from `before` to `after`, unless another worker went on from there first: then take its row."""
        with self.notary.ledger.begin() as work:
            current = self._row(work)
            if current is not None and current != before:
                return current
            work.anchors.save(after)
        return after


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


def _offering(row: AnchorRow, attempt: AttemptRow | None) -> AnchorRow:
    if attempt is None:
        return row
    return replace(row, gas=attempt.gas, fee_per_gas=attempt.fee_per_gas, tip_per_gas=attempt.tip_per_gas)


def _sighted(row: AnchorRow, sighting: Sighting) -> AnchorRow:
    return replace(
        row,
        state=AnchorState.CONFIRMED,
        tx_hash=sighting.tx_hash,
        block=sighting.block_number,
        block_hash=sighting.block_hash,
        transaction=sighting.transaction,
        log=sighting.log,
        registry=sighting.registry,
    )
