"""Which log is followed: the longest that the log key signed, of those that agree; where two part, the first anchored.

A thief with the wallet can anchor anything, a manifest over our own checkpoint
too. What they cannot do is sign a checkpoint: so nothing shorter, emptied or forked
takes the place of the log, and all of it is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from notary.core.digest import Digest
from notary.core.errors import NotaryError
from notary.core.keys import PublicKey
from notary.core.manifest import Manifest
from notary.ports import BlockStore
from notary.service.recovery.events import Event, States
from notary.service.recovery.history import History, read_checkpoint, read_history
from notary.service.recovery.walk import PinnedTree, walk_root


@dataclass(frozen=True, slots=True)
class Candidate:
    """What stands behind an anchor root, as far as it goes; `why` it is not followed.

    `signed`: the log key signed this manifest's checkpoint, so the log was at least that long.
    """

    root: Digest
    signed: Manifest | None = None
    history: History | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The log that is followed, and every root that is not part of it."""

    followed: History
    others: tuple[Candidate, ...]


def examine(root: Digest, blocks: BlockStore, log_key: PublicKey) -> Candidate:
    """Walk from a root as far as blocks and checks allow."""
    signed: Manifest | None = None
    try:
        manifest = walk_root(root, blocks)
        pinned = PinnedTree(manifest.tree, blocks)
        checkpoint = read_checkpoint(manifest, pinned, log_key)
        signed = manifest
        return Candidate(root, signed, read_history(manifest, checkpoint, pinned))
    except NotaryError as error:
        return Candidate(root, signed, None, str(error))


def choose(events: Sequence[Event], blocks: BlockStore, log_key: PublicKey, states: States) -> Choice | None:
    """Choose among everything anchored, newest first; None where nothing can be followed."""
    explained: set[Digest] = set()
    examined: dict[Digest, Candidate] = {}
    best: History | None = None
    roots = dict.fromkeys(event.seen.root for event in reversed(events))
    for root in roots:
        if root in explained:
            continue  # a manifest of the log followed so far
        examined[root] = examine(root, blocks, log_key)
        found = examined[root].history
        if found is None or (best is not None and not _before(found, best, events, states)):
            continue
        best = found
        explained = {manifest.anchor_root() for manifest in best.manifests}
    if best is None:
        return None
    others = [root for root in roots if root not in explained]
    left = (examined.get(root) or examine(root, blocks, log_key) for root in others)
    return Choice(best, tuple(_named(candidate, best) for candidate in left))


def _before(found: History, best: History, events: Sequence[Event], states: States) -> bool:
    """Say whether a log is to be followed rather than the best so far."""
    if found.agrees_with(best) and found.newest.size != best.newest.size:
        return found.newest.size > best.newest.size
    parting = (pair for pair in zip(found.manifests, best.manifests, strict=False) if pair[0] != pair[1])
    ours, theirs = next(parting, (found.newest, best.newest))
    seen = _first_seen(events, states, found.origin)
    never = len(events)
    return seen.get(ours.anchor_root(), never) < seen.get(theirs.anchor_root(), never)


def _first_seen(events: Sequence[Event], states: States, origin: str) -> Mapping[Digest, int]:
    """Return when each root was first anchored by a notary of the log: strangers may repeat what they like."""
    seen: dict[Digest, int] = {}
    for at, event in enumerate(events):
        if states.names(event, origin):
            seen.setdefault(event.seen.root, at)
    return seen


def _named(candidate: Candidate, best: History) -> Candidate:
    """Say of a log that could be read why it is not followed all the same."""
    found = candidate.history
    if found is None:
        return candidate
    if found.origin != best.origin:
        why = f"it is the log {found.origin}, signed by the same key"
    elif not found.agrees_with(best):
        why = "a forked log, signed by the log key: whoever has seen it has proof against this notary"
    else:
        why = "another manifest of the same log, beside the chain of manifests"
    return Candidate(candidate.root, candidate.signed, found, why)
