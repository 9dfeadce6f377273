"""What anchors cost, shared among institutions by the credentials anchored.

The fee of a transaction is gas used times price. Price is the block's base fee,
which the captured header commits, plus the tip, under the signed cap. Gas is the
difference of two transaction receipts of the block: of the archive that was pinned
at finality, or of the chain; where neither is to be had the signed limit is its
upper bound. After a total loss the tip is not known any more: the base fee alone is
a lower bound. What a rollup charges beside for the chain below it is in neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from notary.core.canonical import load
from notary.core.cid import Cid
from notary.core.errors import NotaryError
from notary.core.evm import Header, rlp
from notary.core.evm.trie import lookup
from notary.core.manifest import Manifest
from notary.core.receipt import EvmAnchor
from notary.ports import Block
from notary.ports.ledger import AnchorRow, AnchorState, UnitOfWork
from notary.service.notary import Notary
from notary.service.rounds.archive import fetch_archive
from notary.service.rounds.drawing import read_manifest

_ANCHOR_SIZE = 4 << 20
_BASE_FEE = 15
"""Index of baseFeePerGas in a header (EIP-1559)."""
_CUMULATIVE_GAS = 1
"""Index of the gas used so far in a transaction receipt."""


class Certainty(StrEnum):
    """What is known of a fee."""

    EXACT = "exact"
    AT_MOST = "at most"
    AT_LEAST = "at least"
    ABOUT = "about"

    def __and__(self, other: Certainty) -> Certainty:
        """Return what is known of a sum."""
        found = {self, other} - {Certainty.EXACT}
        if not found:
            return Certainty.EXACT
        return found.pop() if len(found) == 1 else Certainty.ABOUT


@dataclass(frozen=True, slots=True)
class Cost:
    """What one final anchor cost, in wei, and for how many credentials of each institution."""

    manifest: int
    chain: str
    block_time: int
    fee: int
    certainty: Certainty
    credentials: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Share:
    """An institution's part on one chain: its credentials, in how many anchors, and wei."""

    institution: str
    chain: str
    credentials: int
    anchors: int
    fee: int
    certainty: Certainty


def costs(notary: Notary, *, since: int, until: int) -> tuple[Cost, ...]:
    """Return what anchors cost whose block's time is `since` or later and before `until`, by manifest and chain."""
    with notary.ledger.read() as work:
        manifests = {row.number: read_manifest(row) for row in work.anchors.manifests()}
        wanted = [
            row
            for row in work.anchors.anchors()
            if row.state is AnchorState.FINAL and row.block_time is not None and since <= row.block_time < until
        ]
        credentials = {row.manifest: _credentials(work, manifests[row.manifest]) for row in wanted}
    return tuple(_cost(notary, row, credentials[row.manifest]) for row in wanted)


def shares(found: Iterable[Cost]) -> tuple[Share, ...]:
    """Add up what each institution bears, by chain; to the last wei the sum is what was paid."""
    sums: dict[tuple[str, str], Share] = {}
    for cost in found:
        for institution, fee in share(cost.fee, cost.credentials).items():
            key = (cost.chain, institution)
            so_far = sums.get(key, Share(institution, cost.chain, 0, 0, 0, Certainty.EXACT))
            sums[key] = Share(
                institution,
                cost.chain,
                so_far.credentials + cost.credentials[institution],
                so_far.anchors + 1,
                so_far.fee + fee,
                so_far.certainty & cost.certainty,
            )
    return tuple(sums[key] for key in sorted(sums))


def share(fee: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Part a fee by weight, by the largest remainder; equally where all weigh nothing (statuses alone)."""
    total = sum(weights.values())
    if not total:
        weights, total = dict.fromkeys(weights, 1), len(weights)
    parts = {name: fee * weight // total for name, weight in weights.items()}
    rest = sorted(weights, key=lambda name: (-(fee * weights[name] % total), name))
    for name in rest[: fee - sum(parts.values())]:
        parts[name] += 1
    return parts


def fee_of(row: AnchorRow, tx_receipts: Sequence[bytes] | None) -> tuple[int, Certainty]:
    """Return what a final anchor cost; `tx_receipts`: all of its block's, where at hand."""
    if row.proof is None or row.transaction is None:
        return row.gas * row.fee_per_gas, Certainty.AT_MOST
    anchor = EvmAnchor.parse(load(row.proof, "anchor", max_size=_ANCHOR_SIZE).value, "anchor")
    base, until = _base_fee(anchor.header), _gas_until(anchor)
    offered = row.fee_per_gas > 0
    price = min(row.fee_per_gas, base + row.tip_per_gas) if offered else base
    known = Certainty.EXACT if offered else Certainty.AT_LEAST
    if row.transaction == 0:
        return until * price, known
    if tx_receipts is None:
        return min(row.gas or until, until) * price, known & Certainty.AT_MOST
    return (until - _cumulative_gas(tx_receipts[row.transaction - 1])) * price, known


def _cost(notary: Notary, row: AnchorRow, credentials: Mapping[str, int]) -> Cost:
    fee, certainty = fee_of(row, None if row.transaction == 0 else _block_receipts(notary, row))
    return Cost(row.manifest, row.chain, row.block_time or 0, fee, certainty, credentials)


def _block_receipts(notary: Notary, row: AnchorRow) -> Sequence[bytes] | None:
    """Return all transaction receipts of the block, from its archive or the chain; None where neither has it."""
    for read in (_from_archive, _from_chain):
        try:
            block = read(notary, row)
        except NotaryError:
            continue
        if block is not None and block.hash == row.block_hash:
            return block.tx_receipts
    return None


def _from_archive(notary: Notary, row: AnchorRow) -> Block | None:
    return None if row.archive is None else fetch_archive(Cid.parse(row.archive, "archive"), notary.blocks)


def _from_chain(notary: Notary, row: AnchorRow) -> Block | None:
    return None if row.block is None else notary.site(row.chain).chain.block(row.block)


def _credentials(work: UnitOfWork, manifest: Manifest) -> dict[str, int]:
    """Count the credentials that a manifest was the first to anchor; an issuer of statuses alone counts none."""
    found: Counter[str] = Counter()
    for entry in work.log.entries(manifest.since, manifest.size):
        batch = work.batches.by_entry(entry.index) if entry.is_batch else None
        found[entry.issuer] += 0 if batch is None else batch.size
    return dict(found)


def _base_fee(header: bytes) -> int:
    fields = rlp.as_list(rlp.decode(header, "block header"), "block header")
    return rlp.as_integer(fields[_BASE_FEE], "block header, baseFeePerGas") if len(fields) > _BASE_FEE else 0


def _gas_until(anchor: EvmAnchor) -> int:
    """Return the gas that the block's transactions had used once the anchor's was done."""
    key = rlp.encode(rlp.from_integer(anchor.transaction))
    return _cumulative_gas(lookup(Header.parse(anchor.header).receipts_root, key, anchor.proof))


def _cumulative_gas(tx_receipt: bytes) -> int:
    body = tx_receipt[1:] if tx_receipt[0] < 0xC0 else tx_receipt
    fields = rlp.as_list(rlp.decode(body, "transaction receipt"), "transaction receipt")
    return rlp.as_integer(fields[_CUMULATIVE_GAS], "transaction receipt, cumulative gas used")
