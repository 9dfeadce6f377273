"""Whatever is changed in a receipt, in any place: verification never breaks down, and never believes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from notary.core.verdict import Verdict
from tests.world import World
from tests.world.edits import drop, get, put

WORLD = World()
RECEIPTS = {
    "revoked by a successor": WORLD.receipt("grace").to_json(),
    "joint": WORLD.receipt("erin", as_of=0).to_json(),
    "a token": WORLD.receipt("ivan", as_of=0).to_json(),
    "a file": WORLD.receipt("heidi", as_of=0).to_json(),
}
FREE = ("notes", "renewals", "attachments")
"""What may be added to or taken away by anybody: notes of a listed block, and what changes no verdict."""


def places(value: Any, path: str = "") -> Iterator[str]:
    """Every member and item, however deep."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            here = f"{path}.{name}" if path else str(name)
            yield here
            yield from places(inner, here)


def others(value: Any) -> Iterator[Any]:
    """What might stand there instead."""
    yield from (None, [value])
    match value:
        case bool():
            yield not value
        case int():
            yield from (True, value + 1, -1, float(value))
        case str():
            yield from (value + "A", value[:-1] + chr(ord(value[-1:] or "a") ^ 1))
        case [*items]:
            yield items[1:]


def verdict_of(value: Any) -> Verdict:
    return WORLD.verify(json.dumps(value, separators=(",", ":")).encode())


def changes(receipt: Any) -> Iterator[tuple[str, Any]]:
    """Every receipt that differs in one place: another value, a part of it, or nothing."""
    for place in places(receipt):
        if set(FREE) & set(place.split(".")):
            continue
        value = get(receipt, place)
        yield place, drop(receipt, place)
        for other in others(value):
            if json.dumps(other) != json.dumps(value):
                yield f"{place} = {other!r}", put(receipt, place, other)


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_receipt_changed_in_one_place_is_not_believed(name: str) -> None:
    """Nor does it break the verifier."""
    assert verdict_of(RECEIPTS[name]).verified
    believed = [change for change, receipt in changes(RECEIPTS[name]) if verdict_of(receipt).verified]
    assert believed == []
