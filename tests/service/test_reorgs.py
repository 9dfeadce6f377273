"""Reorganisations and fees on anvil: whatever the chain does before finality, each manifest is anchored once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from anchoring.evm_key import EvmKey
from notary.core.encoding import to_hex
from notary.core.verdict import Result
from notary.ports import Call, Quote
from notary.ports.ledger import AnchorState
from notary.service.rounds.advancing import advance
from notary.service.rounds.standing import held
from tests.parts import ANVIL_KEY, running_anvil
from tests.service.anvil_lab import DEPTH, AnvilLab, founded_on
from tests.service.lab import Failing

pytestmark = pytest.mark.node
DEPTHS = pytest.mark.parametrize("depth", range(1, 6))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnvilLab]:
    """One notary for the module; every test anchors another batch."""
    folder = tmp_path_factory.mktemp("founded")
    with running_anvil(tmp_path_factory.mktemp("node")) as node, founded_on(node, folder) as made:
        yield made


def _submitted(world: AnvilLab) -> Any:
    """Log a batch and submit its anchor: in the pool, in no block."""
    batch = world.lab.logged(world.lab.institutions[0], "Ana")
    assert world.step().state is AnchorState.SUBMITTED
    return batch


def _confirmed(world: AnvilLab) -> Any:
    batch = _submitted(world)
    world.mine()
    assert world.step().state is AnchorState.CONFIRMED
    return batch


def _ends_well(world: AnvilLab, batch: Any) -> None:
    """Mined and final: every root once on chain, one nonce a manifest, the receipt verified."""
    world.step()
    world.mine(DEPTH + 1)
    world.step()
    world.mine(DEPTH + 1)
    assert world.step().state is AnchorState.FINAL
    roots = world.anchored()
    assert len(roots) == len(set(roots)) == len(world.rows())
    assert len({attempt.nonce for attempt in world.attempts()}) == 1
    assert held(world.lab.notary) == ()
    assert world.lab.verdicts(batch) == [Result.VERIFIED]


@DEPTHS
def test_a_transaction_that_vanished_is_sent_again(world: AnvilLab, depth: int) -> None:
    """The anchor goes back to submitted, and the same bytes are taken once more."""
    batch = _confirmed(world)
    sent = world.rows()[-1].tx_hash
    world.mine(depth - 1)
    world.reorg(depth)
    row = world.step()
    assert (row.state, row.block, row.tx_hash) == (AnchorState.SUBMITTED, None, sent)
    _ends_well(world, batch)
    assert [attempt.tx_hash for attempt in world.attempts()] == [sent]


@DEPTHS
def test_a_transaction_in_another_block_is_found_there(world: AnvilLab, depth: int) -> None:
    """The last of the blocks that replaced its own holds it now."""
    batch = _confirmed(world)
    before = world.rows()[-1]
    world.mine(depth - 1)
    raw = to_hex(world.attempts()[-1].raw)
    world.reorg(depth, [raw, depth - 1])
    row = world.step()
    assert row.state is AnchorState.CONFIRMED
    assert before.block is not None
    assert (row.block, row.block_hash != before.block_hash) == (before.block + depth - 1, True)
    _ends_well(world, batch)


@DEPTHS
def test_a_transaction_at_another_index_is_proven_there(world: AnvilLab, depth: int) -> None:
    """A dearer transaction stands before it in the new block."""
    batch = _confirmed(world)
    world.mine(depth - 1)
    other = EvmKey.of(bytes.fromhex(ANVIL_KEY[2:]))
    nonce, quote = world.chain.nonce(other.address), Quote(21_000, 10**12, 10**11)
    stranger = other.sign(Call(other.address, b""), chain=world.chain.id, nonce=nonce, quote=quote)
    world.reorg(depth, [to_hex(stranger.raw), 0], [to_hex(world.attempts()[-1].raw), 0])
    row = world.step()
    assert (row.state, row.transaction) == (AnchorState.CONFIRMED, 1)
    _ends_well(world, batch)


@DEPTHS
def test_a_reorganisation_before_it_was_mined_changes_nothing(world: AnvilLab, depth: int) -> None:
    """It waits in the pool, or is put there again."""
    batch = _submitted(world)
    world.reorg(depth)
    assert world.step().state is AnchorState.SUBMITTED
    world.mine()
    assert world.step().state is AnchorState.CONFIRMED
    _ends_well(world, batch)


def test_reorganisations_may_come_any_number_of_times(world: AnvilLab) -> None:
    """Back and forth five times, one block short of finality."""
    batch = _confirmed(world)
    for _ in range(5):
        world.mine(4)
        world.step()
        world.reorg(5)
        assert world.step().state is AnchorState.SUBMITTED
        world.mine()
        assert world.step().state is AnchorState.CONFIRMED
    _ends_well(world, batch)


# ----------------------------------------------------------------------- fees


def _fees_rise(world: AnvilLab, base: int = 10**11) -> None:
    world.node.ask("anvil_setNextBlockBaseFeePerGas", hex(base))
    world.mine()


def test_a_stuck_transaction_is_replaced_at_its_nonce(world: AnvilLab) -> None:
    """After its patience and only then; both fees rise by an eighth or more, and the replacement is mined."""
    batch = _submitted(world)
    _fees_rise(world)
    world.step()
    (first,) = world.attempts()
    world.clock.ahead += _patience(world)
    world.step()
    old, new = world.attempts()
    assert old == first
    assert new.nonce == old.nonce
    assert new.fee_per_gas * 8 >= old.fee_per_gas * 9
    assert new.tip_per_gas * 8 >= old.tip_per_gas * 9
    world.mine()
    row = world.step()
    assert (row.state, row.tx_hash, row.fee_per_gas) == (AnchorState.CONFIRMED, new.tx_hash, new.fee_per_gas)
    _ends_well(world, batch)
    _fees_fall(world)


def test_the_replaced_transaction_may_be_the_one_that_is_mined(world: AnvilLab) -> None:
    """The replacement was stored and never reached the node: confirming looks at every attempt."""
    batch = _submitted(world)
    world.node.ask("anvil_setNextBlockBaseFeePerGas", hex(10**11))
    world.mine()
    world.clock.ahead += _patience(world)
    lost: Any = Failing(world.lab.notary.sites[0].wallet, "broadcast", happens=False)
    advance(world.with_wallet(lost))
    assert [row.reason for row in held(world.lab.notary)] == ["a fault on purpose"]
    old, new = world.attempts()
    _fees_fall(world)
    world.mine()
    world.reorg(1, [to_hex(old.raw), 0])
    row = world.step()
    assert (row.state, row.tx_hash) == (AnchorState.CONFIRMED, old.tx_hash)
    assert row.tx_hash != new.tx_hash
    _ends_well(world, batch)


def test_the_cap_holds_the_chain_until_fees_fall(world: AnvilLab) -> None:
    """Nothing is signed above it; the reason is told, credentials are taken, and it goes on by itself."""
    _fees_rise(world)
    batch = world.lab.logged(world.lab.institutions[0], "Ana")
    capped = world.with_wallet(world.capped(10**10))
    (found,) = advance(capped)
    assert found.anchors == ()
    assert "dearer than the cap" in found.held[0].reason
    world.lab.submit(world.lab.institutions[1], *world.lab.credentials(world.lab.institutions[1], "Bo"))
    _fees_fall(world)
    advance(capped)
    assert held(world.lab.notary) == ()
    world.mine()
    _ends_well(world, batch)


def _fees_fall(world: AnvilLab) -> None:
    world.node.ask("anvil_setNextBlockBaseFeePerGas", hex(10**8))
    world.mine()


def _patience(world: AnvilLab) -> timedelta:
    return timedelta(seconds=world.lab.notary.patience)
