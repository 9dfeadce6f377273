"""`notary consortium approve` and `apply`: an approver sees what changes and signs; anyone relays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.governance_files import FILE, read_account, read_approval, read_copy, read_proposal, write_new
from api.cli.passphrases import known_passphrase
from api.cli.proposing import proposal_data
from api.cli.spoken import Said, command, count, shown
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.encoding import to_hex
from notary.core.errors import IssuerError
from notary.ports import Approval
from notary.service.governance.approvals import SignedApproval, approve, check_proposal, check_voter, read_signature
from notary.service.governance.differences import describe, summary
from notary.service.governance.in_force import InForce, find_in_force
from notary.service.governance.proposal import Proposal

if TYPE_CHECKING:
    from anchoring.evm_key import EvmKey


@command("approve", example="notary consortium approve state-2.proposal --key college.voting.json --state copy.json")
@click.argument("file", type=FILE)
@click.option("--state", "copy", type=FILE, help="Your own copy of what is in force. Else the chain is asked.")
@click.option("--key", type=FILE, help="Your voting key. Else the one in the data folder.")
@click.option("--passphrase-file", type=FILE, help="File with its passphrase. Else it is asked for.")
@click.option("--typed-data", type=click.Path(file_okay=False, path_type=Path), help="Write what a wallet signs here.")
@click.option("--signature", multiple=True, metavar="[CHAIN=]0x…", help="What the wallet signed; one for each chain.")
@click.option("--signer", metavar="0x…", help="The address that signed, key or ERC-1271 wallet.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The approval. Else beside the proposal.")
@click.option("--yes", is_flag=True, help="Approve what is shown without asking.")
def approve_(
    settings: Settings,
    file: Path,
    copy: Path | None,
    key: Path | None,
    passphrase_file: Path | None,
    typed_data: Path | None,
    signature: tuple[str, ...],
    signer: str | None,
    out: Path | None,
    *,
    yes: bool,
) -> Said:
    """See what a proposal changes, computed from your own copy of what is in force, and approve it.

    With --state nothing is asked of anybody, and nothing leaves this machine. A
    wallet signs what --typed-data writes; hand its signature in with --signature.
    """
    if bool(signature) != bool(signer):
        raise click.UsageError("--signature and --signer go together")
    from api.wiring import open_contracts

    proposal = read_proposal(file)
    here = _own_copy(settings, copy)
    check_proposal(proposal, here, open_contracts(), now=int(datetime.now(UTC).timestamp()))
    lines = [*summary(proposal), *(f"  {line}" for line in describe(proposal, here))]
    if typed_data:
        return _typed_data(proposal, here, file, typed_data, lines)
    if not yes:
        click.echo("\n".join(lines), err=True)
        click.confirm("Approve this?", abort=True, err=True)
        lines = []
    undecided: list[JSON] = []
    if signer:
        approval = _by_wallet(proposal, here, signature, signer)
        asked, undecided = _asked(proposal, approval, None if copy else settings)
        lines += asked
    else:
        approval = approve(proposal, here, _key(settings, key, passphrase_file).approve, open_contracts())
    stem = file.with_suffix("").name
    target = write_new(out or file.with_name(f"{stem}.{approval.signer.hex()[:8]}.approval"), bytes(approval))
    need = max(seat.threshold for seat in proposal.among(here))
    needed = count(need, "approval is", "approvals are")
    data: dict[str, JSON] = {"approval": str(target), "signer": to_hex(approval.signer), "undecided": undecided}
    return Said(
        [*lines, f"{to_hex(approval.signer)} approves: {shown(target)}. {needed} needed."],
        {**proposal_data(proposal, here), **data, "needed": need},
        f"notary consortium apply {shown(file)}",
    )


@command("apply", example="notary consortium apply state-2.proposal state-2.*.approval")
@click.argument("file", type=FILE)
@click.argument("approvals", nargs=-1, type=FILE)
def apply_(settings: Settings, file: Path, approvals: tuple[Path, ...]) -> Said:
    """Put an approved proposal in force: one transaction on every chain, sent by this notary's wallet.

    Without APPROVALS those beside the proposal are taken. Again, it changes nothing.
    """
    from api.wiring import open_notary
    from notary.service.governance.applying import apply

    proposal = read_proposal(file)
    stem = file.with_suffix("").name
    found = approvals or tuple(sorted(file.parent.glob(f"{stem}.*.approval")))
    given = [read_approval(path) for path in found]
    with open_notary(settings) as notary:
        members = apply(notary, proposal, given)
    state = members.state
    return Said(
        [f"State {state.number} is in force: {count(len(members.records), 'member')}, {', '.join(_chains(proposal))}."],
        {"state": state.number, "digest": to_hex(state.digest()), "chains": [*_chains(proposal)]},
        "notary consortium show",
    )


def _own_copy(settings: Settings, copy: Path | None) -> InForce:
    if copy is not None:
        return read_copy(copy)
    from api.wiring import open_notary

    with open_notary(settings) as notary:
        return find_in_force(notary)


def _key(settings: Settings, key: Path | None, passphrase_file: Path | None) -> EvmKey:
    if key is None:
        from api.wiring import open_keys

        return open_keys(settings.data).governor
    from anchoring.evm_key import EvmKey

    return EvmKey.load(key, known_passphrase(passphrase_file, key))


def _typed_data(proposal: Proposal, here: InForce, file: Path, folder: Path, lines: Sequence[str]) -> Said:
    from api.wiring import open_contracts

    folder.mkdir(parents=True, exist_ok=True)
    written: list[JSON] = []
    for change in proposal.seats:
        data = open_contracts().typed_data(change.chain, change.registry, proposal.change(change))
        path = folder / f"{file.with_suffix('').name}.{change.chain.replace(':', '-')}.json"
        written.append(str(write_new(path, json.dumps(data, indent=1).encode() + b"\n")))
    return Said(
        [*lines, f"Wrote {', '.join(shown(Path(str(path))) for path in written)}: sign it with eth_signTypedData_v4."],
        {**proposal_data(proposal, here), "typed_data": written},
        f"notary consortium approve {shown(file)} --signer 0x… --signature 0x…",
    )


def _by_wallet(proposal: Proposal, here: InForce, texts: tuple[str, ...], signer: str) -> SignedApproval:
    """Take a wallet's signatures, one for each chain."""
    chains = _chains(proposal)
    given: dict[str, bytes] = {}
    for text in texts:
        chain, equals, signature = text.rpartition("=")
        if not equals and len(chains) > 1:
            raise click.UsageError(f"Say for which chain each signature is: --signature {chains[0]}=0x…")
        given[chain or chains[0]] = read_signature(signature, "--signature")
    if given.keys() != set(chains):
        raise IssuerError("signatures", expected=f"one for each of {', '.join(chains)}", actual=", ".join(given))
    address = read_account(signer, "--signer")
    for seat in proposal.among(here):
        check_voter(address, seat)
    return SignedApproval(proposal.digest, address, tuple((chain, given[chain]) for chain in chains))


def _asked(proposal: Proposal, approval: SignedApproval, settings: Settings | None) -> tuple[list[str], list[JSON]]:
    """Say whether each signature approves, and for which chains that is open: a contract's yes only its chain tells.

    Without settings no chain is asked. IssuerError where one says no.
    """
    from api.wiring import open_contracts, open_notary

    contracts, who = open_contracts(), to_hex(approval.signer)
    given = {chain: Approval(approval.signer, signature) for chain, signature in approval.signatures}
    digests = {
        change.chain: contracts.approval_digest(change.chain, change.registry, proposal.change(change))
        for change in proposal.seats
    }
    unsigned = [chain for chain, each in given.items() if not contracts.approves(digests[chain], each, None)]
    chains = " and ".join(unsigned)
    if not unsigned:
        return [], []
    if settings is None:
        says = f"The key of {who} did not sign this. Whether its contract approves, only {chains} can say"
        return [f"{says}; it is asked before anything is sent."], [*unsigned]
    with open_notary(settings) as notary:
        for chain in unsigned:
            if not contracts.approves(digests[chain], given[chain], notary.site(chain).chain):
                raise IssuerError(
                    f"neither the key of {who} nor a contract there approves this on {chain}",
                    hint="Sign what --typed-data writes, and hand in what the wallet gives back, whole",
                )
    return [f"The contract {who} approves it on {chains}."], []


def _chains(proposal: Proposal) -> tuple[str, ...]:
    return tuple(change.chain for change in proposal.seats)
