"""`notary backup`: the embedded ledger as one file, taken while the notary goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.spoken import Said, command, shown
from api.records import BACKUP, ERASED, Backup
from api.settings import FILE, Settings
from notary.core.errors import OperatorError

_DUMP = b"PGDMP"


@command("backup", example="notary backup /mnt/backups/ledger.sqlite3")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--made", is_flag=True, help="FILE is there already, made by pg_dump: remember it, copy nothing.")
def backup(settings: Settings, file: Path, *, made: bool) -> Said:
    """Copy the ledger into one file, whole and at one moment, while submitting and anchoring go on.

    Keys and settings are not in it: copy them separately, to another place.
    """
    if not settings.founded:
        raise OperatorError(f"there is no notary in {settings.data}", hint="Found one: notary init")
    if made:
        _check_dump(file)
    else:
        from api.restoring import ledger_file
        from notary.store.backup import check_file, copy_ledger

        source = ledger_file(settings)
        if file.exists() and source.exists() and file.samefile(source):
            raise click.UsageError("FILE is the ledger itself; choose another name")
        copy_ledger(source, file)
        check_file(file)
    time = datetime.fromtimestamp(file.stat().st_mtime, UTC) if made else datetime.now(UTC)
    Backup(time, str(file.absolute())).write(settings.data)
    beside = [settings.data / "keys", settings.data / FILE, settings.data / ERASED]
    size = f"{file.stat().st_size / 1e6:,.1f} MB"
    return Said(
        [
            f"{'Remembered' if made else 'Wrote'} {shown(file)}, {size}; it holds credentials, names and salts.",
            "  Not in it, and to be copied separately, to another place, with owner-only rights (chmod -R go= COPY):",
            f"  {shown(beside[0])}: log.pem, wallet.json, governor.json, and passphrase where it was drawn here,",
            f"  {shown(beside[1])}: settings, without secrets,",
            f"  {shown(beside[2])}: what was erased, so that no backup brings it back.",
        ],
        {
            "file": str(file.absolute()),
            "size": file.stat().st_size,
            "remembered_in": str(settings.data / BACKUP),
            "copy_separately": [str(path) for path in beside],
        },
        "notary doctor",
    )


def _check_dump(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            start = opened.read(len(_DUMP))
    except OSError as error:
        raise OperatorError(f"{file} cannot be read", actual=error.strerror) from error
    if start != _DUMP:
        raise OperatorError(f"{file} is no dump of PostgreSQL", hint="Make it with pg_dump --format=custom")
