"""`notary batches`: how far every batch is, what comes next, and when it may be final."""

from __future__ import annotations

from collections.abc import Iterator

import click

from api.cli.spoken import Said, Table, command, count
from api.rounds import held_data, next_round_data, next_round_says
from api.settings import Settings
from api.stages import STAGES
from api.wiring import open_notary, schedule_of
from api.worker.outlook import Outlook
from notary.core.encoding import format_time, to_digest_text
from notary.core.errors import OperatorError
from notary.service.members.registry import members_in_force
from notary.service.rounds.progress import Progress, Stage, progress, waiting
from notary.service.status.statements import Unsigned, unsigned_statuses

_UNDER_WAY = (Stage.SUBMITTED, Stage.CONFIRMED)


@command("batches", example="notary batches")
@click.option("--issuer", metavar="DID", help="Of one institution: its id or an alias.")
def batches(settings: Settings, issuer: str | None) -> Said:
    """Show how far every batch is, and what comes next."""
    with open_notary(settings, chains=False) as notary:
        members = members_in_force(notary.ledger)
        institution = members.require(issuer).id if issuer else None
        found = progress(notary, institution)
        open_ones = {did: number for did, number in waiting(notary).items() if institution in (None, did)}
        coming = Outlook(notary, schedule_of(settings)).next_round
        unsigned = unsigned_statuses(notary, members.require(issuer) if issuer else None)
    if any(each.state in _UNDER_WAY for each in found):
        found = _with_times(settings, institution) or found
    names = {record.id: record.name for record in members.records}
    lines: list[str | Table] = []
    if found:
        headings = ("batch", "institution", "credentials", "state", "final about", "next")
        lines.append(Table(headings, tuple(_row(each, names) for each in found)))
    lines += [f"{count(n, 'credential')} of {names.get(did, did)} wait for a batch." for did, n in open_ones.items()]
    lines += [line for each in unsigned for line in _waiting_statuses(each)]
    lines += [line] if (line := next_round_says(coming)) else []
    data = {
        "batches": [
            {
                "batch": each.batch.id,
                "institution": each.batch.institution,
                "size": each.batch.size,
                "root": to_digest_text(each.batch.root),
                "state": each.state.value,
                "entry": each.batch.entry,
                "held": each.batch.held,
                "standing": [held_data(row) for row in each.held],
                "next": each.next_step,
                "expected": format_time(each.expected) if each.expected else None,
            }
            for each in found
        ],
        "waiting": dict(open_ones),
        "statuses": [{"batch": each.batch.id, "due": each.due, "early": each.early} for each in unsigned],
        "round": next_round_data(coming),
    }
    asked = next((each.next_step for each in found if each.next_step), None)
    asked = asked or next((f"notary sign {each.batch.id}" for each in unsigned if each.due), None)
    under_way = any(each.state in _UNDER_WAY for each in found)
    done = f"notary receipt --batch {found[-1].batch.id} --out receipts/" if found else "notary submit FILE"
    then = asked or ("notary anchor --wait" if under_way else "notary seal" if open_ones else done)
    return Said(lines or ["No batches yet."], data, then)  # type: ignore[arg-type]


def _with_times(settings: Settings, institution: str | None) -> tuple[Progress, ...]:
    """Ask again with the chains at hand, which know how long they take; () where one is not reached."""
    try:
        with open_notary(settings) as notary:
            return progress(notary, institution)
    except OperatorError:
        return ()


def _waiting_statuses(each: Unsigned) -> Iterator[str]:
    """Say whose move it is with the marks of a batch."""
    if each.due:
        yield f"Statuses of batch {each.batch.id}: {count(each.due, 'mark')} to be signed."
    if each.early:
        yield f"Statuses of batch {each.batch.id}: {count(each.early, 'mark')} once the replacement is final."


def _row(each: Progress, names: dict[str, str]) -> tuple[str, ...]:
    standing = "; ".join(f"stands still on {row.chain}: {row.reason}" for row in each.held)
    state = each.batch.held or ", but ".join(filter(None, (STAGES[each.state], standing)))
    expected = f"{each.expected.astimezone():%H:%M, %d %b}" if each.expected else ""
    name = names.get(each.batch.institution, each.batch.institution)
    return (str(each.batch.id), name, f"{each.batch.size:,}", state, expected, each.next_step or "")
