"""`notary trust`: what a verifier keeps, written by the notary or read by anybody."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import Said, command, count, shown
from api.settings import Settings
from notary.core.errors import IssuerError, NotaryError
from notary.core.note import SignatureType, VerifierKey
from notary.core.trust import MAX_SIZE, Quorum, TrustFile

_TRUST = "trust.json"
_KINDS = {
    SignatureType.ED25519: "a plain Ed25519 key",
    SignatureType.COSIGNATURE: "a witness's key, of signature type 4",
}


@click.group("trust")
def trust() -> None:
    """Example: notary trust export trust.json

    The trust file: a consortium's contracts, final blocks, log key and registry state.
    """


@command("export", example="notary trust export trust.json")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), default=Path(_TRUST))
@click.option("--block-note-key", "keys", multiple=True, metavar="VKEY", help="A party whose block notes count.")
@click.option("--need", type=click.IntRange(min=1), help="How many of those parties are needed. Else all.")
@click.option("--witness", "witnesses", multiple=True, metavar="VKEY", help="A witness whose cosignatures count.")
@click.option("--witness-need", type=click.IntRange(min=1), help="How many of those witnesses are needed. Else all.")
@click.option(
    "--anchors-needed", type=click.IntRange(min=1), default=1, metavar="N", help="On how many chains. Else one."
)
def export(
    settings: Settings,
    file: Path,
    keys: tuple[str, ...],
    need: int | None,
    witnesses: tuple[str, ...],
    witness_need: int | None,
    anchors_needed: int,
) -> Said:
    """Write the trust file as of now: publish it where verifiers get it from, over HTTPS."""
    from api.cli.receipt_files import write_trust
    from api.wiring import open_notary
    from notary.service.members.registry import members_in_force

    notes = _parties(keys, need, "--block-note-key", SignatureType.ED25519)
    cosigners = _parties(witnesses, witness_need, "--witness", SignatureType.COSIGNATURE)
    with open_notary(settings, chains=False) as notary:
        contracts = members_in_force(notary.ledger).state.contracts
        chains = len({contract.chain for contract in contracts})
        if anchors_needed > chains:
            raise IssuerError(
                "how many anchors are needed", expected=f"at most the number of chains, {chains}", actual=anchors_needed
            )
        made = write_trust(notary, settings, file, notes, cosigners, anchors_needed)
    return Said(
        [f"Wrote {shown(file)}, as of {made.date}.", *_describe(made)],
        {"file": str(file), "trust": made.to_json()},
        f"notary trust show {shown(file)}",
    )


@command("show", example="notary trust show trust.json", data=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=Path(_TRUST))
def show(file: Path) -> Said:
    """Say what a trust file makes you believe."""
    with file.open("rb") as opened:
        data = opened.read(MAX_SIZE + 1)
    try:
        found = TrustFile.parse(data)
    except NotaryError as error:
        raise IssuerError(f"{shown(file)}: {error}", hint="Get it again from the consortium") from error
    return Said(
        [f"{shown(file)}, as of {found.date}:", *_describe(found)],
        {"file": str(file), "trust": found.to_json()},
        f"notary verify RECEIPT --trust {shown(file)}",
    )


for _made in (export, show):
    trust.add_command(_made)


def _parties(texts: tuple[str, ...], need: int | None, option: str, kind: SignatureType) -> Quorum:
    keys = tuple(dict.fromkeys(VerifierKey.parse(text, option) for text in texts))
    if need is not None and need > len(keys):
        raise IssuerError(
            f"how many of {option} are needed", expected=f"at most the number of keys, {len(keys)}", actual=need
        )
    if any(key.type is not kind for key in keys):
        raise IssuerError(option, expected=_KINDS[kind], actual="another kind of key")
    return Quorum(keys, len(keys) if need is None else need)


def _describe(found: TrustFile) -> list[str]:
    lines = []
    for each in found.consortia:
        blocks = sum(len(contract.blocks) for contract in each.contracts)
        chains = ", ".join(dict.fromkeys(contract.chain for contract in each.contracts))
        logs = ", ".join(log.origin for log in each.logs)
        lines.append(f"  {each.name}: {count(each.registry.size, 'member')} in registry state {each.registry.number};")
        if each.witnesses.keys:
            asked = f"{each.witnesses.need} of {count(len(each.witnesses.keys), 'witness', 'witnesses')}"
            lines.append(f"    checkpoints cosigned by {asked};")
        if each.anchors_needed > 1:
            lines.append(f"    on {each.anchors_needed} chains at once;")
        lines.append(f"    anchored on {chains}, {count(blocks, 'final block')} known; log {logs}.")
    return lines or ["  nothing yet: every receipt is unknown by it."]
