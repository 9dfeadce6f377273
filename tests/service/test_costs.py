"""What anchors cost: exact where the chain can say so, an upper bound where not, and shared to the last wei."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notary.core.canonical import load
from notary.core.evm import rlp
from notary.core.receipt import EvmAnchor
from notary.ports.ledger import AnchorRow
from notary.service.rounds.costs import Certainty, Cost, _block_receipts, _gas_until, costs, fee_of, share, shares
from tests.service.lab import Failing, Lab

EVER = {"since": 0, "until": 2**40}


def the_anchor(notary_lab: Lab) -> AnchorRow:
    with notary_lab.notary.ledger.read() as work:
        (row,) = work.anchors.anchors()
    return row


def test_an_anchors_cost_is_what_the_wallet_paid(notary_lab: Lab) -> None:
    """To the wei: the balance before less the balance after."""
    site = notary_lab.notary.sites[0]
    before = site.wallet.balance()
    notary_lab.logged(notary_lab.institutions[0], "Ana", "Bo", "Cy")
    notary_lab.logged(notary_lab.institutions[1], "Di")
    notary_lab.anchor()
    (cost,) = costs(notary_lab.notary, **EVER)
    assert (cost.fee, cost.certainty) == (before - site.wallet.balance(), Certainty.EXACT)
    assert sorted(cost.credentials.values()) == [1, 3]
    college, makers = (notary_lab.institutions[at].did for at in (0, 1))
    parts = {each.institution: each for each in shares([cost])}
    assert sum(each.fee for each in parts.values()) == cost.fee
    assert abs(parts[college].fee - 3 * parts[makers].fee) <= 3


def test_only_anchors_of_the_time_asked_for_count(notary_lab: Lab) -> None:
    """By the time of their block, the end left out."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    time = the_anchor(notary_lab).block_time
    assert time is not None
    assert len(costs(notary_lab.notary, since=time, until=time + 1)) == 1
    assert costs(notary_lab.notary, since=time + 1, until=time + 2) == ()
    assert costs(notary_lab.notary, since=time - 1, until=time) == ()


def test_gas_is_the_difference_of_two_receipts_or_at_most_the_signed_limit(notary_lab: Lab) -> None:
    """Not the first of its block: with the block's receipts exact, without them an upper bound that says so."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    row = the_anchor(notary_lab)
    exact, certain = fee_of(row, None)
    assert certain is Certainty.EXACT
    assert fee_of(replace(row, proof=None), None) == (row.gas * row.fee_per_gas, Certainty.AT_MOST)
    unproven = replace(row, transaction=1)  # as if one stood before it: the proof's own index stays
    used_before = 21_000
    earlier = rlp.encode((b"\x01", rlp.from_integer(used_before), bytes(256), ()))
    price = exact // _gas(row)
    assert fee_of(unproven, [earlier, b""]) == ((_gas(row) - used_before) * price, Certainty.EXACT)
    assert fee_of(unproven, [b"\x02" + earlier, b""]) == ((_gas(row) - used_before) * price, Certainty.EXACT)
    assert fee_of(unproven, None) == (min(row.gas, _gas(row)) * price, Certainty.AT_MOST)


def test_a_total_loss_leaves_a_lower_bound(notary_lab: Lab) -> None:
    """What was offered is not on the chain as the notary reads it: the base fee alone is certain."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    row = the_anchor(notary_lab)
    fee, certainty = fee_of(replace(row, gas=0, fee_per_gas=0, tip_per_gas=0), None)
    assert (0 < fee <= fee_of(row, None)[0], certainty) == (True, Certainty.AT_LEAST)


def test_the_archive_answers_before_the_chain_and_the_chain_where_it_is_gone(notary_lab: Lab) -> None:
    """Nodes prune; what was captured at finality stays. With neither, an upper bound."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    notary, row, site = notary_lab.notary, the_anchor(notary_lab), notary_lab.notary.sites[0]
    assert row.archive is not None
    pruned: Any = Failing(site.chain, "block", happens=False)
    lost: Any = Failing(notary.blocks, "get", happens=False)
    without_chain = replace(notary, sites=(replace(site, chain=pruned),))
    block = site.chain.block(row.block or 0)
    assert block is not None
    assert _block_receipts(without_chain, row) == block.tx_receipts
    assert _block_receipts(replace(notary, blocks=lost), row) == block.tx_receipts
    assert _block_receipts(replace(notary, sites=()), replace(row, archive=None)) is None
    assert _block_receipts(notary, replace(row, block_hash=bytes(32))) is None


def test_an_idle_month_costs_nothing(notary_lab: Lab) -> None:
    """No anchors, no shares."""
    assert shares(costs(notary_lab.notary, **EVER)) == ()


@given(st.integers(0, 10**20), st.dictionaries(st.text(min_size=1), st.integers(0, 10**6), min_size=1))
def test_shares_add_up_to_the_fee(fee: int, weights: dict[str, int]) -> None:
    """Nobody bears more than a wei beside what is theirs, and nothing is left over."""
    parts = share(fee, weights)
    total = sum(weights.values())
    assert sum(parts.values()) == fee
    for name, weight in weights.items():
        exact = fee * weight / total if total else fee / len(weights)
        assert abs(parts[name] - exact) <= max(1, fee * 1e-12)


def test_shares_of_several_anchors_are_added_up_by_chain() -> None:
    """One that is not exact makes the sum an upper bound."""
    first = Cost(1, "eip155:1", 0, 100, certainty=Certainty.EXACT, credentials={"a": 3, "b": 1})
    second = Cost(2, "eip155:1", 0, 10, certainty=Certainty.AT_MOST, credentials={"a": 1})
    other = Cost(2, "eip155:5", 0, 7, certainty=Certainty.EXACT, credentials={"a": 1})
    found = [
        (each.institution, each.chain, each.credentials, each.anchors, each.fee, each.certainty)
        for each in shares([first, second, other])
    ]
    assert found == [
        ("a", "eip155:1", 4, 2, 85, Certainty.AT_MOST),
        ("b", "eip155:1", 1, 1, 25, Certainty.EXACT),
        ("a", "eip155:5", 1, 1, 7, Certainty.EXACT),
    ]


def test_an_anchor_of_statuses_alone_is_shared_by_who_asked_for_it() -> None:
    """Equally: no credential was anchored."""
    assert share(9, {"a": 0, "b": 0}) == {"a": 5, "b": 4}


def _gas(row: AnchorRow) -> int:
    assert row.proof is not None
    return _gas_until(EvmAnchor.parse(load(row.proof, "anchor", max_size=4 << 20).value, "anchor"))
