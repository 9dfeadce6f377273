"""Deterministic mutations of receipts: of their bytes, and of their JSON."""

import copy
import random
from collections.abc import Iterator, Sequence

from tests.independent.strict_json import LARGEST, Json, jcs

_ODD: list[Json] = [
    None,
    True,
    0,
    1,
    4,
    -1,
    LARGEST,
    LARGEST + 1,
    1.0,
    0.5,
    "",
    "z",
    "eip155:1",
    "did:web::x",
    "2026-02-30T00:00:00Z",
    "2026-06-01T00:00:00Z",
    "A" * 43,
    "status",
    "community",
    "evm",
    [],
    {},
    [None],
    {"id": 1},
]
_NAMES = [
    "note",
    "expires",
    "id",
    "proof",
    "vc",
    "iss",
    "badge",
    "nbf",
    "@context",
    "previousProof",
    "status",
    "change",
]
_SIGNS = "AZaz019_-.~+/= \né:#"


def _places(value: Json, place: tuple[Json, ...] = ()) -> Iterator[tuple[Json, ...]]:
    for name in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*place, name)
        yield from _places(value[name], (*place, name))


def _at(value: Json, place: tuple[Json, ...]) -> Json:
    for name in place:
        value = value[name]
    return value


def _of_text(rng: random.Random, text: str) -> str:
    place, sign = rng.randrange(len(text)), rng.choice(_SIGNS)
    changed = [text[:place] + sign + text[place + 1 :], text[:place] + text[place + 1 :], text + sign, sign + text]
    return rng.choice(changed)


def _another(rng: random.Random, old: Json) -> Json:
    if isinstance(old, str) and old:
        return _of_text(rng, old)
    if isinstance(old, list) and old:
        return rng.choice([old * 2, old[::-1], old[1:]])
    if type(old) is int:
        return max(0, old + rng.choice([-2, -1, 1, 2, 100]))
    return rng.choice(_ODD)


def of_json(rng: random.Random, document: Json, pool: Sequence[Json]) -> bytes:
    """One value changed, taken from elsewhere, added or left out."""
    changed = copy.deepcopy(document)
    place = rng.choice(list(_places(changed)))
    parent, name = _at(changed, place[:-1]), place[-1]
    match rng.randrange(6):
        case 0:
            parent[name] = rng.choice(_ODD)
        case 1:
            del parent[name]
        case 2 if isinstance(parent, dict):
            parent[rng.choice(_NAMES)] = rng.choice(_ODD)
        case 3:
            other = rng.choice(pool)
            same = [found for found in _places(other) if found[-1] == name]
            parent[name] = copy.deepcopy(_at(other, rng.choice(same))) if same else None
        case _:
            parent[name] = _another(rng, parent[name])
    return jcs(changed)


def of_bytes(rng: random.Random, data: bytes) -> bytes:
    """One bit turned, or a few bytes left out, doubled or added."""
    place, count = rng.randrange(len(data)), rng.randrange(1, 20)
    before, part, after = data[:place], data[place : place + count], data[place + count :]
    match rng.randrange(4):
        case 0:
            return before + bytes([part[0] ^ 1 << rng.randrange(8)]) + part[1:] + after
        case 1:
            return before + after
        case 2:
            return before + part + part + after
        case _:
            return before + bytes([rng.randrange(256)]) + part + after
