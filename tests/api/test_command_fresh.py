"""`verify --fresh`: newer where a source has it, stale with its age where none does, never false because of it."""

import json
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from notary.core.receipt import Receipt
from notary.service.status.bundle import bundle_path
from tests.api.desk import Desk
from tests.api.test_command_status import awarded

EVERY = ("--trust", "trust/trust.json", "--fresh")


@pytest.fixture
def learner(founded_desk: Desk) -> Path:
    """Ana's receipt of the first anchor; since then she was suspended, and the log was exported."""
    ana = awarded(founded_desk, "Ana", "Bo")["Ana"]
    founded_desk.run("receipt", ana, "--out", "held")
    founded_desk.run("log", "export", "before")
    founded_desk.run("suspend", ana, "--reason", "under-review", "--yes")
    key = ("--key", "college.working.pem", "--passphrase-file", founded_desk.passphrase())
    founded_desk.run("sign", "1", *key, "--yes")
    founded_desk.run("anchor", "--wait")
    founded_desk.run("log", "export", "mirror")
    founded_desk.run("receipt", ana, "--out", "trust")  # with the newest trust file
    return Path("held") / f"{ana}.receipt.json"


def test_a_mirror_knows_that_it_was_suspended(founded_desk: Desk, learner: Path) -> None:
    """Offline it was valid; a folder of the log says otherwise, for a whole batch, and proves it."""
    assert founded_desk.json("verify", learner, "--trust", "trust/trust.json")["result"] == "verified"
    said = founded_desk.json("verify", learner, *EVERY, "--from", "mirror", code=1)
    assert said["result"] == "suspended"
    assert said["fresh"] == {"source": "mirror", "status_age_days": 0}
    assert "The status is the newest that mirror has." in founded_desk.say(
        "verify", learner, *EVERY, "--from", "mirror", code=1
    )


def test_the_newest_of_several_sources_counts(
    founded_desk: Desk, learner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is behind cannot hide what another one knows, whichever is asked first."""
    for order in (("before", "mirror"), ("mirror", "before")):
        monkeypatch.setenv("NOTARY_SOURCES", " ".join(order))
        said = founded_desk.json("verify", learner, *EVERY, code=1)
        assert (said["result"], said["fresh"]["source"]) == ("suspended", "mirror")


def test_nobody_to_ask_is_stale_and_never_false(founded_desk: Desk, learner: Path) -> None:
    """An empty folder, and one that is not there: the receipt stays verified, with its age."""
    Path("empty").mkdir()
    places = ("--from", "empty", "--from", "nowhere")
    said = founded_desk.json("verify", learner, *EVERY, *places)
    assert said["result"] == "verified"
    assert said["fresh"] == {"source": None, "status_age_days": 0}
    assert len(said["asked_in_vain"]) == 2
    (status,) = (check for check in said["checks"] if check["step"] == 10)
    assert status["state"] == "stale"
    assert status["says"].endswith("0 days old")
    assert "--from PLACE" in status["settle"]


def test_what_the_trust_file_does_not_know_yet_is_not_believed(founded_desk: Desk, learner: Path) -> None:
    """By the trust file of then the newest block is unknown: stale, with the reason, and not a verdict on it."""
    said = founded_desk.json("verify", learner, "--trust", "held/trust.json", "--fresh", "--from", "mirror")
    assert said["result"] == "verified"
    assert "does not hold here" in said["asked_in_vain"][0]
    assert "trust file" in said["asked_in_vain"][0]


@pytest.mark.parametrize("wrong", ["another batch", "no JSON", "other chunks", "a false signature", "too few chunks"])
def test_a_source_that_lies_changes_nothing(founded_desk: Desk, learner: Path, wrong: str) -> None:
    """Whatever a mirror makes up, the receipt is judged as it is."""
    batch = Receipt.parse(learner.read_bytes()).submissions[0].signed.id
    path = Path("mirror") / bundle_path(batch)
    bundle: dict[str, Any] = json.loads(path.read_text())
    change = bundle["status"]["change"]
    match wrong:
        case "another batch":
            change["statement"]["batch"] = "A" * 43
        case "no JSON":
            path.write_bytes(b"<html>")
        case "other chunks":
            bundle["chunks"] = "g" + bundle["chunks"][1:]
        case "a false signature":
            change["statement"]["proof"]["proofValue"] = change["statement"]["proof"]["proofValue"][:-2] + "11"
        case "too few chunks":
            bundle["chunks"] = ""
    if wrong != "no JSON":
        path.write_text(json.dumps(bundle))
    said = founded_desk.json("verify", learner, *EVERY, "--from", "mirror")
    assert (said["result"], said["fresh"]["source"]) == ("verified", None)


def test_questions_that_go_nowhere_are_wrong_use(founded_desk: Desk, learner: Path) -> None:
    """--fresh without anybody to ask, and somebody to ask without --fresh."""
    assert "--from PLACE" in founded_desk.say("verify", learner, "--fresh", code=2)
    assert "goes with --fresh" in founded_desk.say("verify", learner, "--from", "mirror", code=2)


def test_what_is_no_receipt_is_not_asked_about(founded_desk: Desk, learner: Path) -> None:
    """A file that cannot be read, and a trust file that cannot: the verdict says so."""
    broken = founded_desk.file("broken.json", "{")
    assert founded_desk.json("verify", broken, *EVERY, "--from", "mirror", code=1)["result"] == "not verified"
    said = founded_desk.json("verify", learner, "--trust", broken, "--fresh", "--from", "mirror", code=3)
    assert said["result"] == "not known yet"


@pytest.fixture
def served() -> Iterator[str]:
    """The mirror's folder on a web server of its own; one path leads elsewhere."""

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/moved/"):
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory="mirror"))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.loopback
def test_a_web_server_is_a_mirror_and_a_redirect_is_not_followed(
    founded_desk: Desk, learner: Path, served: str
) -> None:
    """The same files over HTTP, as a notary's log or an IPFS gateway serves them; nobody is led to another host."""
    said = founded_desk.json("verify", learner, *EVERY, "--from", served, code=1)
    assert (said["result"], said["fresh"]["source"]) == ("suspended", served)
    said = founded_desk.json("verify", learner, *EVERY, "--from", f"{served}/moved")
    assert said["result"] == "verified"
    assert "302" in said["asked_in_vain"][0]
    said = founded_desk.json("verify", learner, *EVERY, "--from", "http://127.0.0.1:9/log")
    assert said["result"] == "verified"
    assert "did not answer" in said["asked_in_vain"][0]
