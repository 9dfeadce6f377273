"""Text forms and closed objects of every format (docs/spec/README.md and the page of each)."""

import base64
import datetime as dt
import re
from collections.abc import Callable
from functools import partial

from tests.independent import keys, notes
from tests.independent.strict_json import LARGEST, Json, Malformed, Unsupported, all_of, depth, jcs, parse, require

Shape = Callable[[Json], object]
RECOGNITIONS = ("self-asserted", "community", "authorised")
ALGORITHMS = ("SHA-256", "Keccak-256", "Ed25519", "P-256")


def string(value: Json) -> None:
    """Any string but the empty one."""
    require(isinstance(value, str) and value != "", Malformed, "no string")


def boolean(value: Json) -> None:
    """True or false."""
    require(isinstance(value, bool), Malformed, "no boolean")


def anything(_value: Json) -> None:
    """What is kept and not read."""


def integer(least: int = 0) -> Shape:
    """A number written without fraction and exponent."""
    return lambda value: require(type(value) is int and least <= value <= LARGEST, Malformed, "no such integer")


def one_of(*values: str) -> Shape:
    """One of these strings."""
    return lambda value: require(isinstance(value, str) and value in values, Malformed, f"none of {values}")


def matching(pattern: str) -> Shape:
    """A string of this form."""
    form = re.compile(pattern, re.ASCII)
    return lambda value: require(
        isinstance(value, str) and form.fullmatch(value) is not None, Malformed, "no such text"
    )


def nullable(shape: Shape) -> Shape:
    """Null, or what the shape says."""
    return lambda value: None if value is None else shape(value)


def array(shape: Shape) -> Shape:
    """Any number of items."""

    def check(value: Json) -> None:
        require(isinstance(value, list), Malformed, "no array")
        all_of(partial(shape, item) for item in value)

    return check


def unbase64url(value: Json) -> bytes:
    """Bytes of base64url in its one spelling."""
    require(isinstance(value, str) and re.fullmatch("[A-Za-z0-9_-]*", value) is not None, Malformed, "no base64url")
    require(len(value) % 4 != 1, Malformed, "no base64url")
    data = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    require(base64url(data) == value, Malformed, "no base64url")
    return data


def base64url(data: bytes) -> str:
    """The one spelling of bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def octets(size: int) -> Shape:
    """Bytes of this size."""
    return lambda value: require(len(unbase64url(value)) == size, Malformed, f"not {size} bytes")


digest = octets(32)


def path(value: Json) -> None:
    """Siblings, joined."""
    require(len(unbase64url(value)) % 32 == 0, Malformed, "no path")


def seconds(text: Json) -> int:
    """Unix seconds of a time."""
    matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")(text)
    try:
        return int(dt.datetime.fromisoformat(text).timestamp())
    except ValueError as error:
        raise Malformed("no time") from error


def cid(value: Json) -> None:
    """CIDv1, raw or dag-pb, SHA-256."""
    matching("b[a-z2-7]{58}")(value)
    data = base64.b32decode(value[1:].upper() + "=" * 6)
    spelled = "b" + base64.b32encode(data).decode().rstrip("=").lower()
    require(spelled == value and data[:4] in {b"\x01\x55\x12\x20", b"\x01\x70\x12\x20"}, Malformed, "no CID")


def did(value: Json) -> None:
    """A DID of at most 1,024 characters."""
    matching("did:[a-z0-9]+(:[A-Za-z0-9._%-]+)+")(value)
    require(len(value) <= 1024, Malformed, "a DID too long")


def json_object(levels: int) -> Shape:
    """Any object of at most so many levels."""
    return lambda value: require(isinstance(value, dict) and depth(value) <= levels, Malformed, "no such object")


origin = matching(r"[\x21-\x2a\x2c-\x7e]{1,255}")
chain = matching("eip155:[1-9][0-9]{0,15}")
address = matching("0x[0-9a-f]{40}")
block_hash = matching("0x[0-9a-f]{64}")


def closed(
    kind: str | None, members: dict[str, Shape], rule: Callable[[Json], None] = anything, *, own: bool = False
) -> Shape:
    """A closed object: members, those that may be absent with `?`; own ones of a receipt may grow."""
    members = {"type": anything, **members} if kind else members
    shapes = {name.rstrip("?"): shape for name, shape in members.items()}
    needed = {name for name in members if not name.endswith("?")}

    def version(value: Json) -> None:
        said, right = value["type"], f"credential-notary/{kind}/v1"
        if said != right:
            other = isinstance(said, str) and said.startswith(right[:-2])
            raise (Unsupported if other else Malformed)(f"type {said!r}")

    def check(value: Json) -> None:
        require(isinstance(value, dict), Malformed, "no object")
        if kind and "type" in value:
            version(value)
        more = set(value) - set(shapes)
        all_of(
            [
                lambda: require(not more, Unsupported if own else Malformed, f"members not known: {sorted(more)}"),
                lambda: require(needed <= set(value), Malformed, f"members lacking: {sorted(needed - set(value))}"),
                *(partial(shapes[name], value[name]) for name in value if name in shapes),
            ]
        )
        rule(value)

    return check


def _distinct(values: list[Json], what: str) -> None:
    require(len(set(values)) == len(values), Malformed, f"{what} twice")


def _first_or_linked(value: Json, counter: str) -> None:
    require((value["previous"] is None) == (value[counter] == 1), Malformed, "previous and its number")


def _statement_rule(value: Json) -> None:
    _first_or_linked(value, "seq")
    joint = value.get("jointWith", [])
    _distinct([value["issuer"], *joint], "an institution")
    require(len(jcs(value)) <= 65535, Malformed, "a log entry too long")


def _manifest_rule(value: Json) -> None:
    require(value["since"] <= value["size"], Malformed, "since beyond size")
    require(value["previous"] is not None or value["since"] == 0, Malformed, "since without previous")


def _evidence_rule(value: Json) -> None:
    require(value["items"] != [] or value["narrative"] is not None, Malformed, "evidence of nothing")


def _signature(value: Json) -> None:
    string(value)
    keys.signature(value)


def _purposes_rule(value: Json) -> None:
    require(value["purposes"] != [], Malformed, "no purpose")
    _distinct(value["purposes"], "a purpose")


time = nullable(seconds)
PROOF = closed(
    None,
    {
        "type": one_of("DataIntegrityProof"),
        "cryptosuite": one_of(*keys.SUITES),
        "verificationMethod": string,
        "proofPurpose": one_of("assertionMethod"),
        "proofValue": _signature,
    },
)
_STATEMENT: dict[str, Shape] = {
    "log": origin,
    "issuer": did,
    "seq": integer(1),
    "previous": nullable(digest),
    "root": digest,
    "time": seconds,
    "proof": PROOF,
}
BATCH = closed(
    "batch",
    {
        **_STATEMENT,
        "size": integer(1),
        "recognition": one_of(*RECOGNITIONS),
        "legacy": nullable(digest),
        "jointWith": array(did),
    },
    _statement_rule,
)
STATUS_STATEMENT = closed("status", {**_STATEMENT, "batch": digest}, _statement_rule)
MANIFEST = closed(
    "anchor",
    {
        "origin": origin,
        "since": integer(),
        "size": integer(1),
        "root": digest,
        "snapshot": digest,
        "legacy": nullable(digest),
        "previous": nullable(digest),
        "tree": cid,
        "time": seconds,
    },
    _manifest_rule,
)
STATE = closed(
    "registry",
    {
        "number": integer(1),
        "previous": nullable(digest),
        "contracts": array(closed(None, {"chain": chain, "address": address})),
        "size": integer(1),
        "root": digest,
        "records": cid,
        "notaries": array(closed(None, {"chain": chain, "address": address, "origin": origin})),
        "compromised": array(closed(None, {"key": string, "since": seconds})),
    },
    lambda value: _first_or_linked(value, "number"),
)
_MEMBER_KEY = closed(
    None,
    {
        "id": string,
        "publicKeyMultibase": string,
        "purposes": array(one_of("batch", "status")),
        "from": time,
        "until": time,
        "custodial": boolean,
    },
    _purposes_rule,
)
MEMBER = closed(
    "member",
    {
        "id": did,
        "aliases": array(string),
        "name": string,
        "recognition": one_of(*RECOGNITIONS),
        "programmes": array(closed(None, {"achievement": string, "reference": nullable(string)})),
        "from": time,
        "until": time,
        "successor": nullable(did),
        "keys": array(_MEMBER_KEY),
        "didDocument": nullable(json_object(32)),
    },
)
_ITEM = closed(
    None,
    {
        "name": string,
        "mediaType": string,
        "size": integer(),
        "digest": digest,
        "cid": cid,
        "encryption": nullable(one_of("age")),
    },
)
EVIDENCE = closed("evidence", {"items": array(_ITEM), "narrative": nullable(string)}, _evidence_rule)


def _evidence(value: Json) -> None:
    if isinstance(value, dict):
        EVIDENCE(value)
    else:
        digest(value)
        require(any(unbase64url(value)), Malformed, "evidence of zeros")


def _anchor(value: Json) -> None:
    require(isinstance(value, dict) and "type" in value, Malformed, "no anchor")
    string(value["type"])
    if value["type"] == "evm":
        _EVM(value)


def _node(value: Json) -> None:
    require(unbase64url(value) != b"", Malformed, "an empty node")


_REGISTRY = closed(
    None,
    {
        "state": STATE,
        "members": array(closed(None, {"record": MEMBER, "index": integer(), "path": path}, own=True)),
    },
    lambda value: _distinct([entry["record"]["id"] for entry in value["members"]], "a member"),
    own=True,
)
_EVM = closed(
    None,
    {
        "type": string,
        "chain": chain,
        "contract": address,
        "header": unbase64url,
        "transaction": integer(),
        "log": integer(),
        "proof": array(_node),
        "notes": array(string),
        "registry": _REGISTRY,
    },
    own=True,
)
_COMMITMENT = closed(None, {"manifest": MANIFEST, "checkpoint": string, "anchors": array(_anchor)}, own=True)
_CHANGE = closed(
    None,
    {
        "statement": STATUS_STATEMENT,
        "entry": integer(),
        "path": path,
        "commitment": integer(),
        "chunk": octets(32),
        "chunkPath": path,
    },
    own=True,
)
_STATUS = closed(None, {"commitment": integer(), "path": path, "change?": _CHANGE}, own=True)
_SUBMISSION = closed(
    None,
    {
        "salt": digest,
        "index": integer(),
        "path": path,
        "statement": BATCH,
        "entry": integer(),
        "logPath": path,
        "commitment": integer(),
        "status?": _STATUS,
    },
    own=True,
)
_CREDENTIALS: dict[int, Shape] = {1: json_object(32), 2: unbase64url, 3: string}


def _form(value: Json) -> None:
    integer(1)(value)
    require(value in _CREDENTIALS, Unsupported, f"form {value}")


def _some(shape: Shape) -> Shape:
    def check(value: Json) -> None:
        array(shape)(value)
        require(value != [], Unsupported, "a receipt of nothing")

    return check


def named_commitments(submission: Json) -> list[int]:
    """The commitments a submission names: its own, its status's, its change's."""
    status = submission.get("status", {})
    parts = [submission, status, status.get("change", {})]
    return [part["commitment"] for part in parts if "commitment" in part]


def _receipt_rule(value: Json) -> None:
    if "credential" in value:
        _CREDENTIALS[value["form"]](value["credential"])
    evidence = value.get("evidence")
    items = {item["digest"] for item in evidence["items"]} if isinstance(evidence, dict) else set()
    for key in value.get("evidenceKeys", []):
        require(key["digest"] in items, Malformed, "a key of no item")
    named = {index for submission in value["submissions"] for index in named_commitments(submission)}
    require(named == set(range(len(value["commitments"]))), Malformed, "commitments and what names them")


_RECEIPT = closed(
    "receipt",
    {
        "form": _form,
        "credential?": anything,
        "evidence?": _evidence,
        "evidenceKeys?": array(closed(None, {"digest": digest, "key": string}, own=True)),
        "submissions": _some(_SUBMISSION),
        "commitments": _some(_COMMITMENT),
        "renewals": array(anything),
        "attachments": array(anything),
    },
    _receipt_rule,
    own=True,
)


def receipt(data: bytes) -> Json:
    """A receipt without faults."""
    value = parse(data, limit=4 << 20)
    _RECEIPT(value)
    return value


def _quorum(kind: int) -> Shape:
    def rule(value: Json) -> None:
        _vkeys(value["keys"], kind)
        least, most = min(1, len(value["keys"])), len(value["keys"])
        require(least <= value["need"] <= most, Malformed, "need and keys")

    return closed(None, {"keys": array(string), "need": integer()}, rule)


def _vkeys(texts: list[str], kind: int, name: str | None = None) -> None:
    vkeys = [notes.vkey(text) for text in texts]
    require(all(key.kind == kind and name in {None, key.name} for key in vkeys), Malformed, "a key for something else")
    _distinct([key.key for key in vkeys], "a key")


def _log_rule(value: Json) -> None:
    require(value["keys"] != [], Malformed, "a log without keys")
    _vkeys(value["keys"], 1, value["origin"])


_CHAIN = closed(
    None,
    {
        "chain": chain,
        "contract": address,
        "untilBlock": nullable(integer()),
        "blocks": array(closed(None, {"number": integer(), "hash": block_hash})),
    },
    lambda value: _distinct([block["number"] for block in value["blocks"]], "a block"),
)
_CONSORTIUM = closed(
    None,
    {
        "name": string,
        "chains": array(_CHAIN),
        "logs": array(closed(None, {"origin": origin, "keys": array(string)}, _log_rule)),
        "witnesses": _quorum(4),
        "blockNotes": _quorum(1),
        "registry": STATE,
        "distrusted": array(closed(None, {"algorithm": one_of(*ALGORITHMS), "since": time})),
        "anchorsNeeded": integer(1),
    },
    lambda value: _distinct([(entry["chain"], entry["contract"]) for entry in value["chains"]], "a contract"),
)
_TRUST = closed(
    "trust",
    {"date": seconds, "consortia": array(_CONSORTIUM)},
    lambda value: _distinct([log["origin"] for entry in value["consortia"] for log in entry["logs"]], "an origin"),
)


def trust(data: bytes) -> Json:
    """A trust file without faults."""
    value = parse(data, limit=32 << 20)
    _TRUST(value)
    return value
