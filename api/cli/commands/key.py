"""`notary key`: a working key, which signs, and a recovery key, which can only announce a new working key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.key_sheet import key_sheet
from api.cli.passphrases import new_passphrase
from api.cli.spoken import Said, command, shown
from api.key_files import KeyFile, write_secret
from notary.core.errors import OperatorError


@click.group("key")
def key() -> None:
    """Example: notary key new fenwick-college

    An institution's keys, made and kept on its own machine.
    """


@command("new", example="notary key new fenwick-college --out keys/", data=False)
@click.argument("name")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder. Else here.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the passphrase of both. Else two are asked for, each twice.",
)
def new(name: str, out: Path, passphrase_file: Path | None) -> Said:
    """Make NAME.working.pem and NAME.recovery.pem, encrypted, and NAME.keys.html, a sheet to print.

    The working key signs batches. The recovery key signs nothing but the
    announcement of a new working key: put it away where the other is not.
    """
    paths = {kind: out / f"{name}.{kind}.pem" for kind in ("working", "recovery")}
    sheet = out / f"{name}.keys.html"
    there = [path for path in (*paths.values(), sheet) if path.exists()]
    if there:
        raise OperatorError(
            f"{shown(there[0])} is there already", hint="Keys are never overwritten: choose another name"
        )
    passphrases = {kind: new_passphrase(passphrase_file, f"the {kind} key") for kind in paths}
    keys = {kind: KeyFile.create(path, passphrases[kind]) for kind, path in paths.items()}
    public = {kind: made.public_key_multibase for kind, made in keys.items()}
    write_secret(sheet, key_sheet(name, public["working"], public["recovery"], datetime.now(UTC)).encode())
    return Said(
        [
            f"Working key, for every batch: {shown(paths['working'])}",
            f"Recovery key, to be put away elsewhere: {shown(paths['recovery'])}",
            f"Print {shown(sheet)} and keep it with your papers; it holds no secret.",
        ],
        {
            "working": {"file": str(paths["working"]), "public_key": public["working"]},
            "recovery": {"file": str(paths["recovery"]), "public_key": public["recovery"]},
            "sheet": str(sheet),
        },
        f"notary member apply --key {shown(paths['working'])} --recovery {public['recovery']} --name NAME",
    )


key.add_command(new)
