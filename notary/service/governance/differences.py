"""What changes from one state to the next, in words: what an approver reads before signing.

Every member of both formats is compared, so that nothing changes unsaid (but the
order of a list, which means nothing). Texts come from outside: what could hide or
move other text on a screen is spelt out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notary.core.encoding import format_unix, to_digest_text, to_hex
from notary.core.registry import PURPOSES, MemberKey, MemberRecord, Period, Programme, RegistryState
from notary.service.governance.in_force import InForce
from notary.service.governance.proposal import Proposal
from notary.service.governance.rules import is_recovery
from notary.service.members.registry import Members

_OPEN = Period(None, None)
SHOWN = 20
"""Programmes named in one line; more are counted. All of them stand in the file."""


def describe(proposal: Proposal, here: InForce) -> list[str]:
    """Say all that a proposal changes, against one's own copy of what is in force."""
    lines = describe_states(here.members, proposal.members)
    votes: dict[str, list[str]] = {}
    for change in proposal.seats:
        seat = here.seat(change.chain)
        assert seat is not None
        said = [f"gives a vote to {to_hex(who)}" for who in change.added]
        said += [f"takes the vote from {to_hex(who)}" for who in change.removed]
        if change.threshold != seat.threshold:
            count = len(seat.voters) + len(change.added) - len(change.removed)
            said.append(f"k {seat.threshold} -> {change.threshold}, of {count} votes")
        for line in said:
            votes.setdefault(line, []).append(change.chain)
    for line, chains in votes.items():
        everywhere = len(chains) == len(proposal.seats)
        lines.append(line if everywhere else f"{line}, on {', '.join(chains)}")
    return lines or ["puts the same entries into another order"]


def summary(proposal: Proposal) -> list[str]:
    """Say what becomes of it, where and until when."""
    state = proposal.members.state
    chains = ", ".join(f"{seat.chain} (epoch {seat.epoch})" for seat in proposal.seats)
    return [
        f"State {state.number}, {to_digest_text(state.digest())}, on {chains}.",
        f"To be applied until {format_unix(proposal.deadline)}.",
    ]


def describe_states(old: Members | None, new: Members) -> list[str]:
    """Say all that differs between two states; everything, where there is none before."""
    before = {record.id: record for record in old.records} if old else {}
    lines: list[str] = []
    for record in new.records:
        known = before.pop(record.id, None)
        lines += _added(record) if known is None else _changed(known, record)
    lines += [f"removes {_name(record)} altogether" for record in before.values()]
    return lines + list(_state(old.state if old else None, new))


def plain(text: str) -> str:
    """Return a text from outside with everything spelt out that is not seen as itself: controls, directions, gaps."""
    return "".join(char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text)


# --------------------------------------------------------------------- members


def _added(record: MemberRecord) -> list[str]:
    scope = f" for {_count(record.programmes)}" if record.programmes else ""
    lines = [f"adds {plain(record.name)}, {record.recognition}{scope}: {plain(record.id)}"]
    lines += [f"  with {_key(key, record)}" for key in record.keys]
    if record.aliases:
        lines.append(f"  that also issues as {', '.join(map(plain, record.aliases))}")
    lines += [f"  for {_programme(each)}" for each in record.programmes[:SHOWN]]
    if record.period != _OPEN:
        lines.append(f"  member {record.period}")
    if record.successor:
        lines.append(f"  with the successor {plain(record.successor)}")
    if record.did_document is not None:
        lines.append("  with its DID document")
    return lines


def _changed(old: MemberRecord, new: MemberRecord) -> Iterator[str]:
    """Say what differs; each line begins with the member, for it may be one of many."""
    who = plain(new.name)
    if old.name != new.name:
        yield f"{plain(old.name)} is called {who}"
    if old.recognition != new.recognition:
        yield f"{who}: recognition {old.recognition} -> {new.recognition}"
    yield from _programmes(who, old, new)
    for alias in sorted({*new.aliases} - {*old.aliases}):
        yield f"{who} also issues as {plain(alias)}"
    for alias in sorted({*old.aliases} - {*new.aliases}):
        yield f"{who} no longer issues as {plain(alias)}"
    if old.period != new.period:
        yield f"{who}: member {new.period}, before {old.period}"
    if old.successor != new.successor:
        yield f"{who}: successor {plain(new.successor or 'none')}, before {plain(old.successor or 'none')}"
    yield from _keys(who, old, new)
    if old.did_document != new.did_document:
        yield f"{who}: another DID document"


def _programmes(who: str, old: MemberRecord, new: MemberRecord) -> Iterator[str]:
    if old.programmes == new.programmes:
        return
    if not new.programmes:
        yield f"{who}: {new.recognition} for everything, no longer for {_count(old.programmes)} alone"
        return
    if not old.programmes:
        yield f"{who}: {new.recognition} for {_count(new.programmes)} alone, no longer for everything"
    gained = [each for each in new.programmes if each not in old.programmes]
    lost = [each for each in old.programmes if each not in new.programmes]
    yield from (f"{who}: for {_programme(each)}" for each in gained[:SHOWN])
    yield from (f"{who}: no longer for {_programme(each)}" for each in lost[:SHOWN])
    rest = len(gained[SHOWN:]) + len(lost[SHOWN:])
    if rest:
        yield f"{who}: {rest} more programmes change; they stand in the file"


def _keys(who: str, old: MemberRecord, new: MemberRecord) -> Iterator[str]:
    before = {key.public_key_multibase: key for key in old.keys}
    for key in new.keys:
        known = before.pop(key.public_key_multibase, None)
        if known is None:
            yield f"{who}: new {_key(key, new)}"
        elif known != key:
            yield f"{who}: {_key(key, new)}; before: {_details(known, old)}"
    for key in before.values():
        yield f"{who}: no longer {_key(key, old)}"


def _key(key: MemberKey, record: MemberRecord) -> str:
    kind = "recovery key" if is_recovery(key) else "key"
    return f"{kind} {plain(key.public_key_multibase)} ({_details(key, record)})"


def _details(key: MemberKey, record: MemberRecord) -> str:
    """Say what a key may do; an id is named where it is not the usual one."""
    if is_recovery(key):
        parts = ["can only announce a new working key"]
        if key.purposes != PURPOSES:
            parts.append(f"listed for {' and '.join(key.purposes)}")
    else:
        parts = [f"signs {' and '.join(key.purposes)}"]
        parts += [str(key.period)] if key.period != _OPEN else []
    if key.custodial:
        parts.append("kept by a custodian")
    if key.id != f"{record.id}#{key.public_key_multibase}":
        parts.append(f"named {plain(key.id)}")
    return ", ".join(parts)


def _programme(programme: Programme) -> str:
    reference = f" ({plain(programme.reference)})" if programme.reference else ""
    return f"{plain(programme.achievement)}{reference}"


def _count(programmes: Sequence[Programme]) -> str:
    return f"{len(programmes)} achievement{'' if len(programmes) == 1 else 's'}"


def _name(record: MemberRecord) -> str:
    return f"{plain(record.name)} ({plain(record.id)})"


# ----------------------------------------------------------------------- state


def _state(old: RegistryState | None, new: Members) -> Iterator[str]:
    holders = {key.public_key_multibase: plain(record.name) for record in new.records for key in record.keys}
    marked = [mark for mark in new.state.compromised if old is None or mark not in old.compromised]
    for mark in marked:
        yield f"marks key {plain(mark.key)} of {holders.get(mark.key, 'no member')} compromised since {mark.since}"
    for mark in old.compromised if old else ():
        if mark not in new.state.compromised:
            yield f"no longer marks key {plain(mark.key)} compromised since {mark.since}"
    served, serves = _served(old), _served(new.state)
    yield from (f"lets {each}" for each in serves if each not in served)
    yield from (f"no longer lets {each}" for each in served if each not in serves)
    trusted, trusts = _trusted(old), _trusted(new.state)
    yield from (f"trusts {each}" for each in trusts if each not in trusted)
    yield from (f"no longer trusts {each}" for each in trusted if each not in trusts)


def _served(state: RegistryState | None) -> list[str]:
    notaries = state.notaries if state else ()
    return [f"{to_hex(one.address)} on {one.chain} anchor the log {plain(one.origin)}" for one in notaries]


def _trusted(state: RegistryState | None) -> list[str]:
    return [f"the contract {to_hex(one.address)} on {one.chain}" for one in (state.contracts if state else ())]
