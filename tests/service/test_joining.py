"""Joining a consortium that is there already."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from notary.core.cid import Cid
from notary.core.errors import Mismatch, NotaryError, OperatorError
from notary.ports import BlockStore
from notary.service.members.joining import join
from notary.service.members.registry import members_in_force
from notary.store import open_ledger
from notary.store.ledger import SqlLedger
from tests.service.lab import Lab


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[SqlLedger]:
    """The empty ledger of whoever joins."""
    ledger = open_ledger(f"sqlite:///{tmp_path / 'newcomer.sqlite3'}")
    yield ledger
    ledger.close()


def test_members_are_taken_over_from_chain_and_blocks(notary_lab: Lab, newcomer: SqlLedger) -> None:
    """State and records are walked to from the registry's digest, and are in force here then."""
    notary = notary_lab.notary
    parts = {"ledger": newcomer, "blocks": notary.blocks, "contracts": notary.contracts}
    members, named = join(notary.sites[0], notary.origin, **parts)  # type: ignore[arg-type]
    assert named
    assert members == members_in_force(notary.ledger) == members_in_force(newcomer)


def test_notary_that_the_state_does_not_name_is_told(notary_lab: Lab, newcomer: SqlLedger) -> None:
    """An account may anchor one log's origin; for another it is not named."""
    notary = notary_lab.notary
    _, named = join(
        notary.sites[0], "other.example/log", ledger=newcomer, blocks=notary.blocks, contracts=notary.contracts
    )
    assert not named


@dataclass
class Swapped:
    """A block store that answers one CID with other bytes, checked by nobody, or not at all."""

    store: BlockStore
    cid: Cid
    data: bytes | None

    def put(self, *_: object, **__: object) -> None:
        raise AssertionError("nothing is kept of what does not fit")

    def get(self, cid: Cid) -> bytes:
        if cid != self.cid:
            return self.store.get(cid)
        if self.data is None:
            raise OperatorError(f"block {cid} cannot be had")
        return self.data


@pytest.mark.parametrize("data", [None, b"", b"{}\n", b"nonsense"])
@pytest.mark.parametrize("which", ["state", "records"])
def test_what_does_not_hash_to_the_chains_digest_is_refused(
    notary_lab: Lab, newcomer: SqlLedger, which: str, data: bytes | None
) -> None:
    """Blocks that are missing or others: refused, and nothing is in force."""
    notary = notary_lab.notary
    state = members_in_force(notary.ledger).state
    cid = Cid.of(state.block()) if which == "state" else state.records
    swapped = Swapped(notary.blocks, cid, data)
    with pytest.raises(NotaryError):
        join(
            notary.sites[0],
            notary.origin,
            ledger=newcomer,
            blocks=swapped,  # type: ignore[arg-type]
            contracts=notary.contracts,
        )
    with pytest.raises(OperatorError, match="no consortium"):
        members_in_force(newcomer)


def test_records_of_another_state_are_refused(notary_lab: Lab, newcomer: SqlLedger) -> None:
    """Real records, one left out: they are not this state's."""
    notary = notary_lab.notary
    members = members_in_force(notary.ledger)
    fewer = b"".join(record.line() + b"\n" for record in members.records[1:])
    swapped = Swapped(notary.blocks, members.state.records, fewer)
    with pytest.raises(Mismatch, match="records are another state's"):
        join(
            notary.sites[0],
            notary.origin,
            ledger=newcomer,
            blocks=swapped,  # type: ignore[arg-type]
            contracts=notary.contracts,
        )
