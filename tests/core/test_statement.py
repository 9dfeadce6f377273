from dataclasses import replace
from typing import Any

import pytest

from notary.core.canonical import canonical
from notary.core.digest import Digest, sha256
from notary.core.errors import Malformed, Mismatch, Unsupported
from notary.core.proof import DataIntegrityProof
from notary.core.statement import (
    MAX_ENTRY,
    BatchStatement,
    Recognition,
    SignedStatement,
    Statement,
    StatusStatement,
    message_to_sign,
    statement_id,
)
from tests.world import ALPHA, BETA, World
from tests.world.edits import drop, put

BATCH = World().batch("alice").signed
STATUS = World().receipt("bob").submissions[0].status.change.signed  # type: ignore[union-attr]
BOTH = pytest.mark.parametrize("signed", [BATCH, STATUS], ids=["batch", "status"])


@BOTH
def test_a_signed_statement_comes_back_from_its_json(signed: SignedStatement) -> None:
    """Type by type, with the same entry and the same id."""
    again = SignedStatement.parse(signed.to_json())
    assert again == signed
    assert (again.entry(), again.id) == (canonical(signed.to_json()), signed.id)
    signed.verify(ALPHA.key.public)


@BOTH
def test_an_id_leaves_the_proof_out(signed: SignedStatement) -> None:
    """A signature malleated before logging changes no reference."""
    malleated = replace(signed, proof=replace(signed.proof, signature=bytes(64)))
    assert malleated.id == signed.id == sha256(canonical(drop(signed.to_json(), "proof")))
    assert malleated.entry() != signed.entry()
    assert statement_id(signed.statement) == signed.id


@BOTH
def test_a_changed_statement_does_not_verify(signed: SignedStatement) -> None:
    """Nor one under another key."""
    with pytest.raises(Mismatch):
        replace(signed, statement=replace(signed.statement, time="2020-01-01T00:00:00Z")).verify(ALPHA.key.public)
    with pytest.raises(Mismatch, match="cryptosuite"):
        signed.verify(BETA.key.public)


@pytest.mark.parametrize("member", [BETA, ALPHA])
@pytest.mark.parametrize("statement", [BATCH.statement, STATUS.statement], ids=["batch", "status"])
def test_whoever_signs_the_message_has_signed_the_statement(member: Any, statement: Statement) -> None:
    """The message covers statement, suite, purpose and the name of the key."""
    suite, method = member.key.public.cryptosuite, member.record.keys[0].id
    signature = member.key.sign(message_to_sign(statement, suite, method))
    SignedStatement(statement, DataIntegrityProof(suite, method, signature)).verify(member.key.public)
    with pytest.raises(Mismatch):
        SignedStatement(statement, DataIntegrityProof(suite, f"{method}2", signature)).verify(member.key.public)


@pytest.mark.parametrize(
    "path, value",
    [
        ("log", ""),
        ("issuer", "alpha"),
        ("seq", 0),
        ("seq", True),
        ("size", 0),
        ("size", 1.0),
        ("root", "AA"),
        ("recognition", "Authorised"),
        ("legacy", ""),
        ("jointWith", None),
        ("jointWith", ["beta"]),
        ("time", "now"),
        ("more", 1),
        ("proof", None),
        ("proof.type", "Ed25519Signature2020"),
        ("proof.proofPurpose", "authentication"),
    ],
)
def test_a_batch_statement_is_closed_and_exact(path: str, value: Any) -> None:
    """Each member has one type and one spelling."""
    with pytest.raises(Malformed):
        SignedStatement.parse(put(BATCH.to_json(), path, value))


@BOTH
def test_no_member_is_missing(signed: SignedStatement) -> None:
    """Null stands where there is nothing, never silence."""
    for name in signed.to_json():
        with pytest.raises(Malformed):
            SignedStatement.parse(drop(signed.to_json(), name))


@pytest.mark.parametrize("value", [None, [], "x", {}, {"proof": {}}])
def test_what_is_no_statement(value: Any) -> None:
    """Refused, whatever it is."""
    with pytest.raises(Malformed):
        SignedStatement.parse(value)


@BOTH
def test_a_statement_of_a_version_to_come_is_unsupported(signed: SignedStatement) -> None:
    """Its members are not looked into."""
    kind = str(signed.to_json()["type"]).replace("/v1", "/v2")
    with pytest.raises(Unsupported, match="another version"):
        SignedStatement.parse({"type": kind, "surprise": 1, "proof": {}})


@BOTH
def test_statements_are_chained(signed: SignedStatement) -> None:
    """The first has no predecessor, every other has one."""
    fields: list[dict[str, Any]] = [{"seq": 1, "previous": sha256(b"")}, {"seq": 2, "previous": None}]
    for wrong in fields:
        with pytest.raises(Malformed, match="null exactly where seq is 1"):
            replace(signed.statement, **wrong)
    good: dict[str, Any] = {"seq": 2, "previous": sha256(b"")}
    assert replace(signed.statement, **good).seq == 2


@pytest.mark.parametrize("partners", [(ALPHA.did,), (BETA.did, BETA.did), (BETA.did, ALPHA.did)])
def test_partners_are_others_each_once(partners: tuple[str, ...]) -> None:
    """Nobody issues jointly with themselves."""
    assert isinstance(BATCH.statement, BatchStatement)
    with pytest.raises(Malformed, match="each once"):
        replace(BATCH.statement, joint_with=partners)


def test_an_entry_has_at_most_65535_bytes() -> None:
    """C2SP tiles give its length in 16 bits."""
    assert isinstance(BATCH.statement, BatchStatement)
    partner = "did:web:" + "a" * 1000
    many = tuple(f"{partner}.{at:02}" for at in range(63))
    room = MAX_ENTRY - len(replace(BATCH, statement=replace(BATCH.statement, joint_with=many)).entry()) - 3
    last = ("did:web:" + "b" * (room - 8),)
    assert len(replace(BATCH, statement=replace(BATCH.statement, joint_with=(*many, *last))).entry()) == MAX_ENTRY
    with pytest.raises(Malformed, match="at most 65535"):
        replace(BATCH, statement=replace(BATCH.statement, joint_with=(*many, last[0] + "b")))


def test_recognition_is_ordered() -> None:
    """A member may claim what it has, or less."""
    order = [Recognition.AUTHORISED, Recognition.COMMUNITY, Recognition.SELF_ASSERTED]
    for claim, claimed in enumerate(order):
        for own, highest in enumerate(order):
            assert claimed.within(highest) is (claim >= own)


def test_every_member_of_a_statement_is_in_its_id() -> None:
    """No two statements that differ in anything share one."""
    other: Digest = sha256(b"other")
    for statement in (BATCH.statement, STATUS.statement):
        changes: dict[str, Any] = {
            "log": "other.example/log",
            "issuer": "did:web:other.example",
            "root": other,
            "time": "2020-01-01T00:00:00Z",
        }
        changes |= {"size": 7, "legacy": other} if isinstance(statement, BatchStatement) else {"batch": other}
        ids = {statement_id(replace(statement, **{name: value})) for name, value in changes.items()}
        assert len(ids | {statement_id(statement)}) == len(changes) + 1
    assert isinstance(STATUS.statement, StatusStatement)
