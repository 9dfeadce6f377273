"""`notary submit`: hand credentials in; a report lists what was accepted and what was refused, and why."""

from __future__ import annotations

import json
import mimetypes
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from api.cli.members import choose_member
from api.cli.spoken import Exit, Said, Table, command, count, progress, shown
from api.key_files import write_secret
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.registry import MemberRecord
from notary.service.evidence.manifest import Exhibit
from notary.service.members.registry import members_in_force
from notary.service.submission.accept import Accepted
from notary.service.submission.intake import open_sources, open_stream
from notary.service.submission.reading import Refused, Source
from notary.service.submission.submit import submit as take

SHOWN = 20
"""Refusals on screen; the report has them all."""
_PATH = click.Path(exists=True, path_type=Path, allow_dash=True)


@command("submit", example="notary submit diplomas.ndjson --issuer did:web:fenwick.example --report report.json")
@click.argument("paths", metavar="FILE|FOLDER|NDJSON|-...", nargs=-1, required=True, type=_PATH)
@click.option("--issuer", metavar="DID", help="The institution, where the consortium has several: its id or an alias.")
@click.option(
    "--evidence",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that shows what was achieved; encrypted, then pinned. Several for several.",
)
@click.option(
    "--public-evidence",
    is_flag=True,
    help="Pin the evidence unencrypted: everybody can read it, for ever, and nobody can take it back.",
)
@click.option("--narrative", help="What the evidence shows, in words.")
@click.option(
    "--as", "form", type=click.Choice(["file"]), help="Take files as they are: submitted by, never issued by."
)
@click.option("--joint-with", multiple=True, metavar="DID", help="Of a joint award: who else commits the same one.")
@click.option("--duplicates", is_flag=True, help="Take what was submitted before once more, on purpose.")
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a report as JSON, with the learners' private links: for its owner only.",
)
def submit(
    settings: Settings,
    paths: tuple[Path, ...],
    issuer: str | None,
    evidence: tuple[Path, ...],
    narrative: str | None,
    form: str | None,
    joint_with: tuple[str, ...],
    report: Path | None,
    *,
    duplicates: bool,
    public_evidence: bool,
) -> Said:
    """Hand in credentials: JSON, JWT or SD-JWT, baked PNG or SVG; folders; or NDJSON, one a line.

    Each is taken or refused by itself. Exit code 1 where any was refused. Of a
    joint award each institution submits the same credential; who comes after the
    first has sealed takes its evidence over.
    """
    from api.wiring import open_notary

    if report and report.exists():
        raise click.UsageError(f"--report: {shown(report)} is there already; choose another name")
    if public_evidence and not evidence:
        raise click.UsageError("--public-evidence goes with --evidence")
    with open_notary(settings, chains=False) as notary, _exhibits(evidence) as exhibits, progress("Reading") as done:
        member = choose_member(members_in_force(notary.ledger), issuer)
        taken = take(
            notary,
            member,
            _open(paths, as_file=form == "file"),
            exhibits=exhibits,
            narrative=narrative,
            public_evidence=public_evidence,
            as_file=form == "file",
            duplicates=duplicates,
            joint_with=joint_with,
            done=done,
        )
        results = list(taken)
    pinned = any(isinstance(each, Accepted) or each.read for each in results)
    public = len(evidence) if public_evidence and pinned else 0
    return _said(settings, member, results, report, public=public)


@contextmanager
def _exhibits(files: Iterable[Path]) -> Iterator[list[Exhibit]]:
    """Open evidence files."""
    with ExitStack() as stack:
        yield [
            Exhibit(
                path.name,
                mimetypes.guess_type(path.name)[0] or "application/octet-stream",
                stack.enter_context(path.open("rb")),
            )
            for path in files
        ]


def _open(paths: tuple[Path, ...], *, as_file: bool) -> Iterator[Source | Refused]:
    for path in paths:
        if str(path) == "-":
            yield from open_stream(sys.stdin.buffer, as_file=as_file)
        else:
            yield from open_sources([path], as_file=as_file)


def _said(
    settings: Settings, member: MemberRecord, results: list[Accepted | Refused], report: Path | None, *, public: int
) -> Said:
    accepted = [result for result in results if isinstance(result, Accepted)]
    refused = [result for result in results if isinstance(result, Refused)]
    address = settings.public_url.rstrip("/")
    data: dict[str, JSON] = {
        "institution": member.id,
        "accepted": [
            {
                "id": result.id,
                "source": result.source,
                "line": result.line,
                "learner": result.learner,
                "title": result.title,
                "link": f"{address}/r/{result.token}",
            }
            for result in accepted
        ],
        "refused": [{"source": result.source, "line": result.line, "why": result.why} for result in refused],
    }
    lines: list[str | Table] = [f"{count(len(accepted), 'credential')} of {member.name} accepted."]
    if public:
        lines.append(f"  {count(public, 'evidence file')} pinned as it is: everybody can read it, for ever.")
    if refused:
        lines.append(f"{count(len(refused), 'credential')} refused:")
        lines += [f"  {result.why}" for result in refused[:SHOWN]]
    if len(refused) > SHOWN:
        lines.append(f"  … and {len(refused) - SHOWN} more" + ("" if report else ": --report FILE lists them all"))
    if report:
        write_secret(report, json.dumps(data, ensure_ascii=False, indent=1).encode())
        lines.append(f"Report, with the learners' private links: {shown(report)}")
    return Said(lines, data, "notary seal" if accepted else None, Exit.NOT if refused else Exit.DONE)
