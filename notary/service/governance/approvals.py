"""Approving a proposal: checked against one's own copy of what is in force, signed, collected and counted.

What a member signs is EIP-712 data, computed here from what was shown. The file
an approval travels in names the proposal by its digest, so that one of changed
content is told from one that is badly signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from notary.core.canonical import JSON, canonical, load
from notary.core.digest import Digest
from notary.core.encoding import format_unix, to_digest_text, to_hex
from notary.core.errors import IssuerError, Malformed
from notary.core.registry import ADDRESS_SIZE, Contract, RegistryState
from notary.core.shape import Closed
from notary.ports import Address, Approval, Chain, Contracts
from notary.service.governance.in_force import InForce, Seat
from notary.service.governance.proposal import Proposal, SeatChange, unchanged
from notary.service.governance.rules import check_compromised, check_records, check_state, check_voters

TYPE = "credential-notary/approval/v1"
MAX_SIZE = 1 << 16
_SIGNATURE = 1 << 13
"""Bytes of the longest signature taken: an ERC-1271 wallet of many owners joins theirs."""

Approver = Callable[[bytes], Approval]
"""Signs a change's EIP-712 digest for one member."""


@dataclass(frozen=True, slots=True)
class SignedApproval:
    """One member's approval of a proposal: a signature for each chain."""

    proposal: Digest
    signer: Address
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, data: bytes) -> SignedApproval:
        """Read an approval file strictly."""
        value = load(data, "approval", max_size=MAX_SIZE).value
        fields = Closed.typed(value, "approval", TYPE, "proposal signer signatures")
        signatures = fields.each("signatures", _read_signature)
        if not signatures or len(dict(signatures)) != len(signatures):
            raise Malformed(fields.path("signatures"), expected="one for each chain")
        return cls(fields.digest("proposal"), Address(fields.hex("signer", ADDRESS_SIZE)), signatures)

    def __bytes__(self) -> bytes:
        signatures: list[JSON] = [
            {"chain": chain, "signature": to_hex(signature)} for chain, signature in self.signatures
        ]
        return canonical(
            {
                "type": TYPE,
                "proposal": to_digest_text(self.proposal),
                "signer": to_hex(self.signer),
                "signatures": signatures,
            }
        )


def check_proposal(proposal: Proposal, here: InForce, contracts: Contracts, *, now: int) -> None:
    """Check a proposal against what is in force; IssuerError says what no member should approve.

    It follows the state, reaches every contract that the new state names, once and
    in time, and leaves contracts, members, keys and votes as the rules ask.
    """
    old, new = here.members.state.contracts, proposal.members.state.contracts
    _check_reach("your view", {contract.chain for contract in old}, [seat.chain for seat in here.seats], at_least=True)
    _check_reach("the proposal", {contract.chain for contract in new}, [seat.chain for seat in proposal.seats])
    check_content(proposal, here, now=now)
    for contract in new[len(old) :]:
        _check_further(contract, proposal, here, contracts)


def _check_reach(what: str, wanted: set[str], reached: list[str], *, at_least: bool = False) -> None:
    if wanted <= set(reached) if at_least else sorted(wanted) == sorted(reached):
        return
    raise IssuerError(
        f"{what} does not reach every chain",
        expected=", ".join(sorted(wanted)),
        actual=", ".join(reached),
        hint="Propose it from a notary that has all of them in its settings",
    )


def _check_further(contract: Contract, proposal: Proposal, here: InForce, contracts: Contracts) -> None:
    """Check the contract of a chain that joins: its registry was looked at, and the same members decide there.

    Whoever puts a contract of their own in this place could anchor in every member's name.
    """
    change, looked = proposal.seat(contract.chain), here.seat(contract.chain)
    if contracts.anchor_of(change.registry) != contract.address:
        raise IssuerError(
            f"the contract on {contract.chain} is not that of the registry there",
            expected=to_hex(contracts.anchor_of(change.registry)),
            actual=to_hex(contract.address),
        )
    if looked is None:
        raise IssuerError(
            f"what stands on {contract.chain} was not looked at: only that chain can say it",
            expected=f"a view of the registry {to_hex(change.registry)} there",
            hint="Take a copy of every chain: notary consortium show --out FILE, with --chain and --registry for each",
        )
    named = {each.chain for each in here.members.state.contracts}
    for seat in here.seats:
        if seat.chain in named and (seat.voters, seat.threshold) != (looked.voters, looked.threshold):
            raise IssuerError(
                f"others decide on {contract.chain}",
                expected=f"{seat.threshold} of {', '.join(sorted(map(to_hex, seat.voters)))}, as on {seat.chain}",
                actual=f"{looked.threshold} of {', '.join(sorted(map(to_hex, looked.voters)))}",
                hint="Let the chain be added anew: notary consortium add-chain",
            )


def check_content(proposal: Proposal, here: InForce, *, now: int) -> None:
    """Check the same where a proposal has reached some chains already; `here` has the seats it has not reached."""
    old, new = here.members.state, proposal.members.state
    if (new.number, new.previous) != (old.number + 1, old.digest()):
        raise IssuerError(
            "the proposal does not follow the state in force",
            expected=f"state {old.number + 1}, after {to_digest_text(old.digest())}",
            actual=f"state {new.number}, after {to_digest_text(new.previous) if new.previous else 'none'}",
            hint="Another change was applied meanwhile, or your copy is old: make the proposal again",
        )
    if new.contracts[: len(old.contracts)] != old.contracts or len(_chains(new)) != len(new.contracts):
        raise IssuerError(
            "the proposal names other contracts", expected="those in force, and one for each further chain"
        )
    check_deadline(proposal, now)
    for seat in proposal.among(here):
        check_seat(proposal.seat(seat.chain), seat)
    check_records(proposal.members.records, here.members.records)
    check_state(new)
    marked = [mark for mark in new.compromised if mark not in old.compromised]
    check_compromised(marked, proposal.members.records)
    if unchanged(here, proposal):
        raise IssuerError("the proposal changes nothing")


def _chains(state: RegistryState) -> set[str]:
    return {contract.chain for contract in state.contracts}


def check_deadline(proposal: Proposal, now: int) -> None:
    """Check that there is time left."""
    if now > proposal.deadline:
        raise IssuerError(
            "the proposal has expired",
            expected=f"until {format_unix(proposal.deadline)}",
            actual=format_unix(now),
            hint="Propose it again: notary consortium propose",
        )


def check_seat(change: SeatChange, seat: Seat) -> None:
    """Check one registry's change: the next epoch of the same contract, and votes within bounds."""
    if change.registry != seat.registry:
        raise IssuerError(
            f"the proposal is for another registry on {change.chain}",
            expected=to_hex(seat.registry),
            actual=to_hex(change.registry),
        )
    if change.epoch != seat.epoch + 1:
        raise IssuerError(
            f"the proposal is from another epoch of {change.chain}",
            expected=f"epoch {seat.epoch + 1}",
            actual=f"epoch {change.epoch}",
            hint="Another change was applied meanwhile: make the proposal again",
        )
    check_voters(seat.voters, change.threshold, added=change.added, removed=change.removed)


def approve(proposal: Proposal, here: InForce, approver: Approver, contracts: Contracts) -> SignedApproval:
    """Sign a proposal, which was checked and shown, for every chain; IssuerError where the key has no vote."""
    signed: list[tuple[str, Approval]] = []
    for change in proposal.seats:
        digest = contracts.approval_digest(change.chain, change.registry, proposal.change(change))
        signed.append((change.chain, approver(digest)))
    signer = signed[0][1].signer
    for seat in proposal.among(here):
        check_voter(signer, seat)
    return SignedApproval(proposal.digest, signer, tuple((chain, one.signature) for chain, one in signed))


def count(
    proposal: Proposal,
    approvals: Sequence[SignedApproval],
    seat: Seat,
    *,
    contracts: Contracts,
    chain: Chain | None,
) -> list[Approval]:
    """Return what one registry is to be given; IssuerError for any approval it would not count, or too few.

    Without a chain the approvals of ERC-1271 wallets cannot be told.
    """
    change = proposal.seat(seat.chain)
    digest = contracts.approval_digest(change.chain, change.registry, proposal.change(change))
    counted: dict[Address, Approval] = {}
    for each in approvals:
        if each.proposal != proposal.digest:
            raise IssuerError(
                f"{to_hex(each.signer)} approved another proposal",
                expected=to_digest_text(proposal.digest),
                actual=to_digest_text(each.proposal),
                hint="The content was changed since: every member has to approve it again",
            )
        check_voter(each.signer, seat)
        if each.signer in counted:
            raise IssuerError(f"{to_hex(each.signer)} approved twice", expected="each member once")
        found: Mapping[str, bytes] = dict(each.signatures)
        approval = Approval(each.signer, found.get(seat.chain, b""))
        if not contracts.approves(digest, approval, chain):
            raise IssuerError(
                f"the signature of {to_hex(each.signer)} does not approve this change on {seat.chain}",
                hint="Let this member approve again: notary consortium approve FILE",
            )
        counted[each.signer] = approval
    if len(counted) < seat.threshold:
        raise IssuerError(
            f"too few approvals on {seat.chain}",
            expected=f"{seat.threshold} of {len(seat.voters)} members",
            actual=len(counted),
            hint="Collect more: notary consortium approve FILE",
        )
    return list(counted.values())


def check_voter(signer: Address, seat: Seat) -> None:
    """Check that an address votes on a chain."""
    if signer not in seat.voters:
        raise IssuerError(
            f"{to_hex(signer)} has no vote on {seat.chain}", expected=" or ".join(sorted(map(to_hex, seat.voters)))
        )


def _read_signature(value: JSON, where: str) -> tuple[str, bytes]:
    fields = Closed.of(value, where, "chain signature")
    text = fields.text("signature")
    return fields.chain("chain"), read_signature(text, fields.path("signature"))


def read_signature(text: str, where: str) -> bytes:
    """Read a signature in 0x and hex, as wallets give it; v counted from 0, as some do, becomes 27 or 28."""
    try:
        signature = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise Malformed(where, expected="0x and hex digits") from error
    if not 0 < len(signature) <= _SIGNATURE:
        raise Malformed(where, expected=f"1 to {_SIGNATURE} bytes", actual=f"{len(signature)} bytes")
    if len(signature) == 65 and signature[64] < 2:
        return signature[:64] + bytes([signature[64] + 27])
    return signature
