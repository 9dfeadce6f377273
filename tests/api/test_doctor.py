"""`notary doctor` with each part broken in turn: it is named, the others are not blamed, and what to do is said."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from anchoring.dev_faucet import fund
from anchoring.rpc import Node
from api.demo.institutions import PROFILES, Institution
from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import ChainSetting, Settings
from api.wiring import make_keys, open_notary
from notary.ports.ledger import WorkerRow
from tests.api.desk import Desk
from tests.parts import KuboNode, free_port, running_anvil
from tests.ports.fake_node import FakeNode, running

pytestmark = pytest.mark.node


@dataclass
class Clinic:
    """A notary on anvil, with a proxy in front, and Kubo; each test breaks a copy of its data folder, or the node."""

    desk: Desk
    proxy: FakeNode
    anvil: Node

    @property
    def data(self) -> Path:
        return self.desk.folder / "data"

    def settings(self, **changes: Any) -> None:
        """Change notary.toml."""
        replace(Settings.load(self.data, {}), **changes).save()

    def bad(self) -> dict[str, str]:
        """Return what doctor says of each part that is not well."""
        found = self.desk.json("doctor", "--data", self.data, code=1)
        return {part["part"].partition(" ")[0]: part["says"] for part in found["parts"] if not part["good"]}


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory, kubo: KuboNode) -> Iterator[tuple[Path, FakeNode, Node]]:
    folder = tmp_path_factory.mktemp("founded")
    with ExitStack() as stack:
        node = stack.enter_context(running_anvil(tmp_path_factory.mktemp("anvil")))
        proxy = stack.enter_context(running(upstream=node.url))
        fund(node.url, make_keys(folder).wallet.address)
        institution = Institution(PROFILES[0], KeyFile.create(folder / "college.pem", "for tests"))
        settings = replace(Settings.load(folder, {}), origin="clinic.example/log", ipfs=(kubo.api,))
        settings = replace(settings, chains=(ChainSetting(proxy.url),))
        found_notary(settings, [institution.record("2026-01-01T00:00:00Z")])
        yield folder, proxy, Node(node.url, timeout=10)


@pytest.fixture
def clinic(founded: tuple[Path, FakeNode, Node], tmp_path: Path) -> Iterator[Clinic]:
    folder, proxy, anvil = founded
    shutil.copytree(folder, tmp_path / "data")
    yield Clinic(Desk(tmp_path), proxy, anvil)
    proxy.answers = {}


def test_all_is_well(clinic: Clinic) -> None:
    """A line for every part, and what to look at next."""
    said = clinic.desk.say("doctor", "--data", clinic.data)
    assert "✗" not in said
    seen = {line.split()[1].rstrip(":") for line in said.splitlines() if line.startswith("✓")}
    assert seen >= {"chain", "IPFS", "wallet", "keys", "clock", "ledger", "backup", "worker"}
    assert said.splitlines()[-1].startswith("Next: notary batches")


def test_the_chains_node_is_down(clinic: Clinic) -> None:
    """The address is named, without what might be a key in it."""
    clinic.settings(chains=(replace(_chain(clinic), node=f"http://127.0.0.1:{free_port()}/v3/0123456789abcdef"),))
    found = clinic.bad()
    assert found.keys() == {"chain", "wallet"}
    assert "cannot be reached" in found["chain"]
    assert "Check that the node runs" in found["chain"]
    assert "not known while the chain is not reached" in found["wallet"]
    assert "0123456789abcdef" not in clinic.desk.say("doctor", "--data", clinic.data, code=1)


def test_the_node_is_another_chains(clinic: Clinic) -> None:
    """Which one was expected, and which one it is."""
    clinic.proxy.answers = {"eth_chainId": lambda: "0x1"}
    found = clinic.bad()
    assert found.keys() == {"chain", "wallet"}
    assert "the node of another chain: expected eip155:7310001, found eip155:1" in found["chain"]
    assert "Correct the URL" in found["chain"]
    said = clinic.desk.say("doctor", "--data", clinic.data, code=1)
    assert "every anchor known" not in said
    assert "not behind" not in said


@pytest.mark.parametrize("code", ["0x", "0x6001"], ids=["none", "another"])
def test_the_contract_is_not_there(clinic: Clinic, code: str) -> None:
    """Nothing at its address, or another one."""
    clinic.proxy.answers = {"eth_getCode": lambda *_: code}
    found = clinic.bad()
    assert found.keys() == {"chain", "wallet"}
    assert str(_chain(clinic).registry) in found["chain"]


def test_the_wallet_is_empty(clinic: Clinic) -> None:
    """Its address, so that somebody can send coins."""
    clinic.proxy.answers = {"eth_getBalance": lambda *_: "0x0"}
    found = clinic.bad()
    assert found.keys() == {"wallet"}
    assert f"0x{make_keys(clinic.data).wallet.address.hex()} holds 0" in found["wallet"]
    assert "Send it some coins" in found["wallet"]


def test_ipfs_is_down(clinic: Clinic) -> None:
    """The node's address, and that it cannot be reached."""
    address = f"http://127.0.0.1:{free_port()}"
    clinic.settings(ipfs=(address,))
    found = clinic.bad()
    assert found.keys() == {"IPFS"}
    assert "cannot be reached" in found["IPFS"]


def test_the_ledger_is_down(clinic: Clinic) -> None:
    """Its address is not shown: it may hold a password."""
    clinic.settings(database=f"postgresql://nobody:secret@127.0.0.1:{free_port()}/none")
    found = clinic.bad()
    assert found.keys() >= {"ledger", "worker"}
    assert found.keys().isdisjoint({"chain", "IPFS", "wallet", "keys", "clock"})
    assert "Is the database reachable?" in found["ledger"]
    assert "not known while ledger and keys cannot both be opened" in found["worker"]
    assert "secret" not in clinic.desk.say("doctor", "--data", clinic.data, code=1)


def test_the_mail_server_is_down(clinic: Clinic) -> None:
    """What to look at, and that no mail is lost."""
    clinic.settings(smtp=f"smtp://127.0.0.1:{free_port()}", mail_from="Registrar <registrar@college.example>")
    found = clinic.bad()
    assert found.keys() == {"mail"}
    assert "is not reached: found Connection refused. Check the setting smtp" in found["mail"]


def test_the_mail_servers_address_is_wrong(clinic: Clinic) -> None:
    """How one looks; nothing else is blamed for it."""
    clinic.settings(smtp="127.0.0.1:2525")
    found = clinic.bad()
    assert found.keys() == {"mail"}
    assert "expected smtp://user@host:587" in found["mail"]


@pytest.mark.parametrize("name", ["log.pem", "wallet.json", "governor.json", "passphrase"])
def test_a_key_file_is_open_to_others(clinic: Clinic, name: str) -> None:
    """The file, and the command that mends it."""
    (clinic.data / "keys" / name).chmod(0o644)
    says = clinic.bad()["keys"]
    assert name in says
    assert f"chmod 600 {clinic.data / 'keys' / name}" in says


@pytest.mark.parametrize("name", ["log.pem", "wallet.json", "governor.json", "passphrase"])
def test_a_key_file_is_gone(clinic: Clinic, name: str) -> None:
    """It is named; what does not need the log's key is still looked at."""
    (clinic.data / "keys" / name).unlink()
    found = clinic.bad()
    assert f"{name} cannot be read" in found["keys"]
    assert found.keys().isdisjoint({"IPFS", "ledger", "backup", "mail"})
    if name in ("wallet.json", "governor.json"):
        assert found.keys() == {"keys", "chain", "wallet"}


def test_the_clock_is_behind_the_chain(tmp_path: Path, clinic: Clinic) -> None:
    """By how much, and how to set it."""
    with running_anvil(tmp_path / "ahead") as node:
        rpc = Node(node.url, timeout=10)
        fund(node.url, make_keys(clinic.data / "other").wallet.address)
        institution = Institution(PROFILES[0], KeyFile.create(tmp_path / "college.pem", "for tests"))
        settings = replace(Settings.load(clinic.data / "other", {}), origin="ahead.example/log")
        found_notary(replace(settings, chains=(ChainSetting(node.url),)), [institution.record("2026-01-01T00:00:00Z")])
        rpc.ask("evm_increaseTime", 3 * 3600)
        rpc.ask("evm_mine")
        found = clinic.desk.json("doctor", "--data", clinic.data / "other", code=1)
    (bad,) = [part for part in found["parts"] if not part["good"]]
    assert bad["part"] == "clock"
    assert "3 hours behind the newest block of eip155:7310001. Set it" in bad["says"]


def test_the_clock_was_set_back(clinic: Clinic) -> None:
    """The ledger remembers a later time than it is now."""
    _beat(clinic, datetime.now(UTC) + timedelta(minutes=45))
    assert "45 minutes behind what the ledger noted last" in clinic.bad()["clock"]


def _beat(clinic: Clinic, at: datetime) -> None:
    with open_notary(Settings.load(clinic.data, {}), chains=False) as notary, notary.ledger.begin() as work:
        work.workers.save(WorkerRow("one", at, 10))


def _chain(clinic: Clinic) -> ChainSetting:
    return Settings.load(clinic.data, {}).chains[0]
