"""Step 1, on the verifier's side: a trust file that is malformed allows no verdict but *not known yet*."""

import json
from typing import Any

from notary.core.digest import sha256
from notary.core.encoding import to_base58, to_base64
from notary.core.note import SignatureType
from notary.core.verdict import Result
from tests.attacks.catalogue import Given, attack, family
from tests.world import Key, World
from tests.world.edits import drop, edit, get, put

NOT_KNOWN, VERIFIED = Result.NOT_KNOWN, Result.VERIFIED
HARBOUR = "consortia.0"


def judged_by(world: World, trust: Any) -> Given:
    """A genuine receipt before a trust file."""
    return Given(world.receipt("alice", as_of=0), trust=trust)


@family(
    {
        "nothing": b"",
        "no JSON": b"trust me",
        "an array": b"[]",
        "a receipt": b'{"type":"credential-notary/receipt/v1"}',
    },
    NOT_KNOWN,
    1,
)
def trust_file_that_is_none(world: World, case: bytes) -> Any:
    """Bytes that are no trust file."""
    return judged_by(world, case)


@attack(NOT_KNOWN, 1, "another version")
def trust_file_of_a_version_to_come(world: World) -> Any:
    """A trust file of version 2."""
    return judged_by(world, put(world.trust().to_json(), "type", "credential-notary/trust/v2"))


@attack(NOT_KNOWN, 1, "stands twice")
def trust_file_with_a_name_twice(world: World) -> Any:
    """Two registries, of which a reader may take either."""
    text = json.dumps(world.trust().to_json(), separators=(",", ":"))
    return judged_by(world, text.replace('"anchorsNeeded":1', '"anchorsNeeded":1,"anchorsNeeded":2', 1).encode())


@family(
    {
        path: path
        for path in (
            "more",
            f"{HARBOUR}.more",
            f"{HARBOUR}.chains.0.more",
            f"{HARBOUR}.logs.0.more",
            f"{HARBOUR}.witnesses.more",
            f"{HARBOUR}.registry.more",
        )
    },
    NOT_KNOWN,
    1,
)
def trust_file_with_a_member_too_many(world: World, case: str) -> Any:
    """What the verifier wrote there would not be heeded."""
    return judged_by(world, put(world.trust().to_json(), case, []))


@family(
    {
        path: path
        for path in (
            "date",
            "consortia",
            f"{HARBOUR}.distrusted",
            f"{HARBOUR}.anchorsNeeded",
            f"{HARBOUR}.witnesses",
            f"{HARBOUR}.blockNotes.need",
            f"{HARBOUR}.chains.0.untilBlock",
            f"{HARBOUR}.registry",
        )
    },
    NOT_KNOWN,
    1,
)
def trust_file_with_a_member_missing(world: World, case: str) -> Any:
    """Silence is no trust."""
    return judged_by(world, drop(world.trust().to_json(), case))


@family(
    {
        "no anchors needed": (f"{HARBOUR}.anchorsNeeded", 0),
        "true anchors needed": (f"{HARBOUR}.anchorsNeeded", True),
        "no witness needed of two": (f"{HARBOUR}.witnesses.need", 0),
        "three witnesses needed of two": (f"{HARBOUR}.witnesses.need", 3),
        "no note needed of three": (f"{HARBOUR}.blockNotes.need", 0),
        "four notes needed of three": (f"{HARBOUR}.blockNotes.need", 4),
        "one note needed of none": (f"{HARBOUR}.blockNotes.keys", []),
        "a log without keys": (f"{HARBOUR}.logs.0.keys", []),
        "an algorithm misspelt": (f"{HARBOUR}.distrusted", [{"algorithm": "SHA256", "since": None}]),
        "no name": (f"{HARBOUR}.name", ""),
        "a hash of 31 bytes": (f"{HARBOUR}.chains.0.blocks.0.hash", "0x" + "00" * 31),
        "a block below zero": (f"{HARBOUR}.chains.0.blocks.0.number", -1),
        "a chain by its name": (f"{HARBOUR}.chains.0.chain", "mainnet"),
        "a contract in capitals": (f"{HARBOUR}.chains.0.contract", "0x" + "AA" * 20),
        "a date with an offset": ("date", "2026-12-31T00:00:00+00:00"),
        "no consortia": ("consortia", None),
        "a registry of another type": (f"{HARBOUR}.registry.type", "credential-notary/member/v1"),
        "a registry below 1": (f"{HARBOUR}.registry.number", 0),
    },
    NOT_KNOWN,
    1,
)
def trust_file_with(world: World, case: Any) -> Any:
    """A value that the format does not allow."""
    return judged_by(world, put(world.trust().to_json(), *case))


@family(
    {
        "a block": f"{HARBOUR}.chains.0.blocks",
        "a contract": f"{HARBOUR}.chains",
        "a log": f"{HARBOUR}.logs",
        "a witness": f"{HARBOUR}.witnesses.keys",
        "a consortium": "consortia",
    },
    NOT_KNOWN,
    1,
    "once",
)
def trust_file_that_has_twice(world: World, case: str) -> Any:
    """Of two entries for one thing a reader may take either."""
    return judged_by(world, edit(world.trust().to_json(), case, lambda items: [*items, items[0]]))


@attack(NOT_KNOWN, 1, "each log origin in one consortium")
def trust_file_that_mixes_consortia(world: World) -> Any:
    """One log in two consortia: the laxer one's words would count."""
    trust = world.trust().to_json()
    return judged_by(world, edit(trust, "consortia.1.logs", lambda logs: [*logs, get(trust, f"{HARBOUR}.logs.0")]))


@family(
    {
        "under another name": lambda world: str(world.east.key.vkey(name="other.example/log")),
        "of a witness": lambda world: str(world.east.key.vkey(SignatureType.COSIGNATURE)),
        "with another key id": lambda _: _vkey("east.example/log", b"\1", "00000000", b"\1" * 32),
        "of small order": lambda _: _vkey("east.example/log", b"\1", None, b"\1" + bytes(31)),
        "of a type to come": lambda _: _vkey("east.example/log", b"\6", None, bytes(1312)),
        "in multibase": lambda world: "z" + to_base58(b"\xed\x01" + world.east.key.public.raw),
        "empty": lambda _: "",
    },
    NOT_KNOWN,
    1,
)
def log_key(world: World, case: Any) -> Any:
    """A log's key is a plain Ed25519 vkey under the log's origin."""
    return judged_by(world, put(world.trust().to_json(), f"{HARBOUR}.logs.0.keys.0", case(world)))


def _vkey(name: str, kind: bytes, key_id: str | None, raw: bytes) -> str:
    digest = sha256(name.encode() + b"\n" + kind + raw)
    return f"{name}+{key_id or digest[:4].hex()}+{to_base64(kind + raw)}"


@attack(NOT_KNOWN, 1, "signature type")
def witness_with_a_plain_key(world: World) -> Any:
    """A witness cosigns with the time; a plain signature could be anybody's old one."""
    trust = put(world.trust().to_json(), f"{HARBOUR}.witnesses.keys.0", str(Key("witness").vkey()))
    return judged_by(world, trust)


@attack(VERIFIED)
def trust_file_that_knows_more(world: World) -> Any:
    """Not an attack: logs, chains and blocks that this receipt has nothing to do with."""
    trust = edit(
        world.trust().to_json(),
        f"{HARBOUR}.chains.1.blocks",
        lambda blocks: [*blocks, {"number": 5, "hash": "0x" + "05" * 32}],
    )
    return judged_by(world, trust)
