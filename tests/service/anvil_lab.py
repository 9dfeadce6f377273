"""A notary founded on an anvil that mines when it is told to, final eight blocks deep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from anchoring.dev_faucet import fund
from anchoring.rpc import Node
from anchoring.wallet import KeyWallet
from api.demo.institutions import PROFILES
from api.founding import found_notary
from api.key_files import KeyFile
from api.settings import ChainSetting, Settings
from api.wiring import make_keys, open_notary
from notary.ports.ledger import AnchorRow, AttemptRow
from notary.service.rounds.advancing import advance
from tests.clocks import Running
from tests.parts import EvmNode
from tests.service.lab import _PASSPHRASE, SINCE, Lab, _institutions

DEPTH = 8
"""Blocks on top of a final one: more than any reorganisation of these tests."""


@dataclass
class AnvilLab:
    """The lab, and the node under it."""

    lab: Lab
    node: Node
    clock: Running

    @property
    def chain(self) -> Any:
        return self.lab.notary.sites[0].chain

    def mine(self, blocks: int = 1) -> None:
        if blocks:
            self.node.ask("anvil_mine", hex(blocks))

    def reorg(self, depth: int, *transactions: list[Any]) -> None:
        self.node.ask("anvil_reorg", depth, list(transactions))

    def step(self) -> AnchorRow:
        """Advance once; return the newest anchor."""
        advance(self.lab.notary)
        return self.rows()[-1]

    def rows(self) -> tuple[AnchorRow, ...]:
        with self.lab.notary.ledger.read() as work:
            return work.anchors.anchors()

    def attempts(self) -> tuple[AttemptRow, ...]:
        """Return what was signed for the newest manifest."""
        newest = self.rows()[-1]
        with self.lab.notary.ledger.read() as work:
            return work.attempts.of(newest.manifest, newest.chain)

    def with_wallet(self, wallet: Any) -> Any:
        """Return the notary with another wallet."""
        notary = self.lab.notary
        return replace(notary, sites=(replace(notary.sites[0], wallet=wallet),))

    def capped(self, cap: int) -> KeyWallet:
        """Return the same wallet with a cap."""
        return KeyWallet(self.chain, make_keys(self.lab.settings.data).wallet, cap=cap)

    def anchored(self) -> list[bytes]:
        """Return every root on chain, as often as it is there."""
        return [bytes(seen.root) for seen in self.chain.sightings(self.lab.notary.sites[0].contract)]


@contextmanager
def founded_on(node: EvmNode, folder: Path) -> Iterator[AnvilLab]:
    """Found a notary on a node and open it; from then on blocks come only when they are asked for."""
    for profile in PROFILES:
        KeyFile.create(folder / f"{profile.folder}.pem", _PASSPHRASE)
    data = folder / "notary"
    data.mkdir()
    (data / "chains.toml").write_text(f'["{node.chain}"]\nfinality = "depth:{DEPTH}"\nwait = 3\n')
    fund(node.url, make_keys(data).wallet.address)
    settings = replace(Settings.load(data, {}), name="anvil", origin="anvil.example/log", patience=60)
    records = [institution.record(SINCE) for institution in _institutions(folder)]
    found_notary(replace(settings, chains=(ChainSetting(node.url),)), records)
    settings = Settings.load(data, {})
    rpc, clock = Node(node.url, timeout=10), Running()
    rpc.ask("evm_setIntervalMining", 0)
    with open_notary(settings) as notary:
        lab = Lab(settings, replace(notary, clock=clock), _institutions(folder))
        yield AnvilLab(lab, rpc, clock)
