"""What an approver reads: nothing changes unsaid, and no text from outside can hide a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.key_files import KeyFile
from notary.core.registry import (
    PURPOSES,
    Compromise,
    Contract,
    MemberKey,
    MemberRecord,
    NotaryAccount,
    Period,
    Programme,
)
from notary.core.statement import Recognition
from notary.ports import Address
from notary.service.governance.differences import describe, describe_states, plain
from notary.service.governance.in_force import InForce, Seat
from notary.service.governance.proposal import Draft, propose
from notary.service.governance.rules import NEVER
from notary.service.members.registry import Members, make_state

CHAIN = "eip155:1"
KEY, RECOVERY, FRESH = (
    KeyFile(Ed25519PrivateKey.from_private_bytes(bytes([seed] * 32))).public_key_multibase for seed in (1, 2, 3)
)
"""The same in every process: the tests are named after what they say."""
DID = f"did:key:{KEY}"
A, B = "https://a.example/1", "https://a.example/2"
NOTARY = NotaryAccount(CHAIN, bytes(20), "n.example/log")
SIGNS = "signs batch and status"
RECORD = MemberRecord(
    id=DID,
    aliases=("https://college.example",),
    name="College",
    recognition=Recognition.COMMUNITY,
    programmes=(Programme(A, "REG-1"),),
    period=Period(None, None),
    successor=None,
    keys=(
        MemberKey(f"{DID}#{KEY}", KEY, PURPOSES, Period(None, None), custodial=False),
        MemberKey(f"{DID}#{RECOVERY}", RECOVERY, PURPOSES, NEVER, custodial=False),
    ),
    did_document=None,
)


def members(record: MemberRecord = RECORD, **changes: Any) -> Members:
    fields: dict[str, Any] = {"contracts": [Contract(CHAIN, bytes(20))], "notaries": [NOTARY]}
    return make_state([record], **{**fields, **changes})


def with_key(**changes: Any) -> MemberRecord:
    return replace(RECORD, keys=(replace(RECORD.keys[0], **changes), RECORD.keys[1]))


@pytest.mark.parametrize(
    "changed, said",
    [
        (replace(RECORD, name="Kollege"), "College is called Kollege"),
        (replace(RECORD, recognition=Recognition.AUTHORISED), "College: recognition community -> authorised"),
        (replace(RECORD, programmes=()), "College: community for everything, no longer for 1 achievement alone"),
        (replace(RECORD, programmes=(*RECORD.programmes, Programme(B, None))), f"College: for {B}"),
        (replace(RECORD, programmes=(Programme(A, "REG-2"),)), f"College: no longer for {A} (REG-1)"),
        (replace(RECORD, aliases=(*RECORD.aliases, "did:web:c")), "College also issues as did:web:c"),
        (replace(RECORD, aliases=()), "College no longer issues as https://college.example"),
        (
            replace(RECORD, period=Period(None, "2027-01-01T00:00:00Z")),
            f"College: member from the beginning until 2027-01-01T00:00:00Z, before {RECORD.period}",
        ),
        (replace(RECORD, successor="did:web:s"), "College: successor did:web:s, before none"),
        (replace(RECORD, did_document={"id": DID}), "College: another DID document"),
        (with_key(purposes=("status",)), f"College: key {KEY} (signs status); before: signs batch and status"),
        (
            with_key(custodial=True),
            f"College: key {KEY} (signs batch and status, kept by a custodian); before: signs batch and status",
        ),
        (
            with_key(period=Period(None, "2027-01-01T00:00:00Z")),
            f"College: key {KEY} (signs batch and status, {Period(None, '2027-01-01T00:00:00Z')}); before: {SIGNS}",
        ),
        (
            with_key(id="x"),
            f"College: key {KEY} (signs batch and status, named x); before: signs batch and status",
        ),
        (
            with_key(public_key_multibase=FRESH),
            f"College: new key {FRESH} (signs batch and status, named {DID}#{KEY})",
        ),
        (with_key(public_key_multibase=FRESH), f"College: no longer key {KEY} (signs batch and status)"),
        (
            replace(RECORD, keys=RECORD.keys[:1]),
            f"College: no longer recovery key {RECOVERY} (can only announce a new working key)",
        ),
    ],
)
def test_every_change_of_a_record_is_said(changed: MemberRecord, said: str) -> None:
    """Each member of the record, in the words an approver reads."""
    assert said in describe_states(members(), members(changed))


@pytest.mark.parametrize(
    "changes, said",
    [
        (
            {"compromised": [Compromise(KEY, "2026-03-01T00:00:00Z")]},
            f"marks key {KEY} of College compromised since 2026-03-01T00:00:00Z",
        ),
        (
            {"notaries": [NOTARY, NotaryAccount(CHAIN, b"\1" * 20, "o.example/log")]},
            f"lets 0x{'01' * 20} on {CHAIN} anchor the log o.example/log",
        ),
        ({"notaries": []}, f"no longer lets 0x{'00' * 20} on {CHAIN} anchor the log n.example/log"),
        ({"contracts": []}, f"no longer trusts the contract 0x{'00' * 20} on {CHAIN}"),
    ],
)
def test_every_change_of_a_state_is_said(changes: dict[str, Any], said: str) -> None:
    """Compromised keys, notaries and contracts."""
    assert said in describe_states(members(), members(**changes))


def test_a_mark_that_is_taken_back_is_said() -> None:
    """Nobody slips a compromised key back in."""
    marked = members(compromised=[Compromise(KEY, "2026-03-01T00:00:00Z")])
    assert describe_states(marked, members()) == [f"no longer marks key {KEY} compromised since 2026-03-01T00:00:00Z"]


def test_new_member_is_told_whole() -> None:
    """Recognition and for how much, keys, other ids."""
    lines = describe_states(None, members())
    assert lines[:5] == [
        f"adds College, community for 1 achievement: {DID}",
        f"  with key {KEY} (signs batch and status)",
        f"  with recovery key {RECOVERY} (can only announce a new working key)",
        "  that also issues as https://college.example",
        f"  for {A} (REG-1)",
    ]


def test_votes_are_told_with_k() -> None:
    """Who votes from now on, and how many it takes."""
    voters = frozenset({Address(b"\1" * 20)})
    here = InForce(members(), (Seat(CHAIN, Address(bytes(20)), voters, 1, 1),))
    draft = replace(Draft.of(here.members), added=(Address(b"\2" * 20), Address(b"\3" * 20)), threshold=2)
    assert describe(propose(here, draft, deadline=1), here) == [
        f"gives a vote to 0x{'02' * 20}",
        f"gives a vote to 0x{'03' * 20}",
        "k 1 -> 2, of 3 votes",
    ]


def test_order_alone_is_said_too() -> None:
    """A state of the same entries in another order has another digest, and says why."""
    twice = replace(RECORD, aliases=("https://b.example", "https://a.example"))
    here = InForce(members(twice), (Seat(CHAIN, Address(bytes(20)), frozenset({Address(b"\1" * 20)}), 1, 1),))
    draft = replace(Draft.of(here.members), records=(replace(twice, aliases=twice.aliases[::-1]),))
    assert describe(propose(here, draft, deadline=1), here) == ["puts the same entries into another order"]


@pytest.mark.parametrize("hidden", ["\n", "\r", "\x1b[2K", "\u202e", "\u200b", "\x00", "\u2028"])
def test_text_from_outside_cannot_draw_on_the_screen(hidden: str) -> None:
    """Line breaks, escapes and direction marks are spelt out wherever a record's text is shown."""
    spelt: Callable[[str], bool] = str.isprintable
    record = replace(
        RECORD,
        name=f"A{hidden}B",
        aliases=(f"https://a.example/{hidden}",),
        programmes=(Programme(f"p{hidden}", f"r{hidden}"),),
        keys=(replace(RECORD.keys[0], id=f"k{hidden}"), RECORD.keys[1]),
    )
    lines = [*describe_states(None, members(record)), *describe_states(members(), members(record))]
    assert all(spelt(line) for line in lines)
    assert plain("Universität 林美") == "Universität 林美"
