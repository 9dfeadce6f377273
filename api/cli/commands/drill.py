"""`notary drill`: everything switched off, every receipt verified, one page to show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.drill import HOLDS, Drill, find_receipts, run_drill
from api.cli.drill_page import headline, render
from api.cli.spoken import Exit, Said, Table, command, progress, shown
from notary.core.canonical import JSON
from notary.core.verdict import Result


@command("drill", example="notary drill receipts/ --trust trust.json --out switch-off.html", data=False)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--trust",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The trust file, as the consortium publishes it.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("switch-off.html"),
    show_default=True,
    help="Where the report goes.",
)
def drill(folder: Path, trust: Path, out: Path) -> Said:
    """Verify every receipt in a folder with issuer, notary, node, IPFS and internet switched off.

    Exit code 0: every receipt holds or was withdrawn by its issuer; 1: one is
    false; 3: of one it is not known.
    """
    receipts = find_receipts(folder)
    with progress("Verifying", len(receipts)) as done:
        found = run_drill(receipts, trust, done)
    out.write_text(render(found, datetime.now(UTC)), encoding="utf-8")
    lines: list[str | Table] = [
        f"{headline(found)}, with institutions, notary, blockchain node, IPFS and internet switched off.",
        Table(("Institution", "Receipts", "Verified"), tuple(_row(name, found) for name in found.by_institution())),
        *(f"{shown(each.path)}: {each.headline}" for each in (*found.open, *found.withdrawn)),
        f"The report for your board: {shown(out)}",
    ]
    return Said(lines, to_json(found, out), code=_code(found))


def _row(name: str, found: Drill) -> tuple[str, ...]:
    tried = found.by_institution()[name]
    return name, str(len(tried)), str(sum(each.result in HOLDS for each in tried))


def _code(found: Drill) -> Exit:
    if any(each.result is Result.NOT_VERIFIED for each in found.open):
        return Exit.NOT
    return Exit.OPEN if found.open else Exit.DONE


def to_json(found: Drill, out: Path) -> dict[str, JSON]:
    """Return the same for machines."""
    return {
        "receipts": len(found.tried),
        "verified": found.verified,
        "withdrawn": len(found.withdrawn),
        "open": len(found.open),
        "consortium": found.consortium,
        "trust": {"date": found.trust_date, "sha256": found.trust_digest.hex()},
        "processes": found.processes,
        "seconds": round(found.seconds, 3),
        "report": str(out),
        "results": [
            {"receipt": str(each.path), "result": each.result.value, "headline": each.headline} for each in found.tried
        ],
    }
