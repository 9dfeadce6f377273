"""`notary seal`: what an institution handed in becomes a batch, with the file its signature is asked on."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import Exit, Said, Table, command, count, short, shown
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.encoding import to_digest_text
from notary.core.registry import MemberRecord
from notary.core.statement import Recognition
from notary.service.members.registry import members_in_force
from notary.service.submission.preflight import Report


@command("seal", example="notary seal --issuer did:web:fenwick.example --out batches/")
@click.option("--issuer", metavar="DID", help="The institution, where several have something waiting.")
@click.option(
    "--recognition",
    type=click.Choice([recognition.value for recognition in Recognition]),
    help="Claim less than the institution is recognised for.",
)
@click.option("--joint-with", multiple=True, metavar="DID", help="Who must have committed the same credentials too.")
@click.option("--check", is_flag=True, help="Look over what waits, and seal nothing.")
@click.option("--accept-warnings", is_flag=True, help="Seal although there are warnings; errors are never accepted.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder of the batch file."
)
def seal(
    settings: Settings,
    issuer: str | None,
    recognition: str | None,
    joint_with: tuple[str, ...],
    out: Path,
    *,
    check: bool,
    accept_warnings: bool,
) -> Said:
    """Make a batch of everything that waits, and write its batch file: the statement, and every position.

    What waits is looked over first: a batch cannot be taken back. The institution
    signs the file on its own machine, and keeps it: it is the backup of its salts.
    """
    from api.cli.batch_files import write_batch
    from api.cli.members import choose_member
    from api.wiring import open_notary
    from notary.service.members.registry import Members
    from notary.service.rounds.progress import waiting
    from notary.service.submission.preflight import Unready, preflight
    from notary.service.submission.seal import seal as seal_batch

    with open_notary(settings, chains=False) as notary:
        members = members_in_force(notary.ledger)
        partners = tuple(members.require(name) for name in joint_with)
        if issuer is None:
            known = waiting(notary)
            busy = tuple(record for record in members.records if record.id in known)
            members = Members(members.state, busy or members.records)
        member = choose_member(members, issuer)
        claimed = Recognition(recognition) if recognition else None
        if check:
            return _looked_over(preflight(notary, member, recognition=claimed, partners=partners), member)
        try:
            batch = seal_batch(
                notary, member, recognition=claimed, joint_with=joint_with, accept_warnings=accept_warnings
            )
        except Unready as unready:
            return _looked_over(unready.report, member)
        path = write_batch(notary, batch.id, out)
    return Said(
        [
            f"Sealed batch {batch.id} of {member.name}: {count(batch.size, 'credential')}, root {short(batch.root)}.",
            f"Batch file, for {member.name} to check, sign and keep: {shown(path)}",
        ],
        {
            "batch": batch.id,
            "institution": member.id,
            "size": batch.size,
            "root": to_digest_text(batch.root),
            "recognition": batch.recognition.value,
            "batch_file": str(path),
        },
        f"notary sign {shown(path)} --credentials PATH --key KEYFILE",
    )


def _looked_over(report: Report, member: MemberRecord) -> Said:
    """Say what a preflight found: a table a registrar can go through, row by row."""
    errors, warnings = len(report.errors), len(report.warnings)
    found = f"{count(errors, 'error')}, {count(warnings, 'warning')}"
    lines: list[str | Table] = [f"{count(report.size, 'credential')} of {member.name} looked over: {found}."]
    if report.findings:
        rows = tuple((each.where, each.grade.value, f"{each.says}. {each.hint}.") for each in report.findings)
        lines.append(Table(("where", "", "what, and what to do"), rows))
    if report.more:
        lines.append(f"… and {report.more} more.")
    if errors:
        lines.append("Nothing was sealed: errors are corrected first.")
    elif warnings:
        lines.append("Nothing was sealed. To accept these warnings: notary seal --accept-warnings")
    data: dict[str, JSON] = {
        "institution": member.id,
        "size": report.size,
        "errors": errors,
        "warnings": warnings,
        "findings": [each.to_json() for each in report.findings],
        "more": report.more,
    }
    then = None if errors else "notary seal --accept-warnings" if warnings else "notary seal"
    then = then if report.size else "notary submit FILE"
    return Said(lines, data, then, Exit.NOT if report.findings else Exit.DONE)
