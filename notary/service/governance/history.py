"""How the consortium came to be what it is: every change its registries applied, from the chain and IPFS alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from notary.core.digest import Digest
from notary.core.encoding import format_unix, to_digest_text, to_hex
from notary.core.errors import NotaryError
from notary.ports import Address, AppliedChange, BlockStore, Chain, Contracts
from notary.service.governance.changes import read_changes
from notary.service.governance.differences import describe_states
from notary.service.governance.in_force import Place
from notary.service.members.registry import Members
from notary.service.recovery.events import States


@dataclass(frozen=True, slots=True)
class Passage:
    """One applied change: where and when, by whom, and what it changed.

    `members` is None where the state's blocks cannot be had, `time` where the node lacks the block;
    `lines` says why.
    """

    chain: str
    change: AppliedChange
    time: str | None
    members: Members | None
    lines: tuple[str, ...]

    @property
    def number(self) -> int | None:
        """The state's number, where it could be had."""
        return self.members.state.number if self.members else None


Reader = Callable[[Chain, Address], Iterable[AppliedChange]]
"""Reads a registry's changes, its founding first."""


def read_history(
    places: Sequence[Place], contracts: Contracts, blocks: BlockStore, *, read: Reader | None = None
) -> tuple[Passage, ...]:
    """Return every change of every chain's registry, in each chain's order; no ledger is asked.

    `read`: how a registry's changes are read, where something is known of them before.
    """
    states = States(blocks)
    return tuple(
        passage
        for chain, registry in places
        for passage in _of_chain(
            chain, read(chain, registry) if read else read_changes(chain, registry, contracts), states
        )
    )


def _of_chain(chain: Chain, changes: Iterable[AppliedChange], states: States) -> Iterator[Passage]:
    before: Members | None = None
    votes = 0
    for change in changes:
        members, lines = _read(states, change.state, before)
        votes += len(change.added) - len(change.removed)
        yield Passage(chain.id, change, _time(chain, change), members, (*lines, *_votes(change, votes)))
        before = members or before


def _read(states: States, digest: Digest, before: Members | None) -> tuple[Members | None, list[str]]:
    try:
        members = states.read(digest)
    except NotaryError as error:
        return None, [f"its state {to_digest_text(digest)} cannot be had: {error}"]
    return members, describe_states(before, members)


def _time(chain: Chain, change: AppliedChange) -> str | None:
    try:
        block = chain.block(change.block_number)
    except NotaryError:
        return None
    return format_unix(block.time) if block else None


def _votes(change: AppliedChange, count: int) -> Iterator[str]:
    yield from (f"gives a vote to {to_hex(who)}" for who in change.added)
    yield from (f"takes the vote from {to_hex(who)}" for who in change.removed)
    yield f"k {change.threshold}, of {count} votes"
