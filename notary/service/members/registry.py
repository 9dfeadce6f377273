"""The consortium as this notary knows it: its states and the one in force. Founding and changing it: `governance`.

A state is pinned before its digest goes on chain, so the digest always walks to
its records. What members approve is computed here, never asked of a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from notary.core.canonical import load
from notary.core.cid import Cid, Codec, StoredBlock
from notary.core.digest import Digest, LeafIndex, TreeSize
from notary.core.encoding import shorten, to_digest_text
from notary.core.errors import IssuerError, Malformed, Mismatch, OperatorError
from notary.core.merkle import Tree, inclusion_path
from notary.core.receipt import MemberProof
from notary.core.registry import Compromise, Contract, MemberRecord, NotaryAccount, RegistryState, sort_records
from notary.ports import BlockReader, BlockStore
from notary.ports.ledger import Ledger, StateRow, UnitOfWork
from notary.service.access.journal import Action, record
from notary.service.notary import Notary

RECORD_SIZE = 1 << 20


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
        raise _nothing_founded()
    return read_members(row)


def state_in_force(work: UnitOfWork) -> RegistryState:
    """Return the state in force, without its members; OperatorError where no consortium is founded."""
    row = next((row for row in work.registry.states(records=False) if row.in_force), None)
    if row is None:
        raise _nothing_founded()
    return read_state(row)


def members_at(work: UnitOfWork, digest: Digest | None) -> Members:
    """Return the state of a digest; OperatorError where the ledger lacks it."""
    row = next((row for row in work.registry.states() if row.digest == digest), None)
    if row is None:
        hint = "Take it over from the chain: notary consortium show"
        raise OperatorError("the ledger lacks a registry state that is on chain", hint=hint)
    return read_members(row)


def read_members(row: StateRow) -> Members:
    """Read a state and its records from their bytes."""
    records = (MemberRecord.parse(load(line, "member record", max_size=RECORD_SIZE).value) for line in row.records)
    return Members(read_state(row), tuple(records))


def read_state(row: StateRow) -> RegistryState:
    """Read a state without its records."""
    return _parse_kept(row.data)


def fetch_members(digest: Digest, blocks: BlockReader) -> Members:
    """Walk from the digest that chains carry to the state and its records, and check that they belong together.

    Malformed, Mismatch or OperatorError where a block cannot be had, or is not what the digest commits.
    """
    data = blocks.get(Cid(Codec.RAW, digest))
    state = _parse(data)
    if state.digest() != digest:
        raise Mismatch("the registry's state is not in canonical form", expected=to_digest_text(digest))
    data = blocks.get(state.records)
    lines = enumerate(data.splitlines(), 1)
    records = [MemberRecord.parse(load(line, f"record {at}", max_size=RECORD_SIZE).value) for at, line in lines]
    if records_file(records) != data:
        raise OperatorError("the registry's records are not what a state names", expected="JCS, one a line")
    return bind(state, records)


def bind(state: RegistryState, records: Sequence[MemberRecord]) -> Members:
    """Take a state with its records, which must be in its order and under its root; Mismatch where they are not."""
    tree = Tree(record.hash() for record in records) if records else None
    if tree is None or (tree.size, tree.root, Cid.of(records_file(records))) != (state.size, state.root, state.records):
        raise Mismatch("the records are another state's", expected=f"{state.size} members", actual=len(records))
    if list(records) != sort_records(records):
        raise Malformed("the registry's records", expected="sorted by the UTF-8 bytes of their ids")
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


def state_blocks(members: Members) -> tuple[StoredBlock, StoredBlock]:
    """Return the two raw blocks a state is pinned as: itself, and its records, one a line."""
    state, records = members.state.block(), records_file(members.records)
    return StoredBlock(Cid.of(state), state), StoredBlock(Cid.of(records), records)


def put_in_force(notary: Notary, members: Members) -> None:
    """Pin and keep the state that the chains carry; that it took over stands in the journal, once."""

    def note(work: UnitOfWork) -> None:
        if not any(row.in_force and row.digest == members.state.digest() for row in work.registry.states()):
            record(notary, work, Action.MEMBERS, None, [f"registry state {members.state.number}"])

    keep_state(members, notary.ledger, notary.blocks, in_force=True, before=note)


def keep_state(
    members: Members,
    ledger: Ledger,
    blocks: BlockStore,
    *,
    in_force: bool,
    before: Callable[[UnitOfWork], None] = lambda _: None,
) -> None:
    """Pin a state and its records, then keep them in the ledger; `before` is called in the unit of work that does."""
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
        before(work)
        work.registry.save(row)


def records_file(records: Sequence[MemberRecord]) -> bytes:
    """Return the bytes that a state's `records` names: JCS, one a line."""
    return b"".join(record.line() + b"\n" for record in records)


def _parse(data: bytes) -> RegistryState:
    return RegistryState.parse(load(data, "registry state", max_size=RECORD_SIZE).value)


_parse_kept = lru_cache(maxsize=256)(_parse)
"""By its bytes, which never mean anything else: of the ledger alone, which a poll of a chain reads often."""


def _nothing_founded() -> OperatorError:
    return OperatorError("no consortium is founded here", hint="Found one: notary init")
