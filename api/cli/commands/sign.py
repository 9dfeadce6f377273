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
from api.cli.status_files import SIGNED, is_status_file, read_statements
from api.settings import Settings
from api.signing import Signers, retained, sign_batch, summary
from notary.core.credential import Credential, read
from notary.core.errors import IssuerError
from notary.ports import AnySigner
from notary.ports.ledger import BatchId, BatchRow
from notary.service.notary import Notary
from notary.service.submission.intake import open_sources
from notary.service.submission.reading import Refused
from notary.service.submission.signing import Shown, recompute
from notary.service.submission.signing import sign as sign_statement

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_PATH = click.Path(exists=True, path_type=Path)


@command("sign", example="notary sign batch-7.ndjson --credentials diplomas/ --key college.working.pem")
@click.argument("batch", metavar="BATCHFILE|NUMBER", required=False)
@click.option("--credentials", multiple=True, type=_PATH, help="Your own credentials: files, folders, NDJSON.")
@click.option("--files", multiple=True, type=_PATH, help="What you submitted as files.")
@click.option("--batch-file", "batch_files", multiple=True, type=_FILE, help="Of statuses: the batch files you kept.")
@click.option("--last", multiple=True, type=_FILE, help="Of statuses: the status files you signed before.")
@click.option("--key", type=_FILE, help="The working key. Else the one that lies in the data folder.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for.")
@click.option("--hook", metavar="URL", help="Your own signing service: it is shown the statement and gives the proof.")
@click.option("--public-key", metavar="z6Mk…", help="The key it signs with.")
@click.option("--hook-token", type=_FILE, help="File with the token it asks for.")
@click.option("--method", metavar="ID", help="The key's id in the member record, where it is not ISSUER#KEY.")
@click.option("--deliver", type=_FILE, metavar="FILE", help="Hand a signed statement over to the ledger here.")
@click.option("--yes", is_flag=True, help="Sign what is shown without asking.")
def sign(
    settings: Settings,
    batch: str | None,
    credentials: tuple[Path, ...],
    files: tuple[Path, ...],
    batch_files: tuple[Path, ...],
    last: tuple[Path, ...],
    key: Path | None,
    passphrase_file: Path | None,
    hook: str | None,
    public_key: str | None,
    hook_token: Path | None,
    method: str | None,
    deliver: Path | None,
    *,
    yes: bool,
) -> Said:
    """Check a batch against your own credentials, show it, and sign it once you agree.

    With a batch file: on your own machine; the signed statement is written
    beside it. With a batch's number: where the ledger is, from the credentials
    kept there, and logged at once. With a status file, or the number of a logged
    batch: its statuses, by what they change of the list you signed last.
    """
    if (batch is None) == (deliver is None):
        raise click.UsageError("Name a batch file or a batch's number, or --deliver FILE")
    if deliver is not None:
        return _deliver(settings, deliver)
    assert batch is not None
    own = _own_credentials(credentials, files)
    signer = _chosen(key, passphrase_file, hook, public_key, hook_token)
    if batch.isdecimal() and not Path(batch).exists():
        return _sign_here(settings, BatchId(int(batch)), own if credentials or files else None, signer, yes=yes)
    path = Path(batch)
    if not path.is_file():
        raise click.UsageError(f"{shown(path)} is no batch file, and no batch's number")
    if not (credentials or files) or signer is None:
        raise click.UsageError("A batch file is signed with --credentials PATH, your own, and --key KEYFILE")
    if is_status_file(path):
        from api.cli.status_signing import sign_file

        return sign_file(path, batch_files, last, own, signer, method, yes=yes)
    shown_batch = recompute(read_batch(path), own)
    issuer = shown_batch.statement.issuer
    facts = _ask(shown_batch, issuer, yes=yes)
    named = method or f"{issuer}#{signer.public_key_multibase}"
    signed = sign_statement(shown_batch.statement, signer, named, summary=summary(shown_batch))
    target = write_statement(signed, path.with_name(f"{path.stem}.statement.json"))
    return Said(
        [*facts, f"Signed: {shown(target)}. Send it to the notary."],
        {"statement": str(target), "id": signed.id.hex(), **summary(shown_batch)},
        f"notary sign --deliver {shown(target)}",
    )


def _sign_here(
    settings: Settings,
    number: BatchId,
    own: Iterator[Credential] | None,
    signer: AnySigner | None,
    *,
    yes: bool,
) -> Said:
    from api.cli.status_signing import sign_here
    from api.wiring import open_notary
    from notary.service.log.entries import log_batch
    from notary.service.status.statements import unsigned_statuses
    from notary.service.submission.seal import find_batch

    with open_notary(settings, chains=False) as notary:
        with notary.ledger.read() as work:
            batch = find_batch(work, number)
        if batch.statement is not None and not unsigned_statuses(notary):
            return Said([f"Batch {number} is signed and logged already."], {"batch": number}, "notary batches")
        signer = signer or _kept(settings, notary, batch)
        if signer is None:
            raise click.UsageError("No institution's key lies in the data folder: name it with --key KEYFILE")
        if batch.statement is not None:
            return sign_here(notary, number, signer, yes=yes)
        issuer = batch.institution
        shown_batch, signed = sign_batch(
            notary, batch, own or retained(notary, number), signer, lambda each: yes or _ask(each, issuer, yes=False)
        )
        facts = _facts(shown_batch, issuer) if yes else []
        logged = log_batch(notary, signed)
    return Said(
        [*facts, f"Signed and logged: entry {logged.entry} of {notary.origin}."],
        {"batch": number, "entry": logged.entry, "id": signed.id.hex(), **summary(shown_batch)},
        "notary anchor --wait",
    )


def _chosen(
    key: Path | None, passphrase_file: Path | None, hook: str | None, public_key: str | None, hook_token: Path | None
) -> AnySigner | None:
    """Return the key that was named: in a file, or behind the institution's own service; None for neither."""
    if key is not None and hook is not None:
        raise click.UsageError("--key and --hook exclude each other")
    if (hook is None) != (public_key is None):
        raise click.UsageError("--hook and --public-key go together: what it signs is verified with that key")
    if hook is None or public_key is None:
        return open_key(key, passphrase_file) if key else None
    from api.key_files import read_secret
    from api.signing_hook import SigningHook

    token = read_secret(hook_token).decode("utf-8", "replace").strip() if hook_token else None
    return SigningHook(hook, public_key, token=token)


def _kept(settings: Settings, notary: Notary, batch: BatchRow) -> AnySigner | None:
    """Return who signs here for a batch's institution, or its own service; for its statuses a successor's key too."""
    from api.own_institution import own_key
    from notary.service.members.registry import members_in_force

    signers, record = Signers.of(settings), members_in_force(notary.ledger).require(batch.institution)
    if batch.statement is None:
        return signers.find(record, "batch")
    return signers.find(record, "status") or own_key(settings.data)


def _deliver(settings: Settings, path: Path) -> Said:
    from api.wiring import open_notary
    from notary.service.log.entries import log_batch

    if path.name.endswith(SIGNED):
        from api.cli.status_signing import deliver

        statuses = read_statements(path)
        with open_notary(settings, chains=False) as notary:
            return deliver(notary, statuses)
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
