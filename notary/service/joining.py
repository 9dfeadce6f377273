"""Joining a consortium that is there already: its state is walked to from the chain and checked whole.

The registry carries a digest; its block is the state, which names its records.
Nothing a node says is believed that does not hash to that digest.
"""

from __future__ import annotations

from notary.core.canonical import load
from notary.core.cid import Cid, Codec
from notary.core.encoding import to_hex
from notary.core.errors import Mismatch, OperatorError
from notary.core.merkle import Tree
from notary.core.registry import MemberRecord, RegistryState, sort_records
from notary.ports import BlockStore, Contracts
from notary.ports.ledger import Ledger
from notary.service.notary import Site
from notary.service.registry import RECORD_SIZE, Members, keep_state, records_file


def join(site: Site, origin: str, *, ledger: Ledger, blocks: BlockStore, contracts: Contracts) -> tuple[Members, bool]:
    """Take over the state in force, and say whether it names this notary for its log.

    Mismatch where state, records and contract do not belong together;
    OperatorError where the block store cannot get them.
    """
    consortium = contracts.consortium(site.chain, site.registry)
    data = blocks.get(Cid(Codec.RAW, consortium.state))
    state = RegistryState.parse(load(data, "registry state", max_size=RECORD_SIZE).value)
    if state.digest() != consortium.state:
        raise Mismatch("the registry's state is not in canonical form", expected=consortium.state.hex())
    members = Members(state, _read_records(blocks.get(state.records), state))
    here = [contract.address for contract in state.contracts if contract.chain == site.chain.id]
    if site.contract not in here:
        raise Mismatch(
            f"the state names another anchor contract on {site.chain.id}",
            expected=to_hex(site.contract),
            actual=", ".join(map(to_hex, here)) or None,
        )
    keep_state(members, ledger, blocks, in_force=True)
    account = (site.chain.id, site.wallet.address, origin)
    return members, any((named.chain, named.address, named.origin) == account for named in state.notaries)


def _read_records(data: bytes, state: RegistryState) -> tuple[MemberRecord, ...]:
    lines = enumerate(data.splitlines(), 1)
    records = [MemberRecord.parse(load(line, f"record {at}", max_size=RECORD_SIZE).value) for at, line in lines]
    if not records or records != sort_records(records) or records_file(records) != data:
        raise OperatorError("the registry's records are not what a state names", expected="JCS, one a line, by id")
    tree = Tree(record.hash() for record in records)
    if (tree.size, tree.root) != (state.size, state.root):
        raise Mismatch("the records are another state's", expected=f"{state.size} members", actual=len(records))
    return tuple(records)
