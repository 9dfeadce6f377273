"""A notary as it is run: its own processes over real parts, institutions that talk to it over HTTP, and their patience.

The world ends only what it started. Processes that die are started again at once,
as a supervisor would; nothing else is ever done by hand.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import shutil
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anchoring.dev_faucet import fund
from api.demo.institutions import PROFILES, Institution
from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import ChainSetting, Settings
from api.wiring import make_keys, open_notary
from notary.core.canonical import canonical
from notary.core.credential import read
from notary.core.encoding import to_hex
from notary.service.access.api_keys import create_api_key
from notary.service.submission.batch_file import BatchFile
from notary.service.submission.signing import recompute, sign
from tests.faults.auditor import Audit, Auditor, Scene
from tests.faults.nodes import Miner, Rpc, SupervisedKubo, small_disk
from tests.faults.points import Faults
from tests.faults.processes import Nursery, Process, Supervised, supervised
from tests.parts import EvmNode, free_port, running_anvil, running_geth
from tests.ports.fake_node import FakeNode
from tests.ports.fake_node import running as running_proxy

SINCE = "2026-01-01T00:00:00Z"
ORIGIN = "faults.example/log"
MEMBERS = 20
PATIENCE = 90.0
"""Seconds after which something that should have become final counts as lost."""
STUCK = 4
"""The notary's patience with a transaction, in seconds: replacements happen within a run."""
FEE_CAP = 200 * 10**9
DISK = 512
"""Megabytes of the small disk that holds data folder and Kubo's repository."""
_FOUNDING = threading.Lock()
"""Alembic migrates one database at a time in a process."""
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class LostError(Exception):
    """Something did not happen in time; whatever waits for it is lost as far as anybody knows."""


class RefusedError(Exception):
    """The service answered that the caller has to change something."""


@dataclass
class Client:
    """An institution's program: what it holds, and what was acknowledged to it. It retries until it has an answer."""

    institution: Institution
    key: str
    url: str
    own: list[bytes] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)

    def submit(self, count: int, rng: random.Random) -> None:
        """Issue credentials and hand them in, until the service has said what became of them."""
        made = []
        for _ in range(count):
            number = rng.getrandbits(60)
            issued = self.institution.issue(f"Learner {number % 10_000}", number, "2026-05-01T00:00:00Z", {})
            made.append(canonical(issued))
        self.own += made
        report = json.loads(self.call("POST", "/v1/credentials", b"\n".join(made), kind="application/x-ndjson"))
        self.acknowledged += [each["id"] for each in report["accepted"]]

    def sign_all(self) -> None:
        """Seal what waits, and sign every sealed batch after recomputing it."""
        with suppress(RefusedError):  # nothing waits: sealed by a call whose answer was lost
            self.call("POST", "/v1/batches", b"{}")
        for number in self.batches("sealed"):
            data = self.call("GET", f"/v1/batches/{number}/file")
            batch = BatchFile.parse(data.splitlines(keepends=True))
            shown = recompute(batch, (read(one, "own") for one in self.own))
            signed = sign(shown.statement, self.institution.key, self.institution.verification_method)
            self.call("POST", f"/v1/batches/{number}/statement", canonical(signed.to_json()))

    def batches(self, state: str | None = None) -> list[int]:
        """Return the numbers of its batches, or of those in a state."""
        found = json.loads(self.call("GET", "/v1/batches"))
        return [each["batch"] for each in found if state in (None, each["state"])]

    def all_final(self) -> bool:
        return all(each["state"] == "final" for each in json.loads(self.call("GET", "/v1/batches")))

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        """Call until an answer comes: whatever cut the last try short may have happened all the same."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind}
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with _direct.open(request, timeout=30) as answer:
                    found: bytes = answer.read()
                return found
            except urllib.error.HTTPError as error:
                with error:
                    said = error.read()[:500].decode(errors="replace")
                if error.code < 500 and error.code != 429:
                    raise RefusedError(f"{path}: {error.code} {said}") from None
                last = f"{error.code} {said}"
            except (OSError, http.client.HTTPException) as error:
                last = repr(error)
            if time.monotonic() > deadline:
                raise LostError(f"{method} {path} is not answered for {PATIENCE:.0f} s: {last}")
            time.sleep(0.1)


@dataclass
class World:
    """Everything of one notary, and what the laboratory may do to it."""

    folder: Path
    rpc: Rpc
    proxy: FakeNode
    miner: Miner | None
    faults: Faults
    scene: Scene
    clients: tuple[Client, ...]
    disk: bool
    database: str
    rng: random.Random
    data: Path
    nursery: Nursery
    kubo: SupervisedKubo
    processes: list[Supervised] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.auditor = Auditor(self.scene)

    # -------------------------------------------------------------- one run

    def issue(self, count: int = 2) -> Client:
        """Have one institution issue, submit, seal and sign."""
        client = self.rng.choice(self.clients)
        client.submit(count, self.rng)
        client.sign_all()
        return client

    def settle(self) -> None:
        """Wait until everything is final as the service says it; LostError where it is not in time."""
        deadline = time.monotonic() + PATIENCE
        open_ = [client for client in self.clients if client.own]
        while open_ := [client for client in open_ if not client.all_final()]:
            if time.monotonic() > deadline:
                raise LostError(f"{len(open_)} institutions wait for more than {PATIENCE:.0f} s")
            time.sleep(0.1)

    def wait(self, happened: Callable[[], bool], what: str, seconds: float = 45.0) -> None:
        """Wait for something the laboratory counts on."""
        deadline = time.monotonic() + seconds
        while not happened():
            if time.monotonic() > deadline:
                raise LostError(f"{what}: not within {seconds:.0f} s")
            time.sleep(0.01)

    def audit(self, ids: Sequence[str]) -> Audit:
        """Count everything accepted so far; the receipts of `ids` are fetched and verified."""
        receipts: dict[str, bytes | None] = {}
        for client in self.clients:
            for name in (name for name in client.acknowledged if name in set(ids)):
                try:
                    receipts[name] = client.call("GET", f"/v1/receipts/{name}")
                except RefusedError:
                    receipts[name] = None  # not final, as the service sees it
        return self.auditor.audit(self.acknowledged(), receipts)

    def acknowledged(self) -> list[str]:
        return [name for client in self.clients for name in client.acknowledged]

    def keep_logs(self, name: str) -> None:
        """Copy the processes' logs to where they outlive this world: NOTARY_FAULTS_LOGS, where it is set."""
        target = os.environ.get("NOTARY_FAULTS_LOGS")
        if target:
            folder = Path(target) / "".join(letter if letter.isalnum() else "-" for letter in name)
            folder.mkdir(parents=True, exist_ok=True)
            for log in self.folder.glob("*.log"):
                shutil.copy(log, folder)

    def run_beside(self, *words: str) -> Process:
        """Start a command of a person's beside the workers, out of the laboratory's reach; the caller ends it."""
        return self.nursery.start(words, self.folder / "beside.log", self.folder / "nobody")


@contextmanager
def running_world(
    folder: Path, *, chain: str = "anvil", database: str = "sqlite", workers: int = 1, seed: int = 0
) -> Iterator[World]:
    """Found a notary of twenty institutions on real parts and run it, its processes supervised."""
    with ExitStack() as stack:
        node = stack.enter_context(_node(chain, folder))
        proxy = stack.enter_context(running_proxy(upstream=node.url))
        small = folder / "disk"
        small.mkdir()
        on_small_disk = stack.enter_context(small_disk(small, DISK))
        kubo = stack.enter_context(SupervisedKubo(small))
        url = "embedded" if database == "sqlite" else stack.enter_context(_postgres_database())
        rpc = Rpc(node.url)
        depth = 8 if chain == "anvil" else 2
        with _FOUNDING:
            world = _found(folder, node, proxy, kubo, url, depth, seed, disk=on_small_disk)
        if chain == "anvil":
            world.miner = stack.enter_context(Miner(rpc))
        stack.callback(_end_all, world)
        _start(world, workers)
        stack.enter_context(supervised([*world.processes, kubo]))
        world.wait(lambda: bool(world.clients[0].call("GET", "/healthz")), "the service answers")
        yield world


def _found(
    folder: Path,
    node: EvmNode,
    proxy: FakeNode,
    kubo: SupervisedKubo,
    database: str,
    depth: int,
    seed: int,
    *,
    disk: bool,
) -> World:
    data = folder / "disk" / "notary"
    data.mkdir()
    (data / "chains.toml").write_text(f'["{node.chain}"]\nfinality = "depth:{depth}"\nwait = 1\n')
    fund(node.url, make_keys(data).wallet.address, 10**21)
    institutions = tuple(map(_institution, range(MEMBERS)))
    settings = replace(
        Settings.load(data, {}),
        name="the laboratory",
        origin=ORIGIN,
        database=database,
        ipfs=(kubo.api,),
        anchor_every=1,
        patience=STUCK,
        fee_cap=FEE_CAP,
        chains=(ChainSetting(proxy.url),),
    )
    settings = found_notary(settings, [each.record(SINCE) for each in institutions])
    url = f"http://127.0.0.1:{free_port()}"
    with open_notary(settings) as notary:
        (site,) = notary.sites
        keys = [create_api_key(notary, each.did)[1] for each in institutions]
        scene = Scene(
            chain=node.chain,
            rpc=node.url,
            contract=to_hex(site.contract),
            account=to_hex(site.wallet.address),
            kubo=kubo.api,
            database=f"sqlite:///{data / 'ledger.sqlite3'}" if database == "embedded" else database,
            origin=ORIGIN,
            log_key=str(notary.log_vkey),
            depth=depth,
        )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NOTARY_")}
    return World(
        folder=folder,
        rpc=Rpc(node.url),
        proxy=proxy,
        miner=None,
        faults=Faults(folder / "faults"),
        scene=scene,
        clients=tuple(Client(one, key, url) for one, key in zip(institutions, keys, strict=True)),
        disk=disk,
        database=database,
        rng=random.Random(seed),
        data=data,
        kubo=kubo,
        nursery=Nursery(
            {**kept, "NOTARY_DATA": str(data), "NOTARY_LISTEN": url.removeprefix("http://")}, folder / "faults"
        ),
    )


def _institution(at: int) -> Institution:
    like = PROFILES[at % len(PROFILES)]
    profile = replace(like, folder=f"member-{at}", name=f"{like.name} {at}", url=f"https://member-{at}.example")
    return Institution(profile, KeyFile(Ed25519PrivateKey.generate()))  # in memory: files cost a scrypt each


def _start(world: World, workers: int) -> None:
    """Serve, and anchor in workers of their own; without any, in the process that serves."""
    serve = ("serve", "--no-worker") if workers else ("serve",)
    for at, words in enumerate((serve, *[("worker",)] * workers)):
        world.processes.append(Supervised(world.nursery, words, world.folder / f"{words[0]}-{at}.log"))


def _end_all(world: World) -> None:
    world.faults.disarm()
    world.proxy.answers = {}
    for process in world.processes:
        process.end()
    world.nursery.close()


@contextmanager
def _node(chain: str, folder: Path) -> Iterator[EvmNode]:
    running = running_anvil if chain == "anvil" else running_geth
    with running(folder / chain) as node:
        yield node


@contextmanager
def _postgres_database() -> Iterator[str]:
    import psycopg

    from tests.ports.databases import running_postgres

    with running_postgres() as server:
        name = f"faults_{secrets.token_hex(4)}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"{server.rpartition('/')[0]}/{name}"
