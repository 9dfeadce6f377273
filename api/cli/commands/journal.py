"""`notary journal`: who did what, and that no entry was changed or removed."""

from __future__ import annotations

import click

from api.cli.spoken import Said, Table, command, count
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.encoding import from_digest_text, to_digest_text
from notary.ports.ledger import JournalRow

_NEWEST = 20


@command("journal", example="notary journal --issuer did:web:fenwick.example")
@click.option("--issuer", metavar="DID", help="What concerns one institution: its id or an alias.")
@click.option("--newest", type=click.IntRange(0), default=_NEWEST, show_default=True, help="How many entries to show.")
@click.option("--seen", metavar="HASH", help="An entry's hash kept elsewhere: it must be there still.")
def journal(settings: Settings, issuer: str | None, newest: int, seen: str | None) -> Said:
    """Check the whole journal, and show who did what: the newest entries.

    Exit code 1 where an entry was changed or removed, or the one of --seen is not there.
    """
    from api.wiring import open_notary
    from notary.service.access.journal import check_journal, newest_entries, to_json
    from notary.service.members.registry import members_in_force

    with open_notary(settings, chains=False) as notary:
        checked = check_journal(notary, from_digest_text(seen, "--seen") if seen else None)
        institution = members_in_force(notary.ledger).require(issuer).id if issuer else None
        rows = newest_entries(notary, institution, newest)
    head = None if checked.head is None else to_digest_text(checked.head)
    lines: list[str | Table] = [
        f"The journal is whole: {count(checked.size, 'entry', 'entries')}, none changed or removed."
    ]
    if rows:
        lines.append(Table(("entry", "time", "who", "did", "institution", "to", "outcome"), tuple(map(_row, rows))))
    if head:
        lines.append(f"Keep this elsewhere, to check later that no end was cut off: {head}")
    data: dict[str, JSON] = {"entries": checked.size, "head": head, "newest": [to_json(row) for row in rows]}
    return Said(lines, data, f"notary journal --seen {head}" if head else None)


def _row(row: JournalRow) -> tuple[str, ...]:
    who = f"{row.actor.role} {row.actor.name}".rstrip()
    named = (
        ", ".join(row.objects) if len(row.objects) == row.count else ", ".join((*row.objects, f"{row.count:,} in all"))
    )
    return (str(row.number), f"{row.time:%F %H:%M}", who, row.action, row.institution or "all", named, row.outcome)
