"""API keys: how an institution's programs show who they are.

A key is 256 random bits. The ledger keeps its hash, and a caller is found by
that hash: comparing takes the same time for every wrong key, and a stolen
ledger opens nothing.
"""

from __future__ import annotations

from dataclasses import replace

from notary.core.digest import Digest, sha256
from notary.core.encoding import to_base64url
from notary.core.registry import MemberRecord
from notary.ports.ledger import InstitutionRow
from notary.service.errors import Denied
from notary.service.notary import Notary
from notary.service.registry import members_in_force

PREFIX = "cn_"
"""What every key begins with, so that scanners for leaked secrets can know it."""
_KEY_BYTES = 32


def create_api_key(notary: Notary, name: str, *, alone: bool = False) -> str:
    """Make a key for the member of this id or alias and return it: it is shown once and kept nowhere.

    `alone`: the institution's other keys stop working. IssuerError where there is no such member.
    """
    member = members_in_force(notary.ledger).require(name)
    key = PREFIX + to_base64url(notary.random(_KEY_BYTES))
    with notary.ledger.begin() as work:
        row = work.institutions.get(member.id) or InstitutionRow(member.id)
        others = () if alone else row.api_keys
        work.institutions.save(replace(row, api_keys=(*others, key_hash(key))))
    return key


def institution_of(notary: Notary, key: str) -> MemberRecord:
    """Return the member a key belongs to; Denied where it belongs to none in force."""
    with notary.ledger.read() as work:
        row = work.institutions.by_api_key(key_hash(key))
    member = members_in_force(notary.ledger).find(row.did) if row else None
    if member is None:
        raise Denied("this API key is not known here", hint="Ask the operator for one: notary member api-key DID")
    return member


def key_hash(key: str) -> Digest:
    """Return what the ledger keeps of a key."""
    return sha256(key.encode("utf-8", "surrogatepass"))
