"""`notary consortium`: how many institutions govern one notary together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from api.cli.adding_chain import add_chain_
from api.cli.approving import apply_, approve_
from api.cli.governance_files import read_account
from api.cli.proposing import propose_
from api.cli.spoken import Said, Table, command, count, short, shown
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.encoding import to_digest_text, to_hex
from notary.core.registry import MemberKey, MemberRecord, RegistryState
from notary.service.governance.in_force import InForce, Place, find_in_force, places_of, view
from notary.service.governance.rules import is_recovery

if TYPE_CHECKING:
    from notary.ports import BlockStore
    from notary.service.governance.history import Passage


_CHAIN = click.option(
    "--chain", multiple=True, metavar="URL", help="A node of a chain, where no data folder is; one for each."
)
_REGISTRY = click.option(
    "--registry", multiple=True, metavar="0x…", help="The consortium's registry there; one for each --chain."
)


@click.group("consortium")
def consortium() -> None:
    """Example: notary consortium show

    Members, keys, votes and notaries: every change needs k approvals, on chain.
    """


@command("show", example="notary consortium show --out copy.json")
@_CHAIN
@_REGISTRY
@click.option("--ipfs", metavar="URL", help="A Kubo node that has, or finds, its states.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write your own copy of it, to approve by."
)
def show(
    settings: Settings, chain: tuple[str, ...], registry: tuple[str, ...], ipfs: str | None, out: Path | None
) -> Said:
    """Show who is in it: members, keys, votes and notaries, and the state in force."""
    if chain or registry or ipfs:
        with _afar(chain, registry, ipfs) as (places, blocks):
            from api.wiring import open_contracts

            here = view(places, open_contracts(), blocks)
    else:
        from api.wiring import open_notary

        with open_notary(settings) as notary:
            here = find_in_force(notary)
    if out is not None:
        out.write_bytes(bytes(here))
    return _shown(here, out)


@command("history", example="notary consortium history")
@_CHAIN
@_REGISTRY
@click.option("--ipfs", metavar="URL", help="A Kubo node that has, or finds, its states.")
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep what was read here: a run that was stopped goes on there. Else in the data folder.",
)
def history(
    settings: Settings, chain: tuple[str, ...], registry: tuple[str, ...], ipfs: str | None, keep: Path | None
) -> Said:
    """Show every state there was: when, in which block, and what it changed; from chain and IPFS alone.

    What lies in final blocks is read from a node once.
    """
    from api.cli.kept_changes import KeptChanges
    from api.wiring import open_contracts, open_notary
    from notary.service.governance.changes import known_founding
    from notary.service.governance.history import read_history

    if chain or registry or ipfs:
        with _afar(chain, registry, ipfs) as (places, blocks):
            kept = KeptChanges(keep, open_contracts())
            passages = read_history(places, open_contracts(), blocks, read=kept.read)
    else:
        with open_notary(settings) as notary:
            kept = KeptChanges(keep or settings.data / KeptChanges.FILE, notary.contracts)
            read = partial(kept.read, founding=partial(known_founding, notary))
            passages = read_history(places_of(notary), notary.contracts, notary.blocks, read=read)
    lines = [line for passage in passages for line in _passage(passage)]
    data: list[JSON] = [_passage_data(passage) for passage in passages]
    return Said(lines, {"changes": data}, "notary consortium show")


for _made in (propose_, approve_, apply_, add_chain_, show, history):
    consortium.add_command(_made)


@contextmanager
def _afar(
    chains: tuple[str, ...], registries: tuple[str, ...], ipfs: str | None
) -> Iterator[tuple[list[Place], BlockStore]]:
    """Look from outside: nodes and a block store, and nothing of one's own."""
    if not chains or len(chains) != len(registries) or not ipfs:
        raise click.UsageError("--chain, --registry and --ipfs go together, as many of the first as of the second")
    from anchoring.evm import EvmChain
    from anchoring.kubo import KuboBlocks

    pairs = zip(chains, registries, strict=True)
    yield [(EvmChain(chain), read_account(registry, "--registry")) for chain, registry in pairs], KuboBlocks(ipfs)


def _shown(here: InForce, out: Path | None) -> Said:
    members = here.members
    state = members.state
    lines: list[str | Table] = [f"State {state.number}, {to_digest_text(state.digest())}."]
    named = {contract.chain for contract in state.contracts}
    for seat in here.seats:
        voters = ", ".join(sorted(map(to_hex, seat.voters)))
        waits = "" if seat.chain in named else "; waits for the members' approval"
        lines.append(f"  {seat.chain}, registry {to_hex(seat.registry)}, epoch {seat.epoch}{waits}")
        lines.append(f"  {seat.threshold} of {count(len(seat.voters), 'vote')}: {voters}")
    lines.append(Table(("member", "recognition", "period", "issues as"), tuple(map(_member_row, members.records))))
    keys = tuple(_key_row(state, record, key) for record in members.records for key in record.keys)
    lines.append(Table(("key of", "signs", "period", "key"), keys))
    served = tuple((one.origin, one.chain, to_hex(one.address)) for one in state.notaries)
    lines.append(Table(("log", "chain", "notary"), served))
    if out is not None:
        lines.append(f"Wrote {shown(out)}: your own copy, to compare the next proposal with.")
    data: dict[str, JSON] = {
        "state": state.number,
        "digest": to_digest_text(state.digest()),
        "seats": [seat.to_json() for seat in here.seats],
        "members": [record.to_json() for record in members.records],
        "notaries": [one.to_json() for one in state.notaries],
        "compromised": [mark.to_json() for mark in state.compromised],
    }
    return Said(lines, data, "notary consortium propose --help")


def _member_row(record: MemberRecord) -> tuple[str, ...]:
    scope = f", {count(len(record.programmes), 'achievement')}" if record.programmes else ""
    successor = f"; successor {record.successor}" if record.successor else ""
    ids = ", ".join((record.id, *record.aliases))
    return record.name, f"{record.recognition}{scope}", f"{record.period}{successor}", ids


def _key_row(state: RegistryState, record: MemberRecord, key: MemberKey) -> tuple[str, ...]:
    signs = "announces a new key" if is_recovery(key) else ", ".join(key.purposes)
    period = "" if is_recovery(key) else str(key.period)
    marks = [f"compromised since {mark.since}" for mark in state.compromised if mark.key == key.public_key_multibase]
    return (
        record.name,
        f"{signs}{', custodial' if key.custodial else ''}",
        "; ".join([period, *marks]),
        key.public_key_multibase,
    )


def _passage(passage: Passage) -> list[str]:
    change = passage.change
    number = f"State {passage.number}" if passage.number else f"A state ({short(change.state)})"
    when = f"{passage.time or 'at a time its node does not tell'}, block {change.block_number} of {passage.chain}"
    approvers = ", ".join(map(to_hex, change.approvers))
    by = f"approved by {approvers}" if approvers else "founded"
    return [f"{number}, epoch {change.epoch}: {when}, {by}", *(f"  {line}" for line in passage.lines)]


def _passage_data(passage: Passage) -> JSON:
    change = passage.change
    return {
        "state": passage.number,
        "digest": to_digest_text(change.state),
        "epoch": change.epoch,
        "chain": passage.chain,
        "block": change.block_number,
        "transaction": to_hex(change.tx_hash),
        "time": passage.time,
        "threshold": change.threshold,
        "approvers": [to_hex(who) for who in change.approvers],
        "changes": [*passage.lines],
    }
