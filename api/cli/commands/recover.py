"""`notary recover`: after a total loss, the notary rebuilt from chain and IPFS alone."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import Exit, Said, command, count, short, shown
from api.recovering import Recovered, Remains, recover_notary
from api.settings import EMBEDDED, Settings
from notary.core.canonical import JSON
from notary.core.encoding import from_hex, to_digest_text, to_hex
from notary.ports import Address
from notary.service.recovery.recover import Recovery, Unfollowed

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 20
"""Lines of one kind on screen; `--json` has all."""


@command(
    "recover",
    example="notary recover --data new/ --chain http://127.0.0.1:8545 --contract 0x3f… --ipfs http://127.0.0.1:5001"
    " --log-key backup/log.pem --batch-files batches/ --receipts receipts/",
)
@click.option("--chain", "chains", multiple=True, required=True, metavar="URL", help="A node; may be given again.")
@click.option(
    "--contract",
    "contracts",
    multiple=True,
    required=True,
    metavar="ADDRESS",
    help="The anchor contract there, as receipts and trust files name it; one for each --chain.",
)
@click.option("--ipfs", default=EMBEDDED, metavar="URL", help="A Kubo node that has the blocks, and keeps them.")
@click.option("--cars", type=_FOLDER, metavar="DIR", help="Archives of the blocks (*.car), which are taken in first.")
@click.option(
    "--log-key",
    type=_FILE,
    metavar="FILE",
    help="Your copy of the log key; wallet, governor and passphrase are taken from beside it.",
)
@click.option("--batch-files", type=_FOLDER, metavar="DIR", help="Batch and status files (*.ndjson): salts and lists.")
@click.option("--receipts", type=_FOLDER, metavar="DIR", help="Receipts (*.receipt.json): they hold credentials too.")
@click.option("--name", metavar="TEXT", help="The consortium's name, as verdicts say it.")
def recover(
    settings: Settings,
    chains: tuple[str, ...],
    contracts: tuple[str, ...],
    ipfs: str,
    cars: Path | None,
    log_key: Path | None,
    batch_files: Path | None,
    receipts: Path | None,
    name: str | None,
) -> Said:
    """Rebuild a lost notary in a new data folder, from chain and IPFS alone.

    Every byte is checked. What could not be had is listed; what others anchored
    in this notary's place is reported and not followed. Exit code 1: a longer
    log was once signed than could be had, so do not anchor with this one yet.
    """
    from dataclasses import replace

    if len(chains) != len(contracts):
        raise click.UsageError("give one --contract for each --chain, in the same order")
    addresses = [Address(from_hex(contract.lower(), "--contract", 20)) for contract in contracts]
    remains = Remains(
        chains=tuple(zip(chains, addresses, strict=True)),
        ipfs=ipfs,
        cars=cars,
        log_key=log_key,
        batch_files=batch_files,
        receipts=receipts,
    )
    if name is not None:
        settings = replace(settings, name=name)
    done = recover_notary(settings, remains)
    code = Exit.NOT if done.recovery.behind else Exit.DONE
    return Said(list(_say(done)), to_json(done), None if done.recovery.behind else "notary batches", code)


def _say(done: Recovered) -> list[str]:
    found = done.recovery
    batches, credentials = count(found.batches, "batch", "batches"), count(found.credentials, "credential")
    anchored, states = count(found.manifests, "anchored manifest"), count(found.states, "registry state")
    again, kept = count(found.salted, "credential"), count(found.retained, "credential")
    entries = count(found.checkpoint.size, "entry", "entries")
    lines = [
        f"Rebuilt {found.origin} in {shown(done.settings.data)}: {batches} of {credentials}, {anchored}, {states}.",
        f"The log goes on from its anchored checkpoint: {entries}, root {short(found.checkpoint.root)}.",
        f"Receipts can be made again for {again}; {kept} themselves are here too.",
        "Learners' private links, API keys and settings were in the lost ledger only: give out new ones.",
    ]
    if found.behind:
        lines.append(f"Do not anchor with it yet: {found.behind}. Look for the missing blocks first.")
    lines += [f"The wallet here is no notary of this log on {chain}: members must name it." for chain in done.not_named]
    lines += _listed("Missing", found.missing)
    lines += _listed("Not used", found.unused)
    lines += _listed("Anchored, and not followed", [_anchored(each) for each in found.unfollowed])
    lines += _listed("A gap in what chains show", found.gaps)
    lines += _listed("In the log, and does not verify", found.doubts)
    return lines


def _listed(what: str, items: tuple[str, ...] | list[str]) -> list[str]:
    more = [f"{what}: {len(items) - _SHOWN} more, see --json."] if len(items) > _SHOWN else []
    return [f"{what}: {item}." for item in items[:_SHOWN]] + more


def _anchored(each: Unfollowed) -> str:
    who = "by this notary's own account" if each.by_notary else "by a stranger"
    return f"{short(each.root)} in {', '.join(each.places)}, {who}: {each.why}"


def to_json(done: Recovered) -> dict[str, JSON]:
    """Return the same for machines."""
    found: Recovery = done.recovery
    return {
        "data": str(done.settings.data),
        "origin": found.origin,
        "checkpoint": {"size": found.checkpoint.size, "root": to_digest_text(found.checkpoint.root)},
        "states": found.states,
        "manifests": found.manifests,
        "anchors": found.anchors,
        "batches": found.batches,
        "statuses": found.statuses,
        "credentials": found.credentials,
        "salted": found.salted,
        "retained": found.retained,
        "behind": found.behind,
        "not_named": list(done.not_named),
        "missing": list(found.missing),
        "unused": list(found.unused),
        "unfollowed": [
            {"root": to_hex(each.root), "places": list(each.places), "by_notary": each.by_notary, "why": each.why}
            for each in found.unfollowed
        ],
        "gaps": list(found.gaps),
        "doubts": list(found.doubts),
    }
