"""What `revoke`, `suspend` and `reinstate` share: who says it and why, what it will do, one question, a status file.

Of a CSV every row stands for itself: what is wrong names row and column, and the
good rows go on.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from pathlib import Path

import click

from api.cli.spoken import Exit, Said, count, shown
from api.cli.status_files import write_status_file
from api.settings import Settings
from api.statuses import DOES, REASON_WORDS, some
from notary.core.canonical import JSON
from notary.core.encoding import shorten
from notary.core.errors import IssuerError
from notary.core.registry import MemberRecord
from notary.core.status import Status
from notary.ports.ledger import REASONS, CredentialId, Reason
from notary.service.members.registry import Members, members_in_force
from notary.service.notary import Notary
from notary.service.status.marking import Plan, Wish, mark, plan_marks
from notary.service.status.statements import draw_statuses

MAX_CSV = 64 << 20
COLUMNS = ("id", "reason", "note")
SHOWN = 20
"""Findings on screen; `--json` has them all."""

_FINAL = "It is final once it is signed: issue it again with notary reissue. Until then: notary reinstate."
_UNDO = {
    Status.SUSPENDED: "It can end: notary reinstate.",
    Status.REVOKED: _FINAL,
    Status.REPLACED: "It is final once it is signed.",
    Status.VALID: "It can be suspended again.",
}


def options(status: Status) -> Callable[[Callable[..., Said]], Callable[..., Said]]:
    """Give a command the options that all of them have."""

    def give(function: Callable[..., Said]) -> Callable[..., Said]:
        for decorate in reversed(_options(status)):
            function = decorate(function)
        return function

    return give


def _options(status: Status) -> list[Callable[..., Callable[..., Said]]]:
    reasons = "; ".join(f"{reason}: {REASON_WORDS[reason]}" for reason in REASONS[status])
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    return [
        click.argument("ids", metavar="ID...", nargs=-1),
        click.option("--csv", "table", type=file, help="Many at once: columns id, reason and, if you like, note."),
        click.option(
            "--reason",
            type=click.Choice([reason.value for reason in REASONS[status]]),
            help=f"Why, for everybody to see. {reasons}.",
        ),
        click.option("--note", help="What else there is to say: private, kept in the ledger alone."),
        click.option("--issuer", metavar="DID", help="Who says it, where it is the issuer's successor."),
        click.option(
            "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder of the status file."
        ),
        click.option("--yes", is_flag=True, help="Mark what is shown without asking."),
    ]


def change(
    settings: Settings,
    status: Status,
    ids: Sequence[str],
    table: Path | None,
    reason: str | None,
    note: str | None,
    issuer: str | None,
    out: Path,
    *,
    yes: bool,
) -> Said:
    """Plan, show, ask, mark, and write the status file that the institution signs."""
    from api.wiring import open_notary

    if not ids and table is None:
        raise click.UsageError("Name credentials' ids, or --csv FILE")
    if ids and reason is None:
        raise click.UsageError("Say why: --reason CODE")
    chosen = None if reason is None else Reason(reason)
    wishes = [Wish(CredentialId(name), chosen, note) for name in ids if chosen is not None]
    rows = [] if table is None else list(read_table(table, chosen, note))
    wishes += [row for row in rows if isinstance(row, Wish)]
    with open_notary(settings, chains=False) as notary:
        member = speaker(notary, members_in_force(notary.ledger), issuer, [wish.credential for wish in wishes])
        plan = plan_marks(notary, member, status, wishes)
        left_out = [*(row for row in rows if isinstance(row, str)), *map(str, plan.findings)]
        return carry_out(notary, plan, left_out, out, yes=yes)


def carry_out(notary: Notary, plan: Plan, left_out: Sequence[str], out: Path, *, yes: bool) -> Said:
    """Show a plan, ask once, mark it, and write what is to be signed now."""
    lines = [*_facts(plan), *_left_out(left_out)]
    code = Exit.NOT if left_out else Exit.DONE
    if not (plan.changes or plan.withdrawn):
        return Said([*lines, "Nothing to mark."], _data(plan, left_out, None), code=code)
    if not yes:
        click.echo("\n".join(lines), err=True)
        click.confirm("Mark this?", abort=True, err=True)
        lines = []
    mark(notary, plan)
    drafts = draw_statuses(notary, plan.member)
    if not drafts:
        return Said([*lines, "Marked."], _data(plan, left_out, None), "notary batches", code)
    path = write_status_file(drafts, out)
    lines.append(f"Marked. Status file, for {plan.member.name} to check and sign: {shown(path)}")
    then = f"notary sign {shown(path)} --batch-file FILE --credentials PATH --key KEYFILE"
    return Said(lines, _data(plan, left_out, path), then, code)


def speaker(notary: Notary, members: Members, issuer: str | None, names: Sequence[CredentialId]) -> MemberRecord:
    """Return the member who says it: the one named, or the one whose credentials these are."""
    if issuer is not None:
        return members.require(issuer)
    if len(members.records) == 1:
        return members.records[0]
    with notary.ledger.read() as work:
        rows = filter(None, map(work.credentials.get, names[:SHOWN]))
        owners = [record for row in rows if (record := members.find(row.institution))]
    if not owners:
        raise click.UsageError("Several institutions are members: say whose credentials these are with --issuer DID")
    if len({record.id for record in owners}) > 1:
        raise click.UsageError("These are credentials of several institutions: take one at a time, with --issuer DID")
    return owners[0]


def read_table(path: Path, reason: Reason | None, note: str | None) -> Iterator[Wish | str]:
    """Give each row of a CSV as a wish, or what is wrong with it; `reason` and `note` are for rows without.

    IssuerError where there is no such table at all.
    """
    with path.open("rb") as file:
        data = file.read(MAX_CSV + 1)
    if len(data) > MAX_CSV:
        raise IssuerError(f"{shown(path)} is too large", expected=f"at most {MAX_CSV >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise IssuerError(f"{shown(path)} is no UTF-8 text", hint="Save it as CSV UTF-8") from error
    head = text.partition("\n")[0]
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if "id" not in names or not set(names) <= set(COLUMNS) or len(set(names)) != len(names):
        raise IssuerError(
            f"{shown(path)}: its first row names the columns",
            expected=f"{', '.join(COLUMNS)}; id at least",
            actual=shorten(", ".join(names) or "nothing"),
        )
    reader.fieldnames = names
    for number, row in enumerate(reader, 2):
        if any(value for value in row.values()):
            yield _wish(number, row, reason, note)


def _wish(number: int, row: dict[str, str], reason: Reason | None, note: str | None) -> Wish | str:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row:  # more cells than columns
        return f"Row {number}: more cells than columns. Quote a note that holds a comma"
    if not cells["id"]:
        return f"Row {number}, id: it is empty"
    given = cells["reason"] or (reason or "")
    if given not in list(Reason):
        expected = "one of " + ", ".join(Reason) if given else "a reason; or --reason for all rows without one"
        return str(IssuerError(f"Row {number}, reason", expected=expected, actual=shorten(given)))
    return Wish(CredentialId(cells["id"]), Reason(given), cells["note"] or note, where=f"Row {number}")


def _facts(plan: Plan) -> list[str]:
    """Say what marking does, with numbers, and whether it can be undone."""
    wished = len({change.wish.credential for change in plan.changes})
    lines = []
    if plan.changes:
        spread = f" at {count(len(plan.changes), 'position')}" if len(plan.changes) > wished else ""
        batches = f" in {count(len(plan.batches), 'batch', 'batches')}"
        lines.append(
            f"{DOES[plan.status].capitalize()} {count(wished, 'credential')} of {plan.member.name}{spread}{batches}."
        )
        names = [_named(change.position.learner, change.position.title) for change in plan.changes]
        lines.append(f"  {some(dict.fromkeys(names))}.")
        reasons = {change.wish.reason for change in plan.changes}
        lines += [f"  Because {REASON_WORDS[reason]} ({reason})." for reason in sorted(reasons)]
        lines.append(f"  {_UNDO[plan.status]}")
    if plan.withdrawn:
        lines.append(f"Takes back {count(len(plan.withdrawn), 'mark')} that no signature stands under yet.")
    if plan.unchanged:
        lines.append(f"{count(len(plan.unchanged), 'credential')}: so already, or marked before.")
    return lines


def _named(learner: str | None, title: str | None) -> str:
    return ", ".join(filter(None, (learner, f"“{title}”" if title else None))) or "one without a name"


def _left_out(findings: Sequence[str]) -> list[str]:
    if not findings:
        return []
    more = [f"  … and {len(findings) - SHOWN} more: --json lists them all"] if len(findings) > SHOWN else []
    return [f"{count(len(findings), 'row')} left out:", *(f"  {found}." for found in findings[:SHOWN]), *more]


def _data(plan: Plan, left_out: Sequence[str], path: Path | None) -> dict[str, JSON]:
    return {
        "institution": plan.member.id,
        "status": plan.status.name.lower(),
        "marked": [
            {"id": c.position.credential, "batch": c.position.batch, "reason": c.wish.reason} for c in plan.changes
        ],
        "withdrawn": [position.credential for position in plan.withdrawn],
        "unchanged": [wish.credential for wish in plan.unchanged],
        "left_out": list(left_out),
        "batches": list(plan.batches),
        "status_file": None if path is None else str(path),
    }
