"""Governing by commands: one administrator at first, then several who hand files to each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.api.desk import ISSUER, Desk, badge

TIME = "2026-03-01"


def voting(desk: Desk, name: str) -> str:
    """Make a voting key; return its address."""
    address: str = desk.json("key", "voting", name, "--passphrase-file", desk.passphrase())["address"]
    return address


def propose(desk: Desk, *words: object, code: int = 0) -> dict[str, Any]:
    return desk.json("consortium", "propose", *words, code=code)


def decide(desk: Desk, *words: object) -> dict[str, Any]:
    """Propose, approve with the notary's own vote, apply."""
    file = propose(desk, *words)["file"]
    desk.run("consortium", "approve", file, "--yes")
    return desk.json("consortium", "apply", file)


def member(desk: Desk, name: str) -> dict[str, Any]:
    return next(one for one in desk.json("consortium", "show")["members"] if one["name"] == name)


def working_key(desk: Desk, name: str) -> str:
    return str(member(desk, name)["keys"][0]["publicKeyMultibase"])


# ---------------------------------------------------------------------- the path


def test_from_one_vote_to_two_of_two(founded_desk: Desk) -> None:
    """Founded alone; a second institution is admitted with a vote; from then on both approve, one of them offline."""
    desk = founded_desk
    academy = voting(desk, "academy")
    application = desk.apply("academy", "--recognition", "authorised", "--programme", "https://a.example/1=REG-7")
    said = desk.say("consortium", "propose", "--admit", application, "--add-voter", academy, "--k", 2, stdin="y\n")
    assert "adds Academy, authorised for 1 achievement" in said
    assert "for https://a.example/1 (REG-7)" in said
    assert f"gives a vote to {academy}" in said
    assert "k 1 -> 2, of 2 votes" in said
    assert "1 approval is needed" in said
    desk.run("consortium", "approve", "state-2.proposal", "--yes")
    assert "State 2 is in force: 2 members" in desk.say("consortium", "apply", "state-2.proposal")

    desk.run("consortium", "show", "--out", "copy.json")
    propose(desk, "--member", "Academy", "--alias", "https://academy.example")
    desk.run("consortium", "approve", "state-3.proposal", "--yes")
    short = desk.json("consortium", "apply", "state-3.proposal", code=1)
    assert (short["expected"], short["actual"]) == ("2 of 2 members", "1")
    key = ("--key", "academy.voting.json", "--passphrase-file", desk.passphrase())
    said = desk.say("consortium", "approve", "state-3.proposal", *key, "--state", "copy.json", stdin="y\n")
    assert "Academy also issues as https://academy.example" in said
    assert desk.json("consortium", "apply", "state-3.proposal")["state"] == 3
    assert desk.json("consortium", "apply", "state-3.proposal")["state"] == 3
    history = desk.json("consortium", "history")["changes"]
    assert [(one["state"], one["threshold"], len(one["approvers"])) for one in history] == [
        (1, 1, 0),
        (2, 2, 1),
        (3, 2, 2),
    ]
    assert "State 3, epoch 3: " in desk.say("consortium", "history")
    refused = desk.json("member", "add", desk.apply("third"), "--yes", code=1)
    assert refused["hint"] == "Propose it: notary consortium propose --admit third.application"


def test_a_wallet_signs_the_typed_data(founded_desk: Desk) -> None:
    """Exported, signed by a program that is not ours, handed back; also with v counted from 0."""
    desk = founded_desk
    wallet = Account.create()
    decide(desk, "--add-voter", wallet.address, "--k", 2)
    propose(desk, "--member", "College", "--name", "Kolleg")
    written = desk.json("consortium", "approve", "state-3.proposal", "--typed-data", "wallet")["typed_data"]
    message = encode_typed_data(full_message=json.loads(Path(written[0]).read_bytes()))
    signature = bytes(wallet.sign_message(message).signature)
    ledger_style = "0x" + (signature[:64] + bytes([signature[64] - 27])).hex()
    handed = ("--signer", wallet.address, "--signature", ledger_style)
    desk.run("consortium", "approve", "state-3.proposal", *handed, "--yes")
    desk.run("consortium", "approve", "state-3.proposal", "--yes")
    assert desk.json("consortium", "apply", "state-3.proposal")["state"] == 3
    assert member(desk, "Kolleg")


def test_saying_no_approves_nothing(founded_desk: Desk) -> None:
    """Whoever does not agree has written no file."""
    propose(founded_desk, "--member", "College", "--name", "Kolleg")
    assert "Stopped." in founded_desk.say("consortium", "approve", "state-2.proposal", stdin="n\n", code=1)
    assert not list(founded_desk.folder.glob("*.approval"))


def test_an_approver_compares_with_a_copy_of_their_own(founded_desk: Desk) -> None:
    """A copy of another state than the proposal follows: refused, and said why."""
    desk = founded_desk
    desk.run("consortium", "show", "--out", "copy.json")
    decide(desk, "--member", "College", "--name", "Kolleg")
    propose(desk, "--member", "Kolleg", "--name", "Kollegium")
    said = desk.say("consortium", "approve", "state-3.proposal", "--state", "copy.json", "--yes", code=1)
    assert "The proposal does not follow the state in force: expected state 2" in said


def test_edited_proposal_is_refused(founded_desk: Desk) -> None:
    """One letter of a name changed in the file: it is no longer of one piece."""
    path = Path(propose(founded_desk, "--member", "College", "--name", "Kolleg")["file"])
    path.write_bytes(path.read_bytes().replace(b"Kolleg", b"Kollag"))
    said = founded_desk.say("consortium", "approve", path, "--yes", code=1)
    assert said.startswith("state-2.proposal: the records are another state's")


def test_history_keeps_what_is_final_and_goes_on_there(founded_desk: Desk) -> None:
    """Written beside the ledger, told the same again; one that is spoilt is named, and may be removed."""
    desk = founded_desk
    first = desk.json("consortium", "history")
    kept = desk.folder / "data" / "history.json"
    assert json.loads(kept.read_bytes())["registries"][0]["changes"][0]["epoch"] == 1
    assert desk.json("consortium", "history") == first
    decide(desk, "--member", "College", "--name", "Kolleg")
    assert len(desk.json("consortium", "history", "--keep", desk.folder / "own.json")["changes"]) == 2
    assert len(desk.json("consortium", "history")["changes"]) == 2
    kept.write_bytes(b"{}")
    assert "data/history.json: " in desk.say("consortium", "history", code=1)
    kept.unlink()
    assert len(desk.json("consortium", "history")["changes"]) == 2


def test_a_chain_the_consortium_is_on_is_not_added(founded_desk: Desk) -> None:
    """The embedded chain, where it was founded: refused before anything is paid."""
    said = founded_desk.say("consortium", "add-chain", "embedded", "--yes", code=1)
    assert "is on eip155:" in said
    assert not list(founded_desk.folder.glob("*.proposal"))


# ---------------------------------------------------------------- what is proposed


@pytest.mark.parametrize(
    "words, said",
    [
        (("--member", "College", "--recognition", "authorised"), "College: recognition community -> authorised"),
        (("--member", ISSUER, "--drop-alias", ISSUER), f"College no longer issues as {ISSUER}"),
        (("--member", "College", "--programme", "https://x=R"), "College: community for 1 achievement alone"),
        (("--member", "College", "--leaves", "2027-01-01"), "until 2027-01-01T00:00:00Z"),
        (("--add-notary", f"0x{'AB' * 20}=second.example/log"), f"lets 0x{'ab' * 20} on eip155:"),
        (("--add-voter", f"0x{'AB' * 20}"), f"gives a vote to 0x{'ab' * 20}"),
    ],
)
def test_what_is_proposed_is_said(founded_desk: Desk, words: tuple[str, ...], said: str) -> None:
    """Each option, in the words an approver reads."""
    assert said in founded_desk.say("consortium", "propose", *words)


def test_keys_rotate_and_old_receipts_stay(founded_desk: Desk) -> None:
    """Anchored with the old key; a new one announced by the recovery key; the old one ended; both batches verify."""
    desk = founded_desk
    first = _anchored(desk, "college", "Ana")
    old, did = working_key(desk, "College"), member(desk, "College")["id"]
    desk.run("key", "new", "fresh", "--type", "P-256", "--passphrase-file", desk.passphrase())
    keys = ("--new", "fresh.working.pem", "--by", "college.recovery.pem", "--passphrase-file", desk.passphrase())
    announced = desk.json("key", "announce", "--member", did, *keys, "--out", "a.announcement")
    refused = propose(desk, "--announcement", "a.announcement", code=1)
    assert refused["what"] == "the announcement is not signed by a key of College"
    with_recovery(desk, did)
    decide(desk, "--announcement", "a.announcement", "--member", did, "--end-key", old)
    assert announced["key"]["publicKeyMultibase"].startswith("zDn")
    second = _anchored(desk, "fresh", "Bo")
    desk.run("trust", "export", "trust.json")
    for receipt in (first, second):
        assert "Verified." in desk.say("verify", receipt, "--trust", "trust.json")
    stale = _sealed(desk, "Cy")
    refused = desk.sign("college", stale, "cy.json")
    assert "was not in force then" in desk.say("sign", "--deliver", refused["statement"], code=1)


def with_recovery(desk: Desk, did: str) -> None:
    """Apply again, now with the recovery key's public part: the record gains it, and nothing else changes."""
    from api.key_files import KeyFile
    from tests.api.desk import PASSPHRASE

    recovery = KeyFile.load(desk.folder / "college.recovery.pem", PASSPHRASE).public_key_multibase
    key = ("--key", "college.working.pem", "--passphrase-file", desk.passphrase())
    words = ("--name", "College", "--alias", ISSUER, "--recognition", "community", "--recovery", recovery)
    desk.run("member", "apply", *key, *words, "--out", "again.application")
    said = desk.say("member", "add", "again.application", "--yes")
    assert "It changes the record of College" in said
    assert [key["until"] for key in member(desk, "College")["keys"]] == [None, "1970-01-01T00:00:00Z"]
    assert member(desk, "College")["id"] == did


def test_compromise_from_a_date(founded_desk: Desk) -> None:
    """Proposed with a day; shown with the member's name; the verdict of what was anchored after says it."""
    desk = founded_desk
    receipt = _anchored(desk, "college", "Ana")
    key = working_key(desk, "College")
    said = desk.say("consortium", "propose", "--compromised", f"{key}@{TIME}")
    assert f"marks key {key} of College compromised since 2026-03-01T00:00:00Z" in said
    desk.run("consortium", "approve", "state-2.proposal", "--yes")
    desk.run("consortium", "apply", "state-2.proposal")
    desk.run("trust", "export", "trust.json")
    assert "compromised" in desk.say("verify", receipt, "--trust", "trust.json", code=1)


def test_closing_with_a_successor(founded_desk: Desk) -> None:
    """`member close` writes the proposal; a successor has to be a member."""
    desk = founded_desk
    said = desk.say("member", "close", "College", "--successor", "did:web:nobody.example", code=1)
    assert "The successor of College has to be another member" in said
    desk.run("member", "add", desk.apply("academy"), "--yes")
    did = member(desk, "Academy")["id"]
    written = desk.json("member", "close", "College", "--successor", did, "--on", "2027-06-30")
    assert any(f"successor {did}" in line for line in written["changes"])
    desk.run("consortium", "approve", written["file"], "--yes")
    desk.run("consortium", "apply", written["file"])
    assert (member(desk, "College")["until"], member(desk, "College")["successor"]) == ("2027-06-30T00:00:00Z", did)


def test_custodial_key_is_kept_here_and_said(founded_desk: Desk) -> None:
    """The notary makes and keeps the key; the record says so, and so does the verdict."""
    desk = founded_desk
    desk.run("member", "apply", "--custodial", "--name", "Small School", "--out", "small.application")
    desk.run("member", "add", "small.application", "--yes")
    record = member(desk, "Small School")
    assert [key["custodial"] for key in record["keys"]] == [True]
    desk.run("submit", desk.file("small.json", badge("Ana", issuer=record["id"])), "--issuer", record["id"])
    sealed = desk.json("seal", "--issuer", record["id"])
    desk.run("sign", sealed["batch"], "--yes")
    desk.run("anchor", "--wait")
    (receipt,) = desk.json("receipt", "--batch", sealed["batch"], "--out", "small")["receipts"]
    desk.run("trust", "export", "trust.json")
    assert "The key of Small School is kept by a custodian." in desk.say("verify", receipt, "--trust", "trust.json")


def test_did_web_comes_with_its_document(founded_desk: Desk) -> None:
    """Without the document, or with one that lists none of its keys: refused. With it, pinned in the record."""
    desk = founded_desk
    did = "did:web:academy.example"
    bare = desk.apply("academy", "--id", did)
    assert f"comes without the document of {did}" in desk.say("member", "add", bare, "--yes", code=1)
    key = json.loads(bare.read_bytes())["record"]["keys"][0]["publicKeyMultibase"]
    listed = {"id": f"{did}#1", "type": "Multikey", "controller": did, "publicKeyMultibase": key}
    words = ("--key", "academy.working.pem", "--passphrase-file", desk.passphrase(), "--name", "Academy", "--id", did)
    for document, code, what in (
        ({"id": did, "assertionMethod": []}, 1, "lists none of its keys"),
        ({"id": "did:web:other.example", "assertionMethod": [listed]}, 1, "is another's"),
        ({"id": did, "verificationMethod": [listed], "assertionMethod": [f"{did}#1"]}, 0, "Academy is a member"),
    ):
        path = desk.file("did.json", document)
        desk.run("member", "apply", *words, "--did-document", path, "--out", "web.application")
        assert what in desk.say("member", "add", "web.application", "--yes", code=code)
    assert member(desk, "Academy")["didDocument"]["id"] == did


# --------------------------------------------------------------------- wrong use


@pytest.mark.parametrize(
    "words, code, said",
    [
        ((), 1, "The proposal changes nothing"),
        (("--name", "X"), 2, "Say whom this is about: --member DID"),
        (("--member", "Nobody", "--name", "X"), 1, "'Nobody' is no member"),
        (("--k", "0"), 1, "expected from 1 to 1, found 0"),
        (("--k", "2"), 1, "expected from 1 to 1, found 2"),
        (("--compromised", "z6Mk"), 2, "--compromised takes KEY@TIME"),
        (("--compromised", "z6Mk@yesterday"), 1, "expected a day (2026-03-01)"),
        (("--compromised", "z6Mk@2026-03-01"), 1, "The key 'z6Mk' is no member's"),
        (("--add-voter", "0x12"), 1, "--add-voter: expected 0x and 40 lower-case hex digits"),
        (("--add-notary", "0x12"), 2, "--add-notary takes 0x…=ORIGIN"),
        (("--remove-notary", f"0x{'11' * 20}"), 1, "is no notary"),
        (("--member", "College", "--end-key", "none"), 1, "'none' is no key of College"),
        (("--member", "College", "--programme", "x", "--every-programme"), 2, "exclude each other"),
    ],
)
def test_wishes_that_cannot_be_proposed(founded_desk: Desk, words: tuple[str, ...], code: int, said: str) -> None:
    """What is wrong is said in one line, and no file is written."""
    assert said in founded_desk.say("consortium", "propose", *words, code=code)
    assert not list(founded_desk.folder.glob("*.proposal"))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b'{"type":"credential-notary/proposal/v2"}', b"[" * 999]
)
@pytest.mark.parametrize("what", ["proposal", "approval", "copy", "announcement"])
def test_file_that_is_none(founded_desk: Desk, what: str, content: bytes) -> None:
    """Anything else in a file's place is named with the file."""
    desk = founded_desk
    odd = desk.file("odd", content)
    made = "x" if what == "proposal" else propose(desk, "--member", "College", "--name", "X")["file"]
    words: dict[str, tuple[object, ...]] = {
        "proposal": ("consortium", "approve", odd, "--yes"),
        "approval": ("consortium", "apply", made, odd),
        "copy": ("consortium", "approve", made, "--state", odd, "--yes"),
        "announcement": ("consortium", "propose", "--announcement", odd, "--out", "other"),
    }
    assert desk.say(*words[what], code=1).startswith("odd: ")


def test_wallets_signature_needs_its_signer(founded_desk: Desk) -> None:
    """A signature without an address, or an address without a vote."""
    desk = founded_desk
    file = propose(desk, "--member", "College", "--name", "X")["file"]
    assert "--signature and --signer go together" in desk.say(
        "consortium", "approve", file, "--signature", "0x12", code=2
    )
    words = ("--signature", "0x12", "--signer", f"0x{'11' * 20}", "--yes")
    assert "has no vote on" in desk.say("consortium", "approve", file, *words, code=1)


# ------------------------------------------------------------------------- helpers


def _sealed(desk: Desk, learner: str) -> str:
    desk.run("submit", desk.file(f"{learner.lower()}.json", badge(learner)))
    return str(desk.json("seal")["batch_file"])


def _anchored(desk: Desk, signer: str, learner: str) -> str:
    """Submit, seal, sign, log and anchor one credential; return its receipt."""
    path = _sealed(desk, learner)
    key = ("--key", f"{signer}.working.pem", "--passphrase-file", desk.passphrase())
    method = ("--method", _method(desk, signer))
    own = ("--credentials", f"{learner.lower()}.json")
    signed = desk.json("sign", path, *own, *key, *method, "--yes")
    delivered = desk.json("sign", "--deliver", signed["statement"])
    desk.run("anchor", "--wait")
    found = desk.json("receipt", "--batch", delivered["batch"], "--out", learner)
    return str(found["receipts"][0])


def _method(desk: Desk, signer: str) -> str:
    from api.key_files import KeyFile
    from tests.api.desk import PASSPHRASE

    public = KeyFile.load(desk.folder / f"{signer}.working.pem", PASSPHRASE).public_key_multibase
    return next(str(key["id"]) for key in member(desk, "College")["keys"] if key["publicKeyMultibase"] == public)
