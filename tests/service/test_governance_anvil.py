"""A change of the consortium on a real node: approved by two of three, reorganised away, applied again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from notary.service.governance.applying import apply
from notary.service.governance.history import read_history
from notary.service.governance.in_force import find_in_force, places_of
from tests.parts import running_anvil
from tests.service.anvil_lab import AnvilLab, founded_on
from tests.service.council import council, voter

pytestmark = pytest.mark.node


class Mining:
    """Blocks while somebody waits for them."""

    def __init__(self, lab: AnvilLab) -> None:
        self._lab, self._ended = lab, Event()
        self._thread = Thread(target=self._mine, daemon=True)

    def _mine(self) -> None:
        while not self._ended.wait(0.2):
            self._lab.mine()

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def test_two_of_three_change_a_consortium_on_a_real_node(tmp_path: Path) -> None:
    """Grown from one vote; a change that a reorganisation took back is sent again; the history tells it all."""
    with running_anvil(tmp_path) as node, founded_on(node, tmp_path) as lab:
        group = council(lab.lab)
        with Mining(lab):
            group.grow([voter(1), voter(2)], 2)
        renamed = group.propose(
            lambda draft: replace(draft, records=(replace(draft.records[0], name="Renamed"), *draft.records[1:]))
        )
        approvals = group.approvals(renamed, voter(1), voter(2))
        before = lab.chain.latest()
        with Mining(lab):
            apply(group.notary, renamed, approvals)
        lab.reorg(lab.chain.latest() - before)
        assert find_in_force(group.notary).members.state.number == 2
        with Mining(lab):
            apply(group.notary, renamed, approvals)
        assert find_in_force(group.notary).members == renamed.members
        passages = read_history(places_of(group.notary), group.notary.contracts, group.notary.blocks)
        assert [(one.number, one.change.epoch, len(one.change.approvers)) for one in passages] == [
            (1, 1, 0),
            (2, 2, 1),
            (3, 3, 2),
        ]
        assert all(one.time for one in passages)
