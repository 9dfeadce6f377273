"""Changes of one member's record, as people ask for them; whether the outcome may be proposed, `rules` says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from notary.core.encoding import shorten
from notary.core.errors import IssuerError
from notary.core.registry import Compromise, MemberKey, MemberRecord, Period
from notary.service.governance.proposal import Draft

Edit = Callable[[MemberRecord], MemberRecord]


def find(records: Sequence[MemberRecord], name: str) -> MemberRecord:
    """Return the member of this id, alias or name; IssuerError that lists the members where it is not one."""
    found = [record for record in records if record.names(name)] or [one for one in records if one.name == name]
    if len(found) != 1:
        known = ", ".join(record.id for record in records)
        raise IssuerError(f"{shorten(name)} is {'no' if not found else 'more than one'} member", expected=known)
    return found[0]


def admit(draft: Draft, record: MemberRecord) -> Draft:
    """Add a member, or put a record in the place of the member of this id; keys it had and does not list stay."""
    known = next((one for one in draft.records if one.id == record.id), None)
    if known is None:
        return replace(draft, records=(*draft.records, record))
    listed = {key.public_key_multibase for key in record.keys}
    kept = tuple(key for key in known.keys if key.public_key_multibase not in listed)
    return edit(draft, record.id, lambda _: replace(record, keys=(*kept, *record.keys)))


def edit(draft: Draft, name: str, *edits: Edit) -> Draft:
    """Change one member's record."""
    record = find(draft.records, name)
    changed = record
    for each in edits:
        changed = each(changed)
    return replace(draft, records=tuple(changed if one is record else one for one in draft.records))


def add_key(key: MemberKey) -> Edit:
    """Add a key; one that is there already stays as it is."""

    def change(record: MemberRecord) -> MemberRecord:
        if any(known.public_key_multibase == key.public_key_multibase for known in record.keys):
            return record
        return replace(record, keys=(*record.keys, key))

    return change


def end_key(name: str, until: str) -> Edit:
    """End a key, named by its id or itself, from a moment on: what it signed before stays valid."""

    def change(record: MemberRecord) -> MemberRecord:
        key = find_key(record, name)
        ended = replace(key, period=Period(key.period.since, until))
        return replace(record, keys=tuple(ended if one is key else one for one in record.keys))

    return change


def hold(name: str, *, custodial: bool) -> Edit:
    """Mark who keeps a key: a custodian, or the institution itself."""

    def change(record: MemberRecord) -> MemberRecord:
        key = find_key(record, name)
        marked = replace(key, custodial=custodial)
        return replace(record, keys=tuple(marked if one is key else one for one in record.keys))

    return change


def leave(until: str, successor: str | None = None) -> Edit:
    """End a membership: left, expelled or closed. It stays listed, and only statuses can be signed from then on."""
    return lambda record: replace(
        record, period=Period(record.period.since, until), successor=successor or record.successor
    )


def find_key(record: MemberRecord, name: str) -> MemberKey:
    """Return a member's key by its id or its publicKeyMultibase."""
    for key in record.keys:
        if name in (key.id, key.public_key_multibase):
            return key
    expected = ", ".join(key.public_key_multibase for key in record.keys)
    raise IssuerError(f"{shorten(name)} is no key of {record.name}", expected=expected)


def mark_compromised(draft: Draft, key: str, since: str) -> Draft:
    """Mark a key, by id or itself, as one on which nobody may rely for blocks from `since` on."""
    named = [one for record in draft.records for one in record.keys if key in (one.id, one.public_key_multibase)]
    mark = Compromise(named[0].public_key_multibase if named else key, since)
    if mark in draft.compromised:
        return draft
    return replace(draft, compromised=(*draft.compromised, mark))
