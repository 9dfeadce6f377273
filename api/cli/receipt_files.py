"""Receipts as files, with an index a spreadsheet opens, and the trust file by which they verify."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from api.cli.spoken import shown
from api.csv_cells import cell
from api.settings import Settings
from notary.core.canonical import canonical
from notary.core.errors import VerifierError
from notary.core.trust import Quorum, TrustFile
from notary.ports.ledger import CredentialRow
from notary.service.notary import Notary
from notary.service.receipts.trust import NOBODY, export_trust
from notary.service.rounds.progress import Stage

SUFFIX = ".receipt.json"
TRUST_FILE = "trust.json"
INDEX = "index.csv"
_COLUMNS = ("source", "line", "credential", "learner", "receipt", "link", "state")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the index."""

    row: CredentialRow
    receipt: Path | None
    state: Stage | str


def write_index(folder: Path, listed: Iterable[Listed], links: dict[str, str]) -> Path:
    """Write index.csv: UTF-8 with its mark, so that every spreadsheet reads names as they are."""
    path = folder / INDEX
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        table.writerow(_COLUMNS)
        for each in listed:
            row = each.row
            receipt = each.receipt.name if each.receipt else ""
            link = links.get(row.id, "")
            cells = (row.source, row.line or "", row.id, row.learner or "", receipt, link, str(each.state))
            table.writerow([cell(str(value)) for value in cells])
    return path


def read_links(files: Iterable[Path]) -> dict[str, str]:
    """Read the learners' links by credential id: from reports of `notary submit`, or tables of links.

    A table is what `notary issue` and `notary deliver --csv` write.
    """
    links: dict[str, str] = {}
    for path in files:
        data = path.read_bytes()
        try:
            links |= _of_report(data) if data.lstrip().startswith(b"{") else _of_table(data)
        except (ValueError, KeyError, TypeError, csv.Error) as error:
            raise VerifierError(
                f"{shown(path)} holds no links",
                expected="the report of notary submit, or the .links.csv of notary issue",
            ) from error
    return links


def _of_report(data: bytes) -> dict[str, str]:
    return {str(each["id"]): str(each["link"]) for each in json.loads(data)["accepted"]}


def _of_table(data: bytes) -> dict[str, str]:
    rows = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""))
    if not {"credential", "link"} <= set(rows.fieldnames or ()):
        raise ValueError("no columns credential and link")
    return {row["credential"]: row["link"] for row in rows}


def write_trust(
    notary: Notary,
    settings: Settings,
    path: Path,
    block_notes: Quorum = NOBODY,
    witnesses: Quorum = NOBODY,
    anchors_needed: int = 1,
) -> TrustFile:
    """Write what a verifier should know today."""
    trust = export_trust(
        notary, settings.name, anchors_needed=anchors_needed, block_notes=block_notes, witnesses=witnesses
    )
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes(canonical(trust.to_json()) + b"\n")
    temporary.replace(path)
    return trust
