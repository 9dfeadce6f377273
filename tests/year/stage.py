"""The chain that the year passes on, and its calendar: days go by on chain as fast as the story needs them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from anchoring.dev_faucet import fund
from anchoring.embedded_chain import FILE, PATIENCE
from anchoring.evm_on_disk import EvmOnDisk
from anchoring.rpc import Node
from api.settings import EMBEDDED
from api.wiring import make_keys
from tests.parts import running_anvil


class Stage(Protocol):
    """A chain that can be moved into the future."""

    @property
    def node(self) -> str:
        """What the notary's settings call it."""
        ...

    def prepare(self, data: Path) -> None:
        """Give the wallet of a data folder its coins."""
        ...

    def travel(self, moment: int) -> None:
        """Make a block at this time, in Unix seconds; every later one is later."""
        ...

    def pause(self) -> None:
        """Let blocks come while an anchor is waited for."""
        ...


@dataclass(frozen=True, slots=True)
class EmbeddedStage:
    """The embedded chain of a data folder; each transaction is final in a block of its own."""

    folder: Path
    node: str = EMBEDDED

    def prepare(self, data: Path) -> None:
        """Nothing to do: the faucet does it."""

    def travel(self, moment: int) -> None:
        """Through a connection of its own, as another process would."""
        evm = EvmOnDisk(self.folder / "chain" / FILE, patience=PATIENCE)
        try:
            with evm.writing() as chain:
                chain.time_travel(moment)
        finally:
            evm.close()

    def pause(self) -> None:
        """Nothing is waited for."""


@dataclass(frozen=True, slots=True)
class AnvilStage:
    """An anvil: a block a second, final two blocks later."""

    node: str

    def prepare(self, data: Path) -> None:
        """From the account that has them."""
        fund(self.node, make_keys(data).wallet.address)

    def travel(self, moment: int) -> None:
        """By anvil's own method; the seconds go on from there."""
        node = Node(self.node, timeout=10)
        node.ask("evm_setNextBlockTimestamp", moment)
        node.ask("evm_mine")

    def pause(self) -> None:
        """Mine as many as finality takes."""
        Node(self.node, timeout=10).ask("anvil_mine", "0x3")


@contextmanager
def open_stage(folder: Path, *, short: bool) -> Iterator[Stage]:
    """Open the embedded chain, or start an anvil that ends with the block."""
    if short:
        yield EmbeddedStage(folder / "notary")
        return
    with running_anvil(folder / "anvil") as node:
        yield AnvilStage(node.url)


def _first_of_next_month() -> datetime:
    now = datetime.now(UTC)
    return (now.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)


@dataclass(slots=True)
class Calendar:
    """The year's days, and the notary's clock in it. A chain cannot go back, so the year begins next month."""

    begin: datetime = field(default_factory=_first_of_next_month)
    today: int = 0
    _arrived: datetime = field(default_factory=lambda: datetime.now(UTC))

    def date(self, day: int) -> datetime:
        """Midnight of a day of the year; day 0 is its first."""
        return self.begin + timedelta(days=day)

    def go_to(self, stage: Stage, day: int) -> None:
        """Let the days until then pass, on chain and for the notary."""
        stage.travel(int(self.date(day).timestamp()) + 60)
        self.today, self._arrived = day, datetime.now(UTC)

    def now(self) -> datetime:
        """The time of this day: the port `Clock`."""
        return self.date(self.today) + timedelta(minutes=1) + (datetime.now(UTC) - self._arrived)
