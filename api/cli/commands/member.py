"""`notary member`: apply for membership, take an application in, list the members, close."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from api.cli.applications import read_application, show_application
from api.cli.member_parts import read_document, read_programme
from api.cli.spoken import Said, Table, command, count, shown
from api.key_files import new_secret
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.errors import IssuerError
from notary.core.registry import PURPOSES, MemberKey, MemberRecord, Period
from notary.core.shape import read_did
from notary.core.statement import Recognition
from notary.service.members.application import Application

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_RECOGNITION = click.Choice([recognition.value for recognition in Recognition])


@click.group("member")
def member() -> None:
    """Example: notary member list

    Members of the consortium: whose batches count, and for what.
    """


@command("apply", example="notary member apply --key college.working.pem --name 'Fenwick College'")
@click.option("--key", type=_FILE, help="The working key, from notary key new.")
@click.option("--custodial", is_flag=True, help="The notary of this data folder makes and keeps the working key.")
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
    settings: Settings,
    key: Path | None,
    passphrase_file: Path | None,
    recovery: str | None,
    name: str,
    did: str | None,
    aliases: tuple[str, ...],
    recognition: str,
    programmes: tuple[str, ...],
    did_document: Path | None,
    out: Path | None,
    *,
    custodial: bool,
) -> Said:
    """Write a signed application for membership, and its fingerprint to read out."""
    from api.cli.passphrases import open_key
    from api.custody import draw_key
    from api.own_institution import own_id

    if (key is None) != custodial:
        raise click.UsageError("Name the working key with --key, or leave it to the notary with --custodial")
    signer = open_key(key, passphrase_file) if key else draw_key(settings.data, name)
    identity = read_did(did, "--id") if did else own_id(signer)
    multibase = signer.public_key_multibase
    record = MemberRecord(
        id=identity,
        aliases=tuple(dict.fromkeys(aliases)),
        name=name,
        recognition=Recognition(recognition),
        programmes=tuple(read_programme(text) for text in programmes),
        period=Period(None, None),
        successor=None,
        keys=(MemberKey(f"{identity}#{multibase}", multibase, PURPOSES, Period(None, None), custodial=custodial),),
        did_document=read_document(did_document) if did_document else None,
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
    """Take an application in at once, where one approval is enough: this notary's own.

    An application of a member that is there already changes its record; its other keys stay.
    """
    from api.wiring import open_keys, open_notary
    from notary.service.governance.applying import change_members
    from notary.service.governance.edits import admit
    from notary.service.governance.in_force import find_in_force
    from notary.service.governance.proposal import Draft

    application = read_application(file)
    record = application.admitted
    if recognition:
        record = replace(record, recognition=Recognition(recognition))
    with open_notary(settings) as notary:
        here = find_in_force(notary)
        need = max(seat.threshold for seat in here.seats)
        if need > 1:
            hint = f"Propose it: notary consortium propose --admit {shown(file)}"
            raise IssuerError(f"every change here needs {need} approvals", hint=hint)
        members = here.members
        known = members.find(record.id)
        draft = admit(Draft.of(members), record)
        if draft.records == members.records:
            return _listed(f"{record.name} is a member already, just so; nothing was changed.", members.records)
        click.echo("\n".join(show_application(application)), err=True)
        if recognition:
            click.echo(f"  granted      {recognition}", err=True)
        if known:
            click.echo(f"It changes the record of {known.name}, a member already.", err=True)
        if not yes:
            click.confirm("Was this fingerprint read out to you by the institution itself?", abort=True, err=True)
        changed = change_members(notary, draft.records, [open_keys(settings.data).governor.approve])
    kept = settings.data / "members" / f"{changed.state.number}.application"
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    kept.write_bytes(bytes(application))
    return _listed(f"{record.name} is a member, as of registry state {changed.state.number}.", changed.records)


@command("close", example="notary member close 'Fenwick College' --successor did:web:harrow.example --on 2027-06-30")
@click.argument("member", metavar="DID|ALIAS|NAME")
@click.option("--successor", metavar="DID", help="Another member, which may revoke and replace from then on.")
@click.option("--on", metavar="TIME", help="When it closes. Else now.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The proposal. Else state-N.proposal.")
def close(settings: Settings, member: str, successor: str | None, on: str | None, out: Path | None) -> Said:
    """Propose that an institution closes: what it anchored goes on verifying, and its successor keeps the statuses."""
    from api.cli.governance_files import now_text
    from api.cli.proposing import Wish, write_proposal

    wish = Wish(member=member, leaves=on or now_text(), successor=successor, out=out)
    return write_proposal(settings, wish, yes=True)


@command("list", example="notary member list")
def list_(settings: Settings) -> Said:
    """List the members in force."""
    from api.wiring import open_notary
    from notary.service.members.registry import members_in_force

    with open_notary(settings, chains=False) as notary:
        members = members_in_force(notary.ledger)
    return _listed(f"Registry state {members.state.number}, {len(members.records)} members:", members.records)


@command("export", example="notary member export did:web:fenwick.example --to age1… --out fenwick.age")
@click.argument("did", metavar="DID|ALIAS")
@click.option("--to", "recipients", required=True, multiple=True, metavar="age1…", help="Who can open it; several.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def export(settings: Settings, did: str, recipients: tuple[str, ...], out: Path) -> Said:
    """Write all that only this notary holds of an institution, encrypted: for itself, or for its successor.

    Credentials, salts, evidence with its keys, names, hashes of learners' links. Nothing changes here.
    """
    from api.wiring import open_notary
    from notary.service.holdings.hand_over import hand_over
    from notary.service.members.registry import members_in_force

    with open_notary(settings, chains=False) as notary:
        record = members_in_force(notary.ledger).require(did)
        with new_secret(out) as file:
            done = hand_over(notary, record, recipients, file)
    written = f"{count(done.credentials, 'credential')} in {count(done.batches, 'batch', 'batches')}"
    return Said(
        [f"Wrote {written} and {count(done.evidence, 'evidence manifest')} of {record.name} to {shown(out)}."],
        {
            "file": str(out),
            "institution": record.id,
            "batches": done.batches,
            "credentials": done.credentials,
            "evidence": done.evidence,
        },
        f"age --decrypt -i IDENTITY {shown(out)}",
    )


for _made in (apply, add, list_, export, close):
    member.add_command(_made)


def _listed(line: str, records: tuple[MemberRecord, ...]) -> Said:
    rows = tuple((r.name, r.recognition.value, str(r.period), ", ".join((r.id, *r.aliases))) for r in records)
    data: dict[str, JSON] = {"members": [record.to_json() for record in records]}
    return Said([line, Table(("name", "recognition", "member", "issues as"), rows)], data, "notary submit FILE")
