"""Reading every change a registry applied: from its founding on, a page of blocks at a time, and never twice.

A node answers for so many blocks at once, and a public chain has tens of millions.
So reading begins in the block in which the registry was founded, where that can be
known; what lies in final blocks is kept, and a run that was stopped goes on there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from notary.core.canonical import JSON, canonical, load
from notary.core.encoding import to_digest_text, to_hex
from notary.core.errors import OperatorError
from notary.core.registry import ADDRESS_SIZE
from notary.core.shape import Closed
from notary.ports import Address, AppliedChange, Chain, Contracts
from notary.service.governance.in_force import read_address
from notary.service.notary import Notary

TYPE = "credential-notary/changes/v1"
MAX_SIZE = 16 << 20
PAGE = 100_000
"""Blocks after which what was read is kept."""
_LOOKED_AT = 16
"""Transactions of a wallet among which its founding of the registry is looked for: it was one of the first."""
_HASH = 32


@dataclass(frozen=True, slots=True)
class Known:
    """A registry's changes in all blocks up to `until`, which is final."""

    chain: str
    registry: Address
    until: int
    changes: tuple[AppliedChange, ...]

    @classmethod
    def parse(cls, value: JSON, where: str) -> Known:
        """Read one from its closed object."""
        fields = Closed.of(value, where, "chain registry until changes")
        registry = Address(fields.hex("registry", ADDRESS_SIZE))
        return cls(fields.chain("chain"), registry, fields.count("until"), fields.each("changes", _read_change))

    def to_json(self) -> JSON:
        """Return the closed object."""
        return {
            "chain": self.chain,
            "registry": to_hex(self.registry),
            "until": self.until,
            "changes": [_change_to_json(change) for change in self.changes],
        }


Keep = Callable[[Known], object]


def read_known(data: bytes) -> tuple[Known, ...]:
    """Read a file of what is known; Malformed where it is none."""
    fields = Closed.typed(load(data, "changes", max_size=MAX_SIZE).value, "changes", TYPE, "registries")
    return fields.each("registries", Known.parse)


def write_known(known: tuple[Known, ...]) -> bytes:
    """Return the bytes of such a file."""
    return canonical({"type": TYPE, "registries": [each.to_json() for each in known]})


def read_changes(
    chain: Chain,
    registry: Address,
    contracts: Contracts,
    *,
    known: Known | None = None,
    since: int | None = None,
    keep: Keep = lambda _: None,
) -> tuple[AppliedChange, ...]:
    """Return every change of a registry, its founding first, going on where `known` ends; `keep` gets what is final.

    `since`: the block of its founding, where that is known. OperatorError where the
    node does not show every one.
    """
    epoch = contracts.consortium(chain, registry).epoch
    if known is None:
        first = founding_block(chain, registry, contracts) if since is None else since
        known = Known(chain.id, registry, first - 1, ())
    final, latest = chain.finalized(), chain.latest()
    changes = known.changes
    start = known.until + 1
    while start <= latest:
        end = min(start + PAGE - 1, final if start <= final else latest)
        changes += contracts.changes(chain, registry, since=start, until=end, after=len(changes))
        if end <= final:
            keep(Known(chain.id, registry, end, changes))
        start = end + 1
    if len(changes) < epoch:
        raise OperatorError(
            f"the node of {chain.id} does not show every change of the registry {to_hex(registry)}",
            expected=f"epochs 1 to {epoch}",
            actual=f"{len(changes)} of them",
            hint="Ask a node that keeps all events",
        )
    return changes


def founding_block(chain: Chain, registry: Address, contracts: Contracts) -> int:
    """Return the block in which a registry was founded, found by its code; 0 where the node keeps no older states.

    A node that says *no code* of a block whose state it has thrown away would make
    it too late: so the founding's own event has to be there.
    """
    low, high = 0, chain.latest()
    try:
        while low < high:
            middle = (low + high) // 2
            if chain.code(registry, block=middle):
                high = middle
            else:
                low = middle + 1
        there = contracts.changes(chain, registry, since=low, until=low)
    except OperatorError:
        return 0
    return low if there else 0


def known_founding(notary: Notary, chain: Chain, registry: Address) -> int | None:
    """Return the founding's block where this notary founded the registry itself, None where others did."""
    site = notary.site(chain.id)
    with notary.ledger.read() as work:
        attempts = work.attempts.since(chain.id, site.wallet.address, 0)
    for row in [row for row in attempts if row.manifest is None][:_LOOKED_AT]:
        found = chain.inclusion(row.tx_hash)
        if found is not None and found.created == registry:
            return found.block_number
    return None


def _read_change(value: JSON, where: str) -> AppliedChange:
    fields = Closed.of(value, where, "epoch state threshold added removed approvers block transaction")
    return AppliedChange(
        epoch=fields.count("epoch", 1),
        state=fields.digest("state"),
        threshold=fields.count("threshold", 1),
        added=fields.each("added", read_address),
        removed=fields.each("removed", read_address),
        approvers=fields.each("approvers", read_address),
        block_number=fields.count("block"),
        tx_hash=fields.hex("transaction", _HASH),
    )


def _change_to_json(change: AppliedChange) -> JSON:
    return {
        "epoch": change.epoch,
        "state": to_digest_text(change.state),
        "threshold": change.threshold,
        "added": [to_hex(who) for who in change.added],
        "removed": [to_hex(who) for who in change.removed],
        "approvers": [to_hex(who) for who in change.approvers],
        "block": change.block_number,
        "transaction": to_hex(change.tx_hash),
    }
