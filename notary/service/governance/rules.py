"""What a registry state has to be like before anybody approves it.

Verification looks at one member at a time and repeats none of this: what stands
across members, and what no later state can mend, is checked here, by whoever
proposes, approves or relays. Every refusal is an IssuerError that names the members.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from notary.core.did import DID_KEY, KeySource
from notary.core.encoding import shorten, to_hex
from notary.core.errors import IssuerError, NotaryError
from notary.core.registry import Compromise, MemberKey, MemberRecord, Period, RegistryState, unix
from notary.ports import Address

NEVER = Period("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")
"""The empty period: no block's time lies in it, so every verifier refuses what such a key signs."""
_NOBODY = bytes(20)


def check_records(records: Iterable[MemberRecord], before: Iterable[MemberRecord] = ()) -> None:
    """Check the members of a state that follows `before`: each that is new or changed, and all of them together."""
    named = {record.id: record for record in records}
    known = {record.id: record for record in before}
    gone = known.keys() - named.keys()
    if gone:
        raise IssuerError(
            f"{known[min(gone)].name} is no longer listed",
            expected="members that left stay listed with an end, so that their statuses can still be signed",
        )
    _check_belongs_to_one(named.values())
    for record in named.values():
        if record != known.get(record.id):
            _check_record(record, named)


def check_state(state: RegistryState) -> None:
    """Check who may anchor by a state: somebody, each once, on chains whose contract it names."""
    if not state.notaries:
        raise IssuerError("nobody could anchor by this state", expected="one notary or more")
    if len(set(state.notaries)) != len(state.notaries):
        raise IssuerError("a notary stands twice in the state")
    chains = {contract.chain for contract in state.contracts}
    for notary in state.notaries:
        if notary.chain not in chains:
            raise IssuerError(
                f"the notary of {notary.origin} is on a chain without contract",
                expected=" or ".join(sorted(chains)),
                actual=notary.chain,
            )


def check_compromised(marked: Iterable[Compromise], records: Collection[MemberRecord]) -> None:
    """Check that each key that is newly marked is some member's: a misspelt one would protect nobody."""
    keys = {key.public_key_multibase for record in records for key in record.keys}
    for mark in marked:
        if mark.key not in keys:
            raise IssuerError(
                f"the key {shorten(mark.key)} is no member's", hint="See the keys: notary consortium show"
            )


def check_voters(
    voters: Collection[Address], threshold: int, *, added: Collection[Address] = (), removed: Collection[Address] = ()
) -> None:
    """Check a change of who votes as the contract will: who comes is new, who goes is there, 1 <= k <= n."""
    for who in removed:
        if who not in voters:
            raise IssuerError(f"{to_hex(who)} has no vote to lose", expected=_listed(voters))
    left = set(voters) - set(removed)
    for who in added:
        if who in left or who == _NOBODY:
            raise IssuerError(f"{to_hex(who)} cannot be given a vote", actual="it has one" if who in left else "zero")
    if len(set(added)) != len(added) or len(set(removed)) != len(removed):
        raise IssuerError("an address comes or goes twice in this change")
    count = len(left | set(added))
    if not 1 <= threshold <= count:
        raise IssuerError(
            "the approvals that every later change would need", expected=f"from 1 to {count}", actual=threshold
        )


def is_recovery(key: MemberKey) -> bool:
    """Say whether a key is one that can sign nothing at any time: it announces a new working key, and that is all."""
    return key.period == NEVER


def _check_belongs_to_one(records: Iterable[MemberRecord]) -> None:
    ids: dict[str, MemberRecord] = {}
    keys: dict[str, MemberRecord] = {}
    for record in records:
        for name in (record.id, *record.aliases):
            if name in ids:
                raise _belongs_to_two("the issuer id", name, ids[name], record)
            ids[name] = record
        for key in record.keys:
            if key.public_key_multibase in keys:
                raise _belongs_to_two("the key", key.public_key_multibase, keys[key.public_key_multibase], record)
            keys[key.public_key_multibase] = record


def _belongs_to_two(what: str, value: str, one: MemberRecord, other: MemberRecord) -> IssuerError:
    holders = f"{one.name} twice" if one is other else f"{one.name} and {other.name}"
    return IssuerError(f"{what} {shorten(value)} stands twice", expected="each in one member only", actual=holders)


def _check_record(record: MemberRecord, members: Mapping[str, MemberRecord]) -> None:
    _check_keys(record)
    _check_did(record)
    if record.period.since and record.period.until and unix(record.period.until) <= unix(record.period.since):
        raise IssuerError(f"{record.name} leaves before it joins", actual=str(record.period))
    if record.successor is None:
        return
    if record.successor == record.id or record.successor not in members:
        raise IssuerError(
            f"the successor of {record.name} has to be another member",
            actual=shorten(record.successor),
            hint="Admit it first: its keys are what it signs statuses with",
        )


def _check_keys(record: MemberRecord) -> None:
    """Check a member's keys: a statement names its key by id, and exactly one may have that id."""
    seen: dict[str, MemberKey] = {}
    for key in record.keys:
        other = seen.setdefault(key.id, key)
        if other is not key:
            overlap = " at the same time" if _overlap(key.period, other.period) else ""
            raise IssuerError(
                f"{record.name} has two keys with the id {shorten(key.id)}{overlap}",
                expected="an id for each key: a statement names its key by id, and must lead to one",
            )
        try:
            key.public_key()
        except NotaryError as error:
            raise IssuerError(f"{record.name}: {error}") from error
        since, until = key.period.since, key.period.until
        if since and until and unix(until) <= unix(since) and not is_recovery(key):
            raise IssuerError(f"the key {key.id} of {record.name} ends before it begins", actual=str(key.period))
    if all(is_recovery(key) for key in record.keys):
        raise IssuerError(f"{record.name} has no key to sign with", expected="one working key or more")


def _check_did(record: MemberRecord) -> None:
    """Check that the DID, its pinned document and the keys belong together; nothing is resolved.

    A did:key is its own document. Any other DID is believed by its document, which
    lists one of the member's keys: whoever wrote it there controls the DID.
    """
    keys = {key.public_key_multibase for key in record.keys if not is_recovery(key)}
    document = record.did_document
    if record.id.startswith(DID_KEY) and (own := record.id.removeprefix(DID_KEY)) not in keys:
        raise IssuerError(f"the key of {shorten(record.id)} is not among the keys of {record.name}", expected=own)
    if document is None:
        if not record.id.startswith(DID_KEY):
            raise IssuerError(
                f"{record.name} comes without the document of {record.id}",
                hint="Its document is pinned at admission, for domains die: notary member apply --did-document FILE",
            )
        return
    named = document.get("id") if isinstance(document, dict) else None
    if named != record.id:
        raise IssuerError(f"the DID document of {record.name} is another's", expected=record.id, actual=shorten(named))
    source = KeySource(document=document)
    if not any(source.holds(key.public_key()) for key in record.keys if not is_recovery(key)):
        raise IssuerError(
            f"the DID document of {record.name} lists none of its keys",
            expected=" or ".join(sorted(keys)),
            hint="Add the working key to the document's assertionMethod, and apply with the new document",
        )


def _overlap(one: Period, other: Period) -> bool:
    starts = max(unix(period.since) if period.since else 0 for period in (one, other))
    ends = [unix(period.until) for period in (one, other) if period.until]
    return not ends or starts < min(ends)


def _listed(addresses: Iterable[Address]) -> str:
    return ", ".join(sorted(map(to_hex, addresses)))
