"""`notary monitor`: what an institution runs to see what is logged and anchored in its name."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.spoken import Exit, Said, command, count, speak
from api.monitoring import Monitoring, Places
from notary.core.errors import OperatorError
from notary.service.monitoring.findings import Report

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SHOWN = 50
"""Findings on screen; `--json` has all."""


@command(
    "monitor",
    example="notary monitor --issuer did:web:fenwick.example --log https://notary.example/log --trust trust.json"
    " --own signed/ --chain http://127.0.0.1:8545 --ipfs http://127.0.0.1:8080",
    data=False,
)
@click.option("--issuer", required=True, metavar="DID", help="The institution.")
@click.option("--log", "log", required=True, metavar="URL|FOLDER", help="A mirror of the log: address or folder.")
@click.option(
    "--trust",
    "trust_file",
    required=True,
    type=_FILE,
    envvar="NOTARY_TRUST",
    help="The log's keys and the consortium's contracts; NOTARY_TRUST.",
)
@click.option(
    "--own",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with what you signed: statements and batch files.",
)
@click.option("--chain", "chains", multiple=True, metavar="URL", help="A node of a chain; may be given again.")
@click.option("--ipfs", metavar="URL|FOLDER", help="An IPFS gateway, a Kubo node's own too, or a folder of blocks.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("monitor.state"),
    show_default=True,
    help="File with what was seen.",
)
@click.option(
    "--max-age",
    type=click.IntRange(min=1),
    default=86_400,
    show_default=True,
    help="Seconds an entry may wait for its final anchor.",
)
@click.option("--settled", is_flag=True, help="What was found so far is looked into: report it no more.")
@click.option("--every", type=click.IntRange(min=1), metavar="SECONDS", help="Go on, and look this often.")
@click.option("--webhook", metavar="URL", help="POST the report there as JSON when there is something new to report.")
@click.option("--mail", metavar="ADDRESS", help="Mail the report there, likewise.")
@click.option(
    "--smtp",
    metavar="URL",
    default="smtp://127.0.0.1:25",
    show_default=True,
    help="Mail server; smtps:// for TLS. User in the URL, password in NOTARY_SMTP_PASSWORD.",
)
def monitor(
    issuer: str,
    log: str,
    trust_file: Path,
    own: Path | None,
    chains: tuple[str, ...],
    ipfs: str | None,
    state: Path,
    max_age: int,
    every: int | None,
    webhook: str | None,
    mail: str | None,
    smtp: str,
    *,
    settled: bool,
) -> Said:
    """Follow the log and its anchors, and report what is wrong.

    Exit code 0: nothing; 1: findings; 3: something could not be looked at.
    """
    if bool(chains) != bool(ipfs):
        raise click.UsageError("--chain and --ipfs go together: what is anchored is read from IPFS")
    places = Places(log, chains, ipfs, trust_file)
    monitoring = Monitoring.open(issuer, places, state, own, max_age, webhook=webhook, mail=mail, smtp=smtp)
    if settled:
        monitoring.settle()
    while True:
        report, untold = monitoring.look(datetime.now(UTC))
        said = _say(report, untold, compared=own is not None)
        if every is None:
            return said
        speak(said, as_json=click.get_current_context().meta["as_json"])
        time.sleep(every)


def _say(report: Report, untold: OperatorError | None, *, compared: bool) -> Said:
    entries, mine = count(report.size, "entry", "entries"), count(report.own, "statement")
    found = report.findings
    if found:
        first = f"{count(len(found) + report.more, 'finding')} in {report.origin}:"
    elif report.open:
        first = f"{report.origin} could not be looked at whole:"
    else:
        first = f"{report.origin} is as it should be: {entries}, {report.new} new, {mine} in your name."
    lines = [first, *(f"  {finding.says}." for finding in found[:_SHOWN])]
    if len(found) > _SHOWN or report.more:
        lines.append(f"  {len(found) - min(len(found), _SHOWN) + report.more} more, see --json.")
    lines += [f"  Not known: {reason}." for reason in report.open]
    if not compared and report.own:
        lines.append(f"  Not compared: {mine} in your name. To compare: --own FOLDER with what you signed.")
    if untold is not None:
        lines.append(f"  Not told to anybody: {untold}.")
    code = Exit.NOT if found else Exit.OPEN if report.open else Exit.DONE
    return Said(lines, {**report.to_json(), "untold": None if untold is None else str(untold)}, code=code)
