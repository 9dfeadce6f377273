from dataclasses import replace
from typing import Any

import pytest

from notary.core.canonical import canonical
from notary.core.cid import Cid
from notary.core.digest import sha256
from notary.core.encoding import format_unix
from notary.core.errors import Malformed, Unsupported
from notary.core.merkle import verify_inclusion
from notary.core.registry import Compromise, MemberRecord, Period, RegistryState, sort_records, unix
from tests.world import ALPHA, BETA, GAMMA, START, World
from tests.world.edits import drop, put

REGISTRY = World().harbour.registry
FULL = ALPHA.but(period=Period("2025-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), successor=BETA.did).record
KEY = ALPHA.key.public.multibase
STATE = replace(REGISTRY.state, compromised=(Compromise(KEY, "2026-02-01T00:00:00Z"),))


@pytest.mark.parametrize("record", [FULL, BETA.record, GAMMA.but(did_document=None, keys=(), aliases=()).record])
def test_a_record_comes_back_from_its_json(record: MemberRecord) -> None:
    """One line of JCS, hashed as a leaf."""
    assert MemberRecord.parse(record.to_json()) == record
    assert record.line() == canonical(record.to_json())
    assert b"\n" not in record.line()


def test_a_state_comes_back_from_its_json() -> None:
    """Its digest is what the contracts carry, and the CID of its pinned block."""
    assert RegistryState.parse(STATE.to_json()) == STATE
    assert STATE.digest() == sha256(STATE.block()) == Cid.of(STATE.block()).digest


def test_every_member_is_proven_in_the_state() -> None:
    """Under the state's size and root, sorted by id."""
    dids = [record.id for record in REGISTRY.records]
    assert dids == sorted(dids)
    for did in dids:
        proof = REGISTRY.member(did)
        verify_inclusion(proof.record.hash(), proof.index, REGISTRY.state.size, proof.path, REGISTRY.state.root)


@pytest.mark.parametrize(
    "path, value",
    [
        ("id", "alpha"),
        ("aliases", [""]),
        ("name", ""),
        ("recognition", "excellent"),
        ("programmes", [{"achievement": "x"}]),
        ("programmes.0.reference", ""),
        ("from", "2026"),
        ("until", 0),
        ("successor", "beta"),
        ("keys.0.id", ""),
        ("keys.0.publicKeyMultibase", None),
        ("keys.0.purposes", []),
        ("keys.0.purposes", ["batch", "batch"]),
        ("keys.0.purposes", ["batch", "login"]),
        ("keys.0.custodial", 0),
        ("keys.0.more", 1),
        ("didDocument", []),
        ("didDocument", "did:web:alpha.example"),
        ("more", 1),
    ],
)
def test_a_record_is_closed_and_exact(path: str, value: Any) -> None:
    """Each member has one type and one spelling."""
    with pytest.raises(Malformed):
        MemberRecord.parse(put(FULL.to_json(), path, value))


def test_a_did_document_is_at_most_32_levels_deep() -> None:
    """It may be anything else."""
    deep: Any = {}
    for _ in range(31):
        deep = {"in": deep}
    assert MemberRecord.parse(put(FULL.to_json(), "didDocument", deep)).did_document == deep
    with pytest.raises(Malformed, match="32 levels"):
        MemberRecord.parse(put(FULL.to_json(), "didDocument", {"in": deep}))


@pytest.mark.parametrize("name", list(STATE.to_json()))  # type: ignore[arg-type]
def test_a_state_is_closed_and_exact(name: str) -> None:
    """No member missing, none of another type."""
    with pytest.raises(Malformed):
        RegistryState.parse(drop(STATE.to_json(), name))
    with pytest.raises(Malformed):
        RegistryState.parse(put(STATE.to_json(), name, True))


@pytest.mark.parametrize("path", ["contracts.0.more", "notaries.0.more", "compromised.0.more"])
def test_a_states_parts_are_closed(path: str) -> None:
    """Contracts, notaries and compromises."""
    with pytest.raises(Malformed):
        RegistryState.parse(put(STATE.to_json(), path, 1))


@pytest.mark.parametrize("parse", [RegistryState.parse, MemberRecord.parse])
def test_a_version_to_come_is_unsupported(parse: Any) -> None:
    """Its members are not looked into."""
    kind = "registry" if parse == RegistryState.parse else "member"
    with pytest.raises(Unsupported):
        parse({"type": f"credential-notary/{kind}/v2"})


@pytest.mark.parametrize("change", [{"number": 1}, {"previous": None}])
def test_states_are_chained(change: dict[str, Any]) -> None:
    """The first has no predecessor, every other has one."""
    with pytest.raises(Malformed, match="null exactly where number is 1"):
        replace(STATE, **change)


@pytest.mark.parametrize(
    "period, before, begin, last, end",
    [
        (Period(None, None), True, True, True, True),
        (Period(format_unix(START), None), False, True, True, True),
        (Period(None, format_unix(START + 10)), True, True, True, False),
        (Period(format_unix(START), format_unix(START + 10)), False, True, True, False),
    ],
)
def test_a_period_holds_its_begin_and_not_its_end(
    period: Period, before: bool, begin: bool, last: bool, end: bool
) -> None:
    """Null leaves a side open; for a status the end is put aside."""
    assert [period.holds(START + at) for at in (-1, 0, 9, 10)] == [before, begin, last, end]
    assert period.holds(START + 10, ignore_until=True)
    assert period.holds(START - 1, ignore_until=True) is before
    assert str(period).startswith("from ")


def test_of_several_marks_on_a_key_the_earliest_counts() -> None:
    """Other keys are not touched."""
    state = replace(STATE, compromised=(*STATE.compromised, Compromise(KEY, "2026-01-01T00:00:00Z")))
    assert state.compromised_since(KEY) == unix("2026-01-01T00:00:00Z") == START
    assert state.compromised_since(BETA.key.public.multibase) is None


def test_a_member_is_named_by_its_id_and_aliases_byte_for_byte() -> None:
    """And by nothing that looks alike."""
    assert FULL.names(ALPHA.did)
    assert FULL.names("https://alpha.example/issuer")
    for other in ("", "did:web:ALPHA.example", "https://alpha.example/issuer/", "https://alpha.example", FULL.name):
        assert not FULL.names(other)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(ALPHA.record, id="the same member"),
        pytest.param(BETA.but(id=ALPHA.did).record, id="an id"),
        pytest.param(BETA.but(aliases=(ALPHA.did,)).record, id="another's id as alias"),
        pytest.param(BETA.but(aliases=ALPHA.record.aliases).record, id="an alias"),
        pytest.param(BETA.but(aliases=("https://b", "https://b")).record, id="its own alias twice"),
        pytest.param(BETA.but_key(public_key_multibase=KEY).record, id="a key"),
    ],
)
def test_ids_aliases_and_keys_are_unique_across_members(second: MemberRecord) -> None:
    """Or a reader might take either for the issuer."""
    with pytest.raises(Malformed, match="stands twice"):
        sort_records([ALPHA.record, second])


def test_records_sort_by_the_bytes_of_their_ids() -> None:
    """Whatever order they come in."""
    records = [GAMMA.record, ALPHA.record, BETA.record]
    assert sort_records(records) == sort_records(records[::-1]) == [ALPHA.record, BETA.record, GAMMA.record]
