"""`notary block-note`: what an independent party runs beside its own node, to vouch for final blocks."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.passphrases import open_key
from api.cli.spoken import Said, command


@command(
    "block-note",
    example="notary block-note --chain http://127.0.0.1:8545 --key witness.pem --origin witness.example 123",
    data=False,
)
@click.argument("numbers", metavar="NUMBER…", type=click.IntRange(min=0), nargs=-1, required=True)
@click.option("--chain", required=True, metavar="URL", help="Your own node's address: you vouch for what it says.")
@click.option("--key", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Your key.")
@click.option("--origin", required=True, metavar="NAME", help="Your name in verifiers' trust files.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the key's passphrase. Else it is asked for.",
)
def block_note(numbers: tuple[int, ...], chain: str, key: Path, origin: str, passphrase_file: Path | None) -> Said:
    """Sign the hashes of final blocks, and print the notes: the notary adds them with `notary anchor --note FILE`.

    Nothing is signed that your node does not call final. Exit code 3 while a
    block is not. With --json the key that belongs into trust files is told too.
    """
    from anchoring.evm import EvmChain
    from notary.service.rounds.block_notes import party_key, sign_block

    node, signer = EvmChain(chain), open_key(key, passphrase_file)
    notes = [str(sign_block(node, number, origin, signer)) for number in dict.fromkeys(numbers)]
    vkey = str(party_key(origin, signer))
    return Said([note.removesuffix("\n") for note in notes], {"notes": list(notes), "vkey": vkey})
