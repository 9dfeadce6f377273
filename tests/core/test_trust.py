from dataclasses import replace

import pytest

from notary.core.canonical import canonical
from notary.core.errors import Malformed
from notary.core.trust import Distrusted, Quorum, TrustedConsortium, TrustFile
from tests.world import MAIN, SIDE, World

WORLD = World()
TRUST = WORLD.trust()
HARBOUR = TRUST.consortia[0]


@pytest.mark.parametrize(
    "trust",
    [
        TRUST,
        replace(TRUST, consortia=()),
        WORLD.trust(blocks=False, witnesses=Quorum((), 0), block_notes=Quorum((), 0), anchors_needed=2),
        WORLD.trust(distrusted=(Distrusted("SHA-256", None), Distrusted("Ed25519", "2030-01-01T00:00:00Z"))),
        WORLD.trust(contracts=tuple(replace(contract, until_block=7) for contract in HARBOUR.contracts)),
    ],
)
def test_a_trust_file_comes_back_from_its_bytes(trust: TrustFile) -> None:
    """Parsed, written and parsed again."""
    data = canonical(trust.to_json())
    assert TrustFile.parse(data) == trust
    assert canonical(TrustFile.parse(data).to_json()) == data


def test_a_consortium_is_found_by_its_logs_origin() -> None:
    """Each origin leads to one, and a stranger's to none."""
    assert TRUST.consortium("west.example/log") is HARBOUR
    assert TRUST.consortium("hill.example/log") is TRUST.consortia[1]
    assert TRUST.consortium("thief.example/log") is None
    with pytest.raises(Malformed, match="in one consortium, once"):
        replace(TRUST, consortia=(HARBOUR, HARBOUR))


def test_blocks_are_known_by_chain_and_number() -> None:
    """From the lists of all contracts on the chain; numbers of one chain say nothing of another."""
    main, side = WORLD.harbour.chains[MAIN], WORLD.harbour.chains[SIDE]
    number = max(main.blocks)
    assert number not in side.blocks
    assert HARBOUR.block_hashes(MAIN, number) == {main.blocks[number]}
    assert HARBOUR.block_hashes(SIDE, number) == set()
    assert HARBOUR.newest_block(MAIN, main.contract) == number
    assert HARBOUR.newest_block(MAIN, side.contract) == -1
    assert unlisted(HARBOUR).newest_block(MAIN, main.contract) == -1


def unlisted(consortium: TrustedConsortium) -> TrustedConsortium:
    return replace(consortium, contracts=tuple(replace(contract, blocks={}) for contract in consortium.contracts))


def test_a_contract_and_a_log_are_found_exactly() -> None:
    """By chain and address, by origin."""
    main = WORLD.harbour.chains[MAIN].contract
    found, log = HARBOUR.contract(MAIN, main), HARBOUR.log("east.example/log")
    assert found
    assert log
    assert found.contract == main
    assert log.keys == (WORLD.east.key.vkey(),)
    assert HARBOUR.contract(SIDE, main) is None
    assert HARBOUR.log("East.example/log") is None
