"""Which institution a command means."""

from __future__ import annotations

import click

from notary.core.registry import MemberRecord
from notary.service.members.registry import Members


def choose_member(members: Members, issuer: str | None) -> MemberRecord:
    """Return the institution that is meant: the one named, or the only one."""
    if issuer is not None:
        return members.require(issuer)
    if len(members.records) == 1:
        return members.records[0]
    names = "; ".join(f"{record.id} ({record.name})" for record in members.records)
    raise click.UsageError(f"Several institutions are members: say which with --issuer. {names}")
