"""`notary receipt`: write receipts, of one credential or of a whole batch with its index."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.receipt_files import SUFFIX, TRUST_FILE, Listed, read_links, write_index, write_trust
from api.cli.spoken import Said, command, count, progress, shown
from api.settings import Settings
from api.wiring import open_notary
from notary.core.canonical import JSON
from notary.ports.ledger import BatchId, CredentialId
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.making import receipt as make_receipt
from notary.service.rounds.progress import Stage


@command("receipt", example="notary receipt --batch 7 --out receipts/ --report report.json")
@click.argument("credential", metavar="ID", required=False)
@click.option("--batch", type=click.IntRange(1), help="All receipts of this batch.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the receipts. Else here.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The .links.csv of notary issue, or a report of notary submit: for the links in index.csv.",
)
def receipt(
    settings: Settings, credential: str | None, batch: int | None, out: Path, reports: tuple[Path, ...]
) -> Said:
    """Write receipts, and the trust file by which they verify.

    Exit code 3 while the anchor is not final yet.
    """
    if (credential is None) == (batch is None):
        raise click.UsageError("Name a credential's id, or --batch NUMBER")
    links = read_links(reports)
    listed: list[Listed] = []
    with open_notary(settings, chains=False) as notary:
        if credential is not None:
            made = make_receipt(notary, CredentialId(credential))
            out.mkdir(parents=True, exist_ok=True)
            path = out / f"{credential}{SUFFIX}"
            path.write_bytes(bytes(made))
            written: list[Path] = [path]
        else:
            assert batch is not None
            with progress("Writing receipts") as done:
                for row, made in batch_receipts(notary, BatchId(batch)):
                    out.mkdir(parents=True, exist_ok=True)
                    path = out / f"{row.id}{SUFFIX}"
                    path.write_bytes(bytes(made))
                    listed.append(Listed(row, path, Stage.FINAL))
                    done(len(listed))
            written = [each.receipt for each in listed if each.receipt]
        write_trust(notary, settings, out / TRUST_FILE)
    data: dict[str, JSON] = {"receipts": [str(path) for path in written], "trust": str(out / TRUST_FILE)}
    lines = [f"Wrote {count(len(written), 'receipt')} to {shown(out)}, with {TRUST_FILE}."]
    if batch is not None:
        index = write_index(out, listed, links)
        data["index"] = str(index)
        lines.append(
            f"  {shown(index)} says which receipt is whose{'' if links else '; --report FILE adds the links'}."
        )
    return Said(lines, data, f"notary verify {shown(written[0])}" if written else None)
