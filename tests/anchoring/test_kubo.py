"""What a node that lies, stalls or refuses gets from the adapter; real nodes are in tests/ports."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from anchoring.kubo import KuboBlocks
from notary.core.cid import MAX_BLOCK, StoredBlock
from notary.core.errors import OperatorError

BLOCK = StoredBlock.of(b"block")
STATS = {"Stats": {"BlockCount": 1, "BlockBytesCount": 5}}
ROOT = {"Root": {"Cid": {"/": str(BLOCK.cid)}, "PinErrorMsg": ""}}


class Liar(BaseHTTPRequestHandler):
    """A node whose next answers a test writes."""

    status: ClassVar[int]
    body: ClassVar[bytes]
    wait: ClassVar[float]
    seen: ClassVar[list[str | None]]

    def do_POST(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
        time.sleep(self.wait)
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None: ...


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client that hangs up early is what these tests are about."""


@pytest.fixture
def node() -> Iterator[tuple[type[Liar], str]]:
    Liar.status, Liar.body, Liar.wait, Liar.seen = 200, b"", 0, []
    server = Server(("127.0.0.1", 0), Liar)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Liar, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def lines(*answers: object) -> bytes:
    return b"".join(json.dumps(answer).encode() + b"\n" for answer in answers)


@pytest.mark.loopback
def test_an_import_that_the_node_confirms_is_done(node: tuple[type[Liar], str]) -> None:
    """The root it pinned and the number of blocks it stored are ours."""
    node[0].body = lines(ROOT, STATS)
    KuboBlocks(f"http://{node[1]}").put([BLOCK], pins=[BLOCK.cid])


@pytest.mark.loopback
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lines(STATS), id="nothing pinned"),
        pytest.param(lines(ROOT), id="nothing stored"),
        pytest.param(lines(ROOT, {"Stats": {"BlockCount": 0}}), id="fewer blocks"),
        pytest.param(lines({"Root": {"Cid": {"/": str(StoredBlock.of(b"").cid)}}}, STATS), id="another root"),
        pytest.param(lines({"Root": {}}, STATS), id="a root without a CID"),
        pytest.param(lines([1, 2]), id="a list"),
        pytest.param(lines({"Root": None}), id="null"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="no JSON"),
    ],
)
def test_an_import_that_the_node_does_not_confirm_is_an_error(node: tuple[type[Liar], str], body: bytes) -> None:
    """HTTP 200 alone says nothing."""
    node[0].body = body
    with pytest.raises(OperatorError, match=node[1].replace(":", "/tcp/")):
        KuboBlocks(f"http://{node[1]}").put([BLOCK], pins=[BLOCK.cid])


@pytest.mark.loopback
def test_a_pin_error_in_a_successful_answer_is_an_error(node: tuple[type[Liar], str]) -> None:
    """The node says 200 and hides the reason in the last member."""
    node[0].body = lines({"Root": {"Cid": {"/": str(BLOCK.cid)}, "PinErrorMsg": "block not found"}}, STATS)
    with pytest.raises(OperatorError, match=f"cannot pin {BLOCK.cid}: found block not found"):
        KuboBlocks(f"http://{node[1]}").put([BLOCK], pins=[BLOCK.cid])


@pytest.mark.loopback
def test_a_node_whose_disk_was_full_is_to_be_started_again(node: tuple[type[Liar], str]) -> None:
    """LevelDB refuses every write after one that found no room, until the node is restarted: nobody guesses that."""
    full = "write datastore/000025.log: no space left on device"
    node[0].body = lines({"Root": {"Cid": {"/": str(BLOCK.cid)}, "PinErrorMsg": full}}, STATS)
    with pytest.raises(OperatorError, match="restart the node"):
        KuboBlocks(f"http://{node[1]}").put([BLOCK], pins=[BLOCK.cid])


@pytest.mark.loopback
@pytest.mark.parametrize("body", [b"other", b"", bytes(2 * MAX_BLOCK)])
def test_other_bytes_than_the_block_are_never_returned(node: tuple[type[Liar], str], body: bytes) -> None:
    """Other bytes, no bytes, bytes without end."""
    node[0].body = body
    with pytest.raises(OperatorError, match="cannot be true"):
        KuboBlocks(f"http://{node[1]}").get(BLOCK.cid)


@pytest.mark.loopback
@pytest.mark.parametrize("body", [b"other", b"", bytes(2 * MAX_BLOCK)])
def test_other_bytes_than_the_block_are_not_kept(node: tuple[type[Liar], str], body: bytes) -> None:
    """For an audit they are as good as none: the block is put again."""
    node[0].body = body
    assert KuboBlocks(f"http://{node[1]}").kept(BLOCK.cid) is None


@pytest.mark.loopback
@pytest.mark.parametrize(
    "reason",
    [
        "block was not found locally (offline): ipld: could not find b",
        "block in storage has different hash than requested",
    ],
)
def test_a_block_that_the_node_lacks_or_has_damaged_is_not_kept(node: tuple[type[Liar], str], reason: str) -> None:
    """As Kubo says it when it is asked for what it has itself."""
    node[0].status, node[0].body = 500, json.dumps({"Message": reason, "Code": 0, "Type": "error"}).encode()
    assert KuboBlocks(f"http://{node[1]}").kept(BLOCK.cid) is None


@pytest.mark.loopback
def test_a_node_that_cannot_say_what_it_keeps_is_no_loss(node: tuple[type[Liar], str]) -> None:
    """Any other refusal, and a node that is off, are errors: nothing is concluded from them."""
    node[0].status, node[0].body = 500, b'{"Message": "repository is locked", "Code": 0, "Type": "error"}'
    with pytest.raises(OperatorError, match="repository is locked"):
        KuboBlocks(f"http://{node[1]}").kept(BLOCK.cid)
    with pytest.raises(OperatorError, match="cannot be reached"):
        KuboBlocks("http://127.0.0.1:9").kept(BLOCK.cid)


@pytest.mark.loopback
def test_a_node_that_refuses_is_quoted(node: tuple[type[Liar], str]) -> None:
    """The node's own reason, and which request it was; a refusal without a reason gives its HTTP status."""
    node[0].status, node[0].body = 500, b'{"Message": "repository is full", "Code": 0, "Type": "error"}'
    store = KuboBlocks(f"http://{node[1]}")
    with pytest.raises(OperatorError, match=f"refused to unpin {BLOCK.cid}: found repository is full"):
        store.unpin(BLOCK.cid)
    with pytest.raises(OperatorError, match="repository is full"):
        store.put([BLOCK], pins=[BLOCK.cid, StoredBlock.of(b"").cid])
    node[0].status, node[0].body = 403, b"no"
    with pytest.raises(OperatorError, match="403"):
        store.get(BLOCK.cid)


@pytest.mark.loopback
def test_user_and_password_are_sent_and_never_shown(node: tuple[type[Liar], str]) -> None:
    """Messages name the address without them."""
    node[0].body = b"other"
    store = KuboBlocks(f"http://user:p%40ss@{node[1]}")
    with pytest.raises(OperatorError) as caught:
        store.get(BLOCK.cid)
    assert node[0].seen == ["Basic dXNlcjpwQHNz"]
    assert "p%40ss" not in str(caught.value)
    assert "p@ss" not in str(caught.value)


@pytest.mark.loopback
def test_a_silent_node_is_given_up_on(node: tuple[type[Liar], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """After the configured time and a grace, so that the node may say why first."""
    monkeypatch.setattr("anchoring.kubo._GRACE", 0.1)
    node[0].wait = 1
    with pytest.raises(OperatorError, match="TimeoutError"):
        next(KuboBlocks(f"http://{node[1]}", timeout=0.1).pins())


@pytest.mark.loopback
def test_a_node_that_is_not_there_is_named_with_what_to_do() -> None:
    """Address and next step; the request too."""
    with pytest.raises(OperatorError, match=r"/ip4/127.0.0.1/tcp/9/http .*give block .*ipfs daemon"):
        KuboBlocks("http://127.0.0.1:9").get(BLOCK.cid)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:5001",
        "http://127.0.0.1",
        "http://localhost:5001/",
        "https://ipfs.example",
        "http://[::1]:5001",
        "/dns/localhost/tcp/5001/http",
        "/ip4/127.0.0.1/tcp/5001",
    ],
)
def test_a_node_is_named_by_url_or_multiaddr(address: str) -> None:
    """Nothing is sent before the first use."""
    KuboBlocks(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost:5001",
        "ftp://host:5001",
        "http://",
        "http://host:99999",
        "http://host/path",
        "http://host:5001?x=1",
        "http://[::1",
        "http://256.1.1.1:5001",
        "/junk",
        "/ip4/127.0.0.1/udp/5001",
        "http://user:secret@",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(address: str) -> None:
    """It may hold a password."""
    with pytest.raises(OperatorError, match="http://HOST:5001") as caught:
        KuboBlocks(address)
    assert "secret" not in str(caught.value)
