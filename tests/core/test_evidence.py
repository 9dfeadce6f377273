from dataclasses import replace
from typing import Any

import pytest

from notary.core.canonical import canonical
from notary.core.digest import sha256
from notary.core.errors import Malformed
from notary.core.evidence import EvidenceItem, EvidenceManifest
from tests.world import World
from tests.world.edits import put

EVIDENCE = World().awards["alice"].evidence
assert EVIDENCE
PLAIN = replace(EVIDENCE.items[0], encrypted=False)


@pytest.mark.parametrize(
    "manifest",
    [EVIDENCE, EvidenceManifest((PLAIN, *EVIDENCE.items), None), EvidenceManifest((), "Examined by two.")],
    ids=["items and narrative", "items", "a narrative"],
)
def test_evidence_comes_back_from_its_json(manifest: EvidenceManifest) -> None:
    """In the order given, with the same digest."""
    assert EvidenceManifest.parse(manifest.to_json()) == manifest
    assert manifest.digest() == sha256(canonical(manifest.to_json()))


def test_evidence_of_nothing_is_none() -> None:
    """Where there is neither item nor narrative the leaf holds zeros instead."""
    with pytest.raises(Malformed, match="items or a narrative"):
        EvidenceManifest((), None)


@pytest.mark.parametrize(
    "path, value",
    [
        ("narrative", ""),
        ("items", None),
        ("items.0.name", ""),
        ("items.0.mediaType", None),
        ("items.0.size", -1),
        ("items.0.digest", "AA"),
        ("items.0.cid", "Qm"),
        ("items.0.encryption", "pgp"),
        ("items.0.encryption", False),
        ("items.0.more", 1),
    ],
)
def test_evidence_is_closed_and_exact(path: str, value: Any) -> None:
    """Each member has one type and one spelling."""
    assert EVIDENCE
    with pytest.raises(Malformed):
        EvidenceManifest.parse(put(EVIDENCE.to_json(), path, value))


def test_an_item_says_whether_its_cid_is_of_a_ciphertext() -> None:
    """`age`, or null for what is pinned as it is."""
    assert EvidenceItem.parse(PLAIN.to_json(), "item") == PLAIN
    assert PLAIN.to_json() == put(replace(PLAIN, encrypted=True).to_json(), "encryption", None)
