"""`notary certificate`: print certificates, of one credential or of a whole batch, and bake badges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from api.certificates.badge import Picture, make_badge
from api.certificates.look import Look, load_looks
from api.certificates.presses import print_all
from api.certificates.wording import Certificate, Paper, word_certificate
from api.cli.receipt_files import read_links
from api.cli.spoken import Exit, Said, command, count, progress, shown
from api.settings import Settings
from api.wiring import open_notary
from api.words import chain_names
from notary.core.canonical import JSON
from notary.core.errors import Pending
from notary.ports.ledger import BatchId, CredentialId
from notary.service.notary import Notary
from notary.service.receipts.certificate import batch_awards, find_award
from notary.service.receipts.learner import Award


@command("certificate", example="notary certificate --batch 7 --out certificates/ --report report.json")
@click.argument("credential", metavar="ID", required=False)
@click.option("--batch", type=click.IntRange(1), help="All certificates of this batch.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder for them. Else here."
)
@click.option(
    "--paper", type=click.Choice([one.value for one in Paper]), default="a4", help="Size of the paper. Else a4."
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The .links.csv of notary issue, or a report of notary submit: each code then holds its learner's own link.",
)
@click.option("--badges", is_flag=True, help="Bake badges too, as PNG and SVG.")
def certificate(
    settings: Settings,
    credential: str | None,
    batch: int | None,
    out: Path,
    paper: str,
    reports: tuple[Path, ...],
    *,
    badges: bool,
) -> Said:
    """Print certificates as PDF, with the receipt inside: the file proves itself.

    How they look is set in the folder `certificates` of the data folder. Exit
    code 3 while the anchor is not final yet: then the certificate says so.
    """
    if (credential is None) == (batch is None):
        raise click.UsageError("Name a credential's id, or --batch NUMBER")
    looks, links = load_looks(settings.data), read_links(reports)
    written: list[Path] = []
    pending = 0
    with open_notary(settings, chains=False) as notary, progress("Printing") as done:
        jobs = _worded(_awards(notary, settings, credential, batch), settings, links)
        held: list[Award] = []
        for printed, pdf in print_all(_noting(jobs, held), looks, Paper(paper)):
            out.mkdir(parents=True, exist_ok=True)
            written.append(_write(out / f"{printed.id}.pdf", pdf))
            pending += printed.pending is not None
            award = held.pop(0)
            if badges and not printed.pending:
                look = looks.get(printed.issuer, Look())
                baked = {out / f"{printed.id}.{picture}": make_badge(award, look, picture) for picture in Picture}
                written += [_write(path, data) for path, data in baked.items()]
            done(len(written))
    if not written:
        raise Pending("nothing of this batch is kept here to print", hint="Its institution has the credentials")
    what = count(sum(path.suffix == ".pdf" for path in written), "certificate")
    lines = [f"Wrote {what} to {shown(out)}{' with their badges' if badges else ''}."]
    if pending:
        lines.append("  It is pending, says so, and proves nothing yet. Print it again once it is final.")
    if not links:
        lines.append("  The code leads to the verifier's page; --report FILE puts each learner's own link there.")
    data: dict[str, JSON] = {"written": [str(path) for path in written], "pending": pending}
    return Said(lines, data, f"notary verify {shown(written[0])}", code=Exit.OPEN if pending else Exit.DONE)


def _awards(notary: Notary, settings: Settings, credential: str | None, batch: int | None) -> Iterator[Award]:
    if credential is not None:
        yield find_award(notary, settings.name, CredentialId(credential))
    elif batch is not None:
        yield from batch_awards(notary, settings.name, BatchId(batch))


def _worded(awards: Iterator[Award], settings: Settings, links: dict[str, str]) -> Iterator[tuple[Award, Certificate]]:
    chains = chain_names()
    for award in awards:
        yield (
            award,
            word_certificate(
                award,
                name=settings.name,
                url=settings.public_url.rstrip("/"),
                link=links.get(award.row.id),
                expected=award.progress.expected if award.progress else None,
                chains=chains,
            ),
        )


def _noting(jobs: Iterator[tuple[Award, Certificate]], held: list[Award]) -> Iterator[Certificate]:
    """Keep each award until its certificate is printed: they come back in order."""
    for award, worded in jobs:
        held.append(award)
        yield worded


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
