"""Two chains at once, and everything that holds one of them: the other goes on, and nothing is anchored twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from anchoring.contracts import PublishedContracts
from anchoring.embedded_chain import EmbeddedChain
from anchoring.evm_key import EvmKey
from anchoring.wallet import KeyWallet
from api.wiring import make_keys
from notary.core.cid import Cid
from notary.core.errors import IssuerError, Mismatch, OperatorError, Pending
from notary.core.note import Note
from notary.core.trust import Quorum
from notary.core.verdict import Result
from notary.core.verify import verify
from notary.ports.ledger import AnchorState
from notary.service.governance.founding import Ground, found
from notary.service.members.registry import members_in_force
from notary.service.notary import Site
from notary.service.receipts.making import batch_receipts
from notary.service.receipts.trust import export_trust
from notary.service.rounds.advancing import advance
from notary.service.rounds.archive import fetch_archive
from notary.service.rounds.block_notes import add_notes, party_key, read_notes, sign_block
from notary.service.rounds.carrying import carry
from notary.service.rounds.drawing import draw
from notary.service.rounds.sending import send
from notary.service.rounds.standing import held, rounds, unfinished
from tests.service.lab import Failing, Fault, Lab


class Down:
    """A chain whose node is not reached: everything but its id fails."""

    def __init__(self, chain: Any) -> None:
        self.id, self.typical_wait = chain.id, 1

    def __getattr__(self, name: str) -> Any:
        def fails(*_: Any, **__: Any) -> Any:
            raise Fault

        return fails


@pytest.fixture
def both(notary_lab: Lab, tmp_path: Path) -> Iterator[Lab]:
    """The lab on two embedded chains, founded anew on both."""
    with ExitStack() as stack:
        second = EmbeddedChain(tmp_path)
        stack.callback(second.close)
        keys = make_keys(notary_lab.settings.data)
        second.fund(keys.wallet.address)
        notary = notary_lab.notary
        members = members_in_force(notary.ledger)
        grounds = [
            Ground(notary.sites[0].chain, notary.sites[0].wallet),
            Ground(second, KeyWallet(second, keys.wallet)),
        ]
        sites = found(
            grounds,
            [keys.governor.address],
            1,
            members.records,
            notary.origin,
            ledger=notary.ledger,
            blocks=notary.blocks,
            contracts=notary.contracts,
        )
        notary_lab.notary = replace(notary, sites=sites)
        yield notary_lab


def _roots(site: Site) -> list[bytes]:
    return [bytes(seen.root) for seen in site.chain.sightings(site.contract)]


def test_a_receipt_carries_an_anchor_of_every_chain(both: Lab) -> None:
    """Two chains, two anchors of one root; a verifier may ask for both."""
    batch = both.logged(both.institutions[0], "Ana")
    both.anchor()
    ((_, made),) = batch_receipts(both.notary, batch.id)
    assert len(made.commitments[0].anchors) == 2
    trust = export_trust(both.notary, "the lab", anchors_needed=2)
    assert verify(bytes(made), trust, at=both.notary.clock.now()).result is Result.VERIFIED


def test_a_chain_that_is_down_delays_only_its_own_anchors(both: Lab) -> None:
    """Three rounds on the other chain meanwhile; once it is back, all three follow in order."""
    up, down = both.notary.sites
    whole, chain = both.notary, Down(down.chain)
    gone: Any = replace(down, chain=chain, wallet=chain)
    both.notary = replace(whole, sites=(up, gone))
    batches = []
    for learner in ("Ana", "Bo", "Cy"):
        batches.append(both.logged(both.institutions[0], learner))
        advance(both.notary)
        assert both.verdicts(batches[-1]) == [Result.VERIFIED]
    ((standing,),) = {one.held for one in rounds(both.notary)}
    assert (standing.chain, standing.reason) == (down.chain.id, str(Fault()))
    assert not any(one.final for one in rounds(both.notary))
    assert len(_roots(up)) == 3
    both.notary = whole
    both.anchor()
    assert held(whole) == ()
    assert _roots(up) == _roots(down)
    assert [len(made.anchors) for made in rounds(whole)] == [2, 2, 2]


def test_workers_carry_one_anchor_each(both: Lab) -> None:
    """Drawn once, then each chain by itself, in any order and again."""
    both.logged(both.institutions[0], "Ana")
    drawn = draw(both.notary)
    assert drawn is not None
    assert unfinished(both.notary) == tuple((drawn.number, site.chain.id) for site in both.notary.sites)
    for number, chain in reversed(unfinished(both.notary)):
        for _ in range(2):
            row = carry(both.notary, number, chain)
            assert row is not None
            assert row.state is AnchorState.FINAL
    assert unfinished(both.notary) == ()
    assert [len(_roots(site)) for site in both.notary.sites] == [1, 1]


# -------------------------------------------------------------- looked at first


def test_a_stranger_anchoring_the_same_root_is_not_ours(notary_lab: Lab) -> None:
    """The root is on chain already, by another account: it is anchored again by ours."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]
    number = _drawn(notary_lab)
    root = notary_lab.notary.contracts.anchor(site.contract, _root(notary_lab))
    chain: Any = site.chain
    stranger = EvmKey.generate()
    chain.fund(stranger.address)
    send(site.chain, KeyWallet(chain, stranger), root)
    row = carry(notary_lab.notary, number, site.chain.id)
    assert row is not None
    assert row.state is AnchorState.FINAL
    assert [seen.sender == site.wallet.address for seen in site.chain.sightings(site.contract)] == [False, True]
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


def test_our_own_anchor_is_found_where_the_ledger_forgot_it(notary_lab: Lab) -> None:
    """As after a restore from a backup: no second transaction, and a receipt without the raw bytes."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]
    number = _drawn(notary_lab)
    send(site.chain, site.wallet, notary_lab.notary.contracts.anchor(site.contract, _root(notary_lab)))
    row = carry(notary_lab.notary, number, site.chain.id)
    assert row is not None
    assert row.state is AnchorState.FINAL
    assert len(_roots(site)) == 1
    with notary_lab.notary.ledger.read() as work:
        assert work.attempts.of(number, site.chain.id) == ()
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


def test_what_was_stored_and_never_sent_goes_first(notary_lab: Lab) -> None:
    """A change of the registry that a crash left unsent leaves no hole in the nonces."""
    site = notary_lab.notary.sites[0]
    lost: Any = Failing(site.wallet, "broadcast", happens=False)
    call = notary_lab.notary.contracts.anchor(site.contract, _any_root())
    with pytest.raises(Fault):
        send(site.chain, lost, call, ledger=notary_lab.notary.ledger)
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    notary_lab.anchor()
    assert len(_roots(site)) == 2
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


def test_a_nonce_that_something_else_used_is_left_behind(notary_lab: Lab) -> None:
    """Signed and stored, but the key was used elsewhere: signed anew once that is final."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]
    lost: Any = Failing(site.wallet, "broadcast", happens=False)
    advance(replace(notary_lab.notary, sites=(replace(site, wallet=lost),)))
    send(site.chain, site.wallet, notary_lab.notary.contracts.anchor(site.contract, _any_root()))
    notary_lab.anchor()
    assert len(_roots(site)) == 2
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


# ------------------------------------------------------------------------ held


def test_a_node_of_another_chain_is_not_used(notary_lab: Lab) -> None:
    """Held with the reason, nothing sent; it goes on when the node is the right one again."""

    def other() -> None:
        raise OperatorError("the node of another chain")

    _held_by(notary_lab, "check_id", other, "another chain")


def test_a_missing_contract_holds_the_chain(notary_lab: Lab) -> None:
    """No code there, or another's: nothing is sent."""
    _held_by(notary_lab, "code", lambda _: b"", "no ConsortiumRegistry of this release, found no contract|no contract")
    _held_by(notary_lab, "code", lambda _: b"\x60", "code of 1 bytes")


def test_low_funds_hold_the_chain_until_there_are_coins(notary_lab: Lab) -> None:
    """Signed, stored, refused by the node; the same bytes go when the wallet is filled."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]

    class Poor:
        def __getattr__(self, name: str) -> Any:
            return getattr(site.wallet, name)

        def broadcast(self, _: object) -> None:
            raise OperatorError("insufficient funds", hint="Send coins to the wallet's address.")

    poor: Any = Poor()
    advance(replace(notary_lab.notary, sites=(replace(site, wallet=poor),)))
    assert "insufficient funds" in held(notary_lab.notary)[0].reason
    notary_lab.anchor()
    assert held(notary_lab.notary) == ()
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


def _held_by(notary_lab: Lab, method: str, answer: Any, says: str) -> None:
    import re

    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    site = notary_lab.notary.sites[0]
    before = _roots(site)

    class Lies:
        def __getattr__(self, name: str) -> Any:
            return answer if name == method else getattr(site.chain, name)

    lies: Any = Lies()
    (found,) = advance(replace(notary_lab.notary, sites=(replace(site, chain=lies),)))
    assert re.search(says, found.held[0].reason)
    assert _roots(site) == before
    notary_lab.anchor()
    assert held(notary_lab.notary) == ()
    assert notary_lab.verdicts(batch) == [Result.VERIFIED]


# -------------------------------------------------------- archive, block notes


def test_the_block_is_archived_when_its_anchor_is_final(notary_lab: Lab) -> None:
    """Header and all receipts come back from the block store, pinned, and are the block's."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    ((row,),) = (found.anchors for found in notary_lab.anchor())
    assert row.archive is not None
    assert row.block is not None
    cid = Cid.parse(row.archive)
    assert fetch_archive(cid, notary_lab.notary.blocks) == notary_lab.notary.sites[0].chain.block(row.block)
    assert cid in set(notary_lab.notary.blocks.pins())


def test_block_notes_join_the_receipts_and_settle_a_newer_block(notary_lab: Lab) -> None:
    """A trust file that knows the parties and not the block: verified by one note, not known without."""
    batch = notary_lab.logged(notary_lab.institutions[0], "Ana")
    ((row,),) = (found.anchors for found in notary_lab.anchor())
    party, chain = notary_lab.institutions[1].key, notary_lab.notary.sites[0].chain
    assert row.block is not None
    note = sign_block(chain, row.block, "party.example", party)
    trust = export_trust(notary_lab.notary, "the lab", block_notes=Quorum((party_key("party.example", party),), 1))
    consortium = trust.consortia[0]
    contracts = tuple(replace(contract, blocks={}) for contract in consortium.contracts)
    older = replace(trust, consortia=(replace(consortium, contracts=contracts),))

    def verdict() -> Result:
        ((_, made),) = batch_receipts(notary_lab.notary, batch.id)
        return verify(bytes(made), older, at=notary_lab.notary.clock.now()).result

    assert verdict() is Result.NOT_KNOWN
    printed = f"{note}\n{note}\n".encode()
    assert add_notes(notary_lab.notary, read_notes(printed, "file")) == 1
    assert add_notes(notary_lab.notary, [note]) == 0
    assert verdict() is Result.VERIFIED


def test_a_note_of_another_block_is_not_added(notary_lab: Lab) -> None:
    """Another hash, or a block without an anchor; and no party signs a block that is not final."""
    notary_lab.logged(notary_lab.institutions[0], "Ana")
    ((row,),) = (found.anchors for found in notary_lab.anchor())
    party, chain = notary_lab.institutions[1].key, notary_lab.notary.sites[0].chain
    assert row.block is not None
    note = sign_block(chain, row.block, "party.example", party)
    other = Note(note.text.replace(row.block_hash.hex() if row.block_hash else "", "ab" * 32), note.signatures)
    with pytest.raises(Mismatch, match="a note about block"):
        add_notes(notary_lab.notary, [other])
    with pytest.raises(IssuerError, match="no final anchor"):
        add_notes(notary_lab.notary, [sign_block(chain, 0, "party.example", party)])
    with pytest.raises(Pending, match="not final"):
        sign_block(chain, chain.latest() + 1, "party.example", party)


def _drawn(notary_lab: Lab) -> Any:
    drawn = draw(notary_lab.notary)
    assert drawn is not None
    return drawn.number


def _root(notary_lab: Lab) -> Any:
    from notary.service.rounds.drawing import read_manifest

    with notary_lab.notary.ledger.read() as work:
        return read_manifest(work.anchors.manifests()[-1]).anchor_root()


def _any_root() -> Any:
    from notary.core.digest import sha256

    return sha256(b"something else")


def test_the_anchor_contract_is_known_without_its_node() -> None:
    """So a notary opens though a chain is down."""
    contracts = PublishedContracts()
    registry, anchor = contracts.founded_at(EvmKey.of(b"\x01" * 32).address, 3)
    assert contracts.anchor_of(registry) == anchor
