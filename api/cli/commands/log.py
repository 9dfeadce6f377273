"""`notary log`: the public log, shown, or written as the static files that C2SP tlog-tiles asks for."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import Said, Table, command, count, progress, shown
from api.settings import Settings
from api.wiring import open_notary
from notary.core.canonical import JSON
from notary.core.digest import TreeSize
from notary.core.log import changed_tiles
from notary.core.statement import BatchStatement
from notary.service.log.entries import read_statement
from notary.service.log.public_log import read_entries, read_tile, signed_checkpoint
from notary.service.status.bundle import bundle_path
from notary.service.status.publishing import status_bundles


@click.group("log")
def log() -> None:
    """Example: notary log show

    The public log of everything institutions signed.
    """


@command("show", example="notary log show --issuer did:web:fenwick.example")
@click.option("--issuer", metavar="DID", help="Of one institution: its id.")
@click.option("--since", type=click.IntRange(0), default=0, help="From this entry on.")
def show(settings: Settings, issuer: str | None, since: int) -> Said:
    """List the entries: what an institution looks at to see what stands in its name."""
    with open_notary(settings, chains=False) as notary, notary.ledger.read() as work:
        size = work.log.size()
        entries = [row for row in work.log.entries(since, size) if issuer in (None, row.issuer)]
        origin, vkey = notary.origin, str(notary.log_vkey)
    rows: list[tuple[str, ...]] = []
    found: list[JSON] = []
    for entry in entries:
        signed = read_statement(entry.data)
        statement = signed.statement
        what = (
            f"batch of {statement.size:,}, {statement.recognition}"
            if isinstance(statement, BatchStatement)
            else "status"
        )
        rows.append((str(entry.index), statement.issuer, str(statement.seq), what, statement.time))
        found.append({"entry": entry.index, "id": entry.id.hex(), "statement": signed.to_json()})
    table = Table(("entry", "institution", "seq", "what", "signed"), tuple(rows))
    lines: list[str | Table] = [f"{origin}: {count(size, 'entry', 'entries')}.", *([table] if rows else [])]
    return Said(lines, {"origin": origin, "key": vkey, "size": size, "entries": found}, "notary log export FOLDER")


@command("export", example="notary log export public/")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def export(settings: Settings, folder: Path) -> Said:
    """Write checkpoint, tiles, entry bundles and statuses as static files, to be served by any web server.

    What did not change since the last time is written again, the same; the checkpoint comes last.
    """
    with open_notary(settings, chains=False) as notary:
        checkpoint = signed_checkpoint(notary)
        size = TreeSize(int(checkpoint.splitlines()[1]))
        tiles = list(changed_tiles(0, size))
        with progress("Writing tiles", len(tiles)) as done:
            for at, tile in enumerate(tiles, 1):
                _write(folder / tile.path, read_tile(notary, tile))
                if tile.level == 0:
                    _write(folder / tile.entries_path, read_entries(notary, tile))
                done(at)
        for bundle in status_bundles(notary):
            _write(folder / bundle_path(bundle.batch), bytes(bundle))
        # Last, so that whoever reads a checkpoint finds every tile below it.
        _write(folder / "checkpoint", checkpoint.encode())
    entries = count(size, "entry", "entries")
    return Said(
        [f"Wrote {count(len(tiles), 'tile')} and the checkpoint of {entries} to {shown(folder)}."],
        {"folder": str(folder), "size": size, "tiles": len(tiles), "origin": notary.origin},
        "notary log show",
    )


for _made in (show, export):
    log.add_command(_made)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(data)
    temporary.replace(path)
