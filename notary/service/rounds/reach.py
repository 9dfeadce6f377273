"""Which manifest goes to which chain: a chain takes part while the state in force names its contract.

One that joins a founded consortium begins with the first manifest that was in no
block before it joined: what was anchored without it stays as it is. A chain whose
contract is founded and not yet approved by the members takes no part.
"""

from __future__ import annotations

from functools import lru_cache

from notary.core.canonical import load
from notary.core.errors import OperatorError
from notary.core.registry import Contract, RegistryState
from notary.ports.ledger import ManifestNumber, UnitOfWork
from notary.service.notary import Notary, Site

_STATE_SIZE = 1 << 20


def state_in_force(work: UnitOfWork) -> RegistryState:
    """Return the state in force, without its members; OperatorError where no consortium is founded."""
    row = next((row for row in work.registry.states(records=False) if row.in_force), None)
    if row is None:
        raise OperatorError("no consortium is founded here", hint="Found one: notary init")
    return _read(row.data)


def serving(notary: Notary) -> tuple[Site, ...]:
    """Return the sites whose contract the state in force names; all others wait for the members' approval."""
    with notary.ledger.read() as work:
        named = state_in_force(work).contracts
    return tuple(site for site in notary.sites if contract_of(site) in named)


def unfinished_on(work: UnitOfWork, site: Site) -> tuple[ManifestNumber, ...]:
    """Return the manifests that are to be carried on a chain and are not final there, in order."""
    if not work.anchors.unfinished(site.chain.id):
        return ()
    states = [(row.digest, row.in_force, _read(row.data)) for row in work.registry.states(records=False)]
    contract = contract_of(site)
    if not any(in_force and contract in state.contracts for _, in_force, state in states):
        return ()
    before = work.anchors.newest_under([digest for digest, _, state in states if contract not in state.contracts])
    return work.anchors.unfinished(site.chain.id, since=(before or 0) + 1)


def contract_of(site: Site) -> Contract:
    """Return a site's anchor contract as registry states name it."""
    return Contract(site.chain.id, site.contract)


@lru_cache(maxsize=256)  # by its bytes, which never mean anything else; a chain is polled often
def _read(data: bytes) -> RegistryState:
    return RegistryState.parse(load(data, "registry state", max_size=_STATE_SIZE).value)
