import json
from dataclasses import replace
from typing import Any

import pytest

from notary.core.canonical import canonical, load
from notary.core.digest import ZERO, sha256
from notary.core.errors import Malformed, Unsupported
from notary.core.leaf import Form
from notary.core.receipt import MAX_SIZE, EvmAnchor, OtherAnchor, Receipt
from tests.world import ALPHA, BETA, World
from tests.world.edits import drop, get, put

WORLD = World()
ALICE = WORLD.receipt("alice")
RECEIPTS = [
    *(WORLD.receipt(name) for name in WORLD.awards),
    replace(ALICE, content=None),
    replace(ALICE, evidence=sha256(b"withheld"), evidence_keys=()),
    replace(ALICE, renewals=({"type": "x"},), attachments=(1, None)),
    replace(ALICE, submissions=(), commitments=()),
    replace(
        WORLD.receipt("frank", as_of=0),
        submissions=(replace(WORLD.receipt("frank", as_of=0).submissions[0], status=None),),
    ),
]


@pytest.mark.parametrize("receipt", RECEIPTS)
def test_a_receipt_comes_back_from_its_bytes(receipt: Receipt) -> None:
    """Parsed, written and parsed again: the same values, the same bytes."""
    data = bytes(receipt)
    again = Receipt.parse(data)
    assert again == receipt
    assert bytes(again) == data == canonical(json.loads(data))
    assert Receipt.parse(json.dumps(receipt.to_json(), indent=1).encode()) == receipt


def test_the_leafs_evidence_is_the_manifests_digest_or_zeros() -> None:
    """Withheld or shown, it is the same."""
    assert ALICE.evidence
    digest = ALICE.evidence_digest()
    assert digest == replace(ALICE, evidence=digest, evidence_keys=()).evidence_digest() != ZERO
    assert WORLD.receipt("bob").evidence_digest() == ZERO


def test_an_anchor_of_another_type_is_kept_as_it_came() -> None:
    """Whatever it holds."""
    value: Any = {"type": "opentimestamps", "proof": {"deep": [1, 2.5]}}
    receipt = Receipt.of(_document(put(ALICE, "commitments.0.anchors.0", value)))
    assert receipt.commitments[0].anchors[0] == OtherAnchor("opentimestamps", value)
    assert get(receipt, "commitments.0.anchors.0") == value


def test_an_anchor_gives_a_members_record_by_its_id() -> None:
    """Or nothing."""
    (anchor,) = WORLD.receipt("frank", as_of=0).commitments[0].anchors
    assert isinstance(anchor, EvmAnchor)
    member = anchor.member(BETA.did)
    assert member
    assert member.record == BETA.record
    assert anchor.member(ALPHA.did) is None


@pytest.mark.parametrize("form, content", [(Form.FILE, "%"), (Form.JOSE, ""), (Form.JSON, [])])
def test_content_is_of_its_form(form: Form, content: Any) -> None:
    """An object, base64url, or text that is not empty."""
    with pytest.raises(Malformed, match="credential"):
        Receipt.of(_document(put(put(ALICE, "form", int(form)), "credential", content)))


def test_unknown_members_of_the_receipt_are_unsupported_not_malformed() -> None:
    """A newer release may know them; a missing one nobody knows."""
    with pytest.raises(Unsupported, match="newer release"):
        Receipt.of(_document(put(ALICE, "more", 1)))
    with pytest.raises(Malformed, match="lacks submissions"):
        Receipt.of(_document(drop(ALICE, "submissions")))


def test_a_receipt_is_at_most_4_mib() -> None:
    """One byte more is not read."""
    data = bytes(ALICE)
    assert Receipt.parse(data.ljust(MAX_SIZE)) == ALICE
    with pytest.raises(Malformed, match="too large"):
        Receipt.parse(data.ljust(MAX_SIZE + 1))


def test_commitments_that_are_used_are_exactly_those_that_are_there() -> None:
    """Unless there are none, or nothing uses them: that is for verification to say."""
    with pytest.raises(Malformed, match="each used"):
        replace(ALICE, commitments=ALICE.commitments[:-1])
    with pytest.raises(Malformed, match="each used"):
        replace(ALICE, commitments=(*ALICE.commitments, ALICE.commitments[0]))
    assert replace(ALICE, submissions=()).commitments
    assert replace(ALICE, commitments=()).submissions


def _document(value: Any) -> Any:
    return load(canonical(value), "receipt", max_size=MAX_SIZE)
