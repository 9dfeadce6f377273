"""The consortium as this notary knows it: founding it, changing it, and the state in force.

A state is pinned before its digest goes on chain, so the digest always walks to
its records. What members approve is computed here, never asked of a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from notary.core.canonical import load
from notary.core.cid import Cid, StoredBlock
from notary.core.digest import Digest, LeafIndex, TreeSize
from notary.core.encoding import shorten
from notary.core.errors import IssuerError, OperatorError
from notary.core.merkle import Tree, inclusion_path
from notary.core.receipt import MemberProof
from notary.core.registry import Compromise, Contract, MemberRecord, NotaryAccount, RegistryState, sort_records
from notary.ports import Address, Approval, BlockStore, Chain, Change, Contracts, Wallet
from notary.ports.ledger import Ledger, StateRow, UnitOfWork
from notary.service.attempts import Purse
from notary.service.notary import Notary, Site
from notary.service.sending import send

RECORD_SIZE = 1 << 20
_APPROVAL_TIME = 3600
"""Seconds in which an approved change must be on chain."""

Approver = Callable[[bytes], Approval]
"""Signs a change's EIP-712 digest for one member."""


@dataclass(frozen=True, slots=True)
class Members:
    """One registry state with all its records."""

    state: RegistryState
    records: tuple[MemberRecord, ...]

    def find(self, did: str) -> MemberRecord | None:
        """Return a member's record."""
        return next((record for record in self.records if record.id == did), None)

    def naming(self, issuer: str) -> MemberRecord | None:
        """Return the member one of whose ids a credential's issuer is."""
        return next((record for record in self.records if record.names(issuer)), None)

    def require(self, name: str) -> MemberRecord:
        """Return the member of this id or alias; IssuerError that lists the members where there is none."""
        found = self.naming(name)
        if found is None:
            ids = ", ".join(record.id for record in self.records)
            raise IssuerError(f"{shorten(name)} is no member", expected=ids, hint="Add it: notary member add FILE")
        return found

    def prove(self, did: str) -> MemberProof:
        """Return a member's record with its path to the state's root."""
        tree = Tree(record.hash() for record in self.records)
        index = LeafIndex([record.id for record in self.records].index(did))
        return MemberProof(self.records[index], index, inclusion_path(index, tree.size, tree.node))


def members_in_force(ledger: Ledger) -> Members:
    """Return the state that the contracts carry now; OperatorError where no consortium is founded."""
    with ledger.read() as work:
        row = next((row for row in work.registry.states() if row.in_force), None)
    if row is None:
        raise OperatorError("no consortium is founded here", hint="Found one: notary init")
    return read_members(row)


def members_at(work: UnitOfWork, digest: Digest | None) -> Members:
    """Return the state of a digest; OperatorError where the ledger lacks it."""
    row = next((row for row in work.registry.states() if row.digest == digest), None)
    if row is None:
        raise OperatorError("the ledger lacks a registry state that is on chain", hint="Rebuild it: notary recover")
    return read_members(row)


def read_members(row: StateRow) -> Members:
    """Read a state and its records from their bytes."""
    state = RegistryState.parse(load(row.data, "registry state", max_size=RECORD_SIZE).value)
    records = (MemberRecord.parse(load(line, "member record", max_size=RECORD_SIZE).value) for line in row.records)
    return Members(state, tuple(records))


def make_state(
    records: Iterable[MemberRecord],
    *,
    contracts: Sequence[Contract],
    notaries: Sequence[NotaryAccount],
    compromised: Sequence[Compromise] = (),
    after: RegistryState | None = None,
) -> Members:
    """Put a state together, its records in order; Malformed where members share an id, alias or key."""
    ordered = tuple(sort_records(records))
    tree = Tree(record.hash() for record in ordered)
    state = RegistryState(
        number=after.number + 1 if after else 1,
        previous=after.digest() if after else None,
        contracts=tuple(contracts),
        size=TreeSize(len(ordered)),
        root=tree.root,
        records=Cid.of(records_file(ordered)),
        notaries=tuple(notaries),
        compromised=tuple(compromised),
    )
    return Members(state, ordered)


@dataclass(frozen=True, slots=True)
class Ground:
    """A chain where a consortium is to be founded, and the wallet that pays for it."""

    chain: Chain
    wallet: Wallet


def found(
    grounds: Sequence[Ground],
    governors: Sequence[Address],
    threshold: int,
    records: Iterable[MemberRecord],
    origin: str,
    *,
    ledger: Ledger,
    blocks: BlockStore,
    contracts: Contracts,
) -> tuple[Site, ...]:
    """Found a consortium: deploy its contracts on every chain, carrying its first state.

    The state names the contracts, whose addresses follow from wallet and nonce;
    OperatorError where they come out otherwise, because the wallet sent
    something else meanwhile: founding again is safe.
    """
    planned = []
    for ground in grounds:
        purse = Purse(ledger, ground.wallet, ground.chain.id)
        registry, anchor = contracts.founded_at(ground.wallet.address, purse.next_nonce())
        planned.append(Site(ground.chain, ground.wallet, registry, anchor))
    members = make_state(
        records,
        contracts=[Contract(site.chain.id, site.contract) for site in planned],
        notaries=[NotaryAccount(site.chain.id, site.wallet.address, origin) for site in planned],
    )
    keep_state(members, ledger, blocks, in_force=False)
    for site in planned:
        call = contracts.found(governors, threshold=threshold, state=members.state.digest())
        made = send(site.chain, site.wallet, call, ledger=ledger).created
        if made != site.registry:
            raise OperatorError("the wallet sent something else while the consortium was founded", hint="Run it again")
        contracts.consortium(site.chain, site.registry)
    keep_state(members, ledger, blocks, in_force=True)
    return tuple(planned)


def change_members(
    notary: Notary,
    records: Iterable[MemberRecord],
    approvers: Sequence[Approver],
    *,
    compromised: Sequence[Compromise] | None = None,
) -> Members:
    """Put other records in force: one approved change on every chain.

    IssuerError while statements are logged and not yet anchored: they would be
    judged by the new state.
    """
    with notary.ledger.read() as work:
        manifests, anchors = work.anchors.manifests(), work.anchors.anchors()
        settled = {row.manifest for row in anchors if row.block is not None}
        anchored = bool(manifests) and manifests[-1].number in settled
        if work.log.size() and not (anchored and manifests[-1].tree_size == work.log.size()):
            raise IssuerError("statements wait to be anchored", hint="Anchor them first: notary anchor --wait")
    old = members_in_force(notary.ledger).state
    marked = old.compromised if compromised is None else tuple(compromised)
    new = make_state(records, contracts=old.contracts, notaries=old.notaries, compromised=marked, after=old)
    keep_state(new, notary.ledger, notary.blocks, in_force=False)
    deadline = int(notary.clock.now().timestamp()) + _APPROVAL_TIME
    for site in notary.sites:
        current = notary.contracts.consortium(site.chain, site.registry)
        if current.state == new.state.digest():
            continue  # applied before a crash
        change = Change(
            state=new.state.digest(),
            added=(),
            removed=(),
            threshold=current.threshold,
            epoch=current.epoch + 1,
            deadline=deadline,
        )
        digest = notary.contracts.approval_digest(site.chain.id, site.registry, change)
        approvals = [approve(digest) for approve in approvers]
        call = notary.contracts.change(site.registry, change, approvals)
        send(site.chain, site.wallet, call, ledger=notary.ledger)
    keep_state(new, notary.ledger, notary.blocks, in_force=True)
    return new


def state_blocks(members: Members) -> tuple[StoredBlock, StoredBlock]:
    """Return the two raw blocks a state is pinned as: itself, and its records, one a line."""
    state, records = members.state.block(), records_file(members.records)
    return StoredBlock(Cid.of(state), state), StoredBlock(Cid.of(records), records)


def keep_state(members: Members, ledger: Ledger, blocks: BlockStore, *, in_force: bool) -> None:
    """Pin a state and its records, then keep them in the ledger."""
    stored = state_blocks(members)
    blocks.put(stored, pins=[block.cid for block in stored])
    row = StateRow(
        digest=members.state.digest(),
        number=members.state.number,
        data=members.state.block(),
        records=tuple(record.line() for record in members.records),
        in_force=in_force,
    )
    with ledger.begin() as work:
        work.registry.save(row)


def records_file(records: Sequence[MemberRecord]) -> bytes:
    """Return the bytes that a state's `records` names: JCS, one a line."""
    return b"".join(record.line() + b"\n" for record in records)
