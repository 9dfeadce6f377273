"""`notary endorse`: a peer, a supervisor or an instructor says something of a credential; it is attached and shown."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from api.cli.members import choose_member
from api.cli.passphrases import open_key
from api.cli.spoken import Said, command, shown
from api.cli.texts import read_words
from api.key_files import persons_key
from api.settings import Settings
from notary.core.encoding import format_time
from notary.core.errors import OperatorError, VerifierError
from notary.ports.ledger import CredentialId

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_ROLES = ("peer", "supervisor", "instructor")
_BOTH = 5 << 20


@click.group("endorse")
def endorse() -> None:
    """Example: notary endorse write diploma.receipt.json --as supervisor --name "Marta Gil" --narrative words.txt

    What others say of a credential: never part of a verdict, always shown beside it.
    """


@command(
    "write",
    example='notary endorse write diploma.receipt.json --as peer --name "Marta Gil" --narrative words.txt --key k.pem',
    data=False,
)
@click.argument("subject", metavar="RECEIPT|CREDENTIAL", type=_FILE)
@click.option("--as", "role", type=click.Choice(_ROLES), required=True, help="What you are to the learner.")
@click.option("--name", required=True, help="Your name, as it is shown.")
@click.option("--narrative", type=_FILE, required=True, help="Text file: what you say.")
@click.option("--key", "key_file", type=_FILE, required=True, help="Your own key: notary key new NAME.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("endorsement.json"), show_default=True
)
def write(
    subject: Path, role: str, name: str, narrative: Path, key_file: Path, passphrase_file: Path | None, out: Path
) -> Said:
    """Write an endorsement (EndorsementCredential of Open Badges 3.0), signed by your own key."""
    from notary.core.canonical import load
    from notary.core.credential import Credential, read
    from notary.core.errors import NotaryError
    from notary.core.receipt import MAX_SIZE, TYPE, Receipt
    from notary.service.issuing.cells import read_line
    from notary.service.receipts.endorsements import Role, named
    from notary.service.receipts.endorsements import endorse as sign_endorsement

    if out.exists():
        raise OperatorError(f"{shown(out)} is there already", hint="Choose another name: --out FILE")
    with subject.open("rb") as file:
        data = file.read(_BOTH)
    try:
        value = load(data, subject.name, max_size=MAX_SIZE).value
    except NotaryError:
        value = None
    if isinstance(value, dict) and value.get("type") == TYPE:
        receipt = Receipt.parse(data)
        if receipt.content is None:
            raise VerifierError(f"{shown(subject)} is without its credential", hint="Name the credential's own file")
        credential = Credential.of_content(receipt.form, receipt.content, subject.name)
    else:
        credential = read(data, subject.name)
    made = sign_endorsement(
        credential,
        Role(role),
        read_line(name),
        read_words(narrative),
        persons_key(open_key(key_file, passphrase_file)),
        format_time(datetime.now(UTC)),
        secrets.token_bytes(16),
    )
    out.write_bytes(made)
    lines = [f"Wrote the {role}'s endorsement of {named(credential)} to {shown(out)}.", "Send it to the institution."]
    return Said(lines, {"endorsement": str(out), "about": named(credential)}, f"notary endorse attach ID {shown(out)}")


@command("attach", example="notary endorse attach x7k2mqp4w6ta endorsement.json")
@click.argument("credential", metavar="ID")
@click.argument("file", type=_FILE)
@click.option("--issuer", metavar="DID", help="The institution, where the consortium has several: its id or an alias.")
def attach(settings: Settings, credential: str, file: Path, issuer: str | None) -> Said:
    """Attach an endorsement to a credential of yours: its page and its receipts show it from now on."""
    from api.wiring import open_notary
    from notary.service.members.registry import members_in_force
    from notary.service.receipts.endorsements import MAX_SIZE, attach_endorsement

    with file.open("rb") as opened:
        data = opened.read(MAX_SIZE + 1)
    with open_notary(settings, chains=False) as notary:
        member = choose_member(members_in_force(notary.ledger), issuer)
        found = attach_endorsement(notary, member, CredentialId(credential), data)
    lines = [f"Attached the {found.role.value} endorsement of {found.by} to {credential}."]
    return Said(lines, {"id": credential, "role": found.role.value, "by": found.by}, f"notary receipt {credential}")


endorse.add_command(write)
endorse.add_command(attach)
