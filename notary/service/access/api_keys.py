"""API keys: how programs show who they are, and what they may do then.

A key is 256 random bits. The ledger keeps its hash, and a caller is found by
that hash: comparing takes the same time for every wrong key, and a stolen
ledger opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from notary.core.digest import Digest, sha256
from notary.core.encoding import format_time, shorten, to_base64url
from notary.core.errors import IssuerError
from notary.core.registry import MemberRecord
from notary.ports.ledger import Actor, ApiKeyRow, KeyId, Role
from notary.service.access.journal import Action, record
from notary.service.errors import Absent, Denied, Forbidden
from notary.service.members.registry import members_in_force
from notary.service.notary import Notary

PREFIX = "cn_"
"""What every key begins with, so that scanners for leaked secrets can know it."""
DAYS = 365
"""How long a key is good for where nobody says otherwise."""
MOST_DAYS = 3660
_KEY_BYTES, _ID_BYTES = 32, 12
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8
_NEW = "Ask the operator for one: notary api-key new DID"


@dataclass(frozen=True, slots=True)
class Access:
    """Who is calling: a good key, and the member it is for (None: the whole notary)."""

    key: ApiKeyRow
    member: MemberRecord | None

    @property
    def actor(self) -> Actor:
        """The caller, as the journal says it."""
        return Actor(self.key.role.value, self.key.id)

    def require(self, *roles: Role) -> None:
        """Raise Forbidden where the key has none of these roles."""
        if self.key.role not in roles:
            raise Forbidden(
                "this API key may not do that",
                expected=f"a key of {' or '.join(role.value for role in roles)}",
                actual=f"one of {self.key.role}",
            )


def create_api_key(
    notary: Notary, name: str | None, role: Role = Role.ISSUER, *, days: int = DAYS
) -> tuple[ApiKeyRow, str]:
    """Make a key for the member of this id or alias, or for the whole notary; it is shown once and kept nowhere.

    IssuerError where there is no such member, or the role is for another scope.
    """
    if not 1 <= days <= MOST_DAYS:
        raise IssuerError("an API key's days", expected=f"1 to {MOST_DAYS}", actual=days)
    if role is Role.ISSUER and name is None:
        raise IssuerError("an issuer's key is for one institution", hint="Name it: notary api-key new DID")
    if role is Role.OPERATOR and name is not None:
        raise IssuerError("an operator's key is for the whole notary", hint="Leave the institution out")
    member = None if name is None else members_in_force(notary.ledger).require(name)
    key = PREFIX + to_base64url(notary.random(_KEY_BYTES))
    hashed, now = key_hash(key), notary.clock.now()
    row = ApiKeyRow(
        id=KeyId(hashed[:_ID_BYTES].translate(_LETTERS).decode()),
        hash=hashed,
        role=role,
        institution=member.id if member else None,
        made=now,
        expires=now + timedelta(days=days),
    )
    with notary.ledger.begin() as work:
        work.keys.add(row)
        record(notary, work, Action.KEY_NEW, row.institution, [row.id])
    return row, key


def list_api_keys(notary: Notary, member: MemberRecord | None = None) -> tuple[ApiKeyRow, ...]:
    """Return the keys of one institution or all there are, oldest first."""
    with notary.ledger.read() as work:
        return work.keys.all(member.id if member else None)


def revoke_api_key(notary: Notary, name: KeyId, member: MemberRecord | None = None) -> ApiKeyRow:
    """End a key; one that was revoked before stays so. Absent where there is none, or it is not the member's.

    A member ends the keys of its own programs; whoever audits it, it does not shut out.
    """
    with notary.ledger.begin() as work:
        row = work.keys.get(name)
        if row is None or (member is not None and row.institution != member.id):
            raise Absent(f"there is no API key {shorten(name)} here", hint="See them all: notary api-key list")
        if member is not None and row.role is not Role.ISSUER:
            raise Forbidden("an auditor's key is not the institution's to end", hint="Ask the operator")
        if row.revoked is not None:
            return row
        work.keys.revoke(name, notary.clock.now())
        record(notary, work, Action.KEY_REVOKE, row.institution, [name])
        ended = work.keys.get(name)
    assert ended is not None
    return ended


def access_of(notary: Notary, key: str) -> Access:
    """Return what a key opens; Denied where it is none, has ended, or its institution is no member any more."""
    with notary.ledger.read() as work:
        row = work.keys.by_hash(key_hash(key))
    if row is None:
        raise Denied("this API key is not known here", hint=_NEW)
    return opened_by(notary, row)


def opened_by(notary: Notary, row: ApiKeyRow) -> Access:
    """Return what a known key opens now, and note the day; Denied where it has ended, as above."""
    now = notary.clock.now()
    if row.revoked is not None:
        raise Denied(f"this API key was revoked on {format_time(row.revoked)}", hint=_NEW)
    if now >= row.expires:
        raise Denied(f"this API key expired on {format_time(row.expires)}", hint=_NEW)
    member = None
    if row.institution is not None:
        member = members_in_force(notary.ledger).find(row.institution)
        if member is None:
            raise Denied("this API key's institution is no member here", hint=_NEW)
    if row.used != now.date():
        with notary.ledger.begin() as work:
            work.keys.use(row.id, now.date())
    return Access(row, member)


def key_hash(key: str) -> Digest:
    """Return what the ledger keeps of a key."""
    return sha256(key.encode("utf-8", "surrogatepass"))
