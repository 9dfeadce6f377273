"""`notary member`: apply for membership, take an application in, list the members, hand out an API key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from api.cli.spoken import Said, Table, command, shown
from api.settings import Settings
from notary.core.canonical import JSON, load
from notary.core.errors import IssuerError, VerifierError
from notary.core.registry import PURPOSES, MemberKey, MemberRecord, Period, Programme
from notary.core.shape import read_did
from notary.core.statement import Recognition
from notary.service.application import MAX_SIZE, Application

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RECOGNITION = click.Choice([recognition.value for recognition in Recognition])


@click.group("member")
def member() -> None:
    """Example: notary member list

    Members of the consortium: whose batches count, and for what.
    """


@command("apply", example="notary member apply --key college.working.pem --name 'Fenwick College'", data=False)
@click.option("--key", required=True, type=_FILE, help="The working key, from notary key new.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for.")
@click.option("--recovery", metavar="z6Mk…", help="Public key of the recovery key, from the printed sheet.")
@click.option("--name", required=True, help="The institution's name, as every verdict says it.")
@click.option("--id", "did", help="The institution's DID. Else it is its key: did:key:…")
@click.option("--alias", "aliases", multiple=True, help="Another issuer id its credentials name; several for several.")
@click.option("--recognition", type=_RECOGNITION, default="self-asserted", help="The highest it asks for.")
@click.option("--programme", "programmes", multiple=True, metavar="ID[=REFERENCE]", help="Authorised for this alone.")
@click.option("--did-document", type=_FILE, help="Its DID document, whose keys check its credentials' own proofs.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The application. Else NAME.application.")
def apply(
    key: Path,
    passphrase_file: Path | None,
    recovery: str | None,
    name: str,
    did: str | None,
    aliases: tuple[str, ...],
    recognition: str,
    programmes: tuple[str, ...],
    did_document: Path | None,
    out: Path | None,
) -> Said:
    """Write a signed application for membership, and its fingerprint to read out."""
    from api.cli.own_institution import own_id
    from api.cli.passphrases import open_key

    signer = open_key(key, passphrase_file)
    identity = read_did(did, "--id") if did else own_id(signer)
    multibase = signer.public_key_multibase
    record = MemberRecord(
        id=identity,
        aliases=tuple(dict.fromkeys(aliases)),
        name=name,
        recognition=Recognition(recognition),
        programmes=tuple(_programme(text) for text in programmes),
        period=Period(None, None),
        successor=None,
        keys=(MemberKey(f"{identity}#{multibase}", multibase, PURPOSES, Period(None, None), custodial=False),),
        did_document=_document(did_document),
    )
    application = Application.parse(bytes(Application.sign(record, recovery, signer)))
    target = out or Path("-".join(name.lower().split()) + ".application")
    target.write_bytes(bytes(application))
    return Said(
        [
            f"Wrote {shown(target)}. Send it to the consortium's administrator, and read this out on the telephone:",
            f"  {application.fingerprint}",
        ],
        {"application": str(target), "fingerprint": application.fingerprint, "record": record.to_json()},
        f"notary member add {shown(target)}",
    )


@command("add", example="notary member add fenwick-college.application")
@click.argument("file", type=_FILE)
@click.option("--recognition", type=_RECOGNITION, help="Grant this instead of what is asked for.")
@click.option("--yes", is_flag=True, help="The fingerprint was read out and is right.")
def add(settings: Settings, file: Path, recognition: str | None, *, yes: bool) -> Said:
    """Take an application in: a change of the registry, on chain, approved with this notary's governor key.

    An application of a member that is there already replaces its record.
    """
    from api.wiring import open_keys, open_notary
    from notary.service.registry import change_members, members_in_force

    application = read_application(file)
    record = application.record
    if recognition:
        record = replace(record, recognition=Recognition(recognition))
    with open_notary(settings) as notary:
        members = members_in_force(notary.ledger)
        known = members.find(record.id)
        if known == record:
            return _listed(f"{record.name} is a member already, just so; nothing was changed.", members.records)
        click.echo("\n".join(show_application(application)), err=True)
        if recognition:
            click.echo(f"  granted      {recognition}", err=True)
        if known:
            click.echo(f"It replaces the record of {known.name}, a member already.", err=True)
        if not yes:
            click.confirm("Was this fingerprint read out to you by the institution itself?", abort=True, err=True)
        others = [other for other in members.records if other.id != record.id]
        approve = open_keys(settings.data).governor.approve
        changed = change_members(notary, [*others, record], [approve])
    kept = settings.data / "members" / f"{changed.state.number}.application"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    kept.write_bytes(bytes(application))
    return _listed(f"{record.name} is a member, as of registry state {changed.state.number}.", changed.records)


@command("list", example="notary member list")
def list_(settings: Settings) -> Said:
    """List the members in force."""
    from api.wiring import open_notary
    from notary.service.registry import members_in_force

    with open_notary(settings, chains=False) as notary:
        members = members_in_force(notary.ledger)
    return _listed(f"Registry state {members.state.number}, {len(members.records)} members:", members.records)


@command("api-key", example="notary member api-key did:web:fenwick.example")
@click.argument("did", metavar="DID|ALIAS")
@click.option("--alone", is_flag=True, help="Its other keys stop working.")
def api_key(settings: Settings, did: str, *, alone: bool) -> Said:
    """Make a key with which an institution's programs reach `notary serve`; it is shown once."""
    from api.wiring import open_notary
    from notary.service.api_keys import create_api_key

    with open_notary(settings, chains=False) as notary:
        made = create_api_key(notary, did, alone=alone)
    return Said(
        ["Give it to the institution now; it is kept nowhere and never shown again:", f"  {made}"],
        {"institution": did, "api_key": made},
        "notary serve",
    )


for _made in (apply, add, list_, api_key):
    member.add_command(_made)


def read_application(path: Path) -> Application:
    """Read an application file; what is wrong names the file."""
    with path.open("rb") as file:
        data = file.read(MAX_SIZE + 1)
    try:
        return Application.parse(data)
    except Exception as error:
        raise IssuerError(f"{shown(path)}: {error}", hint="Ask the institution for its application again") from error


def show_application(application: Application) -> list[str]:
    """Show what an administrator compares and grants."""
    record = application.record
    programmes = ", ".join(programme.achievement for programme in record.programmes)
    facts = {
        "name": record.name,
        "id": record.id,
        "also issues as": ", ".join(record.aliases),
        "asks for": f"{record.recognition}{f', for {programmes}' if programmes else ''}",
        "key": ", ".join(key.public_key_multibase for key in record.keys),
        "recovery key": application.recovery or "none",
        "fingerprint": application.fingerprint,
    }
    return [f"  {title:<15}{value}" for title, value in facts.items() if value]


def _listed(line: str, records: tuple[MemberRecord, ...]) -> Said:
    rows = tuple((r.name, r.recognition.value, str(r.period), ", ".join((r.id, *r.aliases))) for r in records)
    data: dict[str, JSON] = {"members": [record.to_json() for record in records]}
    return Said([line, Table(("name", "recognition", "member", "issues as"), rows)], data, "notary submit FILE")


def _programme(text: str) -> Programme:
    achievement, _, reference = text.partition("=")
    return Programme(achievement, reference or None)


def _document(path: Path | None) -> JSON:
    if path is None:
        return None
    value = load(path.read_bytes(), shown(path), max_size=MAX_SIZE).value
    if not isinstance(value, dict):
        raise VerifierError(f"{shown(path)} is no DID document", expected="a JSON object")
    return value
