"""The auditor finds what it is there to find: each harm is done on purpose, and counted as what it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from anchoring.evm import EvmChain
from anchoring.wallet import KeyWallet
from api.wiring import make_keys
from notary.core.digest import Digest, sha256
from notary.core.encoding import from_hex
from notary.core.evm import Address
from tests.faults.auditor import Audit, tile_path
from tests.faults.world import World, running_world
from tests.ports.evm_lab import CONTRACTS, included, send

pytestmark = pytest.mark.node


def test_each_harm_is_counted_as_what_it_is(tmp_path: Path) -> None:
    """Lost, twice, wrong: one after the other, on a notary that did its work and was stopped."""
    with running_world(tmp_path, workers=0) as world:
        client = world.issue(3)
        world.settle()
        names = list(client.acknowledged)
        receipts = {name: client.call("GET", f"/v1/receipts/{name}") for name in names}
        clean = world.audit(names)
        assert (clean.accepted, clean.final, clean.clean) == (3, 3, True)
        for process in world.processes:
            process.end()

        assert _count(world, [*names, "abcdefghijkl"]).lost == (
            "credential abcdefghijkl: acknowledged, and the ledger has it no more",
        )
        first, second, third = names
        altered = {first: receipts[first].replace(b"Learner", b"Yearner"), second: receipts[third]}
        found = _count(world, names, altered)
        assert [line.partition(";")[0] for line in found.wrong] == [
            f"credential {first}: its receipt is not verified",
            f"credential {second}: its receipt is another credential's",
        ]
        assert _count(world, names, {first: None}).wrong == (f"credential {first}: final, and there is no receipt",)

        _anchor(world, world.auditor.public().events[-1].root)
        assert [line.partition(": ")[2] for line in _count(world, names).twice] == ["anchored 2 times"]
        _anchor(world, sha256(b"junk"))
        assert any("no manifest of its log" in line for line in _count(world, names).wrong)

        _change(world, "UPDATE anchor SET block_hash = zeroblob(32)")
        assert "manifest 1: final by the ledger, and in no final block" in _count(world, names).wrong
        _change(world, f"UPDATE credential SET salt = zeroblob(32) WHERE id = '{first}'")
        assert _count(world, names).lost == (f"credential {first}: in no final batch",)

        world.kubo.empty()
        world.auditor.forget()
        assert any("cannot be read from IPFS" in line for line in _count(world, names).wrong)


@pytest.mark.parametrize(
    "index, path", [(0, "000"), (999, "999"), (1000, "x001/000"), (1_234_067, "x001/x234/067")], ids=str
)
def test_a_tiles_path(index: int, path: str) -> None:
    """As C2SP tlog-tiles writes it."""
    assert tile_path(index) == path


def _count(world: World, names: list[str], receipts: Mapping[str, bytes | None] | None = None) -> Audit:
    return world.auditor.audit(names, receipts or {})


def _anchor(world: World, root: bytes) -> None:
    """Anchor a root with the notary's own wallet, as a thief or a mistake would, and wait until it is final."""
    wallet = KeyWallet(EvmChain(world.scene.rpc), make_keys(world.data).wallet)
    contract = Address(from_hex(world.scene.contract, "contract", 20))
    included(EvmChain(world.scene.rpc), send(wallet, CONTRACTS.anchor(contract, Digest(root))))
    world.rpc.ask("anvil_mine", hex(world.scene.depth))


def _change(world: World, statement: str) -> None:
    with closing(sqlite3.connect(world.data / "ledger.sqlite3")) as connection, connection:
        connection.execute(statement)
