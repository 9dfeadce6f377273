"""`notary issue`: a spreadsheet and a template become signed credentials, submitted, each with its learner's link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import click

from api.cli.issuing import (
    SHOWN,
    criteria_copy,
    facts,
    lone_issuer,
    member_key,
    plan_data,
    preview,
    price,
    read_template,
    table_data,
    unfit,
)
from api.cli.link_file import LinkFile
from api.cli.members import choose_member
from api.cli.passphrases import open_key
from api.cli.spoken import Exit, Said, Table, as_text, command, count, progress, shown
from api.settings import Settings
from api.wiring import open_notary
from notary.core.canonical import JSON
from notary.core.encoding import format_time
from notary.core.errors import IssuerError
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.service.issuing.badge import BadgeMaker, Issuer
from notary.service.issuing.cells import Order
from notary.service.issuing.columns import match_columns
from notary.service.issuing.conformity import check_maker
from notary.service.issuing.finding import Unfit
from notary.service.issuing.issue import Desk, Issued, Plan, hand_out, plan, write_out
from notary.service.issuing.issue import issue as issue_roll
from notary.service.issuing.issuer import check_claim, member_issuer
from notary.service.issuing.learner import Learner, RowReader
from notary.service.issuing.making import Form
from notary.service.issuing.roll import Roll
from notary.service.issuing.spreadsheet import open_table
from notary.service.issuing.template import Template
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary
from notary.service.submission.reading import Refused

WRITTEN = 1000
"""Links written down at once."""
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@command("issue", example="notary issue --template data-literacy.toml --learners class-3b.csv")
@click.option("--template", "template_file", type=_FILE, required=True, help="What is awarded: notary template new.")
@click.option("--learners", type=_FILE, required=True, help="Who is given it: CSV or .xlsx, a row each.")
@click.option("--issuer", metavar="DID", help="The institution, where the consortium has several: its id or an alias.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="Say what a column is; - leaves it out.")
@click.option("--row", "rows", type=click.IntRange(2), multiple=True, help="This row alone, as the sheet counts them.")
@click.option("--dates", type=click.Choice(["dmy", "mdy"]), help="What comes first in 03/04/2026: day or month.")
@click.option("--evidence", "evidence", type=_FOLDER, help="Folder of the evidence files. Else the table's own.")
@click.option("--as", "form", type=click.Choice(["json", "jwt"]), default="json", help="Embedded proof, or a JWT.")
@click.option("--key", type=_FILE, help="The working key. Else the one that lies in the data folder.")
@click.option("--passphrase-file", type=_FILE, help="File with its passphrase. Else it is asked for.")
@click.option("--links", type=click.Path(dir_okay=False, path_type=Path), help="Where the learners' links are written.")
@click.option("--no-submit", is_flag=True, help="Submit nothing and need no ledger: write files to --out.")
@click.option("--out", type=_FOLDER, help="With --no-submit: folder of the credentials, one file each.")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and do nothing.")
@click.option("--yes", is_flag=True, help="Issue what is shown without asking.")
def issue(
    settings: Settings,
    template_file: Path,
    learners: Path,
    issuer: str | None,
    maps: tuple[str, ...],
    rows: tuple[int, ...],
    dates: Order | None,
    evidence: Path | None,
    form: Form,
    key: Path | None,
    passphrase_file: Path | None,
    links: Path | None,
    out: Path | None,
    *,
    no_submit: bool,
    dry_run: bool,
    yes: bool,
) -> Said:
    """Issue Open Badges 3.0 credentials to everybody in a table, sign them and hand them in.

    Shows first what it will do; rows that are not ready are named and left out. Run
    again with the same table it does nothing twice, and goes on where it was stopped.
    Exit code 1 where a row was left out.
    """
    if no_submit != (out is not None):
        raise click.UsageError("--no-submit and --out DIR go together")
    if links is not None and links.exists():
        raise click.UsageError(f"--links: {shown(links)} is there already; choose another name")
    try:
        template = read_template(template_file)
    except Unfit as error:
        return unfit(error)
    page = criteria_copy(template, template_file)
    reading = _roll(template, learners, evidence or learners.parent, dict(map(_pair, maps)), dates, frozenset(rows))
    with reading as roll:
        before = preview(roll.table, roll.reader.columns)
        if out is not None:
            who, signing = _issuer(settings, template, issuer, key, passphrase_file)
            desk = _desk(template, who, signing, form, page)
            return _write(roll, desk, out, before, dry_run=dry_run, yes=yes)
        costs, prices = price(settings)
        with open_notary(settings, chains=False) as notary:
            member = choose_member(members_in_force(notary.ledger), issuer)
            who = member_issuer(template, member)
            claimed = check_claim(template, member)
            desk = _desk(template, who, member_key(settings, member, key, passphrase_file), form, page)
            made = plan(notary, member, roll, desk)
            lines = [*before, *facts(made, template.achievement.name, member.name)]
            data: dict[str, JSON] = {"institution": member.id, **table_data(roll), **plan_data(made, prices)}
            code = Exit.NOT if made.left_out else Exit.DONE
            if not (made.ready or made.unhanded):
                return Said([*lines, "Nothing to issue."], {**data, "issued": 0, "links": None}, None, code)
            lines += costs
            if dry_run:
                return Said([*lines, "Nothing was issued."], {**data, "issued": 0, "links": None}, None, code)
            if not yes:
                _ask(lines, f"Sign and submit {count(made.ready, 'credential')}?")
                lines = []
            target = LinkFile(links, settings.public_url) if links else LinkFile.beside(learners, settings.public_url)
            with progress("Issuing", made.ready) as done, closing(target):
                issued, refused = _issue(notary, member, roll, desk, target, done)
    claims = f" --recognition {claimed}" if claimed is not member.recognition else ""
    named = f" --issuer {member.id}" if issuer is not None else ""
    lines += [f"Issued and submitted {count(issued, 'credential')} of {member.name}."]
    lines += [f"  {each.why}" for each in refused[:SHOWN]]
    lines += [f"The learners' private links, for your own mailer: {shown(target.path)}"] if target.written else []
    lines += ["Seal them into a batch, then sign it: notary sign."]
    data |= {
        "issued": issued,
        "refused": [{"row": each.line, "why": each.why} for each in refused],
        "links": str(target.path) if target.written else None,
    }
    return Said(lines, data, f"notary seal{named}{claims}", Exit.NOT if refused else code)


def _issue(
    notary: Notary, member: MemberRecord, roll: Roll, desk: Desk, target: LinkFile, done: Callable[[int], None]
) -> tuple[int, list[Refused]]:
    """Issue, and write links down as they come: only what is durable there counts as handed out."""
    issued, refused = 0, []
    results = issue_roll(notary, member, roll, desk, done)
    while some := list(islice(results, WRITTEN)):
        given = [each for each in some if isinstance(each, Issued)]
        refused += [each for each in some if isinstance(each, Refused)]
        if given:
            target.write(given)
            hand_out(notary, [each.credential for each in given])
        issued += len(given)
    return issued, refused


def _write(roll: Roll, desk: Desk, out: Path, before: list[str | Table], *, dry_run: bool, yes: bool) -> Said:
    """Write credentials as files, each under its own id: a second run leaves those that are there."""
    made = Plan()
    for found in roll:
        if isinstance(found, Learner):
            made.ready += 1
            made.first, made.last = made.first or found.called, found.called
        else:
            made.note(found)
    issuer, title = desk.maker.issuer, desk.maker.template.achievement.name
    lines = [*before, *facts(made, title, issuer.name)]
    data: dict[str, JSON] = {"institution": issuer.id, **table_data(roll), **plan_data(made, [])}
    code = Exit.NOT if made.left_out else Exit.DONE
    if dry_run or not made.ready:
        return Said([*lines, "Nothing was issued."], {**data, "issued": 0, "out": None}, None, code)
    if not yes:
        _ask(lines, f"Sign {count(made.ready, 'credential')} into {shown(out)}?")
        lines = []
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    with progress("Signing", made.ready) as done:
        for _, name, credential in write_out(roll, desk):
            path = out / f"{name.removeprefix('urn:uuid:')}.{desk.form}"
            if not path.exists():
                temporary = path.with_suffix(".new")
                temporary.write_bytes(credential)
                temporary.replace(path)
                written.append(path)
                done(len(written))
    there = f"; {made.ready - len(written)} were there already" if made.ready > len(written) else ""
    target = written[0] if len(written) == 1 else out
    lines.append(f"Wrote {count(len(written), 'credential')} of {issuer.name} to {shown(target)}{there}.")
    lines.append("Nothing was submitted.")
    return Said(lines, {**data, "issued": len(written), "out": str(target)}, f"notary submit {shown(target)}", code)


@contextmanager
def _roll(
    template: Template, learners: Path, folder: Path, maps: dict[str, str], dates: Order | None, rows: frozenset[int]
) -> Iterator[Roll]:
    with learners.open("rb") as file, open_table(file, learners.name) as table:
        columns = match_columns(table.headings, template, maps)
        columns.check(table.name)
        yield Roll(table, RowReader(template, columns, folder, dates), rows)


def _desk(template: Template, issuer: Issuer, key: CredentialKey, form: Form, criteria: Path | None) -> Desk:
    now, maker = datetime.now(UTC), BadgeMaker(template, issuer)
    if wrong := check_maker(maker):
        raise Unfit("the template", wrong, "Look it over: notary template check")
    return Desk(maker, key, now.date(), format_time(now), form, criteria)


def _issuer(
    settings: Settings, template: Template, issuer: str | None, key: Path | None, passphrase_file: Path | None
) -> tuple[Issuer, CredentialKey]:
    """Return who issues and signs: the member, where a ledger lies here; else as template and key say."""
    if settings.founded:
        with open_notary(settings, chains=False) as notary:
            member = choose_member(members_in_force(notary.ledger), issuer)
        return member_issuer(template, member), member_key(settings, member, key, passphrase_file)
    if key is None:
        raise IssuerError("no institution's key lies in the data folder", hint="Name it: --key KEYFILE")
    return lone_issuer(template, open_key(key, passphrase_file))


def _pair(text: str) -> tuple[str, str]:
    column, sign, field = text.rpartition("=")
    if not sign or not column or not field.strip():
        raise click.UsageError(f"--map: {text!r} is no COLUMN=FIELD")
    return column, field


def _ask(lines: list[str | Table], question: str) -> None:
    """Show what would be done on standard error, and ask; no ends it."""
    click.echo(as_text(lines), err=True, nl=False)
    click.confirm(question, abort=True, err=True)
