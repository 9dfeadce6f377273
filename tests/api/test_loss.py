"""The drill of a total loss, whole: the demo's notary is deleted, recovered, and goes on."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from anchoring.car import export_car
from anchoring.embedded_blocks import EmbeddedBlocks
from api.cli.commands.drill import drill
from api.cli.commands.recover import recover
from api.demo.loss import Loss, lose_everything
from api.demo.story import Wishes
from notary.core.trust import TrustFile
from tests.parts import EvmNode, KuboNode


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The drill's folder, and what it said."""

    out: Path
    loss: Loss
    said: tuple[str, ...]

    @property
    def contract(self) -> str:
        """The anchor contract's address, as the trust file gives it."""
        trust = TrustFile.parse((self.out / "trust.json").read_bytes())
        return "0x" + trust.consortia[0].contracts[0].contract.hex()


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """The drill on the embedded parts, once for all."""
    out = tmp_path_factory.mktemp("loss") / "out"
    said: list[str] = []
    return Aftermath(out, lose_everything(Wishes(out), said.append), tuple(said))


def invoke(command: Any, *arguments: object) -> tuple[int, dict[str, Any]]:
    """Run a command with `--json`; return its exit code and what it said."""
    done = CliRunner().invoke(command, [*map(str, arguments), "--json"])
    answer: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, answer


def check(loss: Loss) -> None:
    assert loss.receipts == loss.before == loss.after == loss.made_again == 10
    assert (loss.new, loss.old_size, loss.new_size, loss.consistent) == (1, 6, 7, True)


def test_every_earlier_receipt_verifies_after_a_total_loss(aftermath: Aftermath) -> None:
    """All are made again too, a new batch is anchored, and the log's growth is proven."""
    check(aftermath.loss)
    assert aftermath.loss.to_json() == {
        "receipts": 10,
        "verified_before": 10,
        "verified_after": 10,
        "made_again": 10,
        "new_receipts": 1,
        "log": {"before": 6, "after": 7, "consistent": True},
    }
    assert not (aftermath.out / "notary").exists()


@pytest.mark.node
def test_the_drill_on_anvil_and_kubo(anvil: EvmNode, kubo: KuboNode, tmp_path: Path) -> None:
    """The same with a real node and a real IPFS: nothing of the notary's own is left but its keys."""
    check(lose_everything(Wishes(tmp_path / "out", anvil.url, kubo.multiaddr), lambda _: None))


# ------------------------------------------------------------------ notary recover


def remains(aftermath: Aftermath, data: Path, *, blocks: bool = True) -> list[object]:
    """Lay what stands for the world into a new data folder; return the command's arguments."""
    data.mkdir(mode=0o700)
    for name in ("chain", "blocks")[: 2 if blocks else 1]:
        shutil.copytree(aftermath.out / "recovered" / name, data / name)
    keys = aftermath.out / "offline-copy" / "log.pem"
    return ["--data", data, "--chain", "embedded", "--contract", aftermath.contract, "--log-key", keys]


def test_the_command_says_what_was_rebuilt(aftermath: Aftermath, tmp_path: Path) -> None:
    """From blocks and chain, with batch files and receipts: nothing is missing."""
    arguments = remains(aftermath, tmp_path / "new")
    code, said = invoke(
        recover, *arguments, "--batch-files", aftermath.out / "institutions", "--receipts", aftermath.out,
    )  # fmt: skip
    assert code == 0, said
    assert (said["batches"], said["credentials"], said["salted"], said["missing"]) == (7, 11, 11, [])
    assert said["unused"] == ["altered.receipt.json: it is not credential 1 of its batch"]  # the demo altered it
    assert (said["unfollowed"], said["gaps"], said["doubts"], said["behind"], said["not_named"]) == (
        [],
        [],
        [],
        None,
        [],
    )
    assert (tmp_path / "new" / "notary.toml").exists()


def test_the_command_takes_archives_of_the_blocks(aftermath: Aftermath, tmp_path: Path) -> None:
    """A folder of CARs stands for IPFS; without batch files the salts are named as missing."""
    store = EmbeddedBlocks(aftermath.out / "recovered" / "blocks")
    (tmp_path / "cars").mkdir()
    for at, cid in enumerate(store.pins()):
        (tmp_path / "cars" / f"{at}.car").write_bytes(b"".join(export_car(store, [cid])))
    arguments = remains(aftermath, tmp_path / "new", blocks=False)
    code, said = invoke(recover, *arguments, "--cars", tmp_path / "cars")
    assert code == 0, said
    assert (said["batches"], said["salted"]) == (7, 0)
    assert len(said["missing"]) == 7


def test_a_folder_that_holds_a_notary_is_left_alone(aftermath: Aftermath) -> None:
    code, said = invoke(
        recover, "--data", aftermath.out / "recovered", "--chain", "embedded", "--contract", aftermath.contract
    )
    assert code == 1
    assert "holds a notary already" in said["what"]


def test_without_a_log_key_the_command_says_what_it_needs(aftermath: Aftermath, tmp_path: Path) -> None:
    arguments = remains(aftermath, tmp_path / "new")[:-2]
    code, said = invoke(recover, *arguments)
    assert code == 1
    assert said["hint"] == "Name your copy of it: --log-key FILE"


def test_a_wrong_contract_is_named(aftermath: Aftermath, tmp_path: Path) -> None:
    arguments = remains(aftermath, tmp_path / "new")
    arguments[5] = "0x" + "12" * 20
    code, said = invoke(recover, *arguments)
    assert code == 1
    assert "is no CredentialAnchor" in said["what"]


# -------------------------------------------------------------------- notary drill


def test_the_switch_off_report_counts_every_receipt(aftermath: Aftermath, tmp_path: Path) -> None:
    """N of N, by institution, on one page that needs nothing beside it."""
    page = tmp_path / "report.html"
    code, said = invoke(drill, aftermath.out / "receipts", "--trust", aftermath.out / "trust.json", "--out", page)
    assert (code, said["receipts"], said["verified"], said["open"]) == (0, 10, 10, 0)
    html = page.read_text()
    assert "<h1>10 of 10 receipts verified.</h1>" in html
    assert all(name in html for name in ("Fenwick College", "Harbour Makers", "Luis Rivera"))
    assert not any(outside in html for outside in ("<script", "<link", "src=", "url(", "@import"))


def test_the_switch_off_report_names_what_is_false(aftermath: Aftermath, tmp_path: Path) -> None:
    """One altered receipt among the others: the page says which, and the exit code is 1."""
    folder = tmp_path / "receipts"
    shutil.copytree(aftermath.out / "receipts" / "fenwick-college", folder)
    altered = min(folder.iterdir())
    altered.write_text(altered.read_text().replace("Data Literacy I", "Data Literacy V"))
    page = tmp_path / "report.html"
    code, said = invoke(drill, folder, "--trust", aftermath.out / "trust.json", "--out", page)
    assert (code, said["receipts"], said["verified"], said["open"]) == (1, 5, 4, 1)
    assert "4 of 5 receipts verified" in page.read_text()
    assert altered.name in page.read_text()


def test_the_switch_off_report_does_not_guess(aftermath: Aftermath, tmp_path: Path) -> None:
    """Receipts newer than the trust file are not known yet: exit code 3, and nothing is called false."""
    page = tmp_path / "report.html"
    code, said = invoke(drill, aftermath.out / "again", "--trust", aftermath.out / "trust.json", "--out", page)
    assert (code, said["verified"]) == (0, 10)
    code, said = invoke(drill, aftermath.out / "new", "--trust", aftermath.out / "trust.json", "--out", page)
    assert (code, said["verified"], said["open"]) == (3, 0, 1)


def test_a_folder_without_receipts_says_so(aftermath: Aftermath, tmp_path: Path) -> None:
    code, said = invoke(drill, tmp_path, "--trust", aftermath.out / "trust.json", "--out", tmp_path / "x.html")
    assert code == 1
    assert "holds no receipts" in said["what"]
