"""Joining a consortium that is there already: its state is walked to from the chain and checked whole.

The registry carries a digest; its block is the state, which names its records.
Nothing a node says is believed that does not hash to that digest.
"""

from __future__ import annotations

from notary.core.encoding import to_hex
from notary.core.errors import Mismatch
from notary.ports import BlockStore, Contracts
from notary.ports.ledger import Ledger
from notary.service.members.registry import Members, fetch_members, keep_state
from notary.service.notary import Site


def join(site: Site, origin: str, *, ledger: Ledger, blocks: BlockStore, contracts: Contracts) -> tuple[Members, bool]:
    """Take over the state in force, and say whether it names this notary for its log.

    Mismatch where state, records and contract do not belong together;
    OperatorError where the block store cannot get them.
    """
    members = fetch_members(contracts.consortium(site.chain, site.registry).state, blocks)
    here = [contract.address for contract in members.state.contracts if contract.chain == site.chain.id]
    if site.contract not in here:
        raise Mismatch(
            f"the state names another anchor contract on {site.chain.id}",
            expected=to_hex(site.contract),
            actual=", ".join(map(to_hex, here)) or None,
        )
    keep_state(members, ledger, blocks, in_force=True)
    account = (site.chain.id, site.wallet.address, origin)
    return members, any((named.chain, named.address, named.origin) == account for named in members.state.notaries)
