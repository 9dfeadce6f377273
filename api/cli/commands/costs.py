"""`notary costs`: what a month's anchors cost, shared among institutions by the credentials anchored."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click

from api.cli.spoken import Said, Table, command, count, shown
from api.csv_cells import cell
from api.settings import Settings
from notary.core.errors import OperatorError
from notary.service.rounds.costs import Certainty, Cost, Share

_COLUMNS = (
    "month",
    "chain",
    "currency",
    "institution",
    "name",
    "credentials",
    "anchors",
    "fee",
    "fee_wei",
    "certainty",
)
_COIN = Decimal(10**18)
_MEANS = {
    Certainty.AT_MOST: "“At most”: neither the block's archive nor the chain was to be had; gas is the signed limit.",
    Certainty.AT_LEAST: "“At least”: what was offered was lost with the ledger; the block's base fee stands alone.",
}


@command("costs", example="notary costs --month 2026-11 --csv costs-2026-11.csv")
@click.option("--month", required=True, metavar="YYYY-MM", help="By the time of the anchors' blocks, in UTC.")
@click.option(
    "--csv", "table", type=click.Path(dir_okay=False, path_type=Path), help="Write a table a spreadsheet opens."
)
def costs(settings: Settings, month: str, table: Path | None) -> Said:
    """Say what a month's anchors cost, and what each institution bears of it, by credentials anchored.

    From what was archived when they became final, else from the chain; where
    neither is to be had, the signed limit is given as an upper bound, and it is said.
    """
    from anchoring.profiles import Profiles
    from api.wiring import open_notary
    from notary.service.members.registry import members_in_force
    from notary.service.rounds.costs import costs as find_costs
    from notary.service.rounds.costs import shares

    since, until = _bounds(month)
    try:
        with open_notary(settings) as notary:
            found, members = find_costs(notary, since=since, until=until), members_in_force(notary.ledger)
    except OperatorError:
        with open_notary(settings, chains=False) as notary:
            found, members = find_costs(notary, since=since, until=until), members_in_force(notary.ledger)
    own = settings.data / "chains.toml"
    profiles = Profiles.load(own if own.exists() else None)
    names = {record.id: record.name for record in members.records}
    rows = [_row(month, each, profiles.of(each.chain).currency, names) for each in shares(found)]
    if table:
        with table.open("w", encoding="utf-8-sig", newline="") as file:
            written = csv.writer(file)
            written.writerow(_COLUMNS)
            written.writerows([cell(value) for value in row] for row in rows)
    lines: list[str | Table] = [_headline(month, found)]
    if rows:
        shown_rows = tuple((row[4], row[5], row[6], f"{row[7]} {row[2]}", row[9]) for row in rows)
        lines.append(Table(("institution", "credentials", "anchors", "share", ""), shown_rows))
    lines += [_MEANS[certainty] for certainty in sorted({cost.certainty for cost in found} & _MEANS.keys())]
    if table:
        lines.append(f"Wrote {shown(table)}.")
    return Said(
        lines,
        {
            "month": month,
            "anchors": [
                {"manifest": c.manifest, "chain": c.chain, "fee_wei": str(c.fee), "certainty": c.certainty.value}
                for c in found
            ],
            "shares": [dict(zip(_COLUMNS, row, strict=True)) for row in rows],
            "csv": str(table) if table else None,
        },
    )


def _bounds(month: str) -> tuple[int, int]:
    try:
        first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise click.UsageError(f"--month: {month!r} is no month; write it like 2026-11") from None
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return int(first.timestamp()), int(after.timestamp())


def _row(month: str, each: Share, currency: str, names: dict[str, str]) -> tuple[str, ...]:
    return (
        *(month, each.chain, currency, each.institution, names.get(each.institution, each.institution)),
        *(str(each.credentials), str(each.anchors), f"{each.fee / _COIN:f}", str(each.fee)),
        each.certainty.value,
    )


def _headline(month: str, found: tuple[Cost, ...]) -> str:
    if not found:
        return f"No anchor became final in a block of {month}."
    return f"{count(len(found), 'anchor')} in blocks of {month}, by credentials anchored:"
