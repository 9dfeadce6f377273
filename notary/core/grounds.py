"""What one commitment gives to whatever rests on it: a signed checkpoint, and its anchors (steps 5 to 9).

Spec: docs/spec/verification.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from notary.core.authority import (
    AnchorFinding,
    BlockHashes,
    Entitled,
    distrusts_signature,
    find_anchor,
    find_statement,
    sum_up,
)
from notary.core.digest import Digest, LeafIndex, leaf_hash
from notary.core.errors import Mismatch, NotaryError
from notary.core.keys import Algorithm
from notary.core.log import Checkpoint
from notary.core.manifest import Manifest
from notary.core.merkle import verify_inclusion
from notary.core.note import Note
from notary.core.receipt import Commitment, EvmAnchor
from notary.core.registry import MemberRecord, RegistryState
from notary.core.statement import SignedStatement
from notary.core.trust import TrustedConsortium
from notary.core.verdict import Check, State, Weight, failed


@dataclass(frozen=True, slots=True)
class Grounds:
    """One commitment's findings.

    `complete`: the anchors of which block, event and registry state hold;
    `anchored`: they are enough, on distinct chains.
    """

    commitment: Commitment
    about: str
    anchors: tuple[AnchorFinding, ...]
    complete: tuple[AnchorFinding, ...]
    checkpoint: Check
    anchored: Check

    @property
    def time(self) -> int | None:
        """The earliest block time that is proven, in Unix seconds."""
        return min((finding.time for finding in self.complete), default=None)

    def checks(self) -> list[Check]:
        """Everything that was looked at, in the order of the steps."""
        others = (anchor.type for anchor in self.commitment.anchors if not isinstance(anchor, EvmAnchor))
        unread = (
            Check(8, self.about, State.UNKNOWN, f"an anchor of type {kind} is kept and not read", weight=Weight.NOTED)
            for kind in others
        )
        noted = (check for finding in self.anchors for check in finding.checks)
        return [self.checkpoint, *noted, *unread, self.anchored]


@dataclass(frozen=True, slots=True)
class Authority:
    """Step 9 for one statement: chain and signer's record of each anchor complete for it; whether they are enough."""

    records: tuple[tuple[str, MemberRecord], ...]
    enough: Check
    noted: tuple[Check, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """Everything that was looked at: anchor by anchor, then whether it is enough."""
        return (*self.noted, self.enough)


def find_grounds(
    commitment: Commitment, consortium: TrustedConsortium, blocks: BlockHashes, trust_date: str, about: str
) -> Grounds:
    """Steps 5 to 9 of one commitment, as far as they need no statement."""
    manifest = commitment.manifest
    anchors = tuple(
        find_anchor(anchor, manifest, consortium, blocks, trust_date, f"{about}, anchor {at}")
        for at, anchor in enumerate(commitment.anchors, 1)
        if isinstance(anchor, EvmAnchor)
    )
    anchored = _enough(8, about, [(finding, finding.checks) for finding in anchors], consortium, "is anchored")
    complete = tuple(finding for finding in anchors if finding.state is State.PASS)
    found = Grounds(commitment, about, anchors, complete, _check_checkpoint(commitment, consortium, about), anchored)
    label = Algorithm.ED25519.label
    if found.checkpoint.holds and found.time is not None and distrusts_signature(consortium, label, found.time):
        says = f"your trust file no longer relies on {label}"
        unknown = Check(5, about, State.UNKNOWN, says, settle="A receipt renewed under newer algorithms")
        return replace(found, checkpoint=unknown)
    return found


def find_authority(
    grounds: Grounds,
    signed: SignedStatement,
    consortium: TrustedConsortium,
    newest: Sequence[RegistryState],
    about: str,
    entitled: Entitled,
) -> Authority:
    """Step 9: enough complete anchors of the commitment, each with a record that lets the signer speak."""
    judged = [
        (finding, (*finding.checks, find_statement(finding, signed, consortium, newest, about, entitled)))
        for finding in grounds.anchors
    ]
    issuer = signed.statement.issuer
    complete = (finding.anchor for finding, checks in judged if sum_up(checks) is State.PASS)
    members = ((anchor.chain, anchor.member(issuer)) for anchor in complete)
    return Authority(
        records=tuple((chain, member.record) for chain, member in members if member),
        enough=_enough(9, about, judged, consortium, f"the statement of {issuer} is authorised"),
        noted=tuple(checks[-1] for _, checks in judged),
    )


def check_entry(signed: SignedStatement, entry: LeafIndex, path: tuple[Digest, ...], manifest: Manifest) -> None:
    """Step 5: the manifest judges this entry, and its log holds it; Mismatch or Malformed where not."""
    if not manifest.judges(entry):
        judged = f"{manifest.since} to {manifest.size - 1}"
        raise Mismatch("the manifest does not judge this log entry", expected=judged, actual=entry)
    verify_inclusion(leaf_hash(signed.entry()), entry, manifest.size, path, manifest.root)


def _check_checkpoint(commitment: Commitment, consortium: TrustedConsortium, about: str) -> Check:
    """Step 5: the checkpoint is the manifest's, signed by the log and as many witnesses as asked for."""
    manifest = commitment.manifest
    log = consortium.log(manifest.origin)
    quorum = consortium.witnesses
    try:
        note = Note.parse(commitment.checkpoint.encode(), "checkpoint")
        checkpoint = Checkpoint.parse(note.text)
        if (checkpoint.origin, checkpoint.size, checkpoint.root) != (manifest.origin, manifest.size, manifest.root):
            raise Mismatch(
                "the checkpoint is not the manifest's",
                expected=f"{manifest.origin}, {manifest.size} entries",
                actual=f"{checkpoint.origin}, {checkpoint.size} entries",
            )
        signed = note.verify(log.keys if log else ())
        witnesses = note.verify(quorum.keys)
    except NotaryError as error:
        return failed(5, about, error)
    if not signed:
        says = f"no key you trust for {manifest.origin} signed the checkpoint"
        return Check(5, about, State.UNKNOWN, says, settle="A newer trust file, if the log has a new key")
    if len(witnesses) < quorum.need:
        return Check(
            5,
            about,
            State.UNKNOWN,
            "not witnessed",
            expected=f"{quorum.need} of {len(quorum.keys)} witnesses",
            actual=str(len(witnesses)),
            settle="A receipt refreshed once the witnesses have signed, from the learner's link",
        )
    return Check(5, about, State.PASS, f"{manifest.origin} signed its log of {manifest.size} entries")


def _enough(
    step: int,
    about: str,
    judged: list[tuple[AnchorFinding, tuple[Check, ...]]],
    consortium: TrustedConsortium,
    says: str,
) -> Check:
    """Sum anchors up: enough on distinct chains hold, or all have failed, or it is not known yet."""
    states = [sum_up(checks) for _, checks in judged]
    chains = {finding.anchor.chain for (finding, _), state in zip(judged, states, strict=True) if state is State.PASS}
    if len(chains) >= consortium.anchors_needed:
        return Check(step, about, State.PASS, f"{says} on {', '.join(sorted(chains))}")
    broken = [check for _, checks in judged for check in checks if not check.holds]
    if states and all(state is State.FAIL for state in states):
        first = next(check for check in broken if check.state is State.FAIL)
        return Check(step, about, State.FAIL, first.says, first.expected, first.actual)
    first_unknown = next((check for check in broken if check.state is State.UNKNOWN), None)
    return Check(
        step,
        about,
        State.UNKNOWN,
        first_unknown.says if first_unknown else "too few anchors",
        expected=f"complete anchors on {consortium.anchors_needed} chains",
        actual=f"on {len(chains)}",
        settle=first_unknown.settle if first_unknown else "A receipt with more anchors, from the learner's link",
    )
