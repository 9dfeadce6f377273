"""`notary witness`: a member cosigns the log's checkpoints, so that nobody is shown another log."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.passphrases import open_key
from api.cli.spoken import Said, command, shown
from notary.core.errors import NotaryError, VerifierError
from notary.core.trust import MAX_SIZE, TrustedLog, TrustFile

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command("witness", example="notary witness --trust trust.json --key witness.pem --name witness.example/w1", data=False)
@click.option("--key", required=True, type=_FILE, help="The witness's key, used for nothing else: notary key new.")
@click.option("--name", required=True, metavar="NAME", help="Its name in verifiers' trust files: a URL without scheme.")
@click.option("--passphrase-file", type=_FILE, help="File with the key's passphrase. Else it is asked for.")
@click.option("--trust", "trust_file", type=_FILE, envvar="NOTARY_TRUST", help="Whose logs it cosigns; NOTARY_TRUST.")
@click.option(
    "--memory",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("witness.json"),
    show_default=True,
    help="File with what it cosigned. Never restore an older copy.",
)
@click.option("--new", is_flag=True, help="A new witness: begin the file.")
@click.option("--listen", default="127.0.0.1:8100", show_default=True, metavar="HOST:PORT", help="Where it listens.")
@click.option("--vkey", is_flag=True, help="Print its public key, as trust files name it, and end.")
def witness(
    key: Path,
    name: str,
    passphrase_file: Path | None,
    trust_file: Path | None,
    memory: Path,
    listen: str,
    *,
    new: bool,
    vkey: bool,
) -> Said:
    """Serve C2SP tlog-witness: cosign a checkpoint once it is shown to extend the last one.

    Put a web server with a certificate in front. The notary asks it when it anchors,
    once its address and key stand in the setting `witnesses`.
    """
    from notary.service.log.witness import WitnessDesk, witness_key

    signer = open_key(key, passphrase_file)
    public = str(witness_key(name, signer))
    if vkey:
        return Said([public], {"vkey": public})
    if trust_file is None:
        raise click.UsageError("Name the trust file with the logs to cosign: --trust FILE")
    from api.wiring import SystemClock
    from api.witnessing import WitnessFile, serve_witness

    logs = _read_logs(trust_file)
    kept = WitnessFile.create(memory) if new else WitnessFile.open(memory)
    desk = WitnessDesk(name, signer, logs, kept, SystemClock())
    origins = ", ".join(log.origin for log in logs)
    serve_witness(desk, listen, lambda: click.echo(f"Cosigning {origins} as {public} on {listen}. Stop: Ctrl-C"))
    return Said(["Stopped."], {"vkey": public})


def _read_logs(path: Path) -> tuple[TrustedLog, ...]:
    with path.open("rb") as file:
        data = file.read(MAX_SIZE + 1)
    try:
        found = TrustFile.parse(data)
    except NotaryError as error:
        raise VerifierError(f"{shown(path)}: {error}", hint="Get it again from the consortium") from error
    return tuple(log for consortium in found.consortia for log in consortium.logs)
