"""`notary deliver`: learners are mailed the links of their credentials; who was not reached is listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click

from api.cli.members import choose_member
from api.cli.spoken import Exit, Said, Table, command, count, shown
from api.key_files import new_secret
from api.link_tables import link_table
from api.settings import Settings
from api.wiring import open_notary
from notary.core.canonical import JSON
from notary.core.encoding import format_time
from notary.core.errors import OperatorError
from notary.ports.ledger import BatchId, CredentialId
from notary.service.delivery.bounces import MAX_FILE, mark_bounces, read_bounces
from notary.service.delivery.own_mailer import Handed, make_links, note_handed
from notary.service.delivery.queue import Delivery, enqueue, plan_delivery, resend
from notary.service.delivery.text import MAX_TEMPLATE, Template
from notary.service.issuing.cells import Unread, read_email
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary

SHOWN = 20
"""Credentials on screen; `--json` has them all."""
_LISTED = 1000
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command("deliver", example="notary deliver 7")
@click.argument("batch", type=click.IntRange(1), required=False)
@click.option("--issuer", metavar="DID", help="Instead of a batch: all that this institution has issued.")
@click.option("--template", type=_FILE, help="Your own text: docs/delivery.md has an example. Else ours.")
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Mail nobody: write links for your own mailer.",
)
@click.option("--resend", "again", multiple=True, metavar="ID", help="Mail a credential's link once more.")
@click.option("--to", "email", metavar="ADDRESS", help="With one --resend: the learner's address from now on.")
@click.option("--bounces", "bounces", multiple=True, type=_FILE, help="Addresses that take no mail: CSV, or mails.")
@click.option("--status", is_flag=True, help="Say how far the mails are, and who was not reached.")
@click.option("--yes", is_flag=True, help="Queue what is shown without asking.")
def deliver(
    settings: Settings,
    batch: int | None,
    issuer: str | None,
    template: Path | None,
    table: Path | None,
    again: tuple[str, ...],
    email: str | None,
    bounces: tuple[Path, ...],
    *,
    status: bool,
    yes: bool,
) -> Said:
    """Mail learners the private links of their credentials, pending or final; a worker sends them by and by.

    A batch delivered again mails nobody twice. Exit code 1 where somebody has no
    address, or one that takes no mail.
    """
    if email is not None and len(again) != 1:
        raise click.UsageError("--to goes with one --resend")
    with open_notary(settings, chains=False) as notary:
        if bounces:
            return _mark(notary, bounces)
        if again:
            return _again(notary, [CredentialId(name) for name in again], email)
        if status:
            return _status(notary, None if issuer is None else _member(notary, issuer))
        plan = plan_delivery(notary, None if batch is None else BatchId(batch), _institution(notary, batch, issuer))
        facts, code = _facts(plan), Exit.NOT if plan.nowhere or plan.bounced else Exit.DONE
        facts += _warnings(settings)
        data = _data(plan)
        if not plan.ready:
            return Said([*facts, "Nobody to write to."], {**data, "queued": 0}, "notary deliver --status", code)
        if table is not None:
            return _hand_out(settings, notary, plan, table, facts, data, code)
        _check_post(notary)
        own = None if template is None else _read(template)
        if not yes:
            click.echo("\n".join(facts), err=True)
            click.confirm(f"Mail {count(len(plan.ready), 'learner')}?", abort=True, err=True)
            facts = []
        queued = enqueue(notary, plan, own)
    lines = [*facts, f"Queued {count(queued, 'mail')}: a worker (notary serve, notary worker) sends them."]
    return Said(lines, {**data, "queued": queued}, "notary deliver --status", code)


def _institution(notary: Notary, batch: int | None, issuer: str | None) -> str | None:
    if (batch is None) == (issuer is None):
        raise click.UsageError("Name a batch's number, or an institution with --issuer DID")
    return None if issuer is None else _member(notary, issuer)


def _member(notary: Notary, issuer: str) -> str:
    return choose_member(members_in_force(notary.ledger), issuer).id


def _check_post(notary: Notary) -> None:
    if notary.post is None:
        raise OperatorError(
            "no mail server is set",
            expected="the settings smtp and mail_from in notary.toml",
            hint="See docs/delivery.md, or write the links for your own mailer: notary deliver --csv FILE",
        )


def _read(path: Path) -> Template:
    with path.open("rb") as file:
        return Template.parse(file.read(MAX_TEMPLATE + 1), path.name)


def _facts(plan: Delivery) -> list[str]:
    """Say whom delivering writes to, and whom not and why."""
    lines = [f"{count(len(plan.ready), 'credential')} to deliver."]
    if plan.before:
        lines.append(f"  {count(plan.before, 'credential')}: delivered or queued before; nobody is mailed twice.")
    if plan.nowhere:
        lines.append(f"  {count(plan.nowhere, 'credential')}: no address is known. notary deliver --resend ID --to …")
    if plan.bounced:
        lines.append(f"  {count(len(plan.bounced), 'credential')}: the address takes no mail:")
        lines += [f"    {name}" for name in plan.bounced[:SHOWN]]
    if plan.ended:
        lines.append(f"  {count(plan.ended, 'credential')}: revoked or replaced; not delivered.")
    return lines


def _warnings(settings: Settings) -> list[str]:
    """Say where links would lead nobody but whoever sits here."""
    if urlsplit(settings.public_url).hostname not in ("localhost", "127.0.0.1", "::1"):
        return []
    return [f"  The links begin with {settings.public_url}, which opens on this machine alone: set public_url."]


def _data(plan: Delivery) -> dict[str, JSON]:
    return {
        "institution": plan.institution,
        "ready": len(plan.ready),
        "before": plan.before,
        "without_address": plan.nowhere,
        "bounced": list(plan.bounced),
        "ended": plan.ended,
    }


def _hand_out(
    settings: Settings,
    notary: Notary,
    plan: Delivery,
    path: Path,
    facts: list[str],
    data: dict[str, JSON],
    code: Exit,
) -> Said:
    """Write the table for good, then note that the institution has it: after a crash in between it is written anew."""
    names: list[CredentialId] = []

    def noted() -> Iterator[Handed]:
        for each in make_links(notary, plan.institution, plan.ready):
            yield each
            names.append(each.credential)

    with new_secret(path) as file:
        file.writelines(link_table(noted(), settings.public_url))
    note_handed(notary, plan.institution, names)
    lines = [*facts, f"Wrote {count(len(names), 'link')} for your own mailer: {shown(path)}"]
    return Said(lines, {**data, "links": str(path), "written": len(names)}, None, code)


def _mark(notary: Notary, files: Sequence[Path]) -> Said:
    found: dict[str, str] = {}
    for path in files:
        with path.open("rb") as file:
            found.update(read_bounces(file.read(MAX_FILE + 1), path.name))
    done = mark_bounces(notary, list(found.items()))
    lines = [f"Marked {count(done.marked, 'address', 'addresses')}: they are not mailed again."]
    if done.before:
        lines.append(f"  {count(done.before, 'address', 'addresses')}: marked before.")
    if done.unknown:
        lines.append(f"  {count(done.unknown, 'address', 'addresses')}: nobody's here.")
    data: dict[str, JSON] = {"marked": done.marked, "before": done.before, "unknown": done.unknown}
    return Said(lines, data, "notary deliver --status")


def _again(notary: Notary, names: Sequence[CredentialId], email: str | None) -> Said:
    _check_post(notary)
    try:
        address = None if email is None else read_email(email)
    except Unread as error:
        raise click.UsageError(f"--to: {error}") from error
    resend(notary, names, address)
    lines = [f"Queued {count(len(names), 'mail')} again. Links given before go on working."]
    return Said(lines, {"queued": list(names)}, "notary deliver --status")


def _status(notary: Notary, institution: str | None) -> Said:
    """Say how far the mails are; of learners not reached their credentials, and of addresses nothing."""
    with notary.ledger.read() as work:
        tally = work.outbox.tally(institution)
        failed = work.outbox.failed(institution, _LISTED)
        bounced = work.outbox.bounces(institution)
    since = f" since {tally.oldest:%Y-%m-%d %H:%M} UTC" if tally.oldest else ""
    done = f"{count(tally.sent, 'mail')} sent, {count(tally.handed, 'link')} handed to the institution"
    lines: list[str | Table] = [f"{done}, {count(tally.waiting, 'mail')} waiting{since}."]
    if tally.troubled:
        lines.append(f"  {count(tally.troubled, 'mail')} could not be sent yet; tried again by itself.")
    if notary.post is None and tally.waiting:
        lines.append("  No mail server is set: nothing is sent. See docs/delivery.md")
    if failed:
        lines.append(f"{count(tally.failed, 'mail')} not sent:")
        lines.append(Table(("credential", "why"), tuple((row.credential, row.trouble or "") for row in failed[:SHOWN])))
    if bounced:
        lines.append(f"{count(len(bounced), 'credential')} with an address that takes no mail:")
        lines.append(Table(("credential", "why"), tuple((name, row.why) for name, row in bounced[:SHOWN])))
    data: dict[str, JSON] = {
        "sent": tally.sent,
        "waiting": tally.waiting,
        "troubled": tally.troubled,
        "handed": tally.handed,
        "oldest": None if tally.oldest is None else format_time(tally.oldest),
        "failed": [{"id": row.credential, "kind": row.kind.value, "why": row.trouble} for row in failed],
        "bounced": [{"id": name, "why": row.why} for name, row in bounced],
    }
    code = Exit.NOT if failed or bounced else Exit.OPEN if tally.waiting else Exit.DONE
    return Said(lines, data, "notary deliver --resend ID --to ADDRESS" if failed or bounced else None, code)
