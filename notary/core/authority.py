"""Steps 7 to 9 of verification: was it anchored, where, and might the signer speak?

Facts of the chain arrive as arguments. One anchor's block, event and registry
belong together: an anchor that fails in one of them does not count at all.
Spec: docs/spec/verification.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from notary.core.block_note import BlockNote
from notary.core.encoding import format_unix, to_digest_text, to_hex
from notary.core.errors import Malformed, Mismatch, NotaryError, Unsupported
from notary.core.evm import AnchoredEvent, Header, anchored_event
from notary.core.keys import Algorithm
from notary.core.mandate import check_key, check_uncompromised
from notary.core.manifest import Manifest
from notary.core.merkle import verify_inclusion
from notary.core.note import Note
from notary.core.receipt import EvmAnchor, MemberProof
from notary.core.registry import RegistryState, unix
from notary.core.statement import SignedStatement
from notary.core.trust import KECCAK_256, TrustedConsortium
from notary.core.verdict import Check, State, Weight, noted

BlockHashes: TypeAlias = Mapping[tuple[str, int], bytes]
"""Hashes of final blocks by chain and number, as nodes the verifier chose gave them."""
Entitled: TypeAlias = Callable[[EvmAnchor, MemberProof], None]
"""Checks that, by this anchor's records, a member may say what its statement says; raises if not."""


@dataclass(frozen=True, slots=True)
class AnchorFinding:
    """One anchor of one commitment, as far as it needs no statement: block, event, registry state."""

    anchor: EvmAnchor
    about: str
    header: Header | None
    checks: tuple[Check, ...]

    @property
    def state(self) -> State:
        """Fail if anything is false, pass if everything holds."""
        return sum_up(self.checks)

    @property
    def time(self) -> int:
        """The block's time; only an anchor with a header is ever asked."""
        assert self.header is not None
        return self.header.timestamp


def sum_up(checks: tuple[Check, ...]) -> State:
    """Return fail where one failed, pass where all hold, else unknown."""
    if any(check.state is State.FAIL for check in checks):
        return State.FAIL
    return State.PASS if checks and all(check.holds for check in checks) else State.UNKNOWN


def find_anchor(
    anchor: EvmAnchor, manifest: Manifest, consortium: TrustedConsortium, seen: BlockHashes, trust_date: str, about: str
) -> AnchorFinding:
    """Steps 7, 8 and the first sentence of 9, for one anchor."""
    about = f"{about}, {anchor.chain}"
    try:
        header = Header.parse(anchor.header)
    except NotaryError as error:
        return AnchorFinding(anchor, about, None, (noted(7, about, error),))
    block = _check_block(anchor, header, consortium, seen, trust_date, about)
    try:
        event = anchored_event(header, transaction=anchor.transaction, log=anchor.log, proof=anchor.proof)
        _check_event(event, anchor, manifest)
    except NotaryError as error:
        return AnchorFinding(anchor, about, header, (block, noted(8, about, error)))
    trusted = _check_contract(anchor, header, consortium, about).resting_on(block)
    state = _check_state(event, anchor, manifest, about).resting_on(trusted)
    return AnchorFinding(anchor, about, header, (block, trusted, state))


def find_statement(
    finding: AnchorFinding,
    signed: SignedStatement,
    consortium: TrustedConsortium,
    newest: Sequence[RegistryState],
    about: str,
    entitled: Entitled,
) -> Check:
    """Step 9 for one anchor and statement: the record, its key, and what both allow at that block."""
    about = f"{about}, {finding.anchor.chain}"
    if finding.header is None:
        return Check(9, about, State.UNKNOWN, "without a block there is no time to judge by", weight=Weight.NOTED)
    issuer = signed.statement.issuer
    proof = finding.anchor.member(issuer)
    if proof is None:
        return Check(
            9,
            about,
            State.UNKNOWN,
            f"the receipt holds no member record of {issuer}",
            settle="A complete receipt, from the learner's link or the institution",
            weight=Weight.NOTED,
        )
    try:
        check_member(finding.anchor.state, proof)
        key = check_key(proof.record, signed, finding.time)
        entitled(finding.anchor, proof)
        check_uncompromised(key, finding.time, newest)
    except NotaryError as error:
        return noted(9, about, error)
    algorithm = key.public_key().algorithm.label
    if distrusts_signature(consortium, algorithm, finding.time):
        return _distrusted(9, about, algorithm)
    says = f"{proof.record.name} signed it with {key.id}, recognised as {proof.record.recognition}"
    return Check(9, about, State.PASS, says, weight=Weight.NOTED).resting_on(*finding.checks)


def check_member(state: RegistryState, proof: MemberProof) -> None:
    """Step 9: the record is one of the state's; Mismatch or Malformed where not."""
    verify_inclusion(proof.record.hash(), proof.index, state.size, proof.path, state.root)


def distrusts_hash(consortium: TrustedConsortium, algorithm: str) -> bool:
    """Say whether a hash is no longer relied on: what rests on it is unknown, whenever it was made."""
    return any(entry.algorithm == algorithm for entry in consortium.distrusted)


def distrusts_signature(consortium: TrustedConsortium, algorithm: str | None, moment: int) -> bool:
    """Say whether a signature algorithm is no longer relied on in blocks of this time."""
    return any(
        entry.algorithm == algorithm and (entry.since is None or moment >= unix(entry.since))
        for entry in consortium.distrusted
    )


def _check_block(
    anchor: EvmAnchor, header: Header, consortium: TrustedConsortium, seen: BlockHashes, trust_date: str, about: str
) -> Check:
    """Step 7: the block's hash, by trust file, chosen nodes or enough block notes."""
    block = f"block {header.number} of {anchor.chain}"
    known = [("your trust file", listed) for listed in consortium.block_hashes(anchor.chain, header.number)]
    told = seen.get((anchor.chain, header.number))
    known += [] if told is None else [("the node you asked", told)]
    for source, found in known:
        if found != header.hash:
            error = Mismatch(f"{block} is another one by {source}", expected=to_hex(found), actual=to_hex(header.hash))
            return noted(7, about, error)
    if distrusts_hash(consortium, KECCAK_256):
        return _distrusted(7, about, KECCAK_256)
    if known:
        return Check(7, about, State.PASS, f"{block} is known from {known[0][0]}", weight=Weight.NOTED)
    signers = _signers(anchor, header, consortium)
    quorum = consortium.block_notes
    if quorum.keys and len(signers) >= quorum.need:
        return Check(7, about, State.PASS, f"{block} is attested by {', '.join(signers)}", weight=Weight.NOTED)
    return Check(
        7,
        about,
        State.UNKNOWN,
        f"{block} is not in your trust file of {trust_date}",
        expected=f"its hash in the trust file, or notes of {quorum.need} of {len(quorum.keys)} parties",
        actual=f"{len(signers)} notes",
        settle="A newer trust file of the consortium, or a node you choose: --rpc URL",
        weight=Weight.NOTED,
    )


def _signers(anchor: EvmAnchor, header: Header, consortium: TrustedConsortium) -> tuple[str, ...]:
    """Return the trusted parties that noted exactly this block, each key once.

    A note that is malformed, badly signed or of another block does not count
    and does no harm: anybody may have added it on the way.
    """
    if distrusts_signature(consortium, Algorithm.ED25519.label, header.timestamp):
        return ()
    signers: dict[bytes, str] = {}
    for text in anchor.notes:
        try:
            note = Note.parse(text.encode(), "block note")
            keys, block = note.verify(consortium.block_notes.keys), BlockNote.parse(note.text)
        except (Malformed, Mismatch, Unsupported):
            continue
        if (block.chain, block.number, block.hash) == (anchor.chain, header.number, header.hash):
            signers |= {key.public_key.raw: key.name for key in keys}
    return tuple(signers.values())


def _check_event(event: AnchoredEvent, anchor: EvmAnchor, manifest: Manifest) -> None:
    """Step 8: the event is this contract's, and of exactly this anchor root."""
    if event.contract != anchor.contract:
        raise Mismatch(
            "the event is another contract's", expected=to_hex(anchor.contract), actual=to_hex(event.contract)
        )
    if event.root != manifest.anchor_root():
        raise Mismatch(
            "the event anchors another root",
            expected=to_digest_text(manifest.anchor_root()),
            actual=to_digest_text(event.root),
        )


def _check_contract(anchor: EvmAnchor, header: Header, consortium: TrustedConsortium, about: str) -> Check:
    """Step 8: the contract is believed, at this block."""
    trusted = consortium.contract(anchor.chain, anchor.contract)
    if trusted is None:
        says = f"contract {to_hex(anchor.contract)} on {anchor.chain} is not in your trust file"
        settle = "A trust file of the consortium that lists this contract"
        return Check(8, about, State.UNKNOWN, says, settle=settle, weight=Weight.NOTED)
    if trusted.until_block is not None and header.number > trusted.until_block:
        return Check(
            8,
            about,
            State.UNKNOWN,
            f"your trust file no longer relies on contract {to_hex(anchor.contract)}",
            expected=f"a block up to {trusted.until_block}",
            actual=str(header.number),
            settle="Another anchor of this receipt, or a receipt renewed under the consortium's new contract",
            weight=Weight.NOTED,
        )
    says = f"anchored on {format_unix(header.timestamp)} in block {header.number} of {anchor.chain}"
    return Check(8, about, State.PASS, says, weight=Weight.NOTED)


def _check_state(event: AnchoredEvent, anchor: EvmAnchor, manifest: Manifest, about: str) -> Check:
    """Step 9: the state is the event's, and names contract and notary."""
    state = anchor.state
    notary = (anchor.chain, event.notary, manifest.origin)
    try:
        if state.digest() != event.registry:
            raise Mismatch(
                "the registry state is not the one in force at this anchor",
                expected=to_digest_text(event.registry),
                actual=to_digest_text(state.digest()),
            )
        if (anchor.chain, anchor.contract) not in ((c.chain, c.address) for c in state.contracts):
            raise Mismatch("the registry state names other contracts", expected=to_hex(anchor.contract))
        if notary not in ((n.chain, n.address, n.origin) for n in state.notaries):
            who = f"account {to_hex(event.notary)} for {manifest.origin}"
            raise Mismatch("the registry state names other notaries", expected=who)
    except Mismatch as error:
        return noted(9, about, error)
    return Check(9, about, State.PASS, f"registry state {state.number} was in force", weight=Weight.NOTED)


def _distrusted(step: int, about: str, algorithm: str) -> Check:
    says = f"your trust file no longer relies on {algorithm}"
    return Check(
        step, about, State.UNKNOWN, says, settle="A receipt renewed under newer algorithms", weight=Weight.NOTED
    )
