"""Mirrors of a log and gateways of blocks: each passes the same tests, and a hostile one costs little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anchoring.gateway import GatewayBlocks
from anchoring.mirrors import HttpMirror, open_mirror
from notary.core.cid import Cid
from notary.core.errors import OperatorError
from notary.ports import Mirror, Missing
from tests.anchoring.hosts import host

pytestmark = pytest.mark.loopback
FILES = {"checkpoint": b"a note", "tile/entries/x001/234.p/5": bytes(range(256))}


@pytest.fixture(params=["folder", "http"])
def mirror(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mirror]:
    """The same files from a folder and from a host."""
    if request.param == "folder":
        for path, data in FILES.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(data)
        yield open_mirror(str(tmp_path))
        return

    def answer(_: str, path: str, __: bytes) -> tuple[int, dict[str, str], bytes]:
        found = FILES.get(path.removeprefix("/log/"))
        return (404, {}, b"") if found is None else (200, {}, found)

    with host(answer) as here:
        yield open_mirror(f"{here.url}/log/")


def test_a_file_is_read_whole(mirror: Mirror) -> None:
    for path, data in FILES.items():
        assert mirror.read(path, max_size=len(data)) == data


@pytest.mark.parametrize("path", ["tile/0/000", "checkpoint/000", "tile/entries/x001/234"])
def test_a_file_that_is_not_there_is_missing(path: str, mirror: Mirror) -> None:
    """So the mirror says; another may have it."""
    with pytest.raises(Missing):
        mirror.read(path, max_size=9)


def test_a_file_that_is_too_large_is_not_taken(mirror: Mirror) -> None:
    with pytest.raises(OperatorError) as error:
        mirror.read("checkpoint", max_size=5)
    assert not isinstance(error.value, Missing)


@pytest.mark.parametrize("status", [302, 403, 500, 503])
def test_a_host_that_does_not_give_a_file_does_not_say_that_it_is_missing(status: int) -> None:
    """It may be there again later, or elsewhere."""
    with host(lambda *_: (status, {"Location": "/there"}, b"")) as here:
        with pytest.raises(OperatorError, match=f"status {status}") as error:
            HttpMirror(here.url).read("checkpoint", max_size=9)
        assert not isinstance(error.value, Missing)


def test_one_look_has_an_end_in_bytes_and_in_time() -> None:
    """However many files a host has."""
    with host(lambda *_: (200, {}, bytes(10))) as here:
        sent = HttpMirror(here.url, most=25)
        for _ in range(3):
            sent.read("tile/0/000", max_size=10)
        with pytest.raises(OperatorError, match="takes too long, or sends too much"):
            sent.read("tile/0/000", max_size=10)
        with pytest.raises(OperatorError, match="takes too long, or sends too much"):
            HttpMirror(here.url, seconds=-1).read("checkpoint", max_size=10)


def test_what_is_no_mirror_is_refused(tmp_path: Path) -> None:
    for place in (str(tmp_path / "nowhere"), "ftp://host/"):
        with pytest.raises(OperatorError, match="an http\\(s\\) address or a folder"):
            open_mirror(place)


def test_a_folder_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(OperatorError, match="cannot be read"):
        open_mirror(str(tmp_path)).read("checkpoint", max_size=9)


# ------------------------------------------------------------------------ blocks


def test_a_gateway_gives_a_block_and_is_not_believed() -> None:
    """Another block under the name is none; what it does not have is missing, what it does not say is open."""
    data = b"a block"
    cid = Cid.of(data)
    answers = {f"/ipfs/{cid}?format=raw": (200, data)}
    with host(lambda _, path, __: (answers[path][0], {}, answers[path][1])) as here:
        blocks = GatewayBlocks(here.url)
        assert blocks.get(cid) == data
        answers[f"/ipfs/{cid}?format=raw"] = 200, b"another"
        with pytest.raises(OperatorError, match="another block"):
            blocks.get(cid)
        for status, missing in [(404, True), (504, True), (429, False), (302, False)]:
            answers[f"/ipfs/{cid}?format=raw"] = status, b""
            with pytest.raises(OperatorError) as error:
                blocks.get(cid)
            assert isinstance(error.value, Missing) is missing
        with pytest.raises(OperatorError, match="takes too long"):
            GatewayBlocks(here.url, seconds=-1).get(cid)


@pytest.mark.node
def test_kubos_gateway_gives_blocks(kubo: object) -> None:
    """A Kubo node is a trustless gateway at its gateway's address."""
    from anchoring.kubo import KuboBlocks
    from notary.core.cid import StoredBlock

    block = StoredBlock.of(b"kept by a node")
    KuboBlocks(kubo.api).put([block], pins=[block.cid])  # type: ignore[attr-defined]
    # What nobody has it looks for in the network for 30 s, and answers with 504: not waited for here.
    assert GatewayBlocks(kubo.gateway).get(block.cid) == block.data  # type: ignore[attr-defined]
