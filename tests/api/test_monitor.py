"""`notary monitor` and `notary witness` as people run them, and whom they tell."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from anchoring.mirrors import HttpMirror
from anchoring.web import Web
from anchoring.witnesses import HttpWitness
from api import alerts
from api.alerts import compose, mail_report, post_report
from api.key_files import KeyFile
from api.monitoring import Monitoring, Places
from api.settings import Settings
from api.wiring import open_witnesses
from notary.core.canonical import canonical
from notary.core.cid import Cid
from notary.core.digest import TreeSize, sha256
from notary.core.errors import NotaryError, OperatorError
from notary.core.merkle import consistency_path
from notary.core.note import Note, VerifierKey
from notary.core.registry import Contract, RegistryState
from notary.core.trust import Quorum, TrustedConsortium, TrustedContract, TrustedLog, TrustFile
from notary.ports.ledger import AnchorState
from notary.service.log.witness import Submission, witness_key
from notary.service.monitoring.findings import Finding, Kind, Report
from notary.service.monitoring.monitor import Watch, monitor
from notary.service.monitoring.seen import Seen
from tests.anchoring.hosts import host
from tests.api.desk import PASSPHRASE, Desk
from tests.api.house import House
from tests.parts import free_port, running_anvil
from tests.service.anvil_lab import DEPTH, founded_on
from tests.service.paper_log import ORIGIN, Files, PaperLog, Signatory

NOW = datetime(2026, 6, 1, tzinfo=UTC)
REGISTRY = RegistryState(
    number=1,
    previous=None,
    contracts=(Contract("eip155:1", bytes(20)),),
    size=TreeSize(1),
    root=sha256(b"members"),
    records=Cid.of(b"records"),
    notaries=(),
    compromised=(),
)
REPORT = Report(ORIGIN, 3, 1, 2, (Finding(Kind.GAP, "statement 2 is missing"),), (), ())


@pytest.fixture
def me() -> Signatory:
    return Signatory()


@pytest.fixture
def log() -> PaperLog:
    return PaperLog()


def write(folder: Path, files: Files) -> Path:
    for path, data in files.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def trust_file(desk: Desk, *logs: PaperLog) -> Path:
    consortium = TrustedConsortium(
        name="Paper",
        contracts=(TrustedContract("eip155:1", bytes(20), None, {}),),
        logs=tuple(TrustedLog(log.origin, (log.vkey,)) for log in logs),
        witnesses=Quorum((), 0),
        block_notes=Quorum((), 0),
        registry=REGISTRY,
        distrusted=(),
        anchors_needed=1,
    )
    return desk.file("trust.json", canonical(TrustFile("2026-06-01T00:00:00Z", (consortium,)).to_json()))


def words(desk: Desk, log: PaperLog, who: Signatory, *more: object) -> list[object]:
    mirror = write(desk.folder / "mirror", log.files())
    return ["monitor", "--issuer", who.did, "--log", mirror, "--trust", trust_file(desk, log), *more]


# ----------------------------------------------------------------------- monitor


def test_a_look_says_that_all_is_well_and_keeps_its_state(desk: Desk, log: PaperLog, me: Signatory) -> None:
    """Exit code 0, and the next look goes on from there."""
    batch = me.batch()
    log.log(batch)
    own = desk.file("own/batch-1.statement.json", json.dumps(batch.to_json(), indent=1)).parent
    said = desk.say(*words(desk, log, me, "--own", own))
    assert said == f"{ORIGIN} is as it should be: 1 entry, 1 new, 1 statement in your name.\n"
    assert (desk.folder / "monitor.state").exists()
    assert desk.json(*words(desk, log, me, "--own", own))["new"] == 0


def test_a_finding_is_exit_code_1_look_after_look_until_it_is_settled(desk: Desk, log: PaperLog, me: Signatory) -> None:
    first, _, third = me.batch("1"), me.batch("2"), me.batch("3")
    log.log(first, third)
    for _ in range(2):
        said = desk.say(*words(desk, log, me), code=1)
        assert said.startswith(f"1 finding in {ORIGIN}:\n  log entry 1, statement 3")
        assert "Not compared: 2 statements in your name" in said
    found = desk.json(*words(desk, log, me), code=1)["findings"]
    assert [each["kind"] for each in found] == ["gap"]
    desk.say(*words(desk, log, me, "--settled"))
    desk.say(*words(desk, log, me))


def test_what_is_not_among_ones_own_is_found(desk: Desk, log: PaperLog, me: Signatory) -> None:
    log.log(me.batch())
    (desk.folder / "own").mkdir()
    said = desk.say(*words(desk, log, me, "--own", desk.folder / "own"), code=1)
    assert "is in your name and not among your own" in said


def test_what_cannot_be_read_is_exit_code_3(desk: Desk, log: PaperLog, me: Signatory) -> None:
    """An outage is no finding, and no reassurance."""
    log.log(me.batch())
    asked = words(desk, log, me)
    (desk.folder / "mirror" / "checkpoint").unlink()
    said = desk.say(*asked, code=3)
    assert said.startswith(f"{ORIGIN} could not be looked at whole:\n  Not known: the log could not be read")


def test_the_log_is_told_by_its_checkpoint_where_the_trust_file_has_several(
    desk: Desk, log: PaperLog, me: Signatory
) -> None:
    """And none it does not know is followed."""
    log.log(me.batch())
    asked = words(desk, log, me)
    trust_file(desk, PaperLog(origin="other.example/log"), log)
    assert ORIGIN in desk.say(*asked)
    trust_file(desk, PaperLog(origin="other.example/log"), PaperLog(origin="third.example/log"))
    assert "does not know the log" in desk.say(*asked, code=1)
    (desk.folder / "mirror" / "checkpoint").unlink()
    desk.say(*asked, code=3)


def test_another_institutions_state_is_refused(desk: Desk, log: PaperLog, me: Signatory) -> None:
    """It never compared what is in this one's name."""
    log.log(me.batch())
    desk.say(*words(desk, log, me))
    assert "is another monitor's" in desk.say(*words(desk, log, Signatory()), code=1)


def test_a_damaged_state_is_refused(desk: Desk, log: PaperLog, me: Signatory) -> None:
    log.log(me.batch())
    desk.file("monitor.state", b"{}")
    assert "state cannot be read" in desk.say(*words(desk, log, me), code=1)


@pytest.mark.parametrize(
    "more, says, code",
    [
        (("--chain", "http://127.0.0.1:1"), "--chain and --ipfs go together", 2),
        (("--ipfs", "nowhere"), "--chain and --ipfs go together", 2),
        (("--chain", "http://127.0.0.1:1", "--ipfs", "nowhere"), "a gateway's address, or a folder", 1),
        (("--own", "."), "holds no signed statement", 1),
        (("--max-age", "0"), "Invalid value for '--max-age'", 2),
    ],
)
def test_wrong_use_says_what_to_write(
    more: tuple[str, ...], says: str, code: int, desk: Desk, log: PaperLog, me: Signatory
) -> None:
    log.log(me.batch())
    assert says in desk.say(*words(desk, log, me, *more), code=code)


@pytest.mark.loopback
def test_a_node_that_is_down_leaves_its_chain_open(desk: Desk, log: PaperLog, me: Signatory, tmp_path: Path) -> None:
    """The log is looked at all the same."""
    from anchoring.embedded_blocks import EmbeddedBlocks

    EmbeddedBlocks(tmp_path)
    log.log(me.batch())
    said = desk.say(*words(desk, log, me, "--chain", f"http://127.0.0.1:{free_port()}", "--ipfs", tmp_path), code=3)
    assert "Not known: a chain could not be read" in said


@pytest.mark.loopback
def test_it_tells_a_webhook_once_of_what_is_new(desk: Desk, log: PaperLog, me: Signatory) -> None:
    """And again where nobody took it; never where there is nothing."""
    log.log(me.batch())
    status = [500]
    with host(lambda *_: (status[0], {}, b"")) as hook:
        asked = words(desk, log, me, "--webhook", f"{hook.url}/token")
        desk.say(*asked)
        assert not hook.asked
        log.log(me.batch(seq=9))
        asked = words(desk, log, me, "--webhook", f"{hook.url}/token")
        assert "Not told to anybody: the webhook at 127.0.0.1" in desk.say(*asked, code=1)
        status[0] = 204
        for _ in range(3):
            assert "Not told" not in desk.say(*asked, code=1)
        _, (method, path, body) = hook.asked
    assert (method, path) == ("POST", "/token")
    assert json.loads(body)["findings"][0]["kind"] == "gap"


def test_the_state_is_kept_after_somebody_was_told(
    desk: Desk, log: PaperLog, me: Signatory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed in between, it tells again rather than never."""
    log.log(me.batch(), me.batch(seq=9))
    asked = words(desk, log, me)
    places = Places(str(desk.folder / "mirror"), (), None, Path(str(asked[6])))
    told: list[Report] = []
    monkeypatch.setattr(alerts, "post_report", lambda _, report: told.append(report))

    def open_one() -> Monitoring:
        return Monitoring.open(me.did, places, desk.folder / "state", None, 60, webhook="http://127.0.0.1:1/")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("api.monitoring.write_whole", killed)
        with pytest.raises(KeyboardInterrupt):
            open_one().look(NOW)
    open_one().look(NOW)
    open_one().look(NOW)
    assert len(told) == 2


# -------------------------------------------------------------------------- mail


def test_nothing_from_outside_stands_in_a_mails_header() -> None:
    """Line feeds in a finding cannot add a recipient; nor can one in an address."""
    evil = replace(REPORT, lasting=(Finding(Kind.STRANGE, "x\r\nBcc: all@example\r\n\r\nclick here"),))
    message = compose("registrar@college.example", evil)
    assert set(message.keys()) == {
        "To", "From", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert "\nBcc" not in message.as_string()
    assert message["Subject"] == "Credential log: 1 finding"
    for wrong in ("a@b.example\r\nBcc: all@example", "a@b.example\nX: y"):
        with pytest.raises(OperatorError, match="one mail address"):
            compose(wrong, REPORT)


@contextmanager
def mail_server(*, takes: bool = True) -> Iterator[tuple[str, list[str]]]:
    """A mail server that keeps what it is told."""
    listener = socket.create_server(("127.0.0.1", 0))
    lines: list[str] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rwb") as file, suppress(OSError):

            def say(text: str) -> None:
                file.write(text.encode() + b"\r\n")
                file.flush()

            say("220 here")
            data = False
            for raw in file:
                line = raw.decode().rstrip("\r\n")
                lines.append(line)
                if data:
                    if line == ".":
                        data = False
                        say("250 taken")
                elif line == "data":
                    data = True
                    say("354 go on")
                elif line.startswith("rcpt") and not takes:
                    say("550 nobody here")
                else:
                    say("221 bye" if line == "QUIT" else "250 yes")

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"smtp://127.0.0.1:{listener.getsockname()[1]}", lines
    finally:
        listener.close()


@pytest.mark.loopback
def test_a_report_goes_by_mail() -> None:
    with mail_server() as (url, lines):
        mail_report("registrar@college.example", url, REPORT)
    assert "rcpt TO:<registrar@college.example>" in lines
    assert "- statement 2 is missing" in lines


@pytest.mark.loopback
def test_a_mail_that_is_not_taken_is_an_operators_error() -> None:
    """A server that refuses, one that is not there, and an address with a password in it."""
    with mail_server(takes=False) as (url, _), pytest.raises(OperatorError, match="did not take the mail"):
        mail_report("registrar@college.example", url, REPORT)
    with pytest.raises(OperatorError, match="did not take the mail"):
        mail_report("registrar@college.example", f"smtp://127.0.0.1:{free_port()}", REPORT)
    for wrong in ("http://host", "smtp://", "smtp://user:secret@host"):
        with pytest.raises(OperatorError, match="without a password") as error:
            mail_report("registrar@college.example", wrong, REPORT)
        assert "secret" not in str(error.value)


@pytest.mark.loopback
def test_a_webhook_that_redirects_did_not_take_it() -> None:
    with (
        host(lambda *_: (307, {"Location": "http://127.0.0.1:1/"}, b"")) as hook,
        pytest.raises(OperatorError, match="status 307"),
    ):
        post_report(hook.url, REPORT)


# ----------------------------------------------------------------------- witness


@contextmanager
def serving(*words: object) -> Iterator[str]:
    """Run `notary witness` as a process of its own; gives what it says first."""
    command = [sys.executable, "-c", "from api.command_line import main; main()", *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert process.stdout is not None
    try:
        yield process.stdout.readline()
    finally:
        process.terminate()
        process.wait(10)


def submission(log: PaperLog, old: int, size: int) -> bytes:
    path = consistency_path(TreeSize(old), TreeSize(size), log.tree(size).node) if old else ()
    return bytes(Submission(old, path, Note.parse(log.checkpoint(size))))


@pytest.mark.loopback
def test_a_witness_serves_its_protocol_and_remembers_over_restarts(desk: Desk, log: PaperLog) -> None:
    """Cosignatures, sizes with their media type, refusals; killed and started again it goes on from its memory."""
    log.entries = [b"1", b"2", b"3"]
    KeyFile.create(desk.folder / "witness.pem", PASSPHRASE)
    key = ("--key", "witness.pem", "--passphrase-file", desk.passphrase(), "--name", "witness.example/w1")
    vkey = desk.json("witness", *key, "--vkey")["vkey"]
    assert vkey == str(witness_key("witness.example/w1", KeyFile.load(desk.folder / "witness.pem", PASSPHRASE)))
    address = f"127.0.0.1:{free_port()}"
    command = ("witness", *key, "--trust", trust_file(desk, log), "--listen", address)
    assert "begins with --new" in desk.say(*command, code=1)
    with serving(*command, "--new") as said:
        assert said == f"Cosigning {ORIGIN} as {vkey} on {address}. Stop: Ctrl-C\n"
        web = Web(f"http://{address}")
        witness = HttpWitness(f"http://{address}/", VerifierKey.parse(vkey))
        answer = witness.add_checkpoint(submission(log, 0, 2))
        assert answer.status == 200
        assert Note.parse(log.checkpoint(2) + answer.body).verify([witness.key])
        again = web.ask("/add-checkpoint", body=submission(log, 0, 3), max_size=99)
        assert (again.status, again.media_type, again.body) == (409, "text/x.tlog.size", b"2\n")
        assert web.ask("/add-checkpoint", body=bytes(400_000), max_size=999).status == 400
        assert web.ask("/add-checkpoint", max_size=999).status == 405
        assert web.ask("/", max_size=999).status == 404
    with serving(*command):
        fork = PaperLog(key=log.key, entries=[b"1", b"another"])
        assert witness.add_checkpoint(submission(fork, 2, 2)).status == 409
        assert witness.add_checkpoint(submission(log, 2, 3)).status == 200


@pytest.mark.loopback
def test_a_witness_that_is_not_there_is_an_operators_error() -> None:
    key = witness_key("witness.example/w1", PaperLog().key)
    began = time.monotonic()
    with pytest.raises(OperatorError, match="did not answer"):
        HttpWitness(f"http://127.0.0.1:{free_port()}", key).add_checkpoint(b"")
    assert time.monotonic() - began < 5


# ------------------------------------------------------------- the notary's side of it


def test_the_trust_file_names_the_witnesses_that_are_needed(founded_desk: Desk) -> None:
    """All of them unless fewer are asked for; another kind of key is refused."""
    keys = [str(witness_key(f"witness.example/w{at}", PaperLog().key)) for at in (1, 2, 3)]
    export = ("trust", "export", "trust.json", *(word for key in keys for word in ("--witness", key)))
    for more, need in (((), 3), (("--witness-need", 2), 2)):
        said = founded_desk.json(*export, *more)
        assert said["trust"]["consortia"][0]["witnesses"] == {"keys": keys, "need": need}
    assert "checkpoints cosigned by 2 of 3 witnesses" in founded_desk.say("trust", "show", "trust.json")
    assert "at most the number of keys, 3" in founded_desk.say(*export, "--witness-need", 4, code=1)
    assert "of signature type 4" in founded_desk.say("trust", "export", "--witness", str(PaperLog().vkey), code=1)


def test_the_setting_names_witnesses_by_address_and_key(tmp_path: Path) -> None:
    """Pairs, apart by spaces; what is no pair, or another kind of key, is refused before anything is opened."""
    vkey = str(witness_key("witness.example/w1", PaperLog().key))
    settings = Settings.load(tmp_path, {"NOTARY_WITNESSES": f"https://w1.example/ {vkey} https://w2.example {vkey}"})
    assert [each.url for each in open_witnesses(settings)] == ["https://w1.example/", "https://w2.example"]  # type: ignore[attr-defined]
    assert open_witnesses(Settings.load(tmp_path, {})) == ()
    for wrong in ("https://w1.example/", f"https://w1.example/ {PaperLog().vkey}", "https://w1.example/ key"):
        with pytest.raises(NotaryError, match="witnesses"):
            open_witnesses(Settings.load(tmp_path, {"NOTARY_WITNESSES": wrong}))


@pytest.mark.loopback
def test_a_log_served_over_http_is_followed(house: House) -> None:
    """The notary's own address is a mirror, tiles and bundles as C2SP asks for."""
    house.award("Ana", "Ben")

    def answer(_: str, path: str, __: bytes) -> tuple[int, dict[str, str], bytes]:
        found = house.client.get(path)
        return found.status_code, {}, found.content

    with host(answer) as here:
        notary = house.notary
        watch = Watch(HttpMirror(f"{here.url}/log/"), (notary.log_vkey,))
        _, report = monitor(Seen(notary.origin, house.institutions[0].did), watch, NOW)
    assert not report.findings
    assert not report.open
    assert report.own == 1


@pytest.mark.node
def test_a_log_and_its_anchors_on_a_real_node_are_followed(desk: Desk) -> None:
    """Exported log, trust file, node and blocks: nothing is wrong until a thief has the wallet."""
    with running_anvil(desk.folder / "anvil") as node, founded_on(node, desk.folder) as anvil:
        lab, data = anvil.lab, anvil.lab.settings.data
        lab.logged(lab.institutions[0], "Ana", "Ben")
        anvil.step()
        anvil.mine(2 * DEPTH)
        assert anvil.step().state is AnchorState.FINAL
        desk.run("log", "export", "public", "--data", data)
        desk.run("trust", "export", "trust.json", "--data", data)
        asked: tuple[str, ...] = (
            "monitor",
            "--issuer",
            lab.institutions[0].did,
            "--log",
            "public",
            "--trust",
            "trust.json",
        )
        asked += ("--chain", node.url, "--ipfs", str(data / "blocks"))
        found = desk.json(*asked)
        assert (found["size"], found["own"], found["findings"], found["open"]) == (1, 1, [], [])
        site = lab.notary.sites[0]
        call = lab.notary.contracts.anchor(site.contract, sha256(b"stolen"))
        site.wallet.broadcast(site.wallet.sign(call, nonce=site.wallet.next_nonce(), quote=site.wallet.quote(call)))
        anvil.mine(2 * DEPTH)
        found = desk.json(*asked, code=1)
        assert [each["kind"] for each in found["findings"]] == ["preimage"]
