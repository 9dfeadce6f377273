"""`notary restore`: a backup put in the ledger's place, once it has been checked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.spoken import Said, command, count, shown
from api.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command("restore", example="notary restore /mnt/backups/ledger.sqlite3 --replace")
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Replace a ledger that has credentials; it is kept beside.")
def restore(settings: Settings, file: Path, *, replace: bool) -> Said:
    """Check a backup and put it in the ledger's place; stop the notary first.

    Its pages, its tables' version and its log's tree are checked, and the chains
    asked whether they know a newer anchor. Nothing changes where anything is wrong.
    """
    from api.restoring import restore as put_back

    done = put_back(settings, file, datetime.now(UTC), replacing=replace)
    held = done.holdings
    batches, entries = count(held.batches, "batch", "batches"), count(held.entries, "log entry", "log entries")
    anchors = count(held.manifests, "anchor manifest")
    lines = [
        f"Restored {shown(file)}: {count(held.credentials, 'credential')}, {batches}, {entries}, {anchors}.",
        "  Its pages, its tables and the log's whole tree were checked.",
    ]
    if done.uncompared:
        lines.append(
            f"  Not compared with the chains: {done.uncompared.rstrip('.')}. Do it before you anchor: notary doctor"
        )
    else:
        lines.append("  The chains know no anchor of this notary's that is not in it.")
    if done.erased:
        lines.append(f"  {count(done.erased, 'credential')} erased since the backup: erased again.")
    if done.unerased:
        names = " ".join(done.unerased)
        lines.append(f"  To be erased once what is being pinned is pinned: notary anchor, then notary erase {names}")
    if done.kept:
        lines.append(f"  The ledger before is {shown(done.kept)}; delete it once all is well.")
    lines.append(
        "What was handed in or signed after the backup is not in it: ask the institutions to hand it in again."
    )
    return Said(
        lines,
        {
            "credentials": held.credentials,
            "batches": held.batches,
            "entries": held.entries,
            "manifests": held.manifests,
            "erased_again": done.erased,
            "to_be_erased": list(done.unerased),
            "kept": str(done.kept) if done.kept else None,
            "compared": done.uncompared is None,
        },
        "notary doctor",
    )
