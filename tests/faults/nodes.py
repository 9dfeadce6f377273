"""What the laboratory does to real parts: it mines, restarts a database, empties an IPFS node, fills a disk."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.faults.processes import Process
from tests.parts import free_port, running_kubo

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Rpc:
    """An EVM node asked by plain JSON-RPC, without any of our own code."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, method: str, *parameters: Any) -> Any:
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        request = urllib.request.Request(
            self.url, data=json.dumps(question).encode(), headers={"Content-Type": "application/json"}
        )
        with _direct.open(request, timeout=20) as reply:
            answer = json.load(reply)
        if "result" not in answer:
            raise RuntimeError(f"{method}: {answer.get('error')}")
        return answer["result"]

    def number(self, method: str, *parameters: Any) -> int:
        """Return an answer that is a number."""
        return int(self.ask(method, *parameters), 16)


class Miner:
    """Mines anvil's blocks, several a second; the laboratory can stop the chain where it is."""

    def __init__(self, rpc: Rpc, pause: float = 0.2) -> None:
        self._rpc, self._pause = rpc, pause
        self._runs, self._ended = threading.Event(), threading.Event()
        self._alone = threading.Lock()
        self._thread = threading.Thread(target=self._mine, name="miner", daemon=True)

    def __enter__(self) -> Miner:
        self._rpc.ask("evm_setIntervalMining", 0)
        self._runs.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let no block come by itself while the block runs."""
        self._runs.clear()
        try:
            with self._alone:  # none is under way
                yield
        finally:
            self._runs.set()

    def _mine(self) -> None:
        while not self._ended.wait(self._pause):
            if self._runs.is_set():
                with self._alone:
                    self._rpc.ask("anvil_mine", "0x1")


def restart_postgres(url: str) -> None:
    """Stop a PostgreSQL without ceremony, as a crash would, and start it again; only one that tests started."""
    import psycopg

    with psycopg.connect(url) as connection:
        folder = Path(str(connection.execute("SHOW data_directory").fetchall()[0][0]))
        bindir = str(connection.execute("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetchall()[0][0])
    if not folder.parent.name.startswith("notary-postgres-"):
        raise RuntimeError(f"{folder} is no database of the tests")
    owner = folder.stat()
    command = [f"{bindir}/pg_ctl", "-D", str(folder), "-w", "-m", "immediate", "-l", str(folder.parent / "log")]
    subprocess.run(
        [*command, "restart"],
        check=True,
        cwd=folder.parent,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        user=owner.st_uid,
        group=owner.st_gid,
        timeout=60,
    )


class SupervisedKubo:
    """A Kubo at one address, as its operator runs it: started again where it has ended."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._repositories = folder, 0
        self._alone = threading.Lock()
        self._stack = ExitStack()
        self._process: Process | None = None
        self.api = f"http://127.0.0.1:{free_port()}"

    def __enter__(self) -> SupervisedKubo:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def empty(self) -> None:
        """Kill it, and start one that has nothing."""
        with self._alone:
            self._repositories += 1
            self._start()

    def look(self) -> None:
        """Start it again, on what it has, where it has ended: Pebble ends a Kubo whose disk is full."""
        with self._alone:
            if self._process is None or self._process.ended():
                with suppress(RuntimeError, OSError):  # the disk is full still: the next look tries again
                    self._start()

    def _start(self) -> None:
        self._stack.close()
        self._process = None
        folder, port = self._folder / f"kubo-{self._repositories}", int(self.api.rpartition(":")[2])
        node = self._stack.enter_context(running_kubo(folder, api=port))
        self._process = Process(node.pid)
        self._stack.callback(self._process.end)  # kill -9


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Mount a small tmpfs on an empty folder; gives False where this account may not."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "notary-faults", str(folder)]
    mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Fill the file system that holds a folder to its last byte while the block runs: only ever a small tmpfs."""
    if shutil.disk_usage(folder).total > 1 << 30:
        raise RuntimeError(f"{folder} is not on a small disk of the laboratory's")
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def file_size_limit(pids: list[int], limit: int) -> Iterator[None]:
    """Let no process of these write beyond so many bytes of a file while the block runs: a disk that is full."""
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            if Path(f"/proc/{pid}").exists():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
