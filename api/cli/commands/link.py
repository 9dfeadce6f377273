"""`notary link`: a learner's private link, made anew."""

from __future__ import annotations

import click

from api.cli.spoken import Said, command
from api.settings import Settings
from notary.ports.ledger import CredentialId


@click.group("link")
def link() -> None:
    """Example: notary link renew x7k2mqp4w6ta

    A learner's private link.
    """


@command("renew", example="notary link renew x7k2mqp4w6ta")
@click.argument("credential", metavar="ID")
@click.option("--yes", is_flag=True, help="Renew without asking.")
def renew(settings: Settings, credential: str, *, yes: bool) -> Said:
    """Make a new link and end all before: when somebody has one who should not.

    Where it was only lost, mail another beside it: notary deliver --resend ID.
    """
    from api.wiring import open_notary
    from notary.service.receipts.links import renew_link

    with open_notary(settings, chains=False) as notary:
        if not yes:
            click.echo("Every link of this credential that was given out before opens nothing then.", err=True)
            click.confirm("Renew it?", abort=True, err=True)
        token = renew_link(notary, CredentialId(credential))
    address = f"{settings.public_url.rstrip('/')}/r/{token}"
    lines = [
        f"The new link of {credential}, shown this once:",
        f"  {address}",
        "Links of before open nothing any more.",
    ]
    lines.append("Shares that were made stay: the learner sees and ends them on the page.")
    return Said(lines, {"id": credential, "link": address})


link.add_command(renew)
