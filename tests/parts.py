"""Real parts for tests: found where scripts/nodes puts them, run on free ports, ended by their id.

The session fixtures of conftest.py share one of each. A test that reorganises a chain or kills a
node runs its own: `with running_anvil(tmp_path) as node: …`.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 30.0
STOP_SECONDS = 10.0

# Known to everyone: each node gives the account of its development key all the coins.
ANVIL_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
GETH_KEY = "0xb71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291"
ANVIL_CHAIN_ID = 7_310_001
GETH_CHAIN_ID = 1337

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class PartMissingError(Exception):
    """A real part is not on this machine."""


@dataclass(frozen=True, slots=True)
class EvmNode:
    """A running EVM node: a block a second, finality moves, one account with coins."""

    url: str
    chain: str
    """CAIP-2, as in `eip155:1337`."""
    funded_key: str
    """Private key of the account with the coins, as 0x and hex."""
    pid: int


@dataclass(frozen=True, slots=True)
class KuboNode:
    """A running Kubo node with an empty repository that knows no other node."""

    api: str
    """URL of the RPC API, without a path."""
    gateway: str
    """URL of the gateway, without a path."""
    pid: int

    @property
    def multiaddr(self) -> str:
        """The API's address as ipfshttpclient likes it best."""
        return f"/ip4/127.0.0.1/tcp/{self.api.rpartition(':')[2]}/http"


def program(name: str) -> Path:
    """Path of a real part's program; raises `PartMissingError` where it is not installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    parts = Path(os.environ.get("NOTARY_PARTS") or cache / "credential-notary" / "parts")
    provided = parts / "bin" / name
    found = str(provided) if os.access(provided, os.X_OK) else shutil.which(name)
    if found is None:
        raise PartMissingError(f"{name} is neither in {provided.parent} nor on the PATH; scripts/nodes provides it")
    return Path(found)


def verapdf() -> Path:
    """Folder of veraPDF's archives, which a Java runs; see tests/verapdf."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(os.environ.get("NOTARY_PARTS") or cache / "credential-notary" / "parts") / "verapdf"
    if not folder.is_dir() or shutil.which("java") is None:
        raise PartMissingError(f"veraPDF is not in {folder}, or there is no java; scripts/nodes provides it")
    return folder


def digital_bazaar() -> tuple[str, Path]:
    """The node program, and the script that has Digital Bazaar's libraries check credentials; see tests/node."""
    folder, node = Path(__file__).parent / "node", shutil.which("node")
    if node is None or not (folder / "node_modules" / ".installed").is_file():
        raise PartMissingError("@digitalbazaar/vc is not in tests/node, or there is no node; scripts/nodes provides it")
    return node, folder / "check.mjs"


def require_fonts(*families: str) -> None:
    """Raise `PartMissingError` where a family of fonts is not installed."""
    for family in families:
        program("fc-list")
        if subprocess.run(["fc-list", "--quiet", f":family={family}"], check=False).returncode:
            raise PartMissingError(f"the font {family} is not installed; scripts/nodes provides it")


def free_port() -> int:
    """Return a loopback port that nothing listens on now.

    Below those that systems give to connections on their way out: between the
    look and the listening, one of these would take it.
    """
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def running_anvil(folder: Path, chain_id: int = ANVIL_CHAIN_ID) -> Iterator[EvmNode]:
    """Run anvil: a block each second, *finalized* two blocks behind the latest."""
    port = free_port()
    command = [
        *(str(program("anvil")), "--host", "127.0.0.1", "--port", str(port)),
        *("--chain-id", str(chain_id), "--block-time", "1", "--slots-in-an-epoch", "1"),
    ]
    with _running(command, folder, _evm_answers(port)) as pid:
        yield EvmNode(f"http://127.0.0.1:{port}", f"eip155:{chain_id}", ANVIL_KEY, pid)


@contextmanager
def running_geth(folder: Path) -> Iterator[EvmNode]:
    """Run geth in development mode: a block each second, *finalized* at every 32nd block."""
    port = free_port()
    command = [
        *(str(program("geth")), "--dev", "--dev.period", "1", "--datadir", str(folder / "data")),
        *("--http", "--http.addr", "127.0.0.1", "--http.port", str(port)),
        *("--http.api", "eth,net,web3,debug,txpool", "--ipcdisable"),
    ]
    with _running(command, folder, _evm_answers(port)) as pid:
        yield EvmNode(f"http://127.0.0.1:{port}", f"eip155:{GETH_CHAIN_ID}", GETH_KEY, pid)


@contextmanager
def running_clef(folder: Path, chain: str, passphrase: str, approves: Callable[[Any], bool]) -> Iterator[str]:
    """Run clef for a chain over the keys in `folder`/keys; yields its URL. `approves` stands for the person at it.

    It talks to that person over its standard streams (`--stdio-ui`): JSON-RPC, one message a line.
    """
    port = free_port()
    command = [
        *(str(program("clef")), "--stdio-ui", "--advanced", "--suppress-bootwarn", "--lightkdf"),
        *("--keystore", str(folder / "keys"), "--configdir", str(folder), "--auditlog", ""),
        *("--chainid", chain.removeprefix("eip155:"), "--ipcdisable"),
        *("--http", "--http.addr", "127.0.0.1", "--http.port", str(port)),
    ]
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=_environment(folder, {}),
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
        )
    person = threading.Thread(target=_sit_at_clef, args=(process, passphrase, approves), daemon=True)
    person.start()
    try:
        _wait(process, _clef_listens(port), log)
        yield f"http://127.0.0.1:{port}"
    finally:
        _end(process)
        person.join()


def _sit_at_clef(process: subprocess.Popen[bytes], passphrase: str, approves: Callable[[Any], bool]) -> None:
    assert process.stdin is not None and process.stdout is not None  # noqa: PT018  # both are pipes
    for line in process.stdout:
        asked = json.loads(line)
        shown = asked.get("params", [{}])[0]
        match asked["method"]:
            case "ui_approveTx":
                result = {"approved": approves(shown), "transaction": shown["transaction"]}
            case "ui_approveListing":
                result = {"accounts": shown["accounts"]}
            case "ui_onInputRequired":
                result = {"text": passphrase}
            case _:
                continue  # something it only says
        answer = {"jsonrpc": "2.0", "id": asked["id"], "result": result}
        process.stdin.write(json.dumps(answer).encode() + b"\n")
        process.stdin.flush()


def _clef_listens(port: int) -> Callable[[], bool]:
    def listens() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True

    return listens


@contextmanager
def running_kubo(folder: Path, *, api: int | None = None) -> Iterator[KuboNode]:
    """Run Kubo with a repository of its own, no routing, no peers, nothing announced; `api`: the RPC's port.

    The repository is made where the folder has none, as `docs/operator.md` has it: on Pebble.
    """
    ipfs = str(program("ipfs"))
    api, gateway, swarm = api or free_port(), free_port(), free_port()
    environment = {"IPFS_PATH": str(folder / "repository"), "IPFS_TELEMETRY": "off"}
    settings = {
        "Addresses.API": f"/ip4/127.0.0.1/tcp/{api}",
        "Addresses.Gateway": f"/ip4/127.0.0.1/tcp/{gateway}",
        "Addresses.Swarm": [f"/ip4/127.0.0.1/tcp/{swarm}"],
        "AutoConf.Enabled": False,
        "Bootstrap": [],
        "Discovery.MDNS.Enabled": False,
        "DNS.Resolvers": {},
        "Ipns.DelegatedPublishers": [],
        "Routing.Type": "none",
        "Routing.DelegatedRouters": [],
        "Swarm.DisableNatPortMap": True,
    }
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "repository").exists():
        _run([ipfs, "init", "--profile=test,pebbleds", "--empty-repo"], folder, environment)
    for name, value in settings.items():
        _run([ipfs, "config", "--json", name, json.dumps(value)], folder, environment)

    def answers() -> bool:
        request = urllib.request.Request(f"http://127.0.0.1:{api}/api/v0/version", method="POST")
        with _direct.open(request, timeout=2) as reply:
            return bool(reply.status == 200)

    with _running([ipfs, "daemon"], folder, answers, environment) as pid:
        yield KuboNode(f"http://127.0.0.1:{api}", f"http://127.0.0.1:{gateway}", pid)


def _evm_answers(port: int) -> Callable[[], bool]:
    question = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )

    def answers() -> bool:
        with _direct.open(request, timeout=2) as reply:
            return "result" in json.load(reply)

    return answers


def _environment(folder: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """A node's own home, so that it neither reads nor leaves anything in the user's."""
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), **extra}


def _run(command: Sequence[str], folder: Path, extra: Mapping[str, str]) -> None:
    done = subprocess.run(
        command,
        env=_environment(folder, extra),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed: {done.stderr or done.stdout}")


@contextmanager
def _running(
    command: Sequence[str],
    folder: Path,
    answers: Callable[[], bool],
    extra: Mapping[str, str] | None = None,
) -> Iterator[int]:
    """Run a server until the block ends; yields its process id once it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=_environment(folder, extra or {}),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(process, answers, log)
        yield process.pid
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], answers: Callable[[], bool], log: Path) -> None:
    name = Path(str(process.args[0] if isinstance(process.args, list) else process.args)).name
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if answers():
                return
        except OSError:
            pass  # not listening yet
        time.sleep(0.05)
    ending = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    state = f"ended with {process.returncode}" if process.poll() is not None else "does not answer"
    raise RuntimeError(f"{name} {state}:\n{ending}")
