"""Announcing a new working key: by the recovery key or the old one, and by nobody else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from api.key_files import KeyFile
from notary.core.canonical import JSON, canonical
from notary.core.errors import IssuerError, Malformed, Mismatch, NotaryError
from notary.core.keys import Algorithm
from notary.core.mandate import check_key
from notary.core.registry import (
    PURPOSES,
    Compromise,
    Contract,
    MemberKey,
    MemberRecord,
    NotaryAccount,
    Period,
    RegistryState,
)
from notary.core.statement import BatchStatement, Recognition
from notary.service.governance.announcement import Announcement
from notary.service.governance.rules import NEVER, check_records, is_recovery
from notary.service.members.application import Application
from notary.service.members.registry import make_state
from notary.service.submission.signing import sign

NOW = 1_780_000_000
OPEN = Period(None, None)


@pytest.fixture(params=list(Algorithm), ids=lambda algorithm: algorithm.label)
def keys(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, KeyFile]:
    """A working, a recovery, a new and a stranger's key, all of one kind."""
    names = ("working", "recovery", "new", "stranger")
    return {name: KeyFile.create(tmp_path / name, "passphrase", request.param) for name in names}


def application(keys: dict[str, KeyFile]) -> Application:
    multibase = keys["working"].public_key_multibase
    did = f"did:key:{multibase}"
    record = MemberRecord(
        id=did,
        aliases=(),
        name="College",
        recognition=Recognition.COMMUNITY,
        programmes=(),
        period=OPEN,
        successor=None,
        keys=(MemberKey(f"{did}#{multibase}", multibase, PURPOSES, OPEN, custodial=False),),
        did_document=None,
    )
    return Application.sign(record, keys["recovery"].public_key_multibase, keys["working"])


def announced(keys: dict[str, KeyFile], by: str, *, new: str = "new") -> Announcement:
    record = application(keys).admitted
    multibase = keys["new"].public_key_multibase
    key = MemberKey(f"{record.id}#{multibase}", multibase, PURPOSES, OPEN, custodial=False)
    return Announcement.sign(record.id, key, keys[new], keys[by], f"{record.id}#{keys[by].public_key_multibase}")


def state(record: MemberRecord, *marked: str) -> RegistryState:
    chain = "eip155:1"
    marks = [Compromise(key, "2026-03-01T00:00:00Z") for key in marked]
    contracts, notaries = [Contract(chain, bytes(20))], [NotaryAccount(chain, bytes(20), "x/log")]
    return make_state([record], contracts=contracts, notaries=notaries, compromised=marks).state


def test_application_brings_the_recovery_key_into_the_record(keys: dict[str, KeyFile]) -> None:
    """It stands there with an empty period; what the application itself says is unchanged."""
    made = application(keys)
    assert Application.parse(bytes(made)).admitted == made.admitted
    working, recovery = made.admitted.keys
    assert (is_recovery(working), is_recovery(recovery)) == (False, True)
    check_records([made.admitted])


@pytest.mark.parametrize("moment", [0, 1, NOW, 2**53 - 1])
def test_recovery_key_can_sign_nothing_at_any_time(keys: dict[str, KeyFile], moment: int) -> None:
    """A batch it signed is refused by the verifier's own rule, whatever the block's time."""
    record = application(keys).admitted
    statement = BatchStatement(
        log="x/log",
        issuer=record.id,
        seq=1,
        previous=None,
        size=1,  # type: ignore[arg-type]
        root=bytes(32),  # type: ignore[arg-type]
        recognition=Recognition.COMMUNITY,
        legacy=None,
        joint_with=(),
        time="2026-03-01T00:00:00Z",
    )
    signed = sign(statement, keys["recovery"], record.keys[1].id)
    with pytest.raises(Mismatch, match="was not in force then"):
        check_key(record, signed, moment)


@pytest.mark.parametrize("by", ["recovery", "working"])
def test_key_of_the_record_announces(keys: dict[str, KeyFile], by: str) -> None:
    """Read back from its file and checked against the record in force."""
    record = application(keys).admitted
    made = announced(keys, by)
    assert Announcement.parse(bytes(made)) == made
    found = made.check(record, state(record), now=NOW)
    assert found.public_key_multibase == keys[by].public_key_multibase


def test_stranger_announces_nothing(keys: dict[str, KeyFile]) -> None:
    """Neither by its own name nor by another key's."""
    record = application(keys).admitted
    with pytest.raises(IssuerError, match="is not signed by a key of College"):
        announced(keys, "stranger").check(record, state(record), now=NOW)
    forged = announced(keys, "stranger")
    named = replace(forged, proof=replace(forged.proof, verification_method=record.keys[1].id))
    with pytest.raises(Mismatch):
        named.check(record, state(record), now=NOW)


@pytest.mark.parametrize("by", ["recovery", "working"])
def test_compromised_key_announces_nothing(keys: dict[str, KeyFile], by: str) -> None:
    """Marked in the state in force: the other key has to."""
    record = application(keys).admitted
    with pytest.raises(IssuerError, match="is marked compromised"):
        announced(keys, by).check(record, state(record, keys[by].public_key_multibase), now=NOW)


def test_key_that_ended_announces_nothing(keys: dict[str, KeyFile]) -> None:
    """The working key of yesterday is not the institution's word today."""
    record = application(keys).admitted
    ended = replace(record.keys[0], period=Period(None, "2026-03-01T00:00:00Z"))
    old = replace(record, keys=(ended, record.keys[1]))
    with pytest.raises(Mismatch, match="is not in force"):
        announced(keys, "working").check(old, state(old), now=NOW)


def test_new_key_shows_that_it_is_held(keys: dict[str, KeyFile]) -> None:
    """A key that did not sign its own announcement is refused: it may be another's."""
    with pytest.raises(NotaryError):
        announced(keys, "recovery", new="stranger")
    made = announced(keys, "recovery")
    with pytest.raises(IssuerError, match="is not signed by the key it announces"):
        replace(made, possession=made.proof)


def test_recovery_key_is_not_announced(keys: dict[str, KeyFile]) -> None:
    """An announcement cannot bring in a key of the other kind."""
    made = announced(keys, "recovery")
    with pytest.raises(IssuerError, match="a recovery key cannot be announced"):
        replace(made, key=replace(made.key, period=NEVER))


@pytest.mark.parametrize("name", ["member", "key", "proof", "possession", "type"])
def test_announcement_is_closed(keys: dict[str, KeyFile], name: str) -> None:
    """A member less, or one more, is no announcement."""
    made = announced(keys, "recovery")
    fields: dict[str, JSON] = {
        "type": "credential-notary/announcement/v1",
        "member": made.member,
        "key": made.key.to_json(),
        "proof": made.proof.to_json(),
        "possession": made.possession.to_json(),
    }
    assert canonical(fields) + b"\n" == bytes(made)
    with pytest.raises(Malformed):
        Announcement.parse(canonical({**fields, "more": 1}))
    del fields[name]
    with pytest.raises(Malformed):
        Announcement.parse(canonical(fields))


def test_announced_key_cannot_be_changed(keys: dict[str, KeyFile]) -> None:
    """Both signatures cover all of it."""
    made = announced(keys, "recovery")
    with pytest.raises(Mismatch):
        replace(made, key=replace(made.key, custodial=True))
    with pytest.raises(Mismatch):
        replace(made, member="did:web:other.example")
