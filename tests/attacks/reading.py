"""Step 1: what is no receipt, or not one that every reader would read alike."""

import json
from typing import Any

from notary.core.canonical import canonical
from notary.core.receipt import MAX_SIZE
from notary.core.verdict import Result
from tests.attacks.catalogue import attack, family
from tests.world import BETA, World
from tests.world.edits import drop, edit, get, put

NOT_VERIFIED, NOT_KNOWN, VERIFIED = Result.NOT_VERIFIED, Result.NOT_KNOWN, Result.VERIFIED
ANCHOR = "commitments.0.anchors.0"
CHANGE = "submissions.0.status.change"


def text_of(world: World, learner: str = "alice", as_of: int | None = 0) -> str:
    return bytes(world.receipt(learner, as_of=as_of)).decode()


@attack(VERIFIED)
def a_receipt_as_it_was_made(world: World) -> Any:
    """Not an attack: nothing was changed."""
    return world.receipt("alice", as_of=0)


@attack(VERIFIED)
def other_white_space_and_order(world: World) -> Any:
    """Not an attack: the same JSON, printed by another program, its members in another order."""

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: turned(value[name]) for name in reversed(value)}
        return [turned(item) for item in value] if isinstance(value, list) else value

    return json.dumps(turned(world.receipt("alice").to_json()), indent=4).encode()


@attack(VERIFIED)
def exactly_4_mib(world: World) -> Any:
    """Not an attack: the largest receipt that is read."""
    return text_of(world).encode().ljust(MAX_SIZE)


@attack(NOT_VERIFIED, 1, "too large")
def one_byte_beyond_4_mib(world: World) -> Any:
    """A receipt that is larger than any verifier must take."""
    return text_of(world).encode().ljust(MAX_SIZE + 1)


@family(
    {
        "nothing": b"",
        "white space": b" \n",
        "half a receipt": b'{"type":"credential-notary/receipt/v1","form":1,',
        "two documents": b"{}{}",
        "no UTF-8": b'{"type":"\xff"}',
        "a byte order mark": b"\xef\xbb\xbf{}",
        "an array": b"[]",
        "null": b"null",
        "NaN": b'{"type":NaN}',
        "a comment": b"{/**/}",
    },
    NOT_VERIFIED,
    1,
)
def no_receipt_at_all(world: World, case: bytes) -> Any:
    """Bytes that are no JSON object."""
    return case


@attack(NOT_KNOWN, 1, "another version")
def of_a_version_to_come(world: World) -> Any:
    """A receipt of version 2, whose members are not looked into."""
    return {"type": "credential-notary/receipt/v2", "surprise": [1.5]}


@family({"another type": "VerifiableCredential", "no string": 1, "null": None}, NOT_VERIFIED, 1)
def type_is(world: World, case: Any) -> Any:
    """JSON that calls itself something else."""
    return put(world.receipt("alice"), "type", case)


@family(
    {
        "statement": "submissions.0.statement.type",
        "status statement": f"{CHANGE}.statement.type",
        "manifest": "commitments.0.manifest.type",
        "registry state": f"{ANCHOR}.registry.state.type",
        "member record": f"{ANCHOR}.registry.members.0.record.type",
        "evidence": "evidence.type",
    },
    NOT_KNOWN,
    1,
    "another version",
)
def a_part_of_a_version_to_come(world: World, case: str) -> Any:
    """Version 9 of a part, with a member that only version 9 has."""
    receipt = edit(world.receipt("alice"), case, lambda kind: kind.replace("/v1", "/v9"))
    return put(receipt, case.replace(".type", ".surprise"), [])


@family(
    {
        "receipt": "more",
        "__proto__": "__proto__",
        "submission": "submissions.0.more",
        "status": "submissions.0.status.more",
        "status change": f"{CHANGE}.more",
        "commitment": "commitments.0.more",
        "anchor": f"{ANCHOR}.more",
        "registry": f"{ANCHOR}.registry.more",
        "member proof": f"{ANCHOR}.registry.members.0.more",
        "evidence key": "evidenceKeys.0.more",
    },
    NOT_KNOWN,
    1,
    "does not know",
)
def unknown_member(world: World, case: str) -> Any:
    """A member that this release does not know may mean anything."""
    return put(world.receipt("alice"), case, {})


@family(
    {
        "statement": "submissions.0.statement.more",
        "proof": "submissions.0.statement.proof.more",
        "status statement": f"{CHANGE}.statement.more",
        "manifest": "commitments.0.manifest.more",
        "registry state": f"{ANCHOR}.registry.state.more",
        "contract of the state": f"{ANCHOR}.registry.state.contracts.0.more",
        "notary of the state": f"{ANCHOR}.registry.state.notaries.0.more",
        "member record": f"{ANCHOR}.registry.members.0.record.more",
        "member key": f"{ANCHOR}.registry.members.0.record.keys.0.more",
        "programme": f"{ANCHOR}.registry.members.0.record.programmes.0.more",
        "evidence": "evidence.more",
        "evidence item": "evidence.items.0.more",
    },
    NOT_VERIFIED,
    1,
)
def member_too_many_in_a_closed_object(world: World, case: str) -> Any:
    """A hashed object with one more member has two meanings under one digest."""
    return put(world.receipt("alice"), case, None)


@family(
    {
        name: name
        for name in (
            "form",
            "submissions",
            "commitments",
            "renewals",
            "attachments",
            "submissions.0.salt",
            "submissions.0.index",
            "submissions.0.entry",
            "submissions.0.commitment",
            "submissions.0.statement.proof",
            "submissions.0.statement.jointWith",
            "submissions.0.statement.previous",
            f"{CHANGE}.chunk",
            "commitments.0.checkpoint",
            "commitments.0.manifest.legacy",
            f"{ANCHOR}.type",
            f"{ANCHOR}.notes",
            f"{ANCHOR}.registry",
            f"{ANCHOR}.registry.state.compromised",
            f"{ANCHOR}.registry.members.0.record.successor",
        )
    },
    NOT_VERIFIED,
    1,
)
def member_missing(world: World, case: str) -> Any:
    """What is left out is not taken for empty."""
    return drop(world.receipt("alice"), case)


@family(
    {
        name: name
        for name in ("credential", "evidence", "evidenceKeys", "submissions.0.status", CHANGE, "submissions.0.index")
    },
    NOT_VERIFIED,
    1,
)
def null_for(world: World, case: str) -> Any:
    """Null stands only where a format says so; what is not there is left out."""
    return put(world.receipt("alice"), case, None)


@family(
    {
        "at the top": ('"form":1', '"form":1,"form":1'),
        "escaped": ('"form":1', '"form":1,"\\u0066orm":1'),
        "in the statement": ('"jointWith":[]', '"jointWith":[],"jointWith":[]'),
        "in the credential": ('"name":"Alice"', '"name":"Alice","name":"Mallory"'),
        "in the anchor": ('"log":0', '"log":0,"log":1'),
    },
    NOT_VERIFIED,
    1,
    "stands twice",
)
def a_name_twice(world: World, case: tuple[str, str]) -> Any:
    """Of two members with one name, one reader takes the first, another the last."""
    text = text_of(world)
    assert case[0] in text
    return text.replace(*case).encode()


@family(
    {
        "true": "true",
        "false": "false",
        "a fraction": "0.0",
        "an exponent": "0e0",
        "negative": "-1",
        "a string": '"0"',
        "2^53": "9007199254740992",
        "2^64": "18446744073709551616",
        "1e20": "1e20",
        "1e400": "1e400",
        "Infinity": "Infinity",
    },
    NOT_VERIFIED,
    1,
)
def index_written_as(world: World, case: str) -> Any:
    """An index is an integer from 0 to 2^53 - 1, written as one."""
    text = text_of(world)
    assert '"index":0' in text
    return text.replace('"index":0', f'"index":{case}').encode()


@family(
    {
        path: path
        for path in (
            "form",
            "submissions.0.commitment",
            "submissions.0.entry",
            f"{ANCHOR}.transaction",
            f"{ANCHOR}.log",
            "commitments.0.manifest.size",
            "submissions.0.statement.size",
            f"{ANCHOR}.registry.state.number",
        )
    },
    NOT_VERIFIED,
    1,
)
def boolean_as_the_integer(world: World, case: str) -> Any:
    """In some languages true is 1; here it is no integer."""
    return put(world.receipt("alice", as_of=0), case, True)


@family({"0": 0, "-1": -1}, NOT_VERIFIED, 1)
def form_number(world: World, case: int) -> Any:
    """Forms are counted from 1."""
    return put(world.receipt("alice"), "form", case)


@attack(NOT_KNOWN, 1, "form")
def form_to_come(world: World) -> Any:
    """A form that this release does not know."""
    return put(world.receipt("alice"), "form", 4)


@family(
    {
        "2^53 in digits": 2**53,
        "1e20": 1e20,
        "negative": -(2**53),
    },
    NOT_VERIFIED,
    1,
    "beyond",
)
def credential_with_an_integer_beyond_doubles(world: World, case: float) -> Any:
    """An integral number that not every reader holds exactly."""
    return put(world.receipt("alice"), "credential.grade", case)


@attack(NOT_VERIFIED, 1)
def credential_with_a_lone_surrogate(world: World) -> Any:
    """Half a character, which UTF-8 cannot hold."""
    return text_of(world).replace('"Alice"', '"\\ud800"').encode()


@family({"65 levels": 65, "100,000 levels": 100_000}, NOT_VERIFIED, 1, "nested too deep")
def nested(world: World, case: int) -> Any:
    """Nesting that exhausts a parser's stack."""
    return text_of(world).replace('"attachments":[]', f'"attachments":{"[" * case}{"]" * case}').encode()


@attack(NOT_VERIFIED, 2, "nested too deep")
def credential_of_33_levels(world: World) -> Any:
    """A credential is at most 32 levels deep, in a receipt too."""
    deep: Any = {}
    for _ in range(32):
        deep = {"in": deep}
    return put(world.receipt("alice"), "credential", deep)


@family(
    {
        "padded": lambda salt: salt + "=",
        "stray low bits": lambda salt: salt[:-1] + chr(ord(salt[-1]) + 1),
        "plain base64": lambda salt: "+" + salt[1:],
        "a line feed": lambda salt: salt + "\n",
        "31 bytes": lambda salt: salt[:-2],
        "33 bytes": lambda salt: salt + "A",
        "empty": lambda _: "",
        "an array": list,
    },
    NOT_VERIFIED,
    1,
)
def salt_written_as(world: World, case: Any) -> Any:
    """Bytes have one spelling, and a salt has 32 of them."""
    return edit(world.receipt("alice"), "submissions.0.salt", case)


@family(
    {
        "path": "submissions.0.path",
        "log path": "submissions.0.logPath",
        "status path": "submissions.0.status.path",
        "chunk": f"{CHANGE}.chunk",
        "member path": f"{ANCHOR}.registry.members.0.path",
    },
    NOT_VERIFIED,
    1,
)
def siblings_of_another_size(world: World, case: str) -> Any:
    """Every sibling, and a chunk, has exactly 32 bytes."""
    return edit(world.receipt("alice"), case, lambda text: text + "AAAA")


@family(
    {
        "contract in capitals": (f"{ANCHOR}.contract", str.upper),
        "chain with a leading zero": (f"{ANCHOR}.chain", lambda _: "eip155:01"),
        "chain without a namespace": (f"{ANCHOR}.chain", lambda _: "1"),
        "CID in capitals": ("commitments.0.manifest.tree", lambda cid: "B" + cid[1:].upper()),
        "time with an offset": ("commitments.0.manifest.time", lambda time: time.replace("Z", "+00:00")),
        "the thirtieth of February": ("commitments.0.manifest.time", lambda _: "2026-02-30T00:00:00Z"),
        "origin with a space": ("commitments.0.manifest.origin", lambda origin: origin + " "),
        "issuer with a fragment": ("submissions.0.statement.issuer", lambda did: did + "#key-1"),
        "recognition of its own": ("submissions.0.statement.recognition", lambda _: "excellent"),
    },
    NOT_VERIFIED,
    1,
)
def other_spelling(world: World, case: Any) -> Any:
    """Each value has one spelling."""
    return edit(world.receipt("alice"), *case)


@attack(NOT_KNOWN, 1, "no submission")
def no_submissions(world: World) -> Any:
    """A receipt in which no institution has committed anything."""
    return put(put(world.receipt("alice"), "submissions", []), "commitments", [])


@attack(NOT_KNOWN, 1, "no submission")
def no_submissions_but_commitments(world: World) -> Any:
    """Commitments that carry nothing."""
    return put(world.receipt("alice"), "submissions", [])


@attack(NOT_KNOWN, 1, "no commitment")
def no_commitments(world: World) -> Any:
    """A submission that rests on nothing."""
    return put(world.receipt("alice"), "commitments", [])


@attack(NOT_VERIFIED, 1, "each used")
def commitment_that_is_not_there(world: World) -> Any:
    """A submission that rests on a commitment beyond the last."""
    return put(world.receipt("alice", as_of=0), "submissions.0.commitment", 1)


@attack(NOT_VERIFIED, 1, "each used")
def commitment_that_nothing_uses(world: World) -> Any:
    """An impressive anchor that this credential has nothing to do with."""
    receipt = world.receipt("alice", as_of=0)
    return put(receipt, "commitments", [*get(receipt, "commitments"), *get(world.receipt("judy"), "commitments")])


@attack(NOT_VERIFIED, 1, "batch statement")
def status_statement_for_a_batch(world: World) -> Any:
    """A statement about statuses where a batch's is due."""
    receipt = world.receipt("alice")
    return put(receipt, "submissions.0.statement", get(receipt, f"{CHANGE}.statement"))


@attack(NOT_VERIFIED, 1, "status statement")
def batch_statement_for_a_status(world: World) -> Any:
    """A batch's statement where one about statuses is due."""
    receipt = world.receipt("alice")
    return put(receipt, f"{CHANGE}.statement", get(receipt, "submissions.0.statement"))


@attack(NOT_VERIFIED, 1, "one record a member")
def member_twice_in_an_anchor(world: World) -> Any:
    """Two records of one member, of which a reader may take either."""
    return edit(world.receipt("alice"), f"{ANCHOR}.registry.members", lambda members: members * 2)


@attack(NOT_VERIFIED, 1, "evidence items")
def evidence_key_of_something_else(world: World) -> Any:
    """A key for a file that is not among the evidence."""
    return put(world.receipt("alice"), "evidenceKeys.0.digest", "A" * 43)


@attack(NOT_VERIFIED, 1, "evidence items")
def evidence_key_where_evidence_is_withheld(world: World) -> Any:
    """A key for evidence that the receipt does not name."""
    award = world.awards["alice"]
    assert award.evidence
    return put(world.receipt("alice"), "evidence", "AQ" + "A" * 40 + "E")


@attack(NOT_VERIFIED, 1)
def evidence_of_zero(world: World) -> Any:
    """Zero says that there is no evidence; then the member is left out."""
    return put(world.receipt("frank"), "evidence", "A" * 43)


@attack(VERIFIED)
def unknown_attachments_and_renewals(world: World) -> Any:
    """Not an attack: what stands there is kept and changes no verdict."""
    receipt = put(world.receipt(world.award(BETA)), "attachments", [{"type": "endorsement", "says": "revoked"}])
    return put(receipt, "renewals", [1])


@attack(NOT_VERIFIED, 1)
def log_entry_of_64_kib(world: World) -> Any:
    """A statement larger than any log holds."""
    long = [f"did:web:member-{at}.example" for at in range(2500)]
    return put(world.receipt("alice"), "submissions.0.statement.jointWith", long)


@attack(NOT_VERIFIED, 1)
def first_statement_with_a_predecessor(world: World) -> Any:
    """A first statement that claims one before it."""
    return put(world.receipt("alice"), "submissions.0.statement.previous", "A" * 43)


@attack(NOT_VERIFIED, 1)
def manifest_since_beyond_its_size(world: World) -> Any:
    """A manifest that judges nothing, backwards."""
    return put(world.receipt("alice"), "commitments.0.manifest.since", 10_000)


@attack(NOT_VERIFIED, 1)
def first_manifest_that_skips_statements(world: World) -> Any:
    """A manifest without a predecessor that judges only from its third statement on."""
    return put(world.receipt("alice", as_of=0), "commitments.0.manifest.since", 2)


@attack(NOT_VERIFIED, 1)
def credential_of_another_json_type(world: World) -> Any:
    """A string where form 1 has an object."""
    return put(world.receipt("alice"), "credential", canonical(get(world.receipt("alice"), "credential")).decode())
