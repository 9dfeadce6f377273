"""The trust file, as the notary would publish it: what a verifier should know today."""

from __future__ import annotations

from notary.core.encoding import format_time
from notary.core.trust import Quorum, TrustedConsortium, TrustedContract, TrustedLog, TrustFile
from notary.ports.ledger import AnchorState
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary

NOBODY = Quorum((), 0)


def export_trust(
    notary: Notary,
    name: str,
    *,
    anchors_needed: int = 1,
    block_notes: Quorum = NOBODY,
    witnesses: Quorum = NOBODY,
) -> TrustFile:
    """Return the trust file of this consortium: contracts with every final block, log key, registry state.

    `block_notes`: the parties whose word for a block's hash counts, and how many of them are needed;
    `witnesses`: those whose cosignatures a checkpoint needs.
    """
    state = members_in_force(notary.ledger).state
    with notary.ledger.read() as work:
        anchors = [row for row in work.anchors.anchors() if row.state is AnchorState.FINAL]
    contracts = []
    for contract in state.contracts:
        blocks = {
            row.block: row.block_hash
            for row in anchors
            if (row.chain, row.contract) == (contract.chain, contract.address)
            and row.block is not None
            and row.block_hash is not None
        }
        contracts.append(TrustedContract(contract.chain, contract.address, until_block=None, blocks=blocks))
    consortium = TrustedConsortium(
        name=name,
        contracts=tuple(contracts),
        logs=(TrustedLog(notary.origin, (notary.log_vkey,)),),
        witnesses=witnesses,
        block_notes=block_notes,
        registry=state,
        distrusted=(),
        anchors_needed=anchors_needed,
    )
    return TrustFile(format_time(notary.clock.now()), (consortium,))
