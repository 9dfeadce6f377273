"""The whole chain by commands, as an administrator and an institution type them."""

import csv
import json
import stat
from pathlib import Path

import pytest

from tests.api.desk import ISSUER, PASSPHRASE, Desk, badge, ndjson


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ------------------------------------------------------------------------- keys


def test_new_keys_are_encrypted_and_their_owners_alone(desk: Desk) -> None:
    """Two key files nobody else can read, and a sheet with fingerprints and no secret."""
    found = desk.json("key", "new", "college", "--passphrase-file", desk.passphrase(), "--out", "keys")
    for kind in ("working", "recovery"):
        path = Path(found[kind]["file"])
        assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
        assert rights(path) == 0o600
    sheet = Path(found["sheet"]).read_text()
    assert found["working"]["public_key"] in sheet
    assert "Can only announce a new working key" in sheet
    assert "PRIVATE KEY" not in sheet
    assert "http" not in sheet  # self-contained: nothing is loaded from anywhere


def test_passphrase_is_asked_twice(desk: Desk) -> None:
    """Without a passphrase file both keys' passphrases are asked for, each twice."""
    answers = f"{PASSPHRASE}\n{PASSPHRASE}\nanother good one\nanother good one\n"
    said = desk.say("key", "new", "college", stdin=answers)
    assert PASSPHRASE not in said
    assert (desk.folder / "college.recovery.pem").exists()


def test_short_passphrase_is_refused(desk: Desk) -> None:
    """Eight characters at least; nothing is written."""
    assert "expected 8 characters or more" in desk.say("key", "new", "college", stdin="short\nshort\n", code=1)
    assert not list(desk.folder.glob("college*"))


def test_keys_are_never_overwritten(desk: Desk) -> None:
    """The same name again is refused."""
    desk.run("key", "new", "college", "--passphrase-file", desk.passphrase())
    assert "is there already" in desk.say("key", "new", "college", "--passphrase-file", desk.passphrase(), code=1)


def test_passphrase_file_open_to_others_is_refused(desk: Desk) -> None:
    """A passphrase that others may read is none."""
    desk.passphrase().chmod(0o644)
    said = desk.say("key", "new", "college", "--passphrase-file", desk.passphrase(), code=1)
    assert "is open to others: expected 0600, found 0644. chmod 600" in said


# ---------------------------------------------------------------------- members


def test_application_is_shown_with_its_fingerprint_and_taken_in(founded_desk: Desk) -> None:
    """The same eight groups of digits on both sides; the member is there afterwards."""
    application = founded_desk.apply("academy", "--recognition", "authorised")
    shown = founded_desk.say("member", "add", application, stdin="y\n")
    assert "fingerprint" in shown
    assert "Academy is a member, as of registry state 2." in shown
    listed = founded_desk.json("member", "list")["members"]
    assert {member["name"] for member in listed} == {"College", "Academy"}


def test_application_not_confirmed_changes_nothing(founded_desk: Desk) -> None:
    """Whoever says no has added nobody."""
    application = founded_desk.apply("academy")
    assert "Stopped." in founded_desk.say("member", "add", application, stdin="n\n", code=1)
    assert len(founded_desk.json("member", "list")["members"]) == 1


def test_administrator_grants_another_recognition(founded_desk: Desk) -> None:
    """What is asked for is not what is granted."""
    application = founded_desk.apply("academy", "--recognition", "authorised")
    listed = founded_desk.json("member", "add", application, "--recognition", "self-asserted", "--yes")["members"]
    assert {member["name"]: member["recognition"] for member in listed}["Academy"] == "self-asserted"


def test_altered_application_is_refused(founded_desk: Desk) -> None:
    """One letter of the name changed: the application's own signature shows it."""
    application = founded_desk.apply("academy")
    application.write_bytes(application.read_bytes().replace(b"Academy", b"Akademy"))
    said = founded_desk.say("member", "add", application, "--yes", code=1)
    assert "academy.application:" in said
    assert "Ask the institution for its application again." in said


def test_alias_of_another_member_is_refused(founded_desk: Desk) -> None:
    """An issuer id belongs to one member."""
    application = founded_desk.apply("academy", "--alias", ISSUER)
    said = founded_desk.say("member", "add", application, "--yes", code=1)
    assert f"The issuer id '{ISSUER}' stands twice" in said


@pytest.mark.parametrize("did", ["college", "did:", "did:web", "DID:web:x", "did:web:a b"])
def test_malformed_did_is_refused(desk: Desk, did: str) -> None:
    """A DID that is none: expected and found."""
    made = desk.json("key", "new", "college", "--passphrase-file", desk.passphrase())
    key = ("--key", made["working"]["file"], "--passphrase-file", desk.passphrase())
    said = desk.say("member", "apply", *key, "--name", "College", "--id", did, code=1)
    assert said.startswith("--id: expected a DID")


def test_an_api_key_is_shown_once_listed_and_revoked(founded_desk: Desk) -> None:
    """The list names it without showing it, with its role, its end and when it was used; revoked, it says so."""
    made = founded_desk.json("api-key", "new", ISSUER, "--days", 30)
    assert made["api_key"].startswith("cn_")
    audit = founded_desk.json("api-key", "new", "--role", "auditor")
    (listed,) = founded_desk.json("api-key", "list", "--issuer", ISSUER)["keys"]
    assert listed == {name: value for name, value in made.items() if name not in ("api_key", "next")}
    assert (listed["role"], listed["used"], listed["revoked"]) == ("issuer", None, None)
    assert founded_desk.json("api-key", "revoke", made["id"])["revoked"][0]["revoked"] is not None
    said = founded_desk.say("api-key", "list")
    assert made["api_key"] not in said
    assert f"{made['id']}  issuer" in said
    assert f"{audit['id']}  auditor" in said
    assert "revoked 20" in said


@pytest.mark.parametrize(
    "words, says",
    [
        (("--role", "issuer"), "issuer's key is for one institution"),
        ((ISSUER, "--role", "operator"), "operator's key is for the whole notary"),
        ((ISSUER, "--days", 0), "expected 1 to 3660, found 0"),
        (("did:web:no.one",), "'did:web:no.one' is no member"),
    ],
)
def test_an_api_key_of_a_wrong_scope_is_refused(founded_desk: Desk, words: tuple[object, ...], says: str) -> None:
    """What is wrong and what is right; no key is made."""
    assert says in founded_desk.say("api-key", "new", *words, code=1)
    assert founded_desk.json("api-key", "list")["keys"] == []


# ------------------------------------------------------------- the whole chain


def test_from_credentials_to_a_verdict(founded_desk: Desk) -> None:
    """Submit, seal, sign on another machine, deliver, anchor, receipts, verdict: each says the next command."""
    desk = founded_desk
    learners = ["Ana Pérez", "Bo Li", "=HYPERLINK(1)"]
    own = desk.file("diplomas.ndjson", ndjson(badge(learner) for learner in learners))
    pdf = desk.file("work.pdf", b"%PDF-1.7 work")
    said = desk.say("submit", own, "--evidence", pdf, "--narrative", "The work itself.", "--report", "report.json")
    assert said.splitlines()[0] == "3 credentials of College accepted."
    assert said.splitlines()[-1] == "Next: notary seal"
    assert rights(desk.folder / "report.json") == 0o600

    sealed = desk.json("seal", "--out", "batches")
    assert sealed["size"] == 3
    assert rights(Path(sealed["batch_file"])) == 0o600
    assert "notary sign 1" in desk.say("batches")

    signed = desk.sign("college", sealed["batch_file"], own)
    assert signed["titles"] == ["Harbour Pilot"]
    assert (signed["first"], signed["last"]) == ("Ana Pérez", "=HYPERLINK(1)")
    assert desk.json("sign", "--deliver", signed["statement"])["entry"] == 0
    assert "is not final on any chain yet" in desk.say("receipt", "--batch", 1, code=3)

    cost = desk.json("anchor", "--dry-run")["estimates"][0]
    assert cost["credentials"] == 3
    assert int(cost["fee_per_credential"]) == int(cost["fee"]) // 3
    anchored = desk.json("anchor", "--wait")
    assert anchored["final"]
    assert desk.json("batches")["batches"][0]["state"] == "final"

    written = desk.json("receipt", "--batch", 1, "--out", "receipts", "--report", "report.json")
    assert len(written["receipts"]) == 3
    with Path(written["index"]).open(encoding="utf-8-sig", newline="") as file:
        index = list(csv.DictReader(file))
    assert [row["line"] for row in index] == ["1", "2", "3"]
    assert [row["learner"] for row in index] == ["Ana Pérez", "Bo Li", "'=HYPERLINK(1)"]
    assert all(row["link"].startswith("http://127.0.0.1:8000/r/") for row in index)
    assert {row["state"] for row in index} == {"final"}
    for path in written["receipts"]:
        found = desk.json("verify", path)
        assert (found["result"], found["recognition"]) == ("verified", ["community"])


def test_batch_is_signed_where_the_ledger_is(founded_desk: Desk) -> None:
    """With the batch's number: checked against what is kept here, signed, and logged at once."""
    desk = founded_desk
    desk.run("submit", desk.file("ana.json", badge("Ana")))
    desk.run("seal")
    key = ("--key", "college.working.pem", "--passphrase-file", desk.passphrase())
    asked = desk.say("sign", 1, *key, stdin="y\n")
    assert "“Harbour Pilot”; first Ana, last Ana. All of them are your own." in asked
    assert "Signed and logged: entry 0 of harbour.example/log." in asked
    assert "signed and logged already" in desk.say("sign", 1, *key)


def test_single_receipt_and_trust_file(founded_desk: Desk) -> None:
    """One credential's receipt by its id; the trust file says what it makes one believe."""
    desk = founded_desk
    accepted = desk.json("submit", desk.file("ana.json", badge("Ana")))["accepted"][0]
    assert "waits for its batch" in desk.say("receipt", accepted["id"], code=3)
    desk.run("seal")
    desk.run("sign", 1, "--key", "college.working.pem", "--passphrase-file", desk.passphrase(), "--yes")
    desk.run("anchor", "--wait")
    assert desk.json("receipt", accepted["id"])["receipts"] == [f"{accepted['id']}.receipt.json"]
    exported = desk.say("trust", "export", "mine.json")
    assert "Harbour: 1 member in registry state 1;" in exported
    assert "1 final block known" in desk.say("trust", "show", "mine.json")
    refused = desk.say("trust", "export", "two.json", "--anchors-needed", 2, code=1)
    assert "at most the number of chains, 1, found 2" in refused
    desk.run("verify", f"{accepted['id']}.receipt.json", "--trust", "mine.json")


def test_log_is_written_as_static_files(founded_desk: Desk) -> None:
    """Checkpoint, tiles and entries, as C2SP tlog-tiles lays them out."""
    desk = founded_desk
    assert "The log is empty" in desk.say("log", "export", "public", code=1)
    desk.run("submit", desk.file("ana.json", badge("Ana")))
    desk.run("seal")
    desk.run("sign", 1, "--key", "college.working.pem", "--passphrase-file", desk.passphrase(), "--yes")
    desk.run("log", "export", "public")
    files = {
        str(path.relative_to(desk.folder / "public")) for path in (desk.folder / "public").rglob("*") if path.is_file()
    }
    assert files == {"checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"}
    assert (desk.folder / "public/checkpoint").read_text().startswith("harbour.example/log\n1\n")
    assert desk.json("log", "show")["entries"][0]["statement"]["seq"] == 1


def test_doctor_looks_at_three_parts(founded_desk: Desk) -> None:
    """Chain, IPFS, wallet: a line each, and what the wallet can pay for."""
    lines = founded_desk.say("doctor").splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["✓ chain embedded", "✓ IPFS embedded", "✓ wallet on embedded"]
    assert "enough for about" in lines[2]


@pytest.mark.loopback
def test_doctor_says_what_is_down(founded_desk: Desk) -> None:
    """A node that is not reached is named; the rest is looked at all the same."""
    settings = founded_desk.folder / "data" / "notary.toml"
    settings.write_text(settings.read_text().replace("[[chains]]", 'ipfs = "http://127.0.0.1:9"\n[[chains]]'))
    said = founded_desk.say("doctor", code=1)
    assert "✓ chain embedded" in said
    assert "✗ IPFS http://127.0.0.1:9" in said


def test_batches_of_nobody(founded_desk: Desk) -> None:
    """The empty state says how to begin."""
    assert founded_desk.say("batches") == "No batches yet.\nNext: notary submit FILE\n"


# ------------------------------------------------------------------------- init


def test_init_makes_an_institution_of_its_own(desk: Desk) -> None:
    """Without an application: one institution, self-asserted, whose key lies in the data folder and signs by itself."""
    desk.run("init", "--name", "Ana's School")
    assert rights(desk.folder / "data" / "keys") == 0o700
    member = desk.json("member", "list")["members"][0]
    assert (member["name"], member["recognition"]) == ("Ana's School", "self-asserted")
    desk.run("submit", desk.file("ana.json", badge("Ana", issuer=member["id"])))
    desk.run("seal")
    desk.run("sign", 1, "--yes")
    desk.run("anchor", "--wait")


def test_init_twice_is_refused(founded_desk: Desk) -> None:
    """A data folder holds one notary."""
    assert "holds a notary already" in founded_desk.say("init", "--name", "Another", code=1)


def test_origin_that_is_none_is_refused(desk: Desk) -> None:
    """An origin with a blank or a plus is no origin."""
    assert desk.say("init", "--origin", "a b", code=1).startswith("--origin: expected a log origin")


@pytest.mark.loopback
def test_node_out_of_reach_is_said_and_nothing_is_founded(desk: Desk) -> None:
    """A chain that is not there: one line that names it."""
    assert "127.0.0.1:9" in desk.say("init", "--chain", "http://127.0.0.1:9", code=1)
    assert not (desk.folder / "data" / "notary.toml").exists()


# ------------------------------------------------------------------------ stamp


def test_stamp_in_one_go(desk: Desk) -> None:
    """An empty machine, one command: a receipt beside the file, its verdict, and the command to check it."""
    own = desk.file("diploma.json", badge("Ana"))
    said = desk.say("stamp", own, "--name", "Fenwick College", "--issuer-id", ISSUER).splitlines()
    assert said[0] == "Founded a notary of your own, Fenwick College, in data."
    assert said[1] == "diploma.json.receipt.json: Verified."
    assert said[2].startswith("Issued to Ana by Fenwick College: “Harbour Pilot”.")
    assert "self-asserted" in said[2]
    assert said[-1] == "Next: notary verify diploma.json.receipt.json --trust data/trust.json"
    desk.run("verify", "diploma.json.receipt.json")


def test_stamp_takes_what_is_no_credential_of_yours_as_a_file(desk: Desk) -> None:
    """A photograph, and somebody else's credential: submitted by, never issued by; and it says so."""
    desk.file("in/photo.jpg", b"\xff\xd8 photo")
    desk.file("in/theirs.json", badge("Bo", issuer="https://elsewhere.example"))
    desk.file("in/.hidden", b"x")
    desk.file("in/empty.txt", b"")
    found = desk.json("stamp", "in", "--name", "Ana", code=1)
    assert set(found["as_files"]) == {"in/photo.jpg", "in/theirs.json"}
    assert len(found["receipts"]) == 2
    assert set(found["results"].values()) == {"verified"}
    (refused,) = found["refused"].values()
    assert refused.startswith("in/empty.txt is empty")
    assert "Submitted by Ana." in desk.say("verify", "in/photo.jpg.receipt.json")


def test_stamp_again_gives_the_same_receipt_again(desk: Desk) -> None:
    """What was stamped before keeps its place; receipts beside the files are no files to stamp."""
    desk.file("in/a.txt", b"a")
    first = desk.json("stamp", "in", "--name", "Ana")
    again = desk.json("stamp", "in")
    assert again["receipts"] == first["receipts"] == ["in/a.txt.receipt.json"]
    assert len(desk.json("batches")["batches"]) == 1


def test_stamp_learns_an_issuer_id_when_asked(desk: Desk) -> None:
    """An issuer id given later becomes an alias: the same credential is then stamped as issued."""
    own = desk.file("diploma.json", badge("Ana"))
    assert desk.json("stamp", own, "--name", "College")["as_files"]
    assert not desk.json("stamp", own, "--issuer-id", ISSUER)["as_files"]
    assert json.loads((desk.folder / "diploma.json.receipt.json").read_bytes())["form"] == 1


def test_stamp_in_a_consortiums_notary_is_refused(founded_desk: Desk) -> None:
    """Where no institution's key lies in the data folder, nobody is there to sign."""
    said = founded_desk.say("stamp", founded_desk.file("a.txt", b"a"), code=1)
    assert "no institution of its own" in said


def test_join_a_consortium_that_is_there(founded_desk: Desk) -> None:
    """Another data folder on the same chain and store: the members are read and checked, and what lacks is said."""
    desk = founded_desk
    registry = desk.json("doctor")["parts"][0]["says"].partition("registry ")[2].split()[0]
    other = desk.folder / "other"
    other.mkdir()
    for part in ("chain", "blocks"):
        (other / part).symlink_to(desk.folder / "data" / part)
    words = ("init", "--data", "other", "--chain", "embedded", "--registry", registry, "--origin", "second.example/log")
    said = desk.say(*words)
    assert f"Joined the consortium of registry {registry} in other" in said
    assert "Its members have not named this notary yet" in said
    assert desk.json("member", "list", "--data", "other")["members"] == desk.json("member", "list")["members"]


def test_join_goes_with_one_chain_and_no_members(desk: Desk) -> None:
    """Joining founds nothing: no applications, one chain."""
    assert "--registry goes with one --chain" in desk.say("init", "--registry", "0x" + "11" * 20, code=2)
