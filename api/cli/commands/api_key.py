"""`notary api-key`: keys with which programs reach `notary serve`: made, listed, revoked."""

from __future__ import annotations

import click

from api.cli.spoken import Said, Table, command, count
from api.settings import Settings
from notary.core.canonical import JSON
from notary.core.encoding import format_time
from notary.ports.ledger import ApiKeyRow, KeyId, Role
from notary.service.access.api_keys import DAYS


@click.group("api-key")
def api_key() -> None:
    """Example: notary api-key new did:web:fenwick.example

    Keys of the HTTP API: each for one role, for one institution or the whole notary, for a time.
    """


@command("new", example="notary api-key new did:web:fenwick.example --role auditor --days 30")
@click.argument("institution", metavar="[DID|ALIAS]", required=False)
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default=Role.ISSUER.value,
    help="issuer: works for one institution. auditor: reads states, batches, journal, of one or all. "
    "operator: reads the same of all, and ends keys.",
)
@click.option("--days", type=int, default=DAYS, show_default=True, help="How long it is good for.")
def new(settings: Settings, institution: str | None, role: str, days: int) -> Said:
    """Make a key; it is shown once."""
    from api.wiring import open_notary
    from notary.service.access.api_keys import create_api_key

    with open_notary(settings, chains=False) as notary:
        row, made = create_api_key(notary, institution, Role(role), days=days)
    return Said(
        [
            f"Made key {row.id}, {row.role} of {row.institution or 'the whole notary'}, good until {row.expires:%F}.",
            "Hand it over now; it is kept nowhere and never shown again:",
            f"  {made}",
        ],
        {**_to_json(row), "api_key": made},
        "notary serve",
    )


@command("list", example="notary api-key list --issuer did:web:fenwick.example")
@click.option("--issuer", metavar="DID", help="Of one institution: its id or an alias.")
def list_(settings: Settings, issuer: str | None) -> Said:
    """List the keys, those that have ended too: whose, since when, until when, and when they were last used."""
    from api.wiring import open_notary
    from notary.service.access.api_keys import list_api_keys
    from notary.service.members.registry import members_in_force

    with open_notary(settings, chains=False) as notary:
        member = members_in_force(notary.ledger).require(issuer) if issuer else None
        found = list_api_keys(notary, member)
    headings = ("key", "role", "institution", "made", "good until", "last used")
    table = Table(headings, tuple(_row(row) for row in found))
    data: dict[str, JSON] = {"keys": [_to_json(row) for row in found]}
    return Said([table] if found else ["No API keys yet."], data, None if found else "notary api-key new DID")


@command("revoke", example="notary api-key revoke x7k2mqp4w6ta")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
def revoke(settings: Settings, ids: tuple[str, ...]) -> Said:
    """End keys now. One that has ended before stays so."""
    from api.wiring import open_notary
    from notary.service.access.api_keys import revoke_api_key

    with open_notary(settings, chains=False) as notary:
        ended = [revoke_api_key(notary, KeyId(name)) for name in ids]
    data: dict[str, JSON] = {"revoked": [_to_json(row) for row in ended]}
    return Said([f"{count(len(ended), 'API key')} revoked: nothing opens with them any more."], data)


for _made in (new, list_, revoke):
    api_key.add_command(_made)


def _row(row: ApiKeyRow) -> tuple[str, ...]:
    until = f"revoked {row.revoked:%F}" if row.revoked else f"{row.expires:%F}"
    used = row.used.isoformat() if row.used else "never"
    return (row.id, row.role.value, row.institution or "all", f"{row.made:%F}", until, used)


def _to_json(row: ApiKeyRow) -> dict[str, JSON]:
    return {
        "id": row.id,
        "role": row.role.value,
        "institution": row.institution,
        "made": format_time(row.made),
        "expires": format_time(row.expires),
        "revoked": None if row.revoked is None else format_time(row.revoked),
        "used": None if row.used is None else row.used.isoformat(),
    }
