"""`notary reissue`: a new credential takes an old one's place, once the new one is final."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.spoken import Said, command
from api.cli.status_marking import carry_out, speaker
from api.settings import Settings
from api.statuses import REASON_WORDS
from notary.core.errors import IssuerError
from notary.core.registry import MemberRecord
from notary.core.status import Status
from notary.ports.ledger import REASONS, CredentialId, Reason
from notary.service.delivery.queue import inherit_contact
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.status.reissue import plan_reissue
from notary.service.submission.accept import Accepted, accept
from notary.service.submission.intake import open_sources
from notary.service.submission.reading import Source as Submitted
from notary.service.submission.reading import read_source

_REASONS = "; ".join(f"{reason}: {REASON_WORDS[reason]}" for reason in REASONS[Status.REPLACED])


@command("reissue", example="notary reissue x7k2mqp4w6ta --with corrected.json --reason correction")
@click.argument("old", metavar="OLD")
@click.option("--with", "new", metavar="ID|FILE", required=True, help="The new credential: its id, or its file.")
@click.option(
    "--reason",
    type=click.Choice([reason.value for reason in REASONS[Status.REPLACED]]),
    required=True,
    help=f"{_REASONS}.",
)
@click.option("--note", help="What else there is to say: private, kept in the ledger alone.")
@click.option("--issuer", metavar="DID", help="Who says it, where it is the issuer's successor.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder of the status file."
)
@click.option("--yes", is_flag=True, help="Mark what is shown without asking.")
def reissue(
    settings: Settings,
    old: str,
    new: str,
    reason: str,
    note: str | None,
    issuer: str | None,
    out: Path,
    *,
    yes: bool,
) -> Said:
    """Put a new credential in an old one's place: the new one is anchored first, then the old one is marked.

    The mark waits until the new one is final. From then on the old one's link
    opens the new one, and neither page shows what the old one said.
    """
    from api.wiring import open_notary

    with open_notary(settings, chains=False) as notary:
        member = speaker(notary, members_in_force(notary.ledger), issuer, [CredentialId(old)])
        name = _submitted(notary, member, Path(new)) if Path(new).is_file() else CredentialId(new)
        plan = plan_reissue(notary, member, CredentialId(old), name, Reason(reason), note)
        said = carry_out(notary, plan, (), out, yes=yes)
        inherit_contact(notary, CredentialId(old), name)
        with notary.ledger.read() as work:
            row = work.credentials.get(name)
    assert row is not None
    if said.data["status_file"] is not None:
        return said
    lines = [*said.lines, f"{old} is marked as replaced by {name}; it can be signed once {name} is final."]
    return Said(lines, {**said.data, "with": name}, "notary seal" if row.batch is None else "notary anchor --wait")


def _submitted(notary: Notary, member: MemberRecord, path: Path) -> CredentialId:
    """Hand the new credential in; one that was handed in before is taken by its id."""
    sources = list(open_sources([path]))
    if len(sources) != 1 or not isinstance(sources[0], Submitted):
        raise IssuerError(f"{path} is not one credential", hint="Submit it by itself, then name its id: --with ID")
    (result,) = accept(notary, member, [read_source(sources[0], member)])
    if not isinstance(result, Accepted):
        raise IssuerError(result.reason, hint=result.hint or "Name its id: --with ID")
    return result.id
