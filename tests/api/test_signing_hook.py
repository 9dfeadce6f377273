"""An institution's own signing service: shown everything, believed nothing, never followed elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.key_files import KeyFile
from api.signing_hook import SigningHook
from notary.core.canonical import canonical
from notary.core.encoding import from_base64url
from notary.core.errors import Mismatch, NotaryError, OperatorError
from notary.core.keys import Algorithm, PublicKey
from notary.core.proof import DataIntegrityProof
from notary.core.statement import BatchStatement, Recognition, message_to_sign
from notary.service.submission.signing import sign
from tests.anchoring.hosts import host, raw_host
from tests.api.desk import Desk, badge

pytestmark = pytest.mark.loopback
METHOD = "did:web:college.example#1"
STATEMENT = BatchStatement(
    log="x/log",
    issuer="did:web:college.example",
    seq=1,
    previous=None,
    size=1,  # type: ignore[arg-type]
    root=bytes(32),  # type: ignore[arg-type]
    recognition=Recognition.COMMUNITY,
    legacy=None,
    joint_with=(),
    time="2026-03-01T00:00:00Z",
)


def service(key: KeyFile, change: Callable[[dict[str, Any]], Any] = lambda _: None) -> Any:
    """A service that signs what it is shown; `change` may spoil its answer."""

    def answer(_: str, __: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked = json.loads(body)
        statement = BatchStatement.parse(json.loads(from_base64url(asked["statement"], "statement")), "statement")
        suite = PublicKey.parse(key.public_key_multibase, "key").cryptosuite
        message = message_to_sign(statement, suite, asked["verificationMethod"])
        proof = DataIntegrityProof(suite, asked["verificationMethod"], key.sign(message)).to_json()
        change(proof)
        return 200, {"Content-Type": "application/json"}, json.dumps({"proof": proof}).encode()

    return answer


@pytest.fixture(params=list(Algorithm), ids=lambda algorithm: algorithm.label)
def key(request: pytest.FixtureRequest, tmp_path: Path) -> KeyFile:
    """The key the service keeps."""
    return KeyFile.create(tmp_path / "key.pem", "passphrase", request.param)


def test_statement_and_summary_are_shown_and_the_proof_comes_back(key: KeyFile) -> None:
    """The exact bytes, the key's id, and what a person saw; the result verifies."""
    with host(service(key)) as here:
        hook = SigningHook(f"{here.url}/sign", key.public_key_multibase, token="secret")
        signed = sign(STATEMENT, hook, METHOD, summary={"titles": ["Harbour Pilot"], "size": 1})
    ((method, path, body),) = here.asked
    assert (method, path) == ("POST", "/sign")
    asked = json.loads(body)
    assert asked["type"] == "credential-notary/signing-request/v1"
    assert from_base64url(asked["statement"], "statement") == canonical(STATEMENT.to_json())
    assert asked["summary"] == {"titles": ["Harbour Pilot"], "size": 1}
    signed.verify(PublicKey.parse(key.public_key_multibase, "key"))


def test_proof_by_another_key_or_of_another_name_is_refused(key: KeyFile, tmp_path: Path) -> None:
    """Verified here, under the key that was named, before anybody uses it."""
    stranger = KeyFile.create(tmp_path / "stranger.pem", "passphrase")
    with host(service(stranger)) as here, pytest.raises(NotaryError):
        sign(STATEMENT, SigningHook(here.url, key.public_key_multibase), METHOD)
    renamed = service(key, lambda proof: proof.update(verificationMethod="did:web:other.example#1"))
    with host(renamed) as here, pytest.raises(Mismatch, match="names another key"):
        sign(STATEMENT, SigningHook(here.url, key.public_key_multibase), METHOD)


@pytest.mark.parametrize(
    "status, body",
    [
        (200, b""),
        (200, b"[]"),
        (200, b'{"proof":{}}'),
        (200, b"[" * 10_000),
        (200, b'{"proof":"' + b"x" * (1 << 15)),
        (403, b"not today\x1b[2J"),
        (500, b""),
    ],
)
def test_answer_that_is_no_proof_is_named(key: KeyFile, status: int, body: bytes) -> None:
    """Declined, too large, or anything else: the host is named, and no escape sequence reaches the screen."""
    with host(lambda *_: (status, {}, body)) as here, pytest.raises(OperatorError, match=r"127\.0\.0\.1") as caught:
        sign(STATEMENT, SigningHook(here.url, key.public_key_multibase), METHOD)
    assert "\x1b" not in str(caught.value)


def test_redirect_is_not_followed(key: KeyFile) -> None:
    """What is to be signed goes to the address that was named and to no other."""
    with host(service(key)) as elsewhere:
        with (
            host(lambda *_: (307, {"Location": elsewhere.url}, b"")) as here,
            pytest.raises(OperatorError, match="did not sign"),
        ):
            sign(STATEMENT, SigningHook(here.url, key.public_key_multibase), METHOD)
        assert not elsewhere.asked


def test_answer_that_drips_is_cut_off(key: KeyFile) -> None:
    """The whole exchange is bounded in time, not each byte of it."""
    drip = (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", *[b"x"] * 8)
    with raw_host(*drip, pause=0.2) as url, pytest.raises(OperatorError, match="did not answer"):
        sign(STATEMENT, SigningHook(url, key.public_key_multibase, seconds=0.5), METHOD)


@pytest.mark.parametrize("url", ["http://college.example/sign", "http://10.0.0.1/", "ftp://127.0.0.1/", "", "http://["])
def test_address_others_could_listen_on_is_refused(url: str) -> None:
    """HTTPS, or this machine itself."""
    with pytest.raises(NotaryError):
        SigningHook(url, "z6Mk")


def test_batch_is_signed_by_the_institutions_own_service(founded_desk: Desk) -> None:
    """From the command: shown first, asked with its token, logged."""
    desk = founded_desk
    desk.run("submit", desk.file("ana.json", badge("Ana")))
    path = desk.json("seal")["batch_file"]
    key = KeyFile.load(desk.folder / "college.working.pem", desk.passphrase().read_text().strip())
    token = desk.file("token", "bearer-of-tests\n")
    token.chmod(0o600)
    with host(service(key)) as here:
        hook = ("--hook", here.url, "--public-key", key.public_key_multibase, "--hook-token", token)
        assert "Stopped." in desk.say("sign", path, "--credentials", "ana.json", *hook, stdin="n\n", code=1)
        assert not here.asked
        signed = desk.json("sign", path, "--credentials", "ana.json", *hook, "--yes")
        assert json.loads(here.asked[0][2])["summary"]["titles"] == ["Harbour Pilot"]
        time.sleep(1)  # a statement made in the same second would be the same one
        assert "Stopped." in desk.say("sign", 1, *hook, stdin="n\n", code=1)
        assert len(here.asked) == 1
        assert desk.json("sign", "1", *hook, "--yes")["entry"] == 0
    assert desk.json("sign", "--deliver", signed["statement"], code=1)["error"]


def test_the_settings_service_is_asked_where_the_ledger_is(founded_desk: Desk) -> None:
    """As at the desk: whoever signs by number names no key where the settings name the institution's service."""
    desk = founded_desk
    desk.run("submit", desk.file("ana.json", badge("Ana")))
    institution = desk.json("seal")["institution"]
    assert "name it with --key" in desk.say("sign", 1, "--yes", code=2)
    key = KeyFile.load(desk.folder / "college.working.pem", desk.passphrase().read_text().strip())
    settings = desk.folder / "data" / "notary.toml"
    with host(service(key)) as here:
        hooks = f"{institution} {here.url}/sign {key.public_key_multibase}"
        settings.write_text(settings.read_text().replace("[[chains]]", f'signing_hooks = "{hooks}"\n[[chains]]'))
        assert desk.json("sign", 1, "--yes")["entry"] == 0
        assert json.loads(here.asked[0][2])["summary"]["titles"] == ["Harbour Pilot"]


@pytest.mark.parametrize(
    "words, said",
    [
        (("--hook", "https://x.example"), "--hook and --public-key go together"),
        (("--hook", "https://x.example", "--public-key", "z6Mk", "--key", "college.working.pem"), "exclude each other"),
        (("--hook", "http://x.example", "--public-key", "z6Mk"), "https://…, or http:// on this machine"),
    ],
)
def test_hook_that_cannot_be_asked(founded_desk: Desk, words: tuple[str, ...], said: str) -> None:
    """Half an instruction is none."""
    desk = founded_desk
    result = desk.say("sign", 1, *words, code=1 if "this machine" in said else 2)
    assert said in result
