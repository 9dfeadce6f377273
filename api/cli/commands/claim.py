"""`notary claim`: a learner, or someone for them, says what they can do, and shows it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.passphrases import open_key
from api.cli.spoken import Said, command, count, short, shown
from api.cli.texts import read_words
from api.key_files import persons_key
from notary.core.canonical import JSON
from notary.core.digest import Digest
from notary.core.encoding import format_time, to_digest_text
from notary.core.errors import OperatorError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command(
    "claim",
    example='notary claim "Field Recording" --name "Ana Pérez" --narrative story.txt --key ana.working.pem',
    data=False,
)
@click.argument("title")
@click.option("--name", "learner", required=True, help="The learner's name.")
@click.option("--by", metavar="NAME", help="Who speaks for the learner, where that is somebody else.")
@click.option("--narrative", "narrative", type=_FILE, required=True, help="Text file: what was done, and how well.")
@click.option("--evidence", "evidence", multiple=True, type=_FILE, help="A file that shows it. Several for several.")
@click.option("--key", "key_file", type=_FILE, required=True, help="The maker's own key: notary key new NAME.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("claim.json"), show_default=True)
def claim(
    title: str,
    learner: str,
    by: str | None,
    narrative: Path,
    evidence: tuple[Path, ...],
    key_file: Path,
    passphrase_file: Path | None,
    out: Path,
) -> Said:
    """Write a self-asserted claim, signed by its maker, for an institution to validate.

    It names the evidence by digest: send these files along.
    """
    from notary.service.issuing.cells import read_line
    from notary.service.issuing.claims import Claim, Shown, make_claim

    if out.exists():
        raise OperatorError(f"{shown(out)} is there already", hint="Choose another name: --out FILE")
    signing = persons_key(open_key(key_file, passphrase_file))
    made = make_claim(
        signing,
        format_time(datetime.now(UTC)),
        learner=read_line(learner),
        title=read_line(title),
        narrative=read_words(narrative),
        by=None if by is None else read_line(by),
        evidence=[Shown(path.name, hash_file(path)) for path in evidence],
    )
    out.write_bytes(made)
    found = Claim.parse(made)
    lines = [
        f"Wrote the claim of {found.by}, “{found.title}” ({short(found.digest)}), to {shown(out)}.",
        f"It is self-asserted. Send it to an institution with its {count(len(evidence), 'file')} of evidence.",
    ]
    data: dict[str, JSON] = {
        "claim": str(out),
        "digest": to_digest_text(found.digest),
        "evidence": [str(path) for path in evidence],
    }
    return Said(lines, data, f"notary validate {shown(out)} --narrative FILE")


def hash_file(path: Path) -> Digest:
    """Return the SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").digest())
