from dataclasses import replace
from typing import Any

import pytest

from notary.core.canonical import canonical
from notary.core.cid import Cid
from notary.core.digest import ZERO, node_hash, sha256
from notary.core.errors import Malformed, Unsupported
from notary.core.manifest import MAX_SIZE, Manifest, snapshot_entry
from tests.world import World
from tests.world.edits import drop, put

FIRST, SECOND = (anchoring.manifest for anchoring in World().east.anchorings[:2])


@pytest.mark.parametrize("manifest", [FIRST, SECOND, replace(SECOND, legacy=sha256(b""))])
def test_a_manifest_comes_back_from_its_json(manifest: Manifest) -> None:
    """With the same block and digest."""
    again = Manifest.parse(manifest.to_json())
    assert again == manifest
    assert again.block() == canonical(manifest.to_json())
    assert again.digest() == sha256(manifest.block())
    assert len(manifest.block()) <= MAX_SIZE


@pytest.mark.parametrize("legacy", [None, sha256(b"legacy")])
def test_the_anchor_root_is_a_node_over_manifest_and_legacy_root(legacy: Any) -> None:
    """Its 65-byte preimage is a raw block whose CID's digest is what stands on chain."""
    manifest = replace(SECOND, legacy=legacy)
    assert manifest.anchor_root() == node_hash(manifest.digest(), legacy or ZERO)
    assert len(manifest.anchor_preimage()) == 65
    assert Cid.of(manifest.anchor_preimage()).digest == manifest.anchor_root()


def test_a_statement_is_judged_by_one_manifest() -> None:
    """From `since` on, up to but not including `size`."""
    judged = [entry for entry in range(20) if SECOND.judges(entry)]
    assert judged == list(range(SECOND.since, SECOND.size))
    assert not any(FIRST.judges(entry) for entry in judged)
    assert all(FIRST.judges(entry) for entry in range(FIRST.size))


@pytest.mark.parametrize(
    "change, says",
    [
        ({"since": SECOND.size + 1}, "at most the size"),
        ({"previous": None}, "0 where there is no previous"),
    ],
)
def test_since_and_previous_agree(change: dict[str, Any], says: str) -> None:
    """The first manifest judges from the beginning, none begins behind its end."""
    with pytest.raises(Malformed, match=says):
        replace(SECOND, **change)


def test_a_log_may_be_anchored_again_as_it_is() -> None:
    """Then the new manifest judges nothing."""
    again = replace(SECOND, since=SECOND.size)
    assert not any(again.judges(entry) for entry in range(20))


@pytest.mark.parametrize("name", list(FIRST.to_json()))  # type: ignore[arg-type]
def test_a_manifest_is_closed_and_exact(name: str) -> None:
    """No member missing, none of another type."""
    with pytest.raises(Malformed):
        Manifest.parse(drop(FIRST.to_json(), name))
    with pytest.raises(Malformed):
        Manifest.parse(put(FIRST.to_json(), name, True))


def test_a_manifest_of_a_version_to_come_is_unsupported() -> None:
    """Its members are not looked into."""
    with pytest.raises(Unsupported):
        Manifest.parse({"type": "credential-notary/anchor/v2"})


def test_a_snapshot_entry_names_batch_and_newest_status() -> None:
    """As JCS; null where nobody changed anything."""
    batch, status = sha256(b"batch"), sha256(b"status")
    assert snapshot_entry(batch, None).endswith(b'","status":null}')
    assert snapshot_entry(batch, status) != snapshot_entry(status, batch)
