"""What is wrong is named: file, line or field, expected and found, what to do; the rest of the batch is not lost."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.key_files import KeyFile
from notary.core.canonical import canonical
from notary.core.encoding import to_base58, to_digest_text
from notary.core.registry import PURPOSES
from notary.core.statement import BatchStatement
from notary.service.log.entries import read_statement
from notary.service.submission.intake import MAX_FILE
from notary.service.submission.signing import sign
from tests.api.desk import ISSUER, PASSPHRASE, Desk, badge, ndjson
from tests.world.cast import Key

GOOD = json.dumps(badge("Ana")).encode()


def altered(old: str, new: str) -> bytes:
    return GOOD.replace(old.encode(), new.encode(), 1)


def nested(depth: int) -> bytes:
    return altered('"name": "Ana"', f'"name": "Ana", "x": {"[" * depth}{"]" * depth}')


LINES: dict[str, tuple[bytes, str]] = {
    "duplicate keys": (altered('"validFrom"', '"name": "twice", "validFrom"'), "the name 'name' stands twice"),
    "too large a number": (altered('"name": "Ana"', '"name": "Ana", "n": 9007199254740992'), "9007199254740992"),
    "the same in another spelling": (
        altered('"name": "Ana"', '"name": "Ana", "n": 1e20'),
        "the number '1e20' is beyond",
    ),
    "with a fraction": (
        altered('"name": "Ana"', '"name": "Ana", "n": 9007199254740992.0'),
        "is beyond what every reader",
    ),
    "NaN": (altered('"name": "Ana"', '"name": "Ana", "n": NaN'), "NaN is no JSON number"),
    "infinity": (altered('"name": "Ana"', '"name": "Ana", "n": -Infinity'), "-Infinity is no JSON number"),
    "a lone surrogate": (altered("Ana", "\\ud800"), "has no canonical form"),
    "__proto__": (altered('"name": "Ana"', '"name": "Ana", "__proto__": {}'), "a member is named __proto__. Rename it"),
    "deep nesting": (nested(40), "is nested too deep: expected at most 32 levels"),
    "very deep nesting": (nested(100_000), "is nested too deep"),
    "no UTF-8": (altered("Ana", "An\xe1").decode().encode("latin-1"), "is not UTF-8: found byte 0xe1"),
    "no JSON": (b'{"a": }', "is no JSON"),
    "no object": (b'["a"]', "is no credential this release reads"),
    "no issuer": (altered('"issuer"', '"issued by"'), "the credential names no issuer"),
    "two issuers": (altered('"validFrom"', '"iss": "https://b.example", "validFrom"'), "names two issuers"),
    "an unknown issuer": (altered(ISSUER, "https://b.example"), "its issuer is not College: expected did:key:"),
    "a token cut short": (b"eyJhbGciOiJFZERTQSJ9.e30", "is no credential this release reads"),
    "a token of nonsense": (b"eyJhbGciOiJFZERTQSJ9.bm9wZQ.c2ln", "payload"),
    "a PNG without a credential": (
        b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IEND\xaeB`\x82",
        "is an image: expected one credential baked in, found 0",
    ),
}


@pytest.mark.parametrize("data, says", LINES.values(), ids=LINES)
def test_file_that_is_refused_is_named(founded_desk: Desk, data: bytes, says: str) -> None:
    """A credential that cannot be taken: its file and what is wrong; the good one beside it is taken."""
    founded_desk.file("in/bad.json", data)
    founded_desk.file("in/good.json", GOOD)
    found = founded_desk.json("submit", "in", code=1)
    (refused,) = found["refused"]
    assert refused["source"] == "in/bad.json"
    assert "in/bad.json" in refused["why"]
    assert says in refused["why"]
    assert [each["source"] for each in found["accepted"]] == ["in/good.json"]


@pytest.mark.parametrize("data, says", [one for one in LINES.values() if b"\n" not in one[0]])
def test_line_that_is_refused_is_named(founded_desk: Desk, data: bytes, says: str) -> None:
    """The same in NDJSON: file and line; the lines around it are taken."""
    other = json.dumps(badge("Bo")).encode()
    founded_desk.file("many.ndjson", b"\n".join([GOOD, data, b"", other]))
    found = founded_desk.json("submit", "many.ndjson", code=1)
    (refused,) = found["refused"]
    assert (refused["source"], refused["line"]) == ("many.ndjson", 2)
    assert "many.ndjson, line 2" in refused["why"]
    assert says in refused["why"]
    assert [each["line"] for each in found["accepted"]] == [1, 4]


def test_refusals_on_screen_and_in_the_report(founded_desk: Desk) -> None:
    """Twenty on screen, all in the report; the exit code says that not all went in."""
    founded_desk.file("many.ndjson", b"\n".join([GOOD, *[b"{}"] * 25]))
    said = founded_desk.say("submit", "many.ndjson", "--report", "report.json", code=1)
    assert "25 credentials refused:" in said
    assert "… and 5 more" in said
    report = json.loads((founded_desk.folder / "report.json").read_bytes())
    assert [len(report["accepted"]), len(report["refused"])] == [1, 25]


def test_report_is_never_overwritten(founded_desk: Desk) -> None:
    """A report holds links that are kept nowhere else: it is never written over, and nothing is submitted then."""
    founded_desk.file("report.json", b"precious")
    founded_desk.run("submit", founded_desk.file("ana.json", GOOD), "--report", "report.json", code=2)
    assert founded_desk.json("batches")["waiting"] == {}


def make_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, MAX_FILE + 1)


@pytest.mark.parametrize(
    "make, says",
    [
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b" \n\t"), "is empty"),
        (lambda path: path.symlink_to("nowhere"), "cannot be read: found No such file or directory"),
        (lambda path: path.symlink_to(path.name), "cannot be read"),
        (os.mkfifo, "is no file"),
        (
            make_huge,
            "is too large: expected at most 16 MiB, found 64.0 MiB",
        ),
    ],
)
def test_unreadable_file_in_a_folder(founded_desk: Desk, make: Callable[[Path], object], says: str) -> None:
    """An empty, dangling, huge or special file is a line in the report; the others go in."""
    founded_desk.file("in/good.json", GOOD)
    make(founded_desk.folder / "in" / "odd.json")
    found = founded_desk.json("submit", "in", code=1)
    (refused,) = found["refused"]
    assert refused["source"] == "in/odd.json"
    assert refused["why"].startswith(f"in/odd.json {says}")
    assert len(found["accepted"]) == 1


def test_line_without_an_end(founded_desk: Desk) -> None:
    """A line of more than 4 MiB is refused without being held, and the next one is read."""
    founded_desk.file("many.ndjson", b'"' + b"x" * (9 << 20) + b'"\n' + GOOD)
    found = founded_desk.json("submit", "many.ndjson", code=1)
    assert found["refused"][0]["why"].startswith("many.ndjson, line 1 is too large: expected at most 4 MiB")
    assert [each["line"] for each in found["accepted"]] == [2]


def test_standard_input(founded_desk: Desk) -> None:
    """`-` takes NDJSON, or one credential written over several lines."""
    both = ndjson([badge("Ana"), badge("Bo")])
    assert [each["line"] for each in founded_desk.json("submit", "-", stdin=both)["accepted"]] == [1, 2]
    pretty = json.dumps(badge("Cy"), indent=2)
    assert founded_desk.json("submit", "-", stdin=pretty)["accepted"][0]["learner"] == "Cy"
    assert "standard input" in founded_desk.say("submit", "-", stdin="nonsense", code=1)


def test_the_same_credential_twice(founded_desk: Desk) -> None:
    """Twice in one file or once more later: refused, unless it is on purpose."""
    twice = founded_desk.file("twice.ndjson", GOOD + b"\n" + GOOD)
    found = founded_desk.json("submit", twice, code=1)
    assert "twice.ndjson, line 2: the same credential was submitted before" in found["refused"][0]["why"]
    founded_desk.run("seal")
    again = founded_desk.json("submit", founded_desk.file("ana.json", GOOD), code=1)
    assert "ana.json: the same credential was submitted before" in again["refused"][0]["why"]
    assert "--duplicates" in again["refused"][0]["why"]
    assert len(founded_desk.json("submit", twice, "--duplicates")["accepted"]) == 2


def test_another_institutions_name(founded_desk: Desk) -> None:
    """An issuer that is no member: the members are listed."""
    said = founded_desk.say("submit", founded_desk.file("ana.json", GOOD), "--issuer", "did:web:nobody", code=1)
    assert said.startswith("'did:web:nobody' is no member: expected did:key:")


def test_several_institutions_and_none_is_named(founded_desk: Desk) -> None:
    """With two members it must be said whose credentials these are."""
    founded_desk.run("member", "add", founded_desk.apply("academy"), "--yes")
    said = founded_desk.say("submit", founded_desk.file("ana.json", GOOD), code=2)
    assert "say which with --issuer" in said


def test_nothing_to_seal(founded_desk: Desk) -> None:
    """Sealing nothing says how to begin."""
    assert founded_desk.say("seal", code=1) == "College has nothing to seal. Submit credentials first: notary submit.\n"


def test_claiming_more_than_granted(founded_desk: Desk) -> None:
    """A community member cannot seal as authorised."""
    founded_desk.run("submit", founded_desk.file("ana.json", GOOD))
    said = founded_desk.say("seal", "--recognition", "authorised", code=1)
    assert "College cannot claim this recognition: expected at most community, found authorised" in said


# ---------------------------------------------------------------------- signing


@pytest.fixture
def sealed(founded_desk: Desk) -> Desk:
    """Ana's and Bo's credentials, sealed and not signed."""
    founded_desk.file("own/ana.json", GOOD)
    founded_desk.file("own/bo.json", badge("Bo"))
    founded_desk.run("submit", "own")
    founded_desk.run("seal")
    return founded_desk


def test_batch_with_a_position_that_is_not_yours(sealed: Desk) -> None:
    """What the notary slipped in is named by position and source: do not sign."""
    found = sealed.sign("college", "batch-1.ndjson", "own/ana.json", code=1)
    assert found["what"] == "position 2 of the batch (own/bo.json) is not among your credentials"
    assert found["hint"].startswith("Do not sign.")


def test_batch_with_your_credential_twice(sealed: Desk) -> None:
    """A credential you hold once, committed twice, is not yours the second time."""
    lines = (sealed.folder / "batch-1.ndjson").read_bytes().splitlines(keepends=True)
    sealed.file("batch-1.ndjson", b"".join([*lines[:2], lines[1]]))
    assert "position 2" in sealed.sign("college", "batch-1.ndjson", "own", code=1)["what"]


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda lines: lines[:1], "the statement does not commit these positions"),
        (lambda lines: lines[:2], "the statement does not commit these positions"),
        (lambda lines: [lines[0], lines[2], lines[1]], "the statement does not commit these positions"),
        (lambda _: [], "the batch file is empty"),
        (lambda lines: [b"{}\n", *lines[1:]], "batch file, line 1"),
        (lambda lines: [*lines[:2], b"nonsense\n"], "batch file, line 3"),
        (lambda lines: [*lines[:2], lines[2].replace(b'"form":1', b'"form":9')], "batch file, line 3.form"),
        (lambda lines: [*lines[:2], lines[2].replace(b'"form":1', b'"form":3')], "committed in another form"),
    ],
)
def test_batch_file_that_was_changed(sealed: Desk, change: Callable[[list[bytes]], list[bytes]], says: str) -> None:
    """Positions left out, swapped or unreadable: nothing is signed, and the line is named."""
    lines = (sealed.folder / "batch-1.ndjson").read_bytes().splitlines(keepends=True)
    sealed.file("batch-1.ndjson", b"".join(change(lines)))
    assert says in sealed.sign("college", "batch-1.ndjson", "own", code=1)["what"]
    assert not (sealed.folder / "batch-1.statement.json").exists()


def test_wrong_passphrase(sealed: Desk) -> None:
    """The key stays closed."""
    words = ("sign", "batch-1.ndjson", "--credentials", "own", "--key", "college.working.pem", "--yes")
    assert "cannot be opened. Check the passphrase" in sealed.say(*words, stdin="wrong\n", code=1)


def test_signature_by_the_wrong_key(sealed: Desk) -> None:
    """A recovery key signs no batch: refused where the ledger is, and again where it is delivered."""
    key = ("--key", "college.recovery.pem", "--passphrase-file", sealed.passphrase())
    assert "this key is not one of College's" in sealed.say("sign", 1, *key, "--yes", code=1).replace("This", "this")
    signed = sealed.json("sign", "batch-1.ndjson", "--credentials", "own", *key, "--yes")
    assert "needs a new signature" in sealed.json("sign", "--deliver", signed["statement"], code=1)["what"]


def resigned(desk: Desk, **fields: Any) -> Path:
    """The batch's statement with other fields, signed by the college's own key."""
    bare = json.loads((desk.folder / "batch-1.ndjson").read_bytes().splitlines()[0])["statement"]
    statement = BatchStatement.parse({**bare, **fields}, "statement")
    key = KeyFile.load(desk.folder / "college.working.pem", PASSPHRASE)
    signed = sign(statement, key, f"{bare['issuer']}#{key.public_key_multibase}")
    return desk.file("resigned.json", canonical(signed.to_json()))


@pytest.mark.parametrize(
    "fields, says",
    [
        ({"root": "A" * 43}, "the statement commits none of the sealed batches of its issuer"),
        ({"size": 3}, "the statement commits none of the sealed batches of its issuer"),
        ({"log": "other.example/log"}, "the statement is for another log: expected harbour.example/log"),
        ({"seq": 2, "previous": "A" * 43}, "the statement does not follow the newest one of its issuer"),
        ({"recognition": "self-asserted"}, "the statement is not the one of batch 1: expected community"),
        ({"recognition": "authorised"}, "needs a new signature: "),
        ({"issuer": "did:web:stranger.example"}, "did:web:stranger.example is no member"),
    ],
)
def test_statement_for_something_else(sealed: Desk, fields: dict[str, Any], says: str) -> None:
    """A statement of another root, log, place, claim or issuer is not logged, and is told apart."""
    said = sealed.json("sign", "--deliver", resigned(sealed, **fields), code=1)
    assert says in f"{said['what']}: expected {said['expected']}"
    assert sealed.json("log", "show")["size"] == 0


@pytest.mark.parametrize("content", [b"", b"[]", b'{"type":"credential-notary/batch/v1"}', b"\xff", b"{" * 60_000])
def test_file_that_is_no_statement(sealed: Desk, content: bytes) -> None:
    """Anything else in place of a signed statement is named by its file."""
    path = sealed.file("odd.json", content)
    assert sealed.say("sign", "--deliver", path, code=1).startswith("odd.json: ")


def test_altered_signature(sealed: Desk) -> None:
    """A signature that does not verify is not logged."""
    signed = json.loads(Path(sealed.sign("college", "batch-1.ndjson", "own")["statement"]).read_bytes())
    signed["proof"]["proofValue"] = "z" + to_base58(b"\x01" * 64)
    assert "needs a new signature" in sealed.json("sign", "--deliver", sealed.file("x.json", signed), code=1)["what"]


def test_second_signature(sealed: Desk) -> None:
    """The same statement again changes nothing; another one for the same batch is refused."""
    first = Path(sealed.sign("college", "batch-1.ndjson", "own")["statement"])
    sealed.run("sign", "--deliver", first)
    assert sealed.json("sign", "--deliver", first)["entry"] == 0
    later = resigned(sealed, time="2030-01-01T00:00:00Z", seq=2, previous=statement_id(first))
    assert "logged already, by another statement" in sealed.json("sign", "--deliver", later, code=1)["what"]


def statement_id(path: Path) -> str:
    return to_digest_text(read_statement(path.read_bytes()).id)


def test_statement_of_a_stale_predecessor(sealed: Desk) -> None:
    """Two batches signed beside each other: the second is asked for again, and then goes through."""
    sealed.run("submit", sealed.file("cy/cy.json", badge("Cy")))
    sealed.run("seal")
    first = sealed.sign("college", "batch-1.ndjson", "own")["statement"]
    second = sealed.sign("college", "batch-2.ndjson", "cy")["statement"]
    sealed.run("sign", "--deliver", first)
    assert "ask for the statement again" in sealed.say("sign", "--deliver", second, code=1)


def small_order_application() -> dict[str, Any]:
    """An application that proposes the identity point, under which a signature of zeros verifies anything."""
    point = "z" + to_base58(bytes([0xED, 0x01]) + bytes([1]) + bytes(31))
    did = f"did:key:{point}"
    record = {
        "type": "credential-notary/member/v1",
        "id": did,
        "aliases": [],
        "name": "Nobody",
        "recognition": "self-asserted",
        "programmes": [],
        "from": None,
        "until": None,
        "successor": None,
        "keys": [
            {
                "id": f"{did}#{point}",
                "publicKeyMultibase": point,
                "purposes": list(PURPOSES),
                "from": None,
                "until": None,
                "custodial": False,
            }
        ],
        "didDocument": None,
    }
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": f"{did}#{point}",
        "proofPurpose": "assertionMethod",
        "proofValue": "z" + to_base58(bytes([1]) + bytes(63)),
    }
    return {"type": "credential-notary/application/v1", "record": record, "recovery": None, "proof": proof}


def test_small_order_key_never_becomes_a_members(founded_desk: Desk) -> None:
    """A key under which anything verifies is refused before its signature is looked at."""
    path = founded_desk.file("weak.application", canonical(small_order_application()))
    said = founded_desk.say("member", "add", path, "--yes", code=1)
    assert said.startswith("weak.application: ")
    assert "small order" in said


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b'{"type":"credential-notary/application/v1"}', b"\xff"])
def test_file_that_is_no_application(founded_desk: Desk, content: bytes) -> None:
    """Anything else in place of an application is named."""
    path = founded_desk.file("odd.application", content)
    assert founded_desk.say("member", "add", path, "--yes", code=1).startswith("odd.application: ")


def test_trust_file_that_is_none(desk: Desk) -> None:
    """`trust show` names what is off."""
    assert desk.say("trust", "show", desk.file("trust.json", "[]"), code=1).startswith(
        "trust.json: trust file: expected"
    )


@pytest.mark.parametrize("content", ["[]", "{", '{"accepted": 1}', "", "name;link\nAna;x\n", b"\xff\xfe\0"])
def test_report_that_is_none(founded_desk: Desk, content: str | bytes) -> None:
    """A file that is neither a report of submit nor a table of links is named."""
    said = founded_desk.say("receipt", "--batch", 1, "--report", founded_desk.file("x.json", content), code=1)
    expected = "the report of notary submit, or the .links.csv of notary issue"
    assert said == f"x.json holds no links: expected {expected}.\n"


@pytest.mark.parametrize("number", [0, -1, "x"])
def test_batch_number_that_is_none(founded_desk: Desk, number: object) -> None:
    """A batch's number begins at 1."""
    founded_desk.run("receipt", "--batch", number, code=2)


def test_batch_that_is_not_there(founded_desk: Desk) -> None:
    """A batch nobody sealed: what there is instead."""
    assert (
        founded_desk.say("receipt", "--batch", 9, code=1) == "There is no batch 9. See the batches: notary batches.\n"
    )
    assert "There is no batch 9" in founded_desk.say("sign", 9, code=1)
    assert "There is no credential zzz" in founded_desk.say("receipt", "zzz", code=1)


def test_statement_signed_by_a_key_of_another_member(sealed: Desk) -> None:
    """A member cannot sign for another: the key is not among the issuer's."""
    sealed.run("member", "add", sealed.apply("academy"), "--yes")
    batch = json.loads((sealed.folder / "batch-1.ndjson").read_bytes().splitlines()[0])["statement"]
    stranger = Key("stranger")

    class Signer:
        public_key_multibase = stranger.public.multibase

        def sign(self, message: bytes) -> bytes:
            return stranger.sign(message)

    statement = BatchStatement.parse(batch, "statement")
    signed = sign(statement, Signer(), f"{statement.issuer}#{statement.issuer.removeprefix('did:key:')}")
    said = sealed.say("sign", "--deliver", sealed.file("x.json", canonical(signed.to_json())), code=1)
    assert "Needs a new signature: the signature does not verify" in said
