"""What must come of a receipt, and of mutations of it: the cases of docs/spec/vectors/cases.json."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spec_world import ALPHA, CHAIN, DAN, EVIDENCE, FILE, anchorings, receipts, state

from notary.core.canonical import JSON, canonical
from notary.core.digest import ZERO, Digest
from notary.core.encoding import to_base64url, to_digest_text, to_hex
from notary.core.evm import Header, keccak256
from notary.core.registry import Compromise

AT = "2027-01-01T00:00:00Z"
"""When the verifier of a case asks, unless the case says another time."""

Patch = list[JSON]
"""A JSON Patch (RFC 6902)."""

NOTE = "/commitments/0/checkpoint"
ANCHOR = "/commitments/0/anchors/0"
STATEMENT = "/submissions/0/statement"
STATUS = "/submissions/0/status"
TRUSTED = "/consortia/0"
NO_BLOCKS: Patch = [{"op": "replace", "path": f"{TRUSTED}/chains/0/blocks", "value": []}]
NO_NOTES: Patch = [{"op": "replace", "path": f"{ANCHOR}/notes", "value": []}]


def case(name: str, of: str, result: str, step: int | None, state: str | None, more: dict[str, JSON]) -> JSON:
    """Say which result a receipt gets and, with a step, that a check of that step has this state.

    `receipt` and `trust` change those files by JSON Patch; `text` replaces one
    string in the receipt's JCS text by another; `credential` is given beside
    the receipt; `blocks` are told by a node; `at` is when the verifier asks.
    """
    decided: dict[str, JSON] = {} if step is None else {"step": step, "state": state}
    return {"name": name, "of": of, **more, "at": more.get("at", AT), "result": result, **decided}


def gives(result: str, name: str, of: str, receipt: Patch | None = None, **more: JSON) -> JSON:
    """Say a result that no single step decides."""
    return case(name, of, result, None, None, _with(receipt, more))


def fails(step: int, name: str, of: str, receipt: Patch | None = None, **more: JSON) -> JSON:
    """Say that a receipt is not verified, for a check of this step fails."""
    return case(name, of, "not verified", step, "fail", _with(receipt, more))


def lacks(step: int, name: str, of: str, receipt: Patch | None = None, **more: JSON) -> JSON:
    """Say that a receipt is not known yet, for a check of this step is unknown."""
    return case(name, of, "not known yet", step, "unknown", _with(receipt, more))


def _with(receipt: Patch | None, more: dict[str, JSON]) -> dict[str, JSON]:
    return more if receipt is None else {"receipt": receipt, **more}


def change(path: str, value: JSON) -> Patch:
    """Replace a value."""
    return [{"op": "replace", "path": path, "value": value}]


def add(path: str, value: JSON) -> Patch:
    """Add a member, or an item before another."""
    return [{"op": "add", "path": path, "value": value}]


def remove(*paths: str) -> Patch:
    """Remove members or items."""
    return [{"op": "remove", "path": path} for path in paths]


def joined(path: Sequence[Digest]) -> str:
    """Write a proof path."""
    return to_base64url(b"".join(path))


def cases() -> list[JSON]:
    """Return all cases, in the order of the steps."""
    return [*_verified(), *_content(), *_log(), *_anchored(), *_authority(), *_status(), *_own()]


def _verified() -> list[JSON]:
    header = Header.parse(anchorings()[0].header)
    told: JSON = [{"chain": CHAIN, "number": header.number, "hash": to_hex(header.hash)}]
    withheld = [*change("/evidence", to_digest_text(EVIDENCE.digest())), *remove("/evidenceKeys")]
    hidden = change("/credential", str(DAN.content).partition("~")[0] + "~")
    given = to_base64url(FILE)
    other: JSON = {"type": "opentimestamps"}
    return [
        case("a receipt as of its own anchor", "one", "verified", 10, "stale", {}),
        case("a receipt refreshed at a later anchor", "newest", "verified", 10, "pass", {}),
        gives("verified", "a file", "file"),
        gives("verified", "a token", "token"),
        gives("verified", "a joint award", "joint"),
        gives("suspended", "a suspended credential", "suspended"),
        gives("revoked", "a revoked credential", "revoked"),
        gives("expired", "after its period", "newest", at="2036-01-10T00:00:00Z"),
        gives("not yet valid", "before its period", "newest", at="2026-01-09T23:59:59Z"),
        gives("verified", "the evidence withheld, its digest shown", "one", withheld),
        gives("verified", "the credential beside the receipt", "file", remove("/credential"), credential=given),
        gives("verified", "a disclosure hidden", "token", hidden),
        gives("verified", "an attachment", "one", add("/attachments/0", {"type": "example"})),
        gives("verified", "an anchor of another type beside", "one", add(ANCHOR, other)),
        case("the block by notes alone", "one", "verified", 7, "pass", {"trust": NO_BLOCKS}),
        gives("verified", "the block by a node alone", "one", NO_NOTES, trust=NO_BLOCKS, blocks=told),
    ]


def _content() -> list[JSON]:
    first = receipts()["one"].submissions[0]
    unused = anchorings()[1].commitment(ALPHA).to_json()
    padded = to_base64url(first.salt) + "="
    short, long = joined(first.path[:-1]), joined([*first.path, ZERO])
    return [
        fails(1, "a member twice", "one", text=['"form":1', '"form":1,"form":1']),
        fails(1, "an integer with a fraction", "one", text=['"form":1', '"form":1.0']),
        fails(1, "a boolean for an integer", "one", change("/form", True)),  # noqa: FBT003 - a JSON value
        fails(1, "base64url with padding", "one", change("/submissions/0/salt", padded)),
        fails(1, "another type", "one", change("/type", "receipt")),
        fails(1, "a member lacking", "one", remove("/renewals")),
        fails(1, "a member not known in what is signed", "one", add(f"{STATEMENT}/note", "")),
        fails(1, "a commitment nothing rests on", "one", add("/commitments/1", unused)),
        fails(1, "evidence of zero", "one", change("/evidence", to_digest_text(ZERO))),
        lacks(1, "another version", "one", change("/type", "credential-notary/receipt/v2")),
        lacks(1, "another version of a statement", "one", change(f"{STATEMENT}/type", "credential-notary/batch/v2")),
        lacks(1, "a member not known", "one", add("/note", "")),
        lacks(1, "another form", "one", change("/form", 4)),
        lacks(1, "no submission", "one", [*change("/submissions", []), *change("/commitments", [])]),
        lacks(2, "the credential left out", "one", remove("/credential")),
        lacks(2, "SHA-256 no longer relied on", "one", trust=_distrust("SHA-256")),
        fails(2, "another credential beside", "file", credential=to_base64url(b"Another file.")),
        fails(3, "one letter of the credential", "one", change("/credential/name", "Harbor Pilot")),
        fails(3, "the evidence dropped", "one", remove("/evidence", "/evidenceKeys")),
        fails(3, "another index", "one", change("/submissions/0/index", 1)),
        fails(3, "an index past the end", "one", change("/submissions/0/index", 130)),
        fails(3, "a path too short", "one", change("/submissions/0/path", short)),
        fails(3, "a path too long", "one", change("/submissions/0/path", long)),
    ]


def _log() -> list[JSON]:
    note, later = anchorings()[0].checkpoint, str(anchorings()[1].checkpoint)
    log_line, witness_line = (f"{signature}\n" for signature in note.signatures)
    swapped = [*change("/submissions/0/commitment", 1), *change(f"{STATUS}/change/commitment", 0)]
    return [
        lacks(4, "a log not known", "one", trust=change(f"{TRUSTED}/logs", [])),
        fails(4, "a manifest of another log", "one", change("/commitments/0/manifest/origin", "other.example/log")),
        fails(4, "a co-issuer left out", "joint", remove("/submissions/1")),
        fails(4, "an issuer that is no member", "stranger"),
        fails(5, "a statement altered", "one", change(f"{STATEMENT}/time", "2026-02-01T09:00:01Z")),
        fails(5, "another entry", "one", change("/submissions/0/entry", 1)),
        fails(5, "an entry that another manifest judges", "newest", swapped),
        fails(5, "a checkpoint of another size", "one", change(NOTE, later)),
        fails(5, "signatures of another checkpoint", "one", change(NOTE, _resigned(note.text, later))),
        lacks(5, "a checkpoint the log did not sign", "one", change(NOTE, f"{note.text}\n{witness_line}")),
        lacks(5, "a checkpoint not witnessed", "one", change(NOTE, f"{note.text}\n{log_line}")),
    ]


def _resigned(text: str, other: str) -> str:
    """Put another note's signatures under a text."""
    return f"{text}\n" + other.partition("\n\n")[2]


def _anchored() -> list[JSON]:
    first, other = anchorings()[0], to_hex(keccak256(b"another block"))
    anchor = first.anchor(ALPHA)
    altered = to_base64url(anchor.header[:-1] + bytes([anchor.header[-1] ^ 1]))
    told: JSON = [{"chain": CHAIN, "number": first.number, "hash": other}]
    two = change(f"{TRUSTED}/anchorsNeeded", 2)
    foreign = change(f"{ANCHOR}/notes", [str(anchorings()[1].block_note)])
    return [
        fails(7, "a header with another last byte", "one", change(f"{ANCHOR}/header", altered)),
        fails(7, "another hash in the trust file", "one", trust=change(f"{TRUSTED}/chains/0/blocks/0/hash", other)),
        fails(7, "another hash by the node", "one", blocks=told),
        lacks(7, "a block nobody vouches for", "one", NO_NOTES, trust=NO_BLOCKS),
        lacks(7, "a note of another block", "one", foreign, trust=NO_BLOCKS),
        lacks(7, "Keccak-256 no longer relied on", "one", trust=_distrust("Keccak-256")),
        fails(8, "a manifest altered", "one", change("/commitments/0/manifest/time", AT)),
        fails(8, "another transaction", "one", change(f"{ANCHOR}/transaction", 2)),
        fails(8, "another event", "one", change(f"{ANCHOR}/log", 0)),
        fails(8, "a proof cut short", "one", remove(f"{ANCHOR}/proof/1")),
        fails(8, "another contract", "one", change(f"{ANCHOR}/contract", to_hex(bytes(20)))),
        lacks(8, "a contract not known", "one", trust=change(f"{TRUSTED}/chains", [])),
        lacks(8, "a contract captured", "one", trust=change(f"{TRUSTED}/chains/0/untilBlock", first.number - 1)),
        lacks(8, "no anchors", "one", change("/commitments/0/anchors", [])),
        lacks(8, "an anchor of another type alone", "one", change(ANCHOR, {"type": "opentimestamps"})),
        lacks(8, "two anchors needed", "one", trust=two),
        lacks(8, "one anchor twice where two are needed", "one", add(ANCHOR, anchor.to_json()), trust=two),
    ]


def _authority() -> list[JSON]:
    registry, key = f"{ANCHOR}/registry", ALPHA.key.public.multibase
    newer = replace(
        state(), number=2, previous=state().digest(), compromised=(Compromise(key, "2026-01-01T00:00:00Z"),)
    ).to_json()
    return [
        fails(9, "another registry state", "one", change(f"{registry}/state", newer)),
        fails(9, "a member record altered", "one", change(f"{registry}/members/0/record/name", "Alpha")),
        fails(9, "a key compromised since", "one", trust=change(f"{TRUSTED}/registry", newer)),
        fails(9, "an achievement not among the programmes", "cook"),
        fails(9, "statuses signed by another institution", "foreign"),
        lacks(9, "no member record", "one", change(f"{registry}/members", [])),
        lacks(9, "Ed25519 no longer relied on", "one", trust=_distrust("Ed25519")),
        gives("verified", "Ed25519 relied on until later", "one", trust=_distrust("Ed25519", "2026-12-01T00:00:00Z")),
    ]


def _status() -> list[JSON]:
    older = receipts()["one"].submissions[0].status
    path = joined(older.path if older else ())
    return [
        lacks(10, "no status", "one", remove(STATUS)),
        fails(10, "the change kept back", "suspended", remove(f"{STATUS}/change")),
        fails(10, "a chunk altered", "suspended", change(f"{STATUS}/change/chunk", to_base64url(bytes(32)))),
        fails(10, "the path of another snapshot", "newest", change(f"{STATUS}/path", path)),
    ]


def _own() -> list[JSON]:
    invented = to_base64url(canonical(["AAAA", "degree", "Doctor"]))
    forged = change("/credential", f"{DAN.content!s}{invented}~")
    return [
        fails(11, "a credential its issuer did not sign so", "forged"),
        fails(11, "a disclosure put there by somebody else", "token", forged),
    ]


def _distrust(algorithm: str, since: str | None = None) -> Patch:
    return add(f"{TRUSTED}/distrusted/0", {"algorithm": algorithm, "since": since})
