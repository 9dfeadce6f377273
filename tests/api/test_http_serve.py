"""`notary serve` as a process: it listens, it says so, it ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from api.http.app import listening
from notary.core.errors import OperatorError
from tests.api.house import found_house
from tests.parts import free_port

pytestmark = pytest.mark.loopback


@pytest.mark.parametrize("how, options", [(signal.SIGTERM, []), (signal.SIGINT, []), (signal.SIGTERM, ["--no-worker"])])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, how: signal.Signals, options: list[str]) -> None:
    """One line once it listens; a signal ends it in order, with exit code 0. Without a worker inside it only serves."""
    settings, _ = found_house(tmp_path)
    settings.save()
    port = free_port()
    environment = {**os.environ, "NOTARY_DATA": str(settings.data), "NOTARY_LISTEN": f"127.0.0.1:{port}"}
    command = [sys.executable, "-c", "from api.command_line import main; main()", "serve", *options]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert f"on 127.0.0.1:{port}".encode() in process.stderr.readline()
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with direct.open(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
                assert answer.read() == b"ok\n"
            assert (settings.data / "workflows.sqlite3").exists() is not bool(options)
            process.send_signal(how)
            said, complaints = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, complaints) == (0, b"")
    assert said.startswith(b"Stopped; everything is kept.")


@pytest.mark.parametrize("address", ["", "8000", ":8000", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "a:-1"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    """The message gives what was expected."""
    with pytest.raises(OperatorError, match="host:port"):
        listening(address)


def test_an_address_in_use_says_what_to_do() -> None:
    """A second service on the same port is told to choose another."""
    port = free_port()
    with listening(f"127.0.0.1:{port}"), pytest.raises(OperatorError, match="another notary"):
        listening(f"127.0.0.1:{port}")
