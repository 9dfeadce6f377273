"""An auditor: reads chains, IPFS and ledger, and counts what became of every credential that was accepted.

It takes no step of the service's own: what is final it reads from the contracts'
events and walks to, as `recover` would, and receipts are verified by the core. So a
fault that the service does not notice shows here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from notary.core.digest import SIZE, ZERO, Digest
from notary.core.encoding import format_time, to_hex
from notary.core.errors import NotaryError, OperatorError
from notary.core.leaf import hash_leaf
from notary.core.log import index_path
from notary.core.merkle import Tree
from notary.core.receipt import Receipt
from notary.core.registry import RegistryState
from notary.core.trust import Quorum, TrustedConsortium, TrustedContract, TrustedLog, TrustFile
from notary.core.verdict import Result
from notary.core.verify import blocks_to_ask, verify
from notary.ports.ledger import AnchorState, CredentialId
from notary.service.notary import Notary
from notary.service.recovery.choice import Choice, choose
from notary.service.recovery.events import Event, Place, States, find_gaps
from notary.service.recovery.history import History

_NOBODY = Quorum((), 0)


@dataclass(frozen=True, slots=True)
class Audit:
    """Credentials accepted, and of them in exactly one final batch; what is not so, in words."""

    accepted: int
    final: int
    lost: tuple[str, ...]
    twice: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Everything accepted is final, once, with a receipt that verifies."""
        return self.final == self.accepted and not (self.lost or self.twice or self.wrong)

    def counts(self) -> dict[str, int]:
        """Return the line of counts."""
        return {
            "accepted": self.accepted,
            "final": self.final,
            "lost": len(self.lost),
            "twice": len(self.twice),
            "wrong": len(self.wrong),
        }


def audit(notary: Notary, accepted: Iterable[CredentialId], receipts: Iterable[tuple[CredentialId, bytes]]) -> Audit:
    """Count; `accepted` are the ids that were acknowledged to institutions, `receipts` what learners are given.

    Chains and blocks have to be reachable, and the credentials retained: what
    cannot be read counts as lost or wrong.
    """
    ids = tuple(accepted)
    places = [Place(site.chain, site.registry, site.contract) for site in notary.sites]
    events = [event for place in places for event in place.events()[0]]
    states = States(notary.blocks)
    choice = choose(events, notary.blocks, notary.log_vkey.public_key, states)
    positions = Counter(_final_leaves(choice.followed) if choice else ())
    lost, twice, final = [], [], 0
    with notary.ledger.read() as work:
        for name in ids:
            row = work.credentials.get(name)
            if row is None or row.salt is None or row.digest is None:
                lost.append(f"credential {name}: the ledger has it no more")
                continue
            found = positions[hash_leaf(row.form, row.salt, row.digest, row.evidence or ZERO)]
            final += found == 1
            if found == 0:
                lost.append(f"credential {name}: in no final batch")
            elif found > 1:
                twice.append(f"credential {name}: in {found} final batches")
    twice += _anchored_twice(notary, events)
    wrong = [
        *_wrong_anchors(notary, choice, events),
        *find_gaps(_own(notary, events), {place.chain.id: place.chain for place in places}),
        *_wrong_rows(notary, events),
        *_wrong_receipts(notary, ids, receipts, states),
    ]
    return Audit(len(ids), final, tuple(lost), tuple(twice), tuple(wrong))


def _final_leaves(history: History) -> Iterator[Digest]:
    """Give every leaf of every batch, read from the pinned tree and checked against the batch's root."""
    for index, entry in enumerate(history.entries):
        if entry.batch is None:
            continue
        path = f"batch/{index_path(index)}/leaves"
        data = history.pinned.read(path, max_size=SIZE * entry.batch.size)
        leaves = [Digest(data[at : at + SIZE]) for at in range(0, len(data), SIZE)]
        if len(leaves) != entry.batch.size or Tree(leaves).root != entry.batch.root:
            raise OperatorError(f"{path} is not what the batch's statement commits")
        yield from leaves


def _own(notary: Notary, events: Iterable[Event]) -> list[Event]:
    accounts = {(site.chain.id, site.wallet.address) for site in notary.sites}
    return [event for event in events if (event.chain, event.seen.sender) in accounts]


def _anchored_twice(notary: Notary, events: Iterable[Event]) -> Iterator[str]:
    times = Counter((event.seen.root, event.chain) for event in _own(notary, events))
    for (root, chain), number in times.items():
        if number > 1:
            yield f"root {to_hex(root)}: anchored {number} times on {chain}"


def _wrong_anchors(notary: Notary, choice: Choice | None, events: Iterable[Event]) -> Iterator[str]:
    """Say which manifests are on not every chain, and what of our own account belongs to no log."""
    own = {(event.seen.root, event.chain) for event in _own(notary, events)}
    roots = {manifest.anchor_root() for manifest in choice.followed.manifests} if choice else set()
    for site in notary.sites:
        for root in roots:
            if (root, site.chain.id) not in own:
                yield f"root {to_hex(root)}: not anchored on {site.chain.id}"
    for root, chain in own:
        if root not in roots:
            yield f"root {to_hex(root)} on {chain}: anchored, and no manifest of the log"


def _wrong_rows(notary: Notary, events: Iterable[Event]) -> Iterator[str]:
    """Say which anchors the ledger calls final that no final block holds."""
    seen = {(event.chain, event.order, event.seen.root, event.seen.block_hash) for event in events}
    with notary.ledger.read() as work:
        for row in work.anchors.anchors():
            where = row.chain, (row.block, row.transaction, row.log), row.root, row.block_hash
            if row.state is AnchorState.FINAL and where not in seen:
                yield f"manifest {row.manifest} on {row.chain}: final by the ledger, and in no final block"


def _wrong_receipts(
    notary: Notary, ids: Iterable[CredentialId], receipts: Iterable[tuple[CredentialId, bytes]], states: States
) -> Iterator[str]:
    """Say whose receipt is missing, is another credential's, or does not verify."""
    missing = dict.fromkeys(ids)
    trust = _trust(notary, states)
    hashes: dict[tuple[str, int], bytes] = {}
    for name, data in receipts:
        missing.pop(name, None)
        if not _is_of(notary, name, data):
            yield f"credential {name}: its receipt is another credential's"
            continue
        hashes |= _block_hashes(notary, blocks_to_ask(data) - hashes.keys())
        verdict = verify(data, trust, at=notary.clock.now(), credential=_content(notary, name), blocks=hashes)
        if verdict.result is not Result.VERIFIED:
            first = next((check.says for check in verdict.checks if not check.holds), "")
            yield f"credential {name}: its receipt is {verdict.result}: {first}"
    yield from (f"credential {name}: there is no receipt" for name in missing)


def _is_of(notary: Notary, name: CredentialId, data: bytes) -> bool:
    """Say whether a receipt's first submission has the salt that this credential was accepted with."""
    with notary.ledger.read() as work:
        row = work.credentials.get(name)
    try:
        return row is not None and Receipt.parse(data).submissions[0].salt == row.salt
    except (NotaryError, IndexError):
        return False


def _content(notary: Notary, name: CredentialId) -> bytes | None:
    with notary.ledger.read() as work:
        row = work.credentials.get(name)
    return None if row is None else row.content


def _block_hashes(notary: Notary, wanted: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], bytes]:
    """Ask the chains for blocks by number, at or below finalized, as a verifier would."""
    found: dict[tuple[str, int], bytes] = {}
    for chain, number in wanted:
        node = notary.site(chain).chain
        block = node.block(number) if number <= node.finalized() else None
        if block is not None:
            found[chain, number] = block.hash
    return found


def _trust(notary: Notary, states: States) -> TrustFile:
    """Return what a verifier of this consortium would trust: read from the contracts, not from the ledger."""
    consortia = [notary.contracts.consortium(site.chain, site.registry) for site in notary.sites]
    newest: RegistryState = max((states.read(each.state).state for each in consortia), key=lambda state: state.number)
    consortium = TrustedConsortium(
        name="the audited consortium",
        contracts=tuple(TrustedContract(site.chain.id, site.contract, None, {}) for site in notary.sites),
        logs=(TrustedLog(notary.origin, (notary.log_vkey,)),),
        witnesses=_NOBODY,
        block_notes=_NOBODY,
        registry=newest,
        distrusted=(),
        anchors_needed=len({site.chain.id for site in notary.sites}),
    )
    return TrustFile(format_time(notary.clock.now()), (consortium,))
