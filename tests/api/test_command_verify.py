"""`notary verify`, by receipts of the tests' own world."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from notary.core.encoding import to_hex
from tests.api.desk import Desk
from tests.world.cast import ALPHA
from tests.world.chains import MAIN
from tests.world.story import World


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture
def at_hand(desk: Desk, world: World) -> Desk:
    """Everybody's receipt, and the trust file beside them."""
    for name in world.awards:
        desk.file(f"{name}.receipt.json", bytes(world.receipt(name)))
    desk.file("trust.json", json.dumps(world.trust().to_json()))
    return desk


def test_the_first_line_is_the_answer(at_hand: Desk) -> None:
    """A true receipt: `Verified.`, to whom, by whom, since when; exit code 0."""
    lines = at_hand.say("verify", "alice.receipt.json").splitlines()
    assert lines[0] == "✓ Verified."
    assert lines[1].startswith("Issued to Alice by Alpha University: “Harbour Pilot's Licence”.")
    assert lines[2] == "Anchored on 2 January 2026 in block 1\u202f000 of Ethereum."
    assert "A receipt in hand is not identity." in "\n".join(lines)


@pytest.mark.parametrize(
    "name, code, answer",
    [
        ("alice", 0, "✓ Verified."),
        ("heidi", 0, "✓ Verified."),
        ("erin", 0, "✓ Verified."),
        ("bob", 1, "! Revoked."),
        ("carol", 1, "! Suspended."),
        ("dave", 1, "! Replaced."),
    ],
)
def test_status_decides_the_exit_code(at_hand: Desk, name: str, code: int, answer: str) -> None:
    """Revoked, suspended and replaced are no success for a script."""
    assert at_hand.say("verify", f"{name}.receipt.json", code=code).splitlines()[0] == answer


def test_expired_is_verified_and_says_until_when(desk: Desk) -> None:
    """Past its validity a credential stays verified: exit code 0, and the end is said."""
    world = World()
    award = world.award(ALPHA, ALPHA.badge("Zoe", validUntil="2026-02-01T00:00:00Z"))
    desk.file("zoe.receipt.json", bytes(world.receipt(award)))
    desk.file("trust.json", json.dumps(world.trust().to_json()))
    said = desk.say("verify", "zoe.receipt.json")
    assert said.splitlines()[0].endswith("Verified, expired.")
    assert "Valid before 2026-02-01T00:00:00Z (validUntil)." in said


def test_altered_receipt_is_not_verified_and_says_the_innocent_reason(at_hand: Desk) -> None:
    """One letter of the name changed: what was expected, what was found, and why that may be."""
    path = at_hand.folder / "alice.receipt.json"
    path.write_bytes(path.read_bytes().replace(b"Alice", b"Alicf"))
    said = at_hand.say("verify", path, code=1)
    assert said.startswith("✗ Not verified: this is not the credential that was anchored.")
    assert "expected" in said
    assert "found" in said
    assert "Ask for the original." in said


def test_unknown_log_is_not_known_yet(at_hand: Desk, world: World) -> None:
    """A trust file of somebody else: not known, exit code 3, with what would settle it."""
    trust = {**world.trust().to_json(), "consortia": []}  # type: ignore[dict-item]
    at_hand.file("other.json", json.dumps(trust))
    said = at_hand.say("verify", "alice.receipt.json", "--trust", "other.json", code=3)
    assert said.startswith("? Not known yet: your trust file does not know east.example/log.")
    assert "To check: The trust file of the consortium that keeps it." in said


def test_causes_are_said_and_not_what_rests_on_them(at_hand: Desk, world: World) -> None:
    """One missing block is one line, though eight checks rest on it."""
    at_hand.file(
        "young.json", json.dumps(world.trust(blocks=False, block_notes=world.valley.trusted().block_notes).to_json())
    )
    said = at_hand.say("verify", "judy.receipt.json", "--trust", "young.json", code=3)
    assert "if only" not in said
    assert said.count("Not checked:") == 1


def test_malformed_trust_file_allows_no_verdict(at_hand: Desk) -> None:
    """A trust file that cannot be read: not known yet, whatever the receipt is."""
    at_hand.file("trust.json", "{}")
    said = at_hand.say("verify", "alice.receipt.json", code=3)
    assert said.startswith("? Not known yet: your trust file cannot be read")


def test_without_a_trust_file_it_says_where_one_would_be(at_hand: Desk) -> None:
    """No trust file at all: not known, and every place that was looked at."""
    (at_hand.folder / "trust.json").unlink()
    said = at_hand.say("verify", "alice.receipt.json", code=3)
    assert "Not known yet: there is no trust file: expected --trust FILE, NOTARY_TRUST, trust.json" in said
    assert "The consortium publishes its trust file" in said


def test_chosen_trust_file_beats_the_one_that_lies_there(
    at_hand: Desk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NOTARY_TRUST is what the verifier keeps: a file that came with the receipt does not replace it."""
    own = at_hand.file("own/mine.json", json.dumps(world.trust().to_json()))
    at_hand.file("trust.json", "{}")
    monkeypatch.setenv("NOTARY_TRUST", str(own))
    assert "which lay there" not in at_hand.say("verify", "alice.receipt.json")


def test_trust_file_that_lay_there_is_said_to_have(at_hand: Desk) -> None:
    """Whoever made the receipt may have made the trust file beside it."""
    assert "By trust.json, which lay there: compare it" in at_hand.say("verify", "alice.receipt.json")


def test_trust_file_of_the_data_folder_comes_last(at_hand: Desk) -> None:
    """An own notary's trust file serves where there is no other."""
    (at_hand.folder / "data").mkdir()
    (at_hand.folder / "trust.json").rename(at_hand.folder / "data" / "trust.json")
    assert at_hand.say("verify", "alice.receipt.json").startswith("✓ Verified.")


def test_json_is_the_same_content(at_hand: Desk) -> None:
    """One line of JSON: result, words, every check with whole hashes."""
    found = at_hand.json("verify", "alice.receipt.json")
    assert found["result"] == "verified"
    assert found["headline"] == "Verified."
    assert found["recognition"] == ["authorised"]
    assert {check["step"] for check in found["checks"]} == {1, 2, 3, 4, 5, 7, 8, 9, 10, 11}


def test_explain_shows_every_step(at_hand: Desk) -> None:
    """--explain goes one click deeper, in the order of the specification's steps."""
    said = at_hand.say("verify", "alice.receipt.json", "--explain")
    assert "✓  3. Its place in the batch (submission 1): the credential is number 1 of the 5 in its batch" in said


def test_several_receipts_one_answer_each(at_hand: Desk) -> None:
    """Several receipts: each by its name; one that is not verified makes the exit code 1."""
    said = at_hand.say("verify", "alice.receipt.json", "bob.receipt.json", code=1)
    assert "alice.receipt.json\n✓ Verified." in said
    assert "bob.receipt.json\n! Revoked." in said
    found = at_hand.json("verify", "alice.receipt.json", "bob.receipt.json", code=1)
    assert [each["result"] for each in found["receipts"]] == ["verified", "revoked"]


def test_credential_beside_is_found_by_name_or_given(at_hand: Desk) -> None:
    """A receipt that leaves the credential out verifies with the file of its name, or the one that is named."""
    receipt = json.loads((at_hand.folder / "alice.receipt.json").read_bytes())
    credential = receipt.pop("credential")
    at_hand.file("alice.json.receipt.json", receipt)
    assert "the receipt leaves the credential out" in at_hand.say("verify", "alice.json.receipt.json", code=3)
    at_hand.file("other.json", credential)
    at_hand.run("verify", "alice.json.receipt.json", "--credential", "other.json")
    at_hand.file("alice.json", credential)
    at_hand.run("verify", "alice.json.receipt.json")


@pytest.mark.parametrize(
    "words, says",
    [
        (("nothing.json",), "File 'nothing.json' does not exist"),
        (("data",), "is a directory"),
        ((), "Missing argument"),
        (("alice.receipt.json", "--trust", "nowhere"), "File 'nowhere' does not exist"),
        (
            ("alice.receipt.json", "bob.receipt.json", "--credential", "trust.json"),
            "--credential goes with one receipt",
        ),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(at_hand: Desk, words: tuple[str, ...], says: str) -> None:
    """Wrong use says what is wrong and where to read on."""
    (at_hand.folder / "data").mkdir()
    said = at_hand.say("verify", *words, code=2)
    assert says in said
    assert said.endswith("See: notary verify --help\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a":1,"a":2}'])
def test_file_that_is_no_receipt_is_not_verified(at_hand: Desk, content: bytes) -> None:
    """Anything else in place of a receipt is answered in a line, never by a traceback."""
    path = at_hand.file("broken.receipt.json", content)
    assert at_hand.say("verify", path, code=1).startswith("✗ Not verified: this is no intact receipt.")


def test_receipt_of_another_version_is_not_known(at_hand: Desk) -> None:
    """A later version is not looked into."""
    path = at_hand.file("later.receipt.json", {"type": "credential-notary/receipt/v2"})
    at_hand.run("verify", path, code=3)


# ------------------------------------------------------------------------ nodes


class Node:
    """A JSON-RPC node that answers as told."""

    def __init__(self, answers: Callable[[str, list[Any]], Any]) -> None:
        self.asked: list[tuple[str, list[Any]]] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                node.asked.append((request["method"], request["params"]))
                body = json.dumps({"jsonrpc": "2.0", "id": 1, "result": answers(request["method"], request["params"])})
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def node() -> Iterator[Callable[[Callable[[str, list[Any]], Any]], Node]]:
    started: list[Node] = []

    def start(answers: Callable[[str, list[Any]], Any]) -> Node:
        started.append(Node(answers))
        return started[-1]

    yield start
    for each in started:
        each.server.shutdown()
        each.server.server_close()


Start = Callable[[Callable[[str, list[Any]], Any]], Node]


def chain_of(world: World, *, final: int = 10_000, lie: bytes | None = None) -> Callable[[str, list[Any]], Any]:
    """Answer as a node of the main chain does; `lie`: with this hash for every block."""
    blocks = world.harbour.trusted().contracts[0].blocks

    def answers(method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return hex(int(MAIN.removeprefix("eip155:")))
        if params[0] == "finalized":
            return {"number": hex(final)}
        number = int(params[0], 16)
        return {"number": hex(number), "hash": to_hex(lie or blocks[number])} if number in blocks else None

    return answers


@pytest.fixture
def no_blocks(at_hand: Desk, world: World) -> Desk:
    """A trust file that knows no block: whoever verifies asks a node."""
    trust = world.trust(blocks=False, block_notes=world.valley.trusted().block_notes)
    at_hand.file("trust.json", json.dumps(trust.to_json()))
    return at_hand


@pytest.mark.loopback
def test_nodes_of_the_verifiers_choice_settle_blocks(no_blocks: Desk, world: World, node: Start) -> None:
    """The chain is asked first, then blocks by number, at or below the final one."""
    asked = node(chain_of(world))
    no_blocks.run("verify", "judy.receipt.json", code=3)
    no_blocks.run("verify", "judy.receipt.json", "--rpc", asked.url)
    assert asked.asked[0][0] == "eth_chainId"
    assert asked.asked[1] == ("eth_getBlockByNumber", ["finalized", False])
    assert asked.asked[2][1][0].startswith("0x")


@pytest.mark.loopback
@pytest.mark.parametrize(
    "answers, code, says",
    [
        (lambda world: chain_of(world, final=5), 3, "is not final yet"),
        (lambda world: chain_of(world, lie=bytes(32)), 1, "Not verified"),
        (lambda _: lambda _method, _params: None, 3, "answered with no number"),
        (lambda _: lambda _method, _params: "0x539", 3, "on which this receipt does not rest"),
    ],
)
def test_node_that_lags_or_lies(
    no_blocks: Desk, world: World, node: Start, answers: Callable[[World], Any], code: int, says: str
) -> None:
    """A node that does not know leaves it open and is named; one with another hash fails the anchor."""
    assert says in no_blocks.say("verify", "judy.receipt.json", "--rpc", node(answers(world)).url, code=code)


@pytest.mark.loopback
def test_nodes_that_disagree_decide_nothing(no_blocks: Desk, world: World, node: Start) -> None:
    """Two nodes with two hashes of one block: not known yet."""
    urls = (node(chain_of(world)).url, node(chain_of(world, lie=bytes(32))).url)
    said = no_blocks.say("verify", "judy.receipt.json", "--rpc", urls[0], "--rpc", urls[1], code=3)
    assert "your nodes disagree about block" in said


@pytest.mark.loopback
def test_node_out_of_reach_is_never_the_credentials_fault(no_blocks: Desk) -> None:
    """An outage leaves the verdict open and is said."""
    said = no_blocks.say("verify", "judy.receipt.json", "--rpc", "http://127.0.0.1:9", code=3)
    assert "did not answer eth_chainId" in said


# ---------------------------------------------------------------- whole process


def notary(folder: Path, *words: str, watch: str = "") -> "subprocess.CompletedProcess[str]":
    """Run the command line in a fresh process that may not touch the network."""
    program = f"import sys\nsys.argv = {['notary', *words]!r}\n{watch}\nfrom api.command_line import main\nmain()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NOTARY_")}
    project = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**environment, "PYTHONPATH": project},
        capture_output=True,
        text=True,
        check=False,
    )


REFUSING = """
def refuse(event, arguments):
    if event.startswith("socket.") and event != "socket.__new__":
        raise PermissionError(event)
sys.addaudithook(refuse)
"""
IMPORTED = """
import atexit
heavy = ("web3", "sqlalchemy", "fastapi", "eth_tester", "pyrage", "rich", "ipfshttpclient", "dbos", "asyncio")
atexit.register(lambda: print("heavy:", [name for name in heavy if name in sys.modules]))
"""


def test_whole_process_without_network(at_hand: Desk) -> None:
    """In a fresh process with the network forbidden a receipt verifies."""
    done = notary(at_hand.folder, "verify", "alice.receipt.json", watch=REFUSING)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "✓ Verified."), done.stderr


def test_verifying_imports_the_verifier_alone(at_hand: Desk) -> None:
    """What only the service needs is never imported: the base install verifies, and starts at once."""
    done = notary(at_hand.folder, "verify", "alice.receipt.json", watch=IMPORTED)
    assert done.stdout.splitlines()[-1] == "heavy: []", done.stdout + done.stderr
