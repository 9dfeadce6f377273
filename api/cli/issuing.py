"""What `notary issue` shows before anything is signed or spent, and the parts it works with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from api.cli.passphrases import open_key
from api.cli.spoken import Exit, Said, Table, count
from api.key_files import KeyFile
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.did import DID_KEY
from notary.core.errors import IssuerError, NotaryError
from notary.core.keys import PublicKey
from notary.core.own_signature import CredentialKey
from notary.core.registry import MemberRecord
from notary.service.issuing.badge import Issuer
from notary.service.issuing.cells import Unread
from notary.service.issuing.columns import RESULT, Columns
from notary.service.issuing.finding import Unfit, quoted
from notary.service.issuing.issue import Plan
from notary.service.issuing.learner import find_evidence
from notary.service.issuing.roll import Roll
from notary.service.issuing.table import Table as Rows
from notary.service.issuing.template import MAX_TEMPLATE, Template

SHOWN = 20
"""Findings on screen; `--json` has them all."""


def read_template(path: Path) -> Template:
    """Read a template's file."""
    with path.open("rb") as file:
        return Template.parse(file.read(MAX_TEMPLATE + 1), path.name)


def criteria_copy(template: Template, path: Path) -> Path | None:
    """Return the file with the copy of the criteria page, beside the template."""
    name = template.achievement.criteria.copy
    if name is None:
        return None
    try:
        return find_evidence(path.parent, name)
    except Unread as error:
        raise IssuerError(f"{path.name}, achievement.criteria.copy: {error}", hint="Save the page there") from error


def member_key(settings: Settings, member: MemberRecord, file: Path | None, passphrase: Path | None) -> CredentialKey:
    """Open the member's working key: the one named, else the one that is kept in the data folder."""
    from api.signing import credential_key

    if file is None:
        found = credential_key(settings.data, member)
        if found is None:
            raise IssuerError(f"the key of {member.name} does not lie here", hint="Name it: --key KEYFILE")
        return found
    key = open_key(file, passphrase)
    names = {key.public_key_multibase: key.id for key in member.keys if "batch" in key.purposes}
    if key.public_key_multibase not in names:
        raise IssuerError(
            f"this key is not one {member.name} signs with", expected=", ".join(names), actual=key.public_key_multibase
        )
    return _signing(key, names[key.public_key_multibase])


def lone_issuer(template: Template, key: KeyFile) -> tuple[Issuer, CredentialKey]:
    """Return who issues where no ledger says so: as the template says, by a key that says who it is."""
    did = DID_KEY + key.public_key_multibase
    name = template.issuer.name
    if name is None:
        raise IssuerError("issuer.name is missing", hint="Without a ledger the template says who issues")
    issuer = Issuer(template.issuer.id or did, name, template.issuer)
    by = issuer.id if issuer.id.startswith("did:") else did
    return issuer, _signing(key, f"{by}#{key.public_key_multibase}")


def _signing(key: KeyFile, method: str) -> CredentialKey:
    return CredentialKey(PublicKey.parse(key.public_key_multibase, "key"), method, key.sign)


# ----------------------------------------------------------------- what is shown


def preview(table: Rows, columns: Columns) -> list[str | Table]:
    """Show which column is what, with the first row beside it, and what of the file had to be guessed."""
    first = next((cells for _, cells in table.rows()), ())
    rows = tuple(
        (
            quoted(column.heading or f"(column {column.at + 1})").strip("`"),
            (column.field or "not used").removeprefix(RESULT),
            quoted(first[column.at]).strip("`") if column.at < len(first) else "",
        )
        for column in columns.all
    )
    return [*(f"{note}." for note in table.notes), Table(("column", "is", "first row"), rows)]


def facts(plan: Plan, title: str, issuer: str) -> list[str]:
    """Say what issuing would do, with numbers."""
    lines = []
    if plan.ready:
        span = f": first {plan.first}, last {plan.last}" if plan.ready > 1 else f": {plan.first}"
        lines.append(f"{count(plan.ready, 'credential')} “{title}” of {issuer} ready{span}.")
    if plan.files:
        lines.append(f"  {count(plan.files, 'evidence file')}, encrypted before they are pinned.")
    if plan.known:
        again = f"; {count(plan.unhanded, 'link')} that a stopped run lost made anew" if plan.unhanded else ""
        lines.append(f"{count(plan.known, 'row')} issued before: nothing is done twice{again}.")
    return lines + left_out(plan)


def left_out(plan: Plan) -> list[str]:
    """Say what is wrong with the rows that are left out, and that the others go on."""
    if not plan.left_out:
        return []
    others = plan.rows - plan.left_out
    go_on = f"The other {others:,} are ready." if others != 1 else "The other one is ready."
    head = f"{count(plan.left_out, 'row')} left out. {go_on if others else 'No row is ready.'}"
    listed = [f"  {finding}." for finding in plan.findings[:SHOWN]]
    more = len(plan.findings) + plan.more - len(listed)
    return [head, *listed, *([f"  … and {more} more: --json lists them"] if more else [])]


def price(settings: Settings) -> tuple[list[str], list[JSON]]:
    """Say what anchoring costs now on each chain: one transaction, however many credentials it carries."""
    from api.prices import say_price
    from api.wiring import open_notary

    try:
        with open_notary(settings) as notary:
            lines, data = say_price(notary, settings.data)
    except NotaryError as error:
        return [f"What anchoring costs cannot be said now: {error.what}."], []
    return ([*lines, "Nothing is spent before `notary anchor`."], data) if data else (lines, data)


def table_data(roll: Roll) -> dict[str, JSON]:
    """Return which column is what, and what of the file had to be guessed, for machines."""
    columns: list[JSON] = [
        {"column": column.heading, "is": None if column.field is None else column.field.removeprefix(RESULT)}
        for column in roll.reader.columns.all
    ]
    return {"columns": columns, "notes": list(roll.table.notes)}


def plan_data(plan: Plan, prices: Sequence[JSON]) -> dict[str, JSON]:
    """Return the same for machines."""
    return {
        "rows": plan.rows,
        "ready": plan.ready,
        "issued_before": plan.known,
        "left_out": plan.left_out,
        "findings": [finding.to_json() for finding in plan.findings],
        "more_findings": plan.more,
        "evidence_files": plan.files,
        "price": list(prices),
    }


def unfit(error: Unfit) -> Said:
    """Say everything that is wrong with a template."""
    head = f"{error.what} cannot be used yet: {count(len(error.findings), 'finding')}."
    data: dict[str, JSON] = {"template": error.what, "findings": [one.to_json() for one in error.findings]}
    lines = [head, *(f"  {finding}." for finding in error.findings)]
    return Said([*lines, f"{error.hint}."] if error.hint else lines, data, code=Exit.NOT)
