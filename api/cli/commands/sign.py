"""`notary sign`: the institution checks a batch against its own credentials, sees what it says, and signs.

With a batch file nothing of the notary is needed, and nothing of it is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from api.cli.batch_files import read_batch, read_signed, write_statement
from api.cli.passphrases import open_key
from api.cli.spoken import Said, command, count, short, shown
from api.key_files import KeyFile
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.credential import Credential, read
from notary.core.errors import IssuerError
from notary.core.statement import SignedStatement
from notary.ports.ledger import BatchId, BatchRow
from notary.service.accept import Refused
from notary.service.intake import open_sources
from notary.service.notary import Notary
from notary.service.seal import BatchFile, write_batch_file
from notary.service.signing import Shown, recompute
from notary.service.signing import sign as sign_statement

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PATH = click.Path(exists=True, path_type=Path)


@command("sign", example="notary sign batch-7.ndjson --credentials diplomas/ --key college.working.pem")
@click.argument("batch", metavar="BATCHFILE|NUMBER", required=False)
@click.option("--credentials", multiple=True, type=_PATH, help="Your own credentials: files, folders, NDJSON.")
@click.option("--files", multiple=True, type=_PATH, help="What you submitted as files.")
@click.option("--key", type=_FILE, help="The working key. Else the one that lies in the data folder.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for.")
@click.option("--method", metavar="ID", help="The key's id in the member record, where it is not ISSUER#KEY.")
@click.option("--deliver", type=_FILE, metavar="FILE", help="Hand a signed statement over to the ledger here.")
@click.option("--yes", is_flag=True, help="Sign what is shown without asking.")
def sign(
    settings: Settings,
    batch: str | None,
    credentials: tuple[Path, ...],
    files: tuple[Path, ...],
    key: Path | None,
    passphrase_file: Path | None,
    method: str | None,
    deliver: Path | None,
    *,
    yes: bool,
) -> Said:
    """Check a batch against your own credentials, show it, and sign it once you agree.

    With a batch file: on your own machine; the signed statement is written
    beside it. With a batch's number: where the ledger is, from the credentials
    kept there, and logged at once.
    """
    if (batch is None) == (deliver is None):
        raise click.UsageError("Name a batch file or a batch's number, or --deliver FILE")
    if deliver is not None:
        return _deliver(settings, deliver)
    assert batch is not None
    own = _own_credentials(credentials, files)
    if batch.isdecimal() and not Path(batch).exists():
        return _sign_here(
            settings, BatchId(int(batch)), own if credentials or files else None, key, passphrase_file, yes=yes
        )
    path = Path(batch)
    if not path.is_file():
        raise click.UsageError(f"{shown(path)} is no batch file, and no batch's number")
    if not (credentials or files) or key is None:
        raise click.UsageError("A batch file is signed with --credentials PATH, your own, and --key KEYFILE")
    shown_batch = recompute(read_batch(path), own)
    signer = open_key(key, passphrase_file)
    issuer = shown_batch.statement.issuer
    facts = _ask(shown_batch, issuer, yes=yes)
    signed = sign_statement(shown_batch.statement, signer, method or f"{issuer}#{signer.public_key_multibase}")
    target = write_statement(signed, path.with_name(f"{path.stem}.statement.json"))
    return Said(
        [*facts, f"Signed: {shown(target)}. Send it to the notary."],
        {"statement": str(target), "id": signed.id.hex(), **_data(shown_batch)},
        f"notary sign --deliver {shown(target)}",
    )


def sign_batch(
    notary: Notary, batch: BatchRow, own: Iterator[Credential], signer: KeyFile
) -> tuple[Shown, SignedStatement]:
    """Check a batch where the ledger is and sign it, by the key id the registry in force has for this key."""
    from notary.service.registry import members_in_force

    shown_batch = recompute(BatchFile.parse(write_batch_file(notary, batch.id)), own)
    record = members_in_force(notary.ledger).require(batch.institution)
    named = next((key.id for key in record.keys if key.public_key_multibase == signer.public_key_multibase), None)
    if named is None:
        raise IssuerError(
            f"this key is not one of {record.name}'s",
            expected=", ".join(key.public_key_multibase for key in record.keys),
            actual=signer.public_key_multibase,
            hint="Sign with the working key of the institution whose batch it is: --key",
        )
    return shown_batch, sign_statement(shown_batch.statement, signer, named)


def retained(notary: Notary, number: BatchId) -> Iterator[Credential]:
    """Give a batch's credentials as the ledger keeps them; IssuerError for one it does not keep."""
    with notary.ledger.read() as work:
        for row in work.credentials.of_batch(number):
            if row.content is None:
                raise IssuerError(
                    f"credential {row.id} ({row.source}) is not kept here",
                    hint=f"Sign with your own: notary sign {number} --credentials PATH",
                )
            yield read(row.content, row.source, row.form)


def _sign_here(
    settings: Settings,
    number: BatchId,
    own: Iterator[Credential] | None,
    key: Path | None,
    passphrase_file: Path | None,
    *,
    yes: bool,
) -> Said:
    from api.cli.own_institution import own_key
    from api.wiring import open_notary
    from notary.service.log import log_batch

    with open_notary(settings, chains=False) as notary:
        with notary.ledger.read() as work:
            batch = work.batches.get(number)
        if batch is None:
            raise IssuerError(f"there is no batch {number}", hint="See the batches: notary batches")
        if batch.statement is not None:
            return Said([f"Batch {number} is signed and logged already."], {"batch": number}, "notary batches")
        signer = open_key(key, passphrase_file) if key else own_key(settings.data)
        if signer is None:
            raise click.UsageError("No institution's key lies in the data folder: name it with --key KEYFILE")
        shown_batch, signed = sign_batch(notary, batch, own or retained(notary, number), signer)
        facts = _ask(shown_batch, batch.institution, yes=yes)
        logged = log_batch(notary, signed)
    return Said(
        [*facts, f"Signed and logged: entry {logged.entry} of {notary.origin}."],
        {"batch": number, "entry": logged.entry, "id": signed.id.hex(), **_data(shown_batch)},
        "notary anchor --wait",
    )


def _deliver(settings: Settings, path: Path) -> Said:
    from api.wiring import open_notary
    from notary.service.log import log_batch

    signed = read_signed(path)
    with open_notary(settings, chains=False) as notary:
        batch = log_batch(notary, signed)
    return Said(
        [f"Batch {batch.id} is logged: entry {batch.entry} of {signed.statement.log}, signed by {batch.institution}."],
        {"batch": batch.id, "entry": batch.entry, "id": signed.id.hex()},
        "notary anchor --wait",
    )


def _own_credentials(credentials: tuple[Path, ...], files: tuple[Path, ...]) -> Iterator[Credential]:
    for source in open_sources(credentials):
        if isinstance(source, Refused):
            raise IssuerError(source.why)
        yield read(source.data, str(source))
    for source in open_sources(files, as_file=True):
        if isinstance(source, Refused):
            raise IssuerError(source.why)
        yield Credential.of_file(source.data)


def _ask(batch: Shown, issuer: str, *, yes: bool) -> list[str]:
    """Show what is signed and ask; return what is left to be shown."""
    facts = _facts(batch, issuer)
    if yes:
        return facts
    click.echo("\n".join(facts), err=True)
    click.confirm("Sign this?", abort=True, err=True)
    return []


def _facts(batch: Shown, issuer: str) -> list[str]:
    statement = batch.statement
    titles = ", ".join(f"“{title}”" for title in batch.titles[:3]) + (" and others" if len(batch.titles) > 3 else "")
    learners = f"; first {batch.first}, last {batch.last}" if batch.first else ""
    return [
        f"{count(statement.size, 'credential')} of {issuer}, {statement.recognition}, root {short(statement.root)}.",
        f"  {titles or 'files'}{learners}. All of them are your own.",
    ]


def _data(batch: Shown) -> dict[str, JSON]:
    return {"size": batch.statement.size, "titles": list(batch.titles), "first": batch.first, "last": batch.last}
