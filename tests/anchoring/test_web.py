"""HTTP with hosts that are not believed: whatever they send, it ends, in time and in memory."""

from __future__ import annotations

import time

import pytest

from anchoring.web import Answer, Web
from notary.core.errors import OperatorError
from tests.anchoring.hosts import host, raw_host

pytestmark = pytest.mark.loopback


def test_it_gets_and_posts_below_its_address_over_one_connection() -> None:
    """Path and query of the address stay; what is asked follows."""
    with host(
        lambda _, path, body: (200, {"Content-Type": "text/x.size; charset=utf-8"}, path.encode() + body)
    ) as here:
        web = Web(f"{here.url}/log?key=1")
        assert web.ask("/checkpoint", max_size=99) == Answer(200, "text/x.size", b"/log/checkpoint?key=1")
        assert web.ask("/add", body=b" asked", max_size=99).body == b"/log/add?key=1 asked"
        assert len(here.connections) == 1


def test_any_status_is_an_answer_and_no_redirect_is_followed() -> None:
    """Else a public host could send the question to a private one."""
    with host(lambda *_: (302, {"Location": "http://127.0.0.1:1/"}, b"")) as here:
        assert Web(here.url).ask("/x", max_size=9).status == 302
        assert len(here.asked) == 1


@pytest.mark.parametrize(
    "size, fits",
    [(10, True), (11, False), (1 << 20, False)],
)
def test_an_answer_is_as_large_as_allowed_at_most(size: int, fits: bool) -> None:
    with host(lambda *_: (200, {}, bytes(size))) as here:
        if fits:
            assert len(Web(here.url).ask(max_size=10).body) == size
        else:
            with pytest.raises(OperatorError, match="answers too much"):
                Web(here.url).ask(max_size=10)


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    head, chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + bytes(1 << 16) + b"\r\n"
    with raw_host(head, *[chunk] * 1000) as url, pytest.raises(OperatorError, match="answers too much"):
        Web(url).ask(max_size=1 << 18)


@pytest.mark.parametrize(
    "parts",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 500],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 500],
        [b"HTTP/1.1 200 OK\r\n", *[b"X-More: 1\r\n"] * 500],
        [b"H", *[b"T"] * 500],
    ],
    ids=["a body", "chunks", "headers", "a status line"],
)
def test_a_drip_is_cut_in_time(parts: list[bytes]) -> None:
    """A byte now and then keeps any timeout of a socket from firing; the whole has an end all the same."""
    with raw_host(*parts, pause=0.05) as url:
        began = time.monotonic()
        with pytest.raises(OperatorError, match="did not answer"):
            Web(url, seconds=0.5).ask(max_size=10_000)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"no HTTP\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n"],
        [b"HTTP/1.1 200 OK\r\n\r\nof any length"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
        [b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n" * 200, b"\r\n"],
        [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"],
    ],
    ids=["nothing", "no HTTP", "cut short", "no length", "any length", "no chunk", "many headers", "a long header"],
)
def test_what_is_no_whole_answer_is_an_operators_error(parts: list[bytes]) -> None:
    with raw_host(*parts) as url, pytest.raises(OperatorError, match="did not answer"):
        Web(url, seconds=2).ask(max_size=100)


def test_a_connection_that_the_host_closed_is_opened_again() -> None:
    """As hosts do with those that were idle."""
    with raw_host(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as url:
        web = Web(url)
        assert [web.ask(max_size=9).body for _ in range(3)] == [b"ok"] * 3


def test_nobody_there_is_an_operators_error_that_keeps_the_path_to_itself() -> None:
    """A webhook's path is its secret."""
    with raw_host() as url:
        port = url.rpartition(":")[2]
    with pytest.raises(OperatorError) as error:
        Web(f"http://127.0.0.1:{port}/secret-token?key=secret").ask(max_size=9)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["", "h", "ftp://host/", "file:///etc/passwd", "http://", "http://[::1", "http://h:port/"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(OperatorError, match="not usable"):
        Web(url)
