"""How an attack is written down: a function of a fresh world that gives what a verifier is handed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeAlias

from notary.core.receipt import Receipt
from notary.core.trust import TrustFile
from notary.core.verdict import Result, State, Verdict
from tests.world import NOW, World

REFUSED = {Result.NOT_VERIFIED: (State.FAIL,), Result.NOT_KNOWN: (State.UNKNOWN,)}
"""The state of the check that decides a verdict which is not *verified*."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a verifier has: a receipt and a trust file (values, JSON or bytes), and perhaps more."""

    receipt: Any
    trust: Any = None
    at: datetime = NOW
    credential: bytes | None = None
    blocks: Mapping[tuple[str, int], bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """The same in bytes, ready for any build of the verifier."""

    receipt: bytes
    trust: bytes
    at: datetime
    credential: bytes | None
    blocks: Mapping[tuple[str, int], bytes]


Build: TypeAlias = Callable[[World], Any]
BuildOne: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Attack:
    """`build` gives a Given, or a receipt for the world's own trust file.

    The verdict is `result`, and a check of `step` says `says`: one that refuses
    it, or one that is said beside another verdict (unknown or stale).
    """

    name: str
    title: str
    build: Build
    result: Result
    step: int | None
    says: str

    def meets(self, verdict: Verdict) -> bool:
        """Say whether this is the verdict that was to be, for the reason that was to be."""
        states = REFUSED.get(self.result, (State.UNKNOWN, State.STALE))
        reasons = [check for check in verdict.checks if check.state in states and check.step == self.step]
        said = any(self.says in f"{check.says} {check.expected}" for check in reasons)
        return verdict.result == self.result and (said or self.step is None)

    @cache  # noqa: B019 - the catalogue lives as long as the tests
    def case(self) -> Case:
        """Build it, once for all tests."""
        world = World()
        made = self.build(world)
        given = made if isinstance(made, Given) else Given(made)
        trust = world.trust() if given.trust is None else given.trust
        return Case(_bytes(given.receipt), _bytes(trust), given.at, given.credential, given.blocks)


ATTACKS: list[Attack] = []


def attack(result: Result, step: int | None = None, says: str = "") -> Callable[[Build], Build]:
    """Put a function in the catalogue: its name, its docstring, and the verdict it must get."""

    def record(build: Build) -> Build:
        _record(build.__name__, build.__doc__, build, result, step, says)
        return build

    return record


def family(
    cases: Mapping[str, Any], result: Result, step: int | None = None, says: str = ""
) -> Callable[[BuildOne], BuildOne]:
    """Put a function in the catalogue once for each named case, which it is given too."""

    def record(build: BuildOne) -> BuildOne:
        for name, case in cases.items():
            _record(f"{build.__name__}: {name}", build.__doc__, partial(build, case=case), result, step, says)
        return build

    return record


def _record(name: str, doc: str | None, build: Build, result: Result, step: int | None, says: str) -> None:
    assert doc, f"{name} has no sentence that says what it tries"
    assert step is not None or result not in REFUSED, f"{name}: a refusal has a step"
    assert name not in {known.name for known in ATTACKS}, f"{name} stands twice"
    ATTACKS.append(Attack(name, doc.splitlines()[0], build, result, step, says))


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, Receipt):
        return bytes(value)
    if isinstance(value, TrustFile):
        value = value.to_json()
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
