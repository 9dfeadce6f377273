"""`notary key`: a working key, which signs; a recovery key, which announces a new one; a key that votes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.key_sheet import key_sheet
from api.cli.passphrases import new_passphrase
from api.cli.spoken import Said, command, shown
from api.key_files import KeyFile, write_secret
from notary.core.encoding import to_hex
from notary.core.errors import OperatorError
from notary.core.keys import Algorithm
from notary.core.registry import PURPOSES, MemberKey, Period
from notary.core.shape import read_did

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_KINDS = click.Choice([algorithm.label for algorithm in Algorithm], case_sensitive=False)


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
@click.option("--type", "kind", type=_KINDS, default="Ed25519", show_default=True, help="Of both keys.")
def new(name: str, out: Path, passphrase_file: Path | None, kind: str) -> Said:
    """Make NAME.working.pem and NAME.recovery.pem, encrypted, and NAME.keys.html, a sheet to print.

    The working key signs batches. The recovery key signs nothing but the
    announcement of a new working key: put it away where the other is not.
    """
    algorithm = next(each for each in Algorithm if each.label == kind)
    paths = {use: out / f"{name}.{use}.pem" for use in ("working", "recovery")}
    sheet = out / f"{name}.keys.html"
    there = [path for path in (*paths.values(), sheet) if path.exists()]
    if there:
        raise OperatorError(
            f"{shown(there[0])} is there already", hint="Keys are never overwritten: choose another name"
        )
    passphrases = {use: new_passphrase(passphrase_file, f"the {use} key") for use in paths}
    keys = {use: KeyFile.create(path, passphrases[use], algorithm) for use, path in paths.items()}
    public = {use: made.public_key_multibase for use, made in keys.items()}
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


@command(
    "announce", example="notary key announce --member did:web:fenwick.example --new new.pem --by old.pem", data=False
)
@click.option("--member", required=True, metavar="DID", help="Whose key it is.")
@click.option("--new", "new_key", required=True, type=_FILE, help="The new working key, from notary key new.")
@click.option("--by", required=True, type=_FILE, help="The recovery key, or the working key that is to be followed.")
@click.option("--method", metavar="ID", help="That key's id in the member record, where it is not DID#KEY.")
@click.option("--from", "since", metavar="TIME", help="From when on it signs. Else from the beginning.")
@click.option("--custodial", is_flag=True, help="A custodian keeps the new key.")
@click.option("--passphrase-file", type=_FILE, help="File with the passphrase of both. Else they are asked for.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The announcement. Else DID.announcement.")
def announce(
    member: str,
    new_key: Path,
    by: Path,
    method: str | None,
    since: str | None,
    passphrase_file: Path | None,
    out: Path | None,
    *,
    custodial: bool,
) -> Said:
    """Announce a new working key, signed by the recovery key or the old one, and by the new key itself.

    The consortium proposes it, and its members decide; the old key goes on until they end it.
    """
    from api.cli.governance_files import read_moment, write_new
    from api.cli.passphrases import open_key
    from notary.service.governance.announcement import Announcement

    did = read_did(member, "--member")
    signer, announcer = open_key(new_key, passphrase_file), open_key(by, passphrase_file)
    multibase = signer.public_key_multibase
    period = Period(read_moment(since, "--from") if since else None, None)
    key = MemberKey(f"{did}#{multibase}", multibase, PURPOSES, period, custodial=custodial)
    made = Announcement.sign(did, key, signer, announcer, method or f"{did}#{announcer.public_key_multibase}")
    target = write_new(out or Path(f"{did.rpartition(':')[2]}.announcement"), bytes(made))
    return Said(
        [
            f"Wrote {shown(target)}. Send it to the consortium, and read its new key out on the telephone:",
            f"  {multibase}",
        ],
        {"announcement": str(target), "member": did, "key": key.to_json()},
        f"notary consortium propose --announcement {shown(target)}",
    )


@command("voting", example="notary key voting fenwick-college", data=False)
@click.argument("name")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder. Else here.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for, twice.")
def voting(name: str, out: Path, passphrase_file: Path | None) -> Said:
    """Make NAME.voting.json, an encrypted key that approves the consortium's changes. It needs no coins.

    Any wallet of the chain serves as well, a hardware wallet best.
    """
    from anchoring.evm_key import EvmKey

    path = out / f"{name}.voting.json"
    if path.exists():
        raise OperatorError(f"{shown(path)} is there already", hint="Keys are never overwritten: choose another name")
    out.mkdir(parents=True, exist_ok=True)
    made = EvmKey.generate()
    made.save(path, new_passphrase(passphrase_file, "the voting key"))
    address = to_hex(made.address)
    return Said(
        [f"Voting key: {shown(path)}. Its address, for the consortium:", f"  {address}"],
        {"file": str(path), "address": address},
        f"notary consortium propose --add-voter {address}",
    )


for _made in (new, announce, voting):
    key.add_command(_made)
