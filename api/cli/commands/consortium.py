"""`notary consortium`: how many institutions govern one notary together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

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


@click.group("consortium")
def consortium() -> None:
    """Example: notary consortium show

    Members, keys, votes and notaries: every change needs k approvals, on chain.
    """


@command("show", example="notary consortium show --out copy.json")
@click.option("--chain", metavar="URL", help="A node of the chain, where no data folder is.")
@click.option("--registry", metavar="0x…", help="The consortium's registry there.")
@click.option("--ipfs", metavar="URL", help="A Kubo node that has, or finds, its states.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write your own copy of it, to approve by."
)
def show(settings: Settings, chain: str | None, registry: str | None, ipfs: str | None, out: Path | None) -> Said:
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
@click.option("--chain", metavar="URL", help="A node of the chain, where no data folder is.")
@click.option("--registry", metavar="0x…", help="The consortium's registry there.")
@click.option("--ipfs", metavar="URL", help="A Kubo node that has, or finds, its states.")
def history(settings: Settings, chain: str | None, registry: str | None, ipfs: str | None) -> Said:
    """Show every state there was: when, in which block, and what it changed; from chain and IPFS alone."""
    from api.wiring import open_contracts, open_notary
    from notary.service.governance.history import read_history

    if chain or registry or ipfs:
        with _afar(chain, registry, ipfs) as (places, blocks):
            passages = read_history(places, open_contracts(), blocks)
    else:
        with open_notary(settings) as notary:
            passages = read_history(places_of(notary), notary.contracts, notary.blocks)
    lines = [line for passage in passages for line in _passage(passage)]
    data: list[JSON] = [_passage_data(passage) for passage in passages]
    return Said(lines, {"changes": data}, "notary consortium show")


for _made in (propose_, approve_, apply_, show, history):
    consortium.add_command(_made)


@contextmanager
def _afar(chain: str | None, registry: str | None, ipfs: str | None) -> Iterator[tuple[list[Place], BlockStore]]:
    """Look from outside: a node and a block store, and nothing of one's own."""
    if not (chain and registry and ipfs):
        raise click.UsageError("--chain, --registry and --ipfs go together")
    from anchoring.evm import EvmChain
    from anchoring.kubo import KuboBlocks

    yield [(EvmChain(chain), read_account(registry, "--registry"))], KuboBlocks(ipfs)


def _shown(here: InForce, out: Path | None) -> Said:
    members = here.members
    state = members.state
    lines: list[str | Table] = [f"State {state.number}, {to_digest_text(state.digest())}."]
    for seat in here.seats:
        voters = ", ".join(sorted(map(to_hex, seat.voters)))
        lines.append(f"  {seat.chain}, registry {to_hex(seat.registry)}, epoch {seat.epoch}")
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
