import base64
import copy
import datetime as dt
import json
import random
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.independent import credentials, evm, formats, images, keys, merkle, mutations, notes
from tests.independent.__main__ import main
from tests.independent.forge import LOG, TIME, Forge, seed, vector, with_proof
from tests.independent.formats import base64url, seconds, unbase64url
from tests.independent.strict_json import Json, Malformed, depth, jcs, parse, sha256
from tests.independent.verifier import Told, Verdict, anchor_root, credential_leaf, statement_id, verify, without_proof

AT = "2027-01-01T00:00:00Z"
CASES = vector("cases.json")
RECEIPTS = vector("receipts.json")
TRUST = vector("trust.json")
MUTATIONS = 400
ALPHA = vector("registry.json")["records"][0]
METHOD = "did:web:alpha.example#key-1"


def patched(document: Json, operations: list[Json]) -> Json:
    changed = copy.deepcopy(document)
    for operation in operations:
        *way, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])
        target = changed
        for name in way:
            target = target[int(name) if isinstance(target, list) else name]
        place = (len(target) if last == "-" else int(last)) if isinstance(target, list) else last
        if operation["op"] == "remove":
            del target[place]
        elif operation["op"] == "add" and isinstance(target, list):
            target.insert(place, operation["value"])
        else:
            target[place] = operation["value"]
    return changed


def case_input(case: Json) -> tuple[bytes, bytes]:
    receipt = jcs(patched(RECEIPTS[case["of"]], case.get("receipt", []))).decode()
    if "text" in case:
        assert receipt.count(case["text"][0]) == 1
        receipt = receipt.replace(*case["text"])
    return receipt.encode(), jcs(patched(TRUST, case.get("trust", [])))


# The vectors


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: Json) -> None:
    beside = unbase64url(case["credential"]) if "credential" in case else None
    told = [Told(**block) for block in case.get("blocks", [])]
    verdict = verify(*case_input(case), at=seconds(case["at"]), credential=beside, blocks=told)
    assert verdict.result == case["result"]
    if "step" in case:
        assert (case["step"], case["state"]) in {(check.step, check.state) for check in verdict.checks}
    if case["result"] in {"not verified", "not known yet"}:
        decides = {"not verified": "fail", "not known yet": "unknown"}[case["result"]]
        deciding = [check.step for check in verdict.checks if check.state == decides and check.weight != "noted"]
        noted = [check.step for check in verdict.checks if check.state == decides]
        assert deciding
        assert case["step"] in noted


def test_encoding() -> None:
    given = vector("encoding.json")
    for example in given["canonical"]:
        assert jcs(parse(example["text"].encode(), limit=1000)).decode() == example["jcs"]
    for example in given["refused"]:
        with pytest.raises(Malformed):
            parse(example["text"].encode(), limit=1000)
    assert "0x" + unbase64url(given["base64url"]["text"]).hex() == given["base64url"]["bytes"]
    for text in given["base64url"]["refused"]:
        with pytest.raises(Malformed):
            unbase64url(text)
    assert base64url(sha256()) == given["digest"]


def test_evidence_manifest_and_registry() -> None:
    evidence, manifest, registry = vector("evidence.json"), vector("manifest.json"), vector("registry.json")
    formats.EVIDENCE(evidence["manifest"])
    assert base64url(sha256(jcs(evidence["manifest"]))) == evidence["digest"]
    formats.MANIFEST(manifest["manifest"])
    formats.MANIFEST(manifest["previous"])
    assert base64url(sha256(jcs(manifest["previous"]))) == manifest["manifest"]["previous"]
    for said in (manifest, manifest["withLegacy"]):
        made = {**manifest["manifest"], "legacy": said.get("legacy")}
        assert base64url(sha256(jcs(made))) == said["digest"]
        assert (
            "0x" + anchor_root(made).hex() == said["anchorRoot"] == "0x" + sha256(unbase64url(said["preimage"])).hex()
        )
    leaves = [merkle.leaf_hash(data.encode()) for data in manifest["snapshot"]["leafData"]]
    assert base64url(merkle.root_of(leaves)) == manifest["snapshot"]["root"] == manifest["manifest"]["snapshot"]
    formats.STATE(registry["state"])
    assert base64url(sha256(jcs(registry["state"]))) == registry["digest"]
    for index, record in enumerate(registry["records"]):
        formats.MEMBER(record)
        leaf, path = merkle.leaf_hash(jcs(record)), unbase64url(registry["paths"][index])
        assert base64url(leaf) == registry["leaves"][index]
        merkle.verify_inclusion(leaf, index, 2, path, unbase64url(registry["state"]["root"]))
    lines = b"".join(jcs(record) + b"\n" for record in registry["records"])
    for data, cid in ((lines, registry["lines"]), (jcs(registry["state"]), registry["cid"])):
        assert raw_cid(data) == cid
    assert raw_cid(jcs(manifest["manifest"])) == manifest["cid"]
    assert raw_cid(unbase64url(manifest["preimage"])) == manifest["anchorCid"]


def raw_cid(data: bytes) -> str:
    cid = "b" + base64.b32encode(b"\x01\x55\x12\x20" + sha256(data)).decode().rstrip("=").lower()
    formats.cid(cid)
    return cid


def test_change_of_the_registry() -> None:
    given = vector("registry.json")["change"]
    hashed, change = evm.keccak256, given["change"]

    def word(value: int | str) -> bytes:
        return (int(value, 16) if isinstance(value, str) else value).to_bytes(32)

    fields = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    domain = [hashed(fields), hashed(b"ConsortiumRegistry"), hashed(b"1"), word(1), word(given["registry"])]
    separator = hashed(b"".join(domain))
    kind = b"Change(bytes32 state,address[] added,address[] removed,uint64 threshold,uint64 epoch,uint64 deadline)"
    lists = [hashed(b"".join(map(word, change[name]))) for name in ("added", "removed")]
    numbers = [word(change[name]) for name in ("threshold", "epoch", "deadline")]
    struct = hashed(b"".join([hashed(kind), word(change["state"]), *lists, *numbers]))
    assert ["0x" + part.hex() for part in (separator, struct, hashed(b"\x19\x01" + separator + struct))] == [
        given["domainSeparator"],
        given["hashStruct"],
        given["digest"],
    ]


def test_evm() -> None:
    given = vector("evm.json")
    block = evm.header(unbase64url(given["header"]))
    root = "0x" + block.receipts_root.hex()
    assert (block.hash, block.number, block.time, root) == (
        given["hash"],
        given["number"],
        given["timestamp"],
        given["receiptsRoot"],
    )
    proof = list(map(unbase64url, given["proof"]))
    value = evm.trie_value(block.receipts_root, given["transaction"], proof)
    assert value == unbase64url(given["txReceipts"][given["transaction"]])
    event = evm.event(block.receipts_root, given["transaction"], given["log"], proof)
    assert "0x" + event.registry.hex() == given["event"]["registry"]
    assert "0x" + event.root.hex() == given["event"]["topics"][1]
    assert evm.keccak256(b"Anchored(bytes32,address,bytes32,bytes32)") == evm.ANCHORED
    place = block.number.to_bytes(8) + block.time.to_bytes(8)
    head = evm.keccak256(bytes(32) + event.root + event.registry + place)
    assert "0x" + head.hex() == given["event"]["head"]
    for text in given["refusedRlp"].values():
        with pytest.raises(Malformed):
            evm.rlp(bytes.fromhex(text[2:]))


@pytest.mark.parametrize("name", list(vector("leaf.json")))
def test_leaf(name: str) -> None:
    given = vector("leaf.json")[name]
    digest = credentials.of_form(given["form"], given["credential"]).digest
    salt, evidence = unbase64url(given["salt"]), unbase64url(given["evidence"])
    hashed = unbase64url(given["hashed"])
    assert base64url(digest) == given["digest"]
    assert (
        base64url(credential_leaf(given["form"], salt, digest, evidence)) == given["leaf"] == base64url(sha256(hashed))
    )
    text = given["credential"]
    file = jcs(text) if given["form"] == 1 else unbase64url(text) if given["form"] == 2 else text.encode()
    assert credentials.of_file(given["form"], file).digest == digest


def test_log() -> None:
    given = vector("log.json")
    leaves = list(map(unbase64url, given["leaves"]))
    for size, root in given["roots"].items():
        assert base64url(merkle.root_of(leaves[: int(size)])) == root
    for said in given["inclusion"]:
        leaf, root = leaves[said["index"]], merkle.root_of(leaves[: said["size"]])
        merkle.verify_inclusion(leaf, said["index"], said["size"], unbase64url(said["path"]), root)
    seven = [merkle.leaf_hash(bytes([number])) for number in range(7)]
    assert base64url(merkle.root_of(seven)) == given["sevenLeaves"]["root"]
    for index, path in enumerate(given["sevenLeaves"]["paths"]):
        merkle.verify_inclusion(seven[index], index, 7, unbase64url(path), merkle.root_of(seven))
    for said in given["consistency"]:
        verify_growth(leaves[: said["old"]], leaves[: said["new"]], unbase64url(said["path"]))
    verify_growth(seven[:3], seven, unbase64url(given["sevenLeaves"]["consistencyFrom3"]))
    vkeys = {name: notes.vkey(text) for name, text in given["vkeys"].items()}
    for name, key in vkeys.items():
        assert key.key == keys.multikey(given["keys"][name]["publicKeyMultibase"])
        assert key.key.public == seed(given["keys"][name]).public_key().public_bytes_raw()
    note = notes.parse(given["checkpoint"])
    assert notes.checkpoint(note.text) == (LOG, 4, merkle.root_of(leaves))
    assert {kind for kind, _ in notes.keys_that_signed(note, vkeys.values())} == {1, 4}
    assert given["cosigned"].endswith(note.text)
    block = notes.parse(given["blockNote"])
    assert notes.block(block.text) == ("eip155:1", 24000000, vector("evm.json")["hash"])
    assert len(notes.keys_that_signed(block, vkeys.values())) == 1
    for index, path in given["indexPaths"].items():
        groups = f"{int(index):0{-(-len(index) // 3) * 3}}"
        parts = [groups[at : at + 3] for at in range(0, len(groups), 3)]
        assert "/".join([f"x{part}" for part in parts[:-1]] + parts[-1:]) == path


def verify_growth(old: list[bytes], new: list[bytes], path: bytes) -> None:
    """RFC 9162 §2.1.4.1, from the proof's making."""

    def proof(size: int, leaves: list[bytes], whole: bool) -> list[bytes]:
        if size == len(leaves):
            return [] if whole else [merkle.root_of(leaves)]
        split = 1 << (len(leaves) - 1).bit_length() - 1
        if size <= split:
            return [*proof(size, leaves[:split], whole), merkle.root_of(leaves[split:])]
        return [*proof(size - split, leaves[split:], False), merkle.root_of(leaves[:split])]

    assert b"".join(proof(len(old), new, True)) == path


def test_statements_and_statuses() -> None:
    given = vector("statements.json")
    for name, shape in (("batch", formats.BATCH), ("batchP256", formats.BATCH), ("status", formats.STATUS_STATEMENT)):
        said = given[name]
        statement = said["statement"]
        shape(statement)
        key = keys.multikey(said["key"]["publicKeyMultibase"])
        credentials.verify_proof(key, statement["proof"], without_proof(statement))
        key.verify(unbase64url(said["signature"]), unbase64url(said["signingInput"]))
        assert base64url(statement_id(statement)) == said["id"]
        assert jcs(statement).decode() == said["entry"]
    status = vector("status.json")
    chunks = [unbase64url(chunk["chunk"]) for chunk in status["chunks"]]
    bits = {"suspended": 1, "revoked": 2, "replaced": 3}
    made = [bytearray(32) for _ in chunks]
    for text, word in status["not valid"].items():
        index = int(text)
        made[index // 128][index % 128 // 4] |= bits[word] << 6 - 2 * (index % 4)
    assert [bytes(chunk) for chunk in made] == chunks
    root = merkle.root_of([merkle.leaf_hash(chunk) for chunk in chunks])
    assert base64url(root) == status["root"] == given["status"]["statement"]["root"]
    for index, chunk in enumerate(status["chunks"]):
        merkle.verify_inclusion(unbase64url(chunk["leaf"]), index, 2, unbase64url(chunk["path"]), root)


def test_trust_and_receipts_are_well_formed() -> None:
    assert formats.trust(jcs(TRUST)) == TRUST
    for receipt in RECEIPTS.values():
        assert formats.receipt(jcs(receipt)) == receipt
        assert depth(receipt) <= 64


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    receipt, trust = tmp_path / "receipt.json", tmp_path / "trust.json"
    receipt.write_bytes(jcs(RECEIPTS["one"]))
    trust.write_bytes(jcs(TRUST))
    monkeypatch.setattr(sys, "argv", ["independent", str(receipt), "--trust", str(trust), "--at", AT])
    assert main() == 0
    assert capsys.readouterr().out.startswith("verified\n 1 receipt: pass\n")


# Beside the project's own verifier


@dataclass(frozen=True)
class Question:
    """What both verifiers are asked."""

    name: str
    receipt: bytes
    trust: bytes
    at: str = AT
    credential: bytes | None = None


def core_result(question: Question) -> str:
    from notary.core.trust import TrustFile
    from notary.core.verify import verify as core

    try:
        trust = TrustFile.parse(question.trust)
    except Exception:  # noqa: BLE001 - whatever it raises, the page allows one verdict
        return "not known yet"
    at = dt.datetime.fromisoformat(question.at)
    return str(core(question.receipt, trust, at=at, credential=question.credential).result.value)


def own(question: Question) -> Verdict:
    return verify(question.receipt, question.trust, at=seconds(question.at), credential=question.credential)


def disagreements(questions: Iterator[Question]) -> tuple[list[str], set[str]]:
    """What they answer differently; the first step of a receipt may say either of two faults."""
    found, results = [], set()
    for question in questions:
        theirs, ours = core_result(question), own(question)
        either = any(check.mixed for check in ours.checks) and {theirs, ours.result} <= {
            "not verified",
            "not known yet",
        }
        if theirs != ours.result and not either:
            said = [f"{check.step} {check.name} {check.note}" for check in ours.checks if check.state == "fail"]
            found.append(f"{question.name}: core {theirs!r}, independent {ours.result!r} {said}")
        results.add(ours.result)
    return found, results


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What the demo leaves: the paths of a trust file, receipts and credentials."""
    out = tmp_path_factory.mktemp("demo") / "out"
    command = [str(Path(sys.executable).parent / "notary"), "demo", "--out", str(out), "--json"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=300)
    lines = [line for line in done.stdout.decode().splitlines() if line.startswith("{")]
    return json.loads(lines[-1])


@pytest.fixture(scope="session")
def originals(demo: Json) -> list[Question]:
    """The receipts of the demo and of the vectors, those aside that disagree as the tests below say."""
    trust = Path(demo["trust"]).read_bytes()
    found = [
        Question(Path(path).name, Path(path).read_bytes(), trust, "2027-01-01T00:00:00Z") for path in demo["receipts"]
    ]
    return found + [Question(name, jcs(of), jcs(TRUST)) for name, of in RECEIPTS.items() if name != "stranger"]


def test_agrees_with_core(demo: Json, originals: list[Question]) -> None:
    beside = [Path(path).read_bytes() for path in demo["credentials"]]
    pairs = zip(originals, beside, strict=False)
    asked = [Question(f"{one.name}, beside", one.receipt, one.trust, one.at, file) for one, file in pairs]
    cases = [Question(case["name"], *case_input(case), case["at"]) for case in CASES if "blocks" not in case]
    found, results = disagreements(iter([*originals, *asked, *cases]))
    assert found == []
    assert {"verified", "suspended", "revoked", "expired", "not yet valid"} <= results


def mutated(originals: list[Question], count: int) -> Iterator[Question]:
    rng = random.Random(20260701)
    parsed = [(json.loads(one.receipt), json.loads(one.trust)) for one in originals]
    for number in range(count):
        index = rng.randrange(len(originals))
        one, (receipt, trust) = originals[index], parsed[index]
        name, data, believed = f"{one.name}, mutation {number}", one.receipt, one.trust
        kind = rng.random()
        if kind < 0.2:
            data = mutations.of_bytes(rng, data)
        elif kind < 0.85:
            data = mutations.of_json(rng, receipt, [document for document, _ in parsed])
        else:
            believed = mutations.of_json(rng, trust, [document for _, document in parsed])
        yield Question(name, data, believed, rng.choice([AT, "2036-05-01T00:00:00Z", "2026-01-01T00:00:00Z"]))


def test_agrees_with_core_on_mutations(originals: list[Question]) -> None:
    found, results = disagreements(mutated(originals, MUTATIONS))
    assert found == []
    assert {"verified", "not verified", "not known yet"} <= results


BASE = {name: value for name, value in RECEIPTS["one"]["credential"].items() if name != "proof"}
PILOT = "https://alpha.example/achievements/pilot"
SIGNER = seed(vector("statements.json")["batch"]["key"])
MULTIBASE = vector("statements.json")["batch"]["key"]["publicKeyMultibase"]
X = base64url(SIGNER.public_key().public_bytes_raw())
JWK = {"kty": "OKP", "crv": "Ed25519", "x": X}
LISTED = {"id": METHOD, "type": "Multikey", "controller": "did:web:alpha.example", "publicKeyMultibase": MULTIBASE}
LATER: Json = {"number": 2, "previous": base64url(bytes(32))}


def credential(proof: Json = None, method: str = METHOD, **members: Json) -> Json:
    return with_proof({**BASE, **members}, SIGNER, method, **(proof or {}))


def token(payload: Json, header: Json = None, disclosures: list[str] | None = None, binding: str = "") -> str:
    said = {"iss": "did:web:alpha.example", "credentialSubject": {"achievement": PILOT}, **payload}
    parts = [base64url(jcs(header or {"alg": "EdDSA", "kid": METHOD})), base64url(jcs(said))]
    parts.append(base64url(SIGNER.sign(".".join(parts).encode())))
    return "~".join([".".join(parts), *(disclosures or []), *([binding] if disclosures is not None else [])])


def disclosure(*parts: Json) -> tuple[str, str]:
    text = base64url(jcs(list(parts)))
    return text, base64url(sha256(text.encode()))


def documents() -> Iterator[tuple[str, Json]]:
    made: dict[str, Json] = {
        "twice": {"verificationMethod": [LISTED], "assertionMethod": [METHOD, METHOD]},
        "relative": {"verificationMethod": {**LISTED, "id": "#key-1"}, "assertionMethod": "#key-1"},
        "last of two": {"verificationMethod": [{**LISTED, "revoked": 1}, LISTED], "assertionMethod": [METHOD]},
        "expires": {"assertionMethod": [{**LISTED, "expires": None}]},
        "jwk": {"assertionMethod": [{"id": METHOD, "publicKeyMultibase": 5, "publicKeyJwk": {**JWK, "alg": None}}]},
        "jwk for encryption": {"assertionMethod": [{"id": METHOD, "publicKeyJwk": {**JWK, "use": "enc"}}]},
        "kid": {"assertionMethod": [{"publicKeyJwk": {**JWK, "kid": METHOD}}]},
        "not for assertions": {"verificationMethod": [LISTED]},
    }
    for name, document in made.items():
        yield f"document, {name}", {**ALPHA, "didDocument": {"id": "did:web:alpha.example", **document}}


def member_keys() -> Iterator[tuple[str, Json]]:
    key, edge = ALPHA["keys"][0], "2026-02-02T02:40:00Z"
    assert seconds(edge) == TIME
    for change in (
        {"from": edge},
        {"until": edge},
        {"purposes": ["batch"]},
        {"publicKeyMultibase": "zz"},
        {"publicKeyMultibase": "z"},
        {"publicKeyMultibase": vector("registry.json")["records"][1]["keys"][0]["publicKeyMultibase"]},
    ):
        yield f"key, {change}", {**ALPHA, "keys": [{**key, **change}]}
    yield "two keys of one name", {**ALPHA, "keys": [key, key]}
    yield "member that left", {**ALPHA, "until": edge}
    yield "community", {**ALPHA, "recognition": "community"}


def proofs() -> Iterator[tuple[str, Json]]:
    for options in (
        {"expires": "2026-05-01T00:00:00Z"},
        {"validFrom": "2030-01-01T00:00:00Z"},
        {"@context": BASE["@context"][0]},
        {"@context": None},
        {"@context": [*BASE["@context"], "more"]},
        {"previousProof": None},
        {"cryptosuite": "ecdsa-jcs-2019"},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"proofPurpose": "authentication"},
    ):
        yield f"proof, {options}", credential(options)
    names = ["key-1", "#key-1", "", "key-2", "did:key:z", "did:key:mA", "did:key:zz"]
    names += [f"did:key:{MULTIBASE}", f"did:key:{MULTIBASE}#{MULTIBASE}", f"did:key:{MULTIBASE}#key-1"]
    for name in names:
        yield f"method {name!r}", credential(None, name)
    good = credential()["proof"]
    for value in (None, "x", [], [good, "x"], [good] * 17, [None]):
        yield f"proof {str(value)[:20]}", {**BASE, "proof": value}


def contents() -> Iterator[tuple[str, Json]]:
    for issuer in (None, "", {"id": ""}, ["x"], "https://alpha.example/issuer", "did:web:gamma.example"):
        yield f"issuer {issuer!r}", credential(issuer=issuer)
    for members in (
        {"iss": "did:web:alpha.example"},
        {"iss": "https://alpha.example/issuer"},
        {"badge": PILOT},
        {"badge": None},
        {"badge": {"id": PILOT, "issuer": "x"}},
        {"credentialSubject": None},
        {"credentialSubject": [None]},
        {"credentialSubject": {"achievement": [PILOT, {"name": PILOT}]}},
        {"credentialSubject": [{"achievement": PILOT}, {}]},
    ):
        yield f"members {members}", credential(**members)
    bounds: list[Json] = [
        "2026-01-01t00:00:00z",
        "2026-12-31T23:59:59.5Z",
        "2027-01-01T01:00:00+01:00",
        "2026-01-01T00:00:00",
        "2016-12-31T23:59:60Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        1798761600,
        1e15,
        True,
        "1",
    ]
    for bound in bounds:
        for name in ("validFrom", "validUntil"):
            yield f"{name} {bound!r}", credential(None, METHOD, **{name: bound})


def tokens() -> Iterator[tuple[str, str]]:
    for header in (
        {"alg": "none"},
        {"alg": "ES256", "kid": METHOD},
        {"alg": "EdDSA", "crit": []},
        {"alg": "EdDSA", "jwk": JWK},
        {"alg": "EdDSA", "jwk": {**JWK, "alg": "ES256"}},
        {"alg": "EdDSA", "jwk": {**JWK, "kty": ["OKP"]}},
        {"alg": "EdDSA", "kid": 5},
    ):
        yield f"header {header}", token({}, header)
    for payload in (
        {"vc": {"issuer": "x"}},
        {"vc": {"exp": 1}},
        {"nbf": 4e9},
        {"_sd_alg": "sha-512"},
        {"_sd": "x"},
        {"_sd": ["x", "x"]},
        {"a": [{"...": 5}]},
        {"a": [{"...": "q", "b": 1}]},
    ):
        yield f"payload {payload}", token(payload)
    (name, of_name), (item, of_item) = disclosure("s", "name", "v"), disclosure("s", "item")
    (end, of_end), (late, of_late) = disclosure("s", "exp", 1), disclosure("", "_sd_alg", "x")
    (nest, of_nest) = disclosure("s", "o", {"_sd": [of_name]})
    disclosed: list[tuple[Json, list[str]]] = [
        ({"_sd": [of_name]}, [name]),
        ({"_sd": [of_name]}, [name, name]),
        ({}, [name]),
        ({"_sd": [of_name], "name": 1}, [name]),
        ({"_sd": [of_item]}, [item]),
        ({"a": [{"...": of_item}]}, [item]),
        ({"a": [{"...": of_name}]}, [name]),
        ({"_sd": [of_end]}, [end]),
        ({"_sd": [of_late]}, [late]),
        ({"_sd": [of_nest]}, [name, nest]),
        ({"_sd": [of_nest]}, [name]),
        ({}, ["", "é"]),
    ]
    for payload, given in disclosed:
        yield f"disclosures {payload} {given}", token(payload, None, given)
    for binding in ("a.b.c", "aaaaa.b.", "a.b", " a.b.c"):
        yield f"binding {binding}", token({}, None, [], binding)


def chains() -> Iterator[tuple[str, Forge]]:
    good, plain = credential(), {**ALPHA, "aliases": []}
    marked = {"compromised": [{"key": MULTIBASE, "since": "2026-01-01T00:00:00Z"}]}
    one, other = {"chain": "eip155:1"}, {"chain": "eip155:2"}
    for need in (1, 2):
        trust = {"anchorsNeeded": need}
        for first, second in (
            ({}, {}),
            ({"chain": "eip155:2"}, {}),
            ({"state": {**marked, **LATER}}, {}),
            ({"state": {**marked, **LATER}}, {"state": LATER}),
            ({"state": LATER}, {"state": {**marked, **LATER}}),
            ({"state": {"contracts": []}}, {}),
            ({"record": plain}, {}),
            ({"record": {**ALPHA, "didDocument": None}}, {}),
            ({"record": {**ALPHA, "keys": []}}, {}),
        ):
            anchors = [{**one, **first}, {**other, **second}]
            yield f"{need} of {anchors}", Forge(good, anchors=anchors, trust=trust)
            named = credential(issuer="https://alpha.example/issuer")
            yield f"{need} of {anchors}, by alias", Forge(named, anchors=anchors, trust=trust)


def statuses() -> Iterator[tuple[str, Forge]]:
    good, beta = credential(), vector("registry.json")["records"][1]
    for bits in (0x40, 0x80, 0xC0, 0x30):
        yield f"status {bits}", Forge(good, status={}, chunk=bytes([bits]) + bytes(31))
    name = "did:web:beta.example#a"
    others = [{**beta, "keys": [{**ALPHA["keys"][0], "id": name}]}]
    for successor in (None, "did:web:beta.example"):
        record, said = {**ALPHA, "successor": successor}, {"issuer": "did:web:beta.example"}
        yield f"successor {successor}", Forge(good, record=record, others=others, status=said, status_key=name)
    for since in ("2026-02-02T02:40:00Z", "2026-02-02T02:40:01Z"):
        for algorithm in formats.ALGORITHMS:
            trust = {"distrusted": [{"algorithm": algorithm, "since": since}]}
            yield f"{algorithm} distrusted from {since}", Forge(good, trust=trust)


def forged() -> Iterator[tuple[str, Forge]]:
    good = credential()
    for name, record in (*documents(), *member_keys()):
        yield name, Forge(good, record=record)
        yield f"{name}, status", Forge(good, record=record, status={})
    for name, made in (*proofs(), *contents()):
        yield name, Forge(made)
    for name, text in tokens():
        yield name, Forge(text, form=3)
    yield from chains()
    yield from statuses()


def test_agrees_with_core_on_what_is_signed() -> None:
    questions = (Question(name, *forge.make()) for name, forge in forged())
    found, results = disagreements(questions)
    assert found == []
    assert {"verified", "not verified", "not known yet", "expired", "not yet valid", "replaced"} <= results


def test_agrees_with_core_on_credentials_beside() -> None:
    good = credential()
    receipt, trust = Forge(good).make()
    text, space = jcs(good), "http://openbadges.org"
    svg = f'<svg xmlns:ob="{space}"><ob:assertion>%s</ob:assertion></svg>'.encode()
    files = [
        b" \n" + text,
        b"\xef\xbb\xbf" + text,
        text[:-1] + b',"id":1}',
        b"",
        b"{",
        b"[]",
        b"a.b.c",
        b"aaaaa.b.c",
        b"\xff",
    ]
    files += [
        svg % text,
        b"\xef\xbb\xbf " + svg % text,
        svg % (text + b"<g/>"),
        svg % (b"<g/>" + text),
        svg % b"",
        b"<svg>",
    ]
    files += [b'<!DOCTYPE s [<!ENTITY a "b">]>' + svg % text, b"<!DOCTYPE s>" + svg % text, svg % (text + b"&a;")]
    for file in files:
        for change in ({}, {"credential": None}, {"credential": {**good, "name": "Another"}}):
            made = {name: value for name, value in {**json.loads(receipt), **change}.items() if value is not None}
            found, _ = disagreements(iter([Question(repr(file[:60]), jcs(made), trust, AT, file)]))
            assert found == []


# Where core and page once differed


def stranger_without_block() -> Question:
    trust = copy.deepcopy(TRUST)
    trust["consortia"][0]["chains"] = []
    return Question("no record names the issuer, authority unknown", jcs(RECEIPTS["stranger"]), jcs(trust))


def fine_fraction() -> Question:
    return Question("a tenth of a microsecond", *Forge(credential(validFrom="2027-01-01T00:00:00.0000001Z")).make())


def unknown_encoding() -> Question:
    good = credential()
    svg = b'<?xml version="1.0" encoding="foo"?><svg/>'
    return Question("an SVG of unknown encoding", *Forge(good).make(), AT, svg)


def odd_method() -> Question:
    good = credential()
    body = b"iTXtopenbadges\0\0\1\0\0" + jcs(good)
    chunk = (len(body) - 4).to_bytes(4) + body + zlib.crc32(body).to_bytes(4)
    return Question("uncompressed iTXt with method 1", *Forge(good).make(), AT, images.PNG + chunk)


@pytest.mark.parametrize("question", [stranger_without_block(), fine_fraction(), unknown_encoding(), odd_method()])
def test_agrees_where_it_once_did_not(question: Question) -> Any:
    assert core_result(question) == own(question).result
