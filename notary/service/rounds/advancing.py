"""Anchoring a log: draw a manifest, and carry it on every chain until it is final there.

`advance` does all of it, one step after another; workers call the parts. Each
step is durable before the next and safe to run again.
"""

from __future__ import annotations

from dataclasses import dataclass

from notary.core.digest import Digest
from notary.ports import Quote
from notary.ports.ledger import AnchorRow, AnchorState, HeldRow, ManifestNumber, ManifestRow
from notary.service.log.cosigning import cosign
from notary.service.notary import Notary
from notary.service.rounds.carrying import carry
from notary.service.rounds.drawing import draw, read_manifest
from notary.service.rounds.reach import serving, unfinished_on

__all__ = ["Estimate", "Round", "advance", "carry", "draw", "estimate", "held", "read_manifest", "rounds", "unfinished"]


@dataclass(frozen=True, slots=True)
class Round:
    """One manifest and where it stands on each chain; a chain that is missing has nothing submitted yet.

    `held`: the chains on which it stands still, each with its reason.
    """

    manifest: ManifestRow
    anchors: tuple[AnchorRow, ...]
    held: tuple[HeldRow, ...] = ()

    @property
    def final(self) -> bool:
        """Whether it is held nowhere, and every chain it was submitted to is final; one at least."""
        return not self.held and bool(self.anchors) and all(row.state is AnchorState.FINAL for row in self.anchors)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What anchoring now would cost on one chain, in wei at most, and for how many credentials."""

    chain: str
    quote: Quote
    credentials: int


def advance(notary: Notary) -> tuple[Round, ...]:
    """Take everything as far as it goes without waiting; return the rounds that are not final, or just became so.

    A chain that is down delays its own anchors alone: its rounds say why.
    OperatorError where ledger or block store fail, after all else that could be done.
    """
    waiting = unfinished(notary)
    touched = {number for number, _ in waiting}
    _carry_all(notary, waiting)
    drawn = draw(notary)
    cosign(notary)
    if drawn is not None:
        touched.add(drawn.number)
        _carry_all(notary, tuple(each for each in unfinished(notary) if each[0] == drawn.number))
    return tuple(found for found in rounds(notary) if found.manifest.number in touched)


def unfinished(notary: Notary) -> tuple[tuple[ManifestNumber, str], ...]:
    """Return every manifest and chain it has to reach and is not final on, in the order in which they are carried."""
    with notary.ledger.read() as work:
        sites = enumerate(notary.sites)
        found = sorted((number, at, site.chain.id) for at, site in sites for number in unfinished_on(work, site))
    return tuple((number, chain) for number, _, chain in found)


def rounds(notary: Notary) -> tuple[Round, ...]:
    """Return every round so far."""
    with notary.ledger.read() as work:
        anchors, standing = work.anchors.anchors(), work.held.all()
        manifests = work.anchors.manifests()
    found = []
    for manifest in manifests:
        own = tuple(anchor for anchor in anchors if anchor.manifest == manifest.number)
        done = {anchor.chain for anchor in own if anchor.state is AnchorState.FINAL}
        found.append(Round(manifest, own, tuple(row for row in standing if row.chain not in done)))
    return tuple(found)


def held(notary: Notary) -> tuple[HeldRow, ...]:
    """Return the chains on which anchoring stands still, each with its reason."""
    with notary.ledger.read() as work:
        return work.held.all()


def estimate(notary: Notary) -> tuple[Estimate, ...]:
    """Return what anchoring what is logged now would cost, without doing it."""
    with notary.ledger.read() as work:
        manifests = work.anchors.manifests()
        since = manifests[-1].tree_size if manifests else 0
        waiting = sum(row.size for row in work.batches.all() if row.entry is not None and row.entry >= since)
    root = Digest(notary.random(32))
    return tuple(
        Estimate(site.chain.id, site.wallet.quote(notary.contracts.anchor(site.contract, root)), waiting)
        for site in serving(notary)
    )


def _carry_all(notary: Notary, waiting: tuple[tuple[ManifestNumber, str], ...]) -> None:
    """Carry in order; what comes after on a chain that just proved to be down waits for its next turn."""
    down: set[str] = set()
    for number, chain in waiting:
        if chain in down:
            continue
        carry(notary, number, chain)
        down |= {row.chain for row in held(notary)} & {chain}
