"""`notary validate`: an institution looked at a claim, and says so with a credential of its own."""

from __future__ import annotations

import mimetypes
from contextlib import ExitStack
from pathlib import Path

import click

from api.cli.issuing import member_key
from api.cli.members import choose_member
from api.cli.spoken import Said, command, short
from api.cli.texts import read_words
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.encoding import to_digest_text
from notary.core.errors import IssuerError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command("validate", example="notary validate claim.json --narrative how-we-looked.txt --evidence recordings.zip")
@click.argument("claim_file", metavar="CLAIM", type=_FILE)
@click.option("--narrative", type=_FILE, required=True, help="Text file: how you looked at it, and what you found.")
@click.option("--evidence", "evidence", multiple=True, type=_FILE, help="Each file the claim names, as it came.")
@click.option("--achievement", metavar="URL", help="The achievement of yours that it meets; else one of its own.")
@click.option("--title", help="What the credential is called; else as the claim is.")
@click.option("--email", help="The learner's address, for its link: notary deliver.")
@click.option("--issuer", metavar="DID", help="The institution, where the consortium has several: its id or an alias.")
@click.option("--key", type=_FILE, help="The working key. Else the one that lies in the data folder.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for.")
@click.option("--yes", is_flag=True, help="Sign and submit what is shown without asking.")
def validate(
    settings: Settings,
    claim_file: Path,
    narrative: Path,
    evidence: tuple[Path, ...],
    achievement: str | None,
    title: str | None,
    email: str | None,
    issuer: str | None,
    key: Path | None,
    passphrase_file: Path | None,
    *,
    yes: bool,
) -> Said:
    """Validate a claim: sign and submit a credential that names it by digest, with the claim among its evidence.

    Both recognitions are shown from then on: self-asserted for the claim, and
    yours for the credential.
    """
    from api.wiring import open_notary
    from notary.service.evidence.manifest import Exhibit
    from notary.service.issuing.badge import Issuer
    from notary.service.issuing.cells import Unread, read_email
    from notary.service.issuing.claims import MAX_SIZE, Claim, Validation, validate_claim, validation
    from notary.service.issuing.issue import now
    from notary.service.issuing.issuer import standing
    from notary.service.issuing.template import Party
    from notary.service.members.registry import members_in_force

    try:
        address = None if email is None else read_email(email)
    except Unread as error:
        raise click.UsageError(f"--email: {error}") from error
    with claim_file.open("rb") as file:
        claim = Claim.parse(file.read(MAX_SIZE + 1), claim_file.name)
    words = read_words(narrative)
    with open_notary(settings, chains=False) as notary, ExitStack() as stack:
        member = choose_member(members_in_force(notary.ledger), issuer)
        recognised = standing(member, achievement)
        by = "" if claim.by == claim.learner else f", claimed by {claim.by}"
        facts = [
            f"{member.name} validates “{claim.title}” of {claim.learner}{by} ({short(claim.digest)}).",
            f"  Self-asserted until now; {recognised.value} then.",
        ]
        if not yes:
            click.echo("\n".join(facts), err=True)
            click.confirm("Sign and submit it?", abort=True, err=True)
            facts = []
        signing = member_key(settings, member, key, passphrase_file)
        today, created = now(notary)
        profile = Issuer(member.id, member.name, Party(None, None, None))
        unsigned = validation(claim, profile, Validation(words, achievement, title), today)
        exhibits = [
            Exhibit(
                path.name,
                mimetypes.guess_type(path.name)[0] or "application/octet-stream",
                stack.enter_context(path.open("rb")),
            )
            for path in evidence
        ]
        if len({exhibit.name for exhibit in exhibits}) < len(exhibits):
            raise IssuerError("two evidence files have one name", hint="Rename one of them")
        result = validate_claim(notary, member, claim, signing.prove(unsigned, created), exhibits, address)
    link = f"{settings.public_url.rstrip('/')}/r/{result.token}"
    lines = [*facts, f"Submitted credential {result.id}. The learner's private link:", f"  {link}"]
    data: dict[str, JSON] = {
        "id": result.id,
        "institution": member.id,
        "claim": to_digest_text(claim.digest),
        "link": link,
    }
    claims = "" if recognised is member.recognition else f" --recognition {recognised.value}"
    return Said(lines, data, f"notary seal{claims}")
