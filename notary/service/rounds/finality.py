"""What is captured of an anchor once its block is final: the proof, checked, and the archive of the whole block.

From then on no node is needed, neither for receipts nor for other proofs of the
same block.
"""

from __future__ import annotations

from dataclasses import replace

from notary.core.canonical import canonical
from notary.core.errors import OperatorError
from notary.core.evm import Header, anchored_event, prove_tx_receipt
from notary.core.receipt import EvmAnchor
from notary.ports import Block
from notary.ports.ledger import AnchorRow, AnchorState
from notary.service.members.registry import members_at
from notary.service.notary import Notary
from notary.service.rounds.archive import archive


def made_final(notary: Notary, row: AnchorRow, block: Block) -> AnchorRow:
    """Return a confirmed anchor as final in its block; the archive is pinned first, so that a crash loses nothing."""
    proof = _prove(notary, row, block)
    kept = archive(block, notary.blocks)
    return replace(
        row,
        state=AnchorState.FINAL,
        block_time=block.time,
        proof=canonical(proof.to_json()),
        archive=str(kept),
    )


def _prove(notary: Notary, row: AnchorRow, block: Block) -> EvmAnchor:
    assert row.transaction is not None and row.log is not None  # noqa: PT018  # set together with the block
    with notary.ledger.read() as work:
        state = members_at(work, row.registry).state
    header = Header.parse(block.header)
    proof = prove_tx_receipt(header, block.tx_receipts, transaction=row.transaction)
    event = anchored_event(header, transaction=row.transaction, log=row.log, proof=proof)
    if (event.root, event.notary, event.registry) != (row.root, row.sender, row.registry):
        raise OperatorError(f"block {row.block} of {row.chain} proves another event than its node showed")
    return EvmAnchor(
        chain=row.chain,
        contract=row.contract,
        header=block.header,
        transaction=row.transaction,
        log=row.log,
        proof=proof,
        notes=(),
        state=state,
        members=(),
    )
