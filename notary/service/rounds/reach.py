"""Which manifest goes to which chain: a chain takes part while the state in force names its contract.

One that joins a founded consortium begins with the first manifest that was in no
block before it joined: what was anchored without it stays as it is. A chain whose
contract is founded and not yet approved by the members takes no part.
"""

from __future__ import annotations

from notary.core.registry import Contract
from notary.ports.ledger import ManifestNumber, UnitOfWork
from notary.service.members.registry import read_state, state_in_force
from notary.service.notary import Notary, Site


def serving(notary: Notary) -> tuple[Site, ...]:
    """Return the sites whose contract the state in force names; all others wait for the members' approval."""
    with notary.ledger.read() as work:
        named = state_in_force(work).contracts
    return tuple(site for site in notary.sites if contract_of(site) in named)


def unfinished_on(work: UnitOfWork, site: Site) -> tuple[ManifestNumber, ...]:
    """Return the manifests that are to be carried on a chain and are not final there, in order."""
    if not work.anchors.unfinished(site.chain.id):
        return ()
    states = [(row.digest, row.in_force, read_state(row)) for row in work.registry.states(records=False)]
    contract = contract_of(site)
    if not any(in_force and contract in state.contracts for _, in_force, state in states):
        return ()
    before = work.anchors.newest_under([digest for digest, _, state in states if contract not in state.contracts])
    return work.anchors.unfinished(site.chain.id, since=(before or 0) + 1)


def contract_of(site: Site) -> Contract:
    """Return a site's anchor contract as registry states name it."""
    return Contract(site.chain.id, site.contract)
