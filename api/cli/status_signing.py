"""`notary sign` for statuses: the difference to the institution's own list, then its signature."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from api.cli.batch_files import read_batch
from api.cli.spoken import Said, count, short, shown
from api.cli.status_files import read_drafts, signed_before, write_signed
from api.statuses import DOES, some
from notary.core.canonical import JSON
from notary.core.credential import Credential
from notary.core.errors import IssuerError
from notary.core.statement import SignedStatement
from notary.ports import AnySigner
from notary.ports.ledger import BatchId
from notary.service.notary import Notary
from notary.service.status.signing import Difference, differences, differences_here
from notary.service.status.statements import draw_statuses, log_status
from notary.service.submission.signing import sign


def sign_file(
    path: Path,
    batch_files: Sequence[Path],
    last: Sequence[Path],
    own: Iterable[Credential],
    signer: AnySigner,
    method: str | None,
    *,
    yes: bool,
) -> Said:
    """Sign a status file on the institution's own machine; the signed statements are written beside it.

    Batch files not named are looked for beside it; so is what was signed before.
    """
    drafts = read_drafts(path)
    beside = [path.with_name(f"batch-{draft.batch}.ndjson") for draft in drafts]
    files = [read_batch(each) for each in (*batch_files, *(file for file in beside if file.is_file()))]
    before = [*signed_before(path.parent), *(draft for each in last for draft in read_drafts(each))]
    ids = {draft.statement for draft in drafts}
    shown_all = differences(drafts, [draft for draft in before if draft.statement not in ids], files, own)
    facts = _ask(shown_all, yes=yes)
    signed = [_sign(each, signer, method) for each in shown_all]
    target = write_signed(signed, path)
    return Said(
        [*facts, f"Signed: {shown(target)}. Send it to the notary; keep {shown(path)}: it is your own list now."],
        {"statements": str(target), "ids": [each.id.hex() for each in signed], **_data(shown_all)},
        f"notary sign --deliver {shown(target)}",
    )


def sign_here(notary: Notary, number: BatchId, signer: AnySigner, *, yes: bool) -> Said:
    """Sign a logged batch's statuses where the ledger is, by the member whose key this is, and log them."""
    from notary.service.members.registry import members_in_force

    keyed = [
        (record, key.id)
        for record in members_in_force(notary.ledger).records
        for key in record.keys
        if key.public_key_multibase == signer.public_key_multibase
    ]
    if not keyed:
        raise IssuerError("this key is no member's", hint="Sign with the working key of the institution: --key")
    member, method = keyed[0]
    drafts = draw_statuses(notary, member, [number])
    if not drafts:
        return Said(
            [f"Batch {number} is signed and logged; nothing of it waits for {member.name}."], {}, "notary batches"
        )
    shown_all = differences_here(notary, drafts)
    facts = _ask(shown_all, yes=yes)
    (signed,) = (_sign(each, signer, method) for each in shown_all)
    entry = log_status(notary, signed)
    return Said(
        [*facts, f"Signed and logged: entry {entry.index} of {notary.origin}."],
        {"batch": number, "entry": entry.index, "id": signed.id.hex(), **_data(shown_all)},
        "notary anchor --wait",
    )


def deliver(notary: Notary, signed: Sequence[SignedStatement]) -> Said:
    """Log signed status statements in their order; those that are logged already change nothing."""
    entries = [log_status(notary, each) for each in signed]
    listed = ", ".join(str(entry.index) for entry in entries)
    return Said(
        [f"{count(len(entries), 'status statement')} logged: {'entry' if len(entries) == 1 else 'entries'} {listed}."],
        {"entries": [entry.index for entry in entries], "ids": [each.id.hex() for each in signed]},
        "notary anchor --wait",
    )


def _sign(each: Difference, signer: AnySigner, method: str | None) -> SignedStatement:
    statement = each.draft.statement
    return sign(statement, signer, method or f"{statement.issuer}#{signer.public_key_multibase}")


def _ask(shown_all: Sequence[Difference], *, yes: bool) -> list[str]:
    facts = [line for each in shown_all for line in _facts(each)]
    if yes:
        return facts
    click.echo("\n".join(facts), err=True)
    click.confirm("Sign this?", abort=True, err=True)
    return []


def _facts(each: Difference) -> list[str]:
    """Say what signing changes, whose, and that it is all."""
    draft = each.draft
    compared = "all were valid" if each.since is None else f"compared with your list of statement {each.since}"
    size, root = count(draft.of.size, "credential"), short(draft.statement.root)
    lines = [f"Batch {draft.batch} of {draft.of.issuer}, {size}, list {root}:"]
    if not each.changes:
        return [*lines, f"  the list of your statement {each.since} once more: it changes nothing."]
    for (before, after), number in sorted(each.counts.items()):
        names = (
            " ".join(filter(None, (change.learner or change.source, f"(“{change.title}”)" if change.title else None)))
            for change in each.changes
            if (change.before, change.after) == (before, after)
        )
        lines.append(f"  {DOES[after]} {number}: {some(names)}")
    return [*lines, f"  nothing else changes; {compared}."]


def _data(shown_all: Sequence[Difference]) -> dict[str, JSON]:
    return {
        "batches": [
            {
                "batch": each.draft.batch,
                "since": each.since,
                "changes": [
                    {
                        "index": change.index,
                        "source": change.source,
                        "learner": change.learner,
                        "before": change.before.name.lower(),
                        "after": change.after.name.lower(),
                    }
                    for change in each.changes
                ],
            }
            for each in shown_all
        ]
    }
