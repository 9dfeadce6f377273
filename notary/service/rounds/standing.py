"""Where every round stands: its manifest, its anchor on each chain, and what keeps a chain from going on."""

from __future__ import annotations

from dataclasses import dataclass

from notary.ports.ledger import AnchorRow, AnchorState, HeldRow, ManifestNumber, ManifestRow
from notary.service.notary import Notary
from notary.service.rounds.reach import unfinished_on


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


def unfinished(notary: Notary) -> tuple[tuple[ManifestNumber, str], ...]:
    """Return every manifest and chain it has to reach and is not final on, in the order in which they are carried."""
    with notary.ledger.read() as work:
        sites = enumerate(notary.sites)
        found = sorted((number, at, site.chain.id) for at, site in sites for number in unfinished_on(work, site))
    return tuple((number, chain) for number, _, chain in found)


def held(notary: Notary) -> tuple[HeldRow, ...]:
    """Return the chains on which anchoring stands still, each with its reason."""
    with notary.ledger.read() as work:
        return work.held.all()
