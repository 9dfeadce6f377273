"""The morning: a spreadsheet becomes signed, anchored credentials, certificates, and a link in every mailbox."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from api.cli.spoken import Exit, Said, count
from api.demo.registrar.class_list import Row, write_class
from api.demo.registrar.college import KEY, TEMPLATE
from api.demo.registrar.post import Mailboxes
from api.demo.registrar.terminal import Say, Terminal
from api.settings import Settings
from api.wiring import open_notary
from notary.core.errors import OperatorError
from notary.ports.ledger import CredentialId
from notary.service.access.links import link_hash

TABLE = Path("class-3b.csv")
CERTIFICATES = Path("certificates")
ISSUE = ("issue", "--template", TEMPLATE, "--learners", TABLE, *KEY)
BATCH = 1
_PATIENCE = 120.0
"""Seconds for a worker to come round (every 15) and mail a class."""


@dataclass(frozen=True, slots=True)
class Given:
    """Who was issued what: from the table of links that the registrar keeps."""

    row: int
    learner: str
    email: str
    credential: CredentialId


@dataclass(frozen=True, slots=True)
class Issued:
    """The class as it was issued. `rows` and `refused` are what `notary issue` counted."""

    rows: int
    refused: int
    given: tuple[Given, ...]
    links: Path

    def whose(self, row: int) -> Given:
        """Return what a row was given."""
        return next(each for each in self.given if each.row == row)


def write_table(rows: tuple[Row, ...], say: Say) -> None:
    """Save the spreadsheet."""
    TABLE.write_bytes(write_class(rows))
    tongues = ", ".join(dict.fromkeys(row.language for row in rows))
    say(f"A spreadsheet of {count(len(rows), 'learner')}, with semicolons: {TABLE}. Names: {tongues}.")


def look_over(terminal: Terminal) -> None:
    """Show what would be done: columns, findings by row and column, count and price."""
    terminal.type(*ISSUE, "--dry-run", code=Exit.NOT)


def issue(terminal: Terminal, say: Say) -> Issued:
    """Issue whoever is ready, then once more: nothing is done twice."""
    done = terminal.type(*ISSUE, "--yes", code=Exit.NOT, lines=0)
    links = Path(str(done.data["links"]))
    with links.open(encoding="utf-8-sig", newline="") as file:
        given = tuple(
            Given(int(row["row"]), row["learner"], row["email"], CredentialId(row["credential"]))
            for row in csv.DictReader(file)
        )
    found = Issued(_number(done, "rows"), _number(done, "left_out"), given, links)
    if len(given) != _number(done, "issued"):
        raise OperatorError(f"{links}", expected=f"{done.data['issued']} links", actual=len(given))
    say(f"  Issued and submitted {count(len(given), 'credential')}; {count(found.refused, 'row')} left out.")
    again = terminal.type(*ISSUE, "--yes", code=Exit.NOT, lines=0)
    if _number(again, "issued"):
        raise OperatorError("the same file again", expected="nothing issued twice", actual=again.data["issued"])
    say(f"  The same file again: {count(_number(again, 'issued_before'), 'row')} issued before, nothing done twice.")
    return found


def anchor(terminal: Terminal, batch: int) -> None:
    """Seal what waits into a batch, sign it, and wait until it is final on the chain."""
    terminal.type("seal", lines=1)
    terminal.type("sign", batch, *KEY, "--yes", lines=1)
    terminal.type("anchor", "--wait")


def deliver(terminal: Terminal, batch: int) -> int:
    """Queue the mails of a batch, for the worker in `notary serve`; return how many."""
    return _number(terminal.type("deliver", batch, "--yes"), "queued")


def print_class(terminal: Terminal, batch: int, *links: Path) -> tuple[Path, ...]:
    """Print certificates and bake badges; return the PDFs."""
    reports = [word for path in links for word in ("--report", path)]
    done = terminal.type("certificate", "--batch", batch, "--badges", "--out", CERTIFICATES, *reports, lines=1)
    written = done.data["written"]
    assert isinstance(written, list)
    return tuple(path for path in map(Path, map(str, written)) if path.suffix == ".pdf")


def delivered(settings: Settings, mailboxes: Mailboxes, wanted: Mapping[CredentialId, str]) -> int:
    """Wait for the mails, and count the credentials whose link came to their learner's own address and opens them."""
    addresses = set(wanted.values())
    mailboxes.wait("the learners' mail", lambda: addresses <= {mail.to for mail in mailboxes.mails}, _PATIENCE)
    reached = set()
    with open_notary(settings, chains=False) as notary, notary.ledger.read() as work:
        for mail in mailboxes.mails:
            for token in mail.tokens:
                row = work.credentials.by_link(link_hash(token))
                if row is not None and wanted.get(row.id) == mail.to:
                    reached.add(row.id)
    return len(reached)


def _number(said: Said, name: str) -> int:
    value = said.data[name]
    assert isinstance(value, int)
    return value
