"""`notary seal`: what an institution handed in becomes a batch, with the file its signature is asked on."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import Said, command, count, short, shown
from api.settings import Settings
from notary.core.encoding import to_digest_text
from notary.core.statement import Recognition
from notary.service.registry import members_in_force


@command("seal", example="notary seal --issuer did:web:fenwick.example --out batches/")
@click.option("--issuer", metavar="DID", help="The institution, where several have something waiting.")
@click.option(
    "--recognition",
    type=click.Choice([recognition.value for recognition in Recognition]),
    help="Claim less than the institution is recognised for.",
)
@click.option("--joint-with", multiple=True, metavar="DID", help="Who must have committed the same credentials too.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder of the batch file."
)
def seal(
    settings: Settings, issuer: str | None, recognition: str | None, joint_with: tuple[str, ...], out: Path
) -> Said:
    """Make a batch of everything that waits, and write its batch file: the statement, and every position.

    The institution signs it on its own machine, and keeps it: it is the backup of its salts.
    """
    from api.cli.batch_files import write_batch
    from api.cli.commands.submit import choose_member
    from api.wiring import open_notary
    from notary.service.progress import waiting
    from notary.service.registry import Members
    from notary.service.seal import seal as seal_batch

    with open_notary(settings, chains=False) as notary:
        members = members_in_force(notary.ledger)
        if issuer is None:
            known = waiting(notary)
            busy = tuple(record for record in members.records if record.id in known)
            members = Members(members.state, busy or members.records)
        member = choose_member(members, issuer)
        claimed = Recognition(recognition) if recognition else None
        batch = seal_batch(notary, member, recognition=claimed, joint_with=joint_with)
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
