"""`notary anchor`: take what waits as far as it goes, in one transaction for all; or say what that would cost."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import Exit, Said, command, count, short, shown
from api.rounds import held_data
from api.settings import Settings
from api.wiring import open_notary
from notary.core.canonical import JSON
from notary.ports.ledger import AnchorState
from notary.service.notary import Notary
from notary.service.rounds.advancing import advance
from notary.service.rounds.schedule import estimate
from notary.service.rounds.standing import Round

_GWEI = 10**9
_COIN = 10**18


@command("anchor", example="notary anchor --wait")
@click.option("--wait", is_flag=True, help="Go on until it is final.")
@click.option("--dry-run", is_flag=True, help="Say what it would cost, and do nothing.")
@click.option(
    "--note",
    "notes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Add block notes to final anchors, and do nothing else. Again for each file.",
)
def anchor(settings: Settings, *, wait: bool, dry_run: bool, notes: tuple[Path, ...]) -> Said:
    """Anchor what is signed, and go on with what is on its way. Safe to run again at any time.

    Exit code 3 while something is not final yet.
    """
    if notes:
        return _add_notes(settings, notes)
    with open_notary(settings) as notary:
        if dry_run:
            return _cost(notary)
        if wait:
            from api.cli.waiting import settle

            found = settle(notary)
        else:
            found = advance(notary)
        lagging = _lagging(notary)
    if not found:
        return Said(["Nothing waits to be anchored."], {"rounds": []}, "notary batches")
    final = all(each.final for each in found)
    return Said(
        [*(line for each in found for line in _lines(each)), *lagging],
        {"rounds": [_round(each) for each in found], "final": final},
        _next(found, final=final),
        Exit.DONE if final else Exit.OPEN,
    )


def _lagging(notary: Notary) -> list[str]:
    """Bring the other block stores what was pinned; say which lag behind."""
    from notary.service.pins.queue import pin_due

    lagging = [each for each in pin_due(notary) if each.queue.waiting]
    return [f"  {each.store} lags behind by {count(each.queue.waiting, 'pin')}: notary doctor" for each in lagging]


def _next(found: tuple[Round, ...], *, final: bool) -> str:
    if final:
        return "notary receipt --batch NUMBER --out receipts/"
    stands = any(not row.outage for each in found for row in each.held)
    return "notary doctor" if stands else "notary anchor --wait"


def _add_notes(settings: Settings, files: tuple[Path, ...]) -> Said:
    from notary.service.rounds.block_notes import add_notes, read_notes

    notes = [note for file in files for note in read_notes(file.read_bytes(), shown(file))]
    with open_notary(settings, chains=False) as notary:
        added = add_notes(notary, notes)
    says = f"Added {count(added, 'block note')}; {len(notes) - added} were there already. New receipts carry them."
    return Said([says], {"added": added, "known": len(notes) - added}, "notary receipt --batch NUMBER --out receipts/")


def _cost(notary: Notary) -> Said:
    from anchoring.profiles import Profiles

    profiles = Profiles.load()
    lines, found = [], []
    for each in estimate(notary):
        quote = each.quote
        profile = profiles.known.get(each.chain)
        name, coin = (profile.name, profile.currency) if profile else (each.chain, "ETH")
        share = f", {quote.fee / each.credentials / _COIN:.3g} {coin} a credential" if each.credentials else ""
        lines.append(
            f"{name}: {quote.gas:,} gas at most {quote.fee_per_gas / _GWEI:.3g} gwei"
            f" = {quote.fee / _COIN:.6g} {coin} at most, for {count(each.credentials, 'credential')}{share}."
        )
        found.append(
            {
                "chain": each.chain,
                "gas": quote.gas,
                "fee_per_gas": str(quote.fee_per_gas),
                "fee": str(quote.fee),
                "currency": coin,
                "credentials": each.credentials,
                "fee_per_credential": str(quote.fee // each.credentials) if each.credentials else None,
            }
        )
    data: dict[str, JSON] = {"estimates": found}  # type: ignore[dict-item]
    return Said([*lines, "Nothing was sent."], data, "notary anchor --wait")


def _lines(found: Round) -> list[str]:
    number = found.manifest.number
    lines = []
    for anchored in found.anchors:
        match anchored.state:
            case AnchorState.FINAL:
                lines.append(f"Anchor {number} is final on {anchored.chain}, block {anchored.block}.")
            case AnchorState.CONFIRMED:
                lines.append(f"Anchor {number} is in block {anchored.block} of {anchored.chain}, not final yet.")
            case _:
                sent = short(anchored.tx_hash)
                lines.append(f"Anchor {number} was sent to {anchored.chain}, transaction {sent}; in no block yet.")
    lines += [
        f"Anchor {number} is held on {row.chain} since {row.since:%Y-%m-%d %H:%M} UTC: {row.reason}"
        for row in found.held
    ]
    return lines or [f"Anchor {number} is drawn and pinned; nothing is sent yet."]


def _round(found: Round) -> JSON:
    return {
        "number": found.manifest.number,
        "manifest": found.manifest.digest.hex(),
        "log_size": found.manifest.tree_size,
        "anchors": [
            {
                "chain": each.chain,
                "state": each.state.value,
                "root": each.root.hex(),
                "transaction": "0x" + each.tx_hash.hex(),
                "block": each.block,
            }
            for each in found.anchors
        ],
        "standing": [dict(held_data(row)) for row in found.held],
    }
