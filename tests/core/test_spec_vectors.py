"""The vectors of docs/spec, and the examples on its pages."""

import importlib
import json
import re
from base64 import urlsafe_b64decode
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from notary.core.block_note import BlockNote
from notary.core.canonical import canonical, load
from notary.core.cid import Cid
from notary.core.credential import Credential
from notary.core.digest import Digest, LeafIndex, TreeSize, leaf_hash
from notary.core.encoding import from_base64url, from_hex, parse_time, to_base64url, to_digest_text, to_hex
from notary.core.errors import Malformed, Mismatch
from notary.core.evidence import EvidenceManifest
from notary.core.evm import Header, anchored_event, rlp
from notary.core.keys import PublicKey
from notary.core.leaf import Form, Leaf
from notary.core.log import Checkpoint
from notary.core.mandate import check_key, check_uncompromised
from notary.core.manifest import Manifest
from notary.core.merkle import verify_consistency, verify_inclusion
from notary.core.note import Note, VerifierKey
from notary.core.receipt import Receipt
from notary.core.registry import Compromise, MemberRecord, RegistryState
from notary.core.statement import SignedStatement, message_to_sign
from notary.core.trust import TrustFile
from notary.core.verify import verify

PROJECT = Path(__file__).resolve().parents[2]
SPEC = PROJECT / "docs" / "spec"
VECTORS = SPEC / "vectors"
EXAMPLE = re.compile(r"^```json (\S+\.json)#(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def _file(name: str) -> Any:
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _digest(text: str) -> Digest:
    return Digest(_bytes(text))


def _path(text: str) -> tuple[Digest, ...]:
    data = _bytes(text)
    return tuple(Digest(data[at : at + 32]) for at in range(0, len(data), 32))


def _at(value: Any, pointer: str) -> Any:
    for name in pointer.split("/")[1:]:
        value = value[int(name) if isinstance(value, list) else name]
    return value


def _patched(value: Any, patch: list[dict[str, Any]]) -> Any:
    """Apply the three operations of RFC 6902 the cases use."""
    value = json.loads(json.dumps(value))
    for change in patch:
        above, _, last = change["path"].rpartition("/")
        parent = _at(value, above)
        if isinstance(parent, list):
            at = int(last)
            parent[at : at + (change["op"] != "add")] = [] if change["op"] == "remove" else [change["value"]]
        elif change["op"] == "remove":
            del parent[last]
        else:
            parent[last] = change["value"]
    return value


# ------------------------------------------------------------------ files and pages


def test_vectors_are_what_the_script_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Running scripts/spec_vectors.py again changes no file and leaves none out."""
    monkeypatch.syspath_prepend(PROJECT / "scripts")
    script = importlib.import_module("spec_vectors")
    assert {path.name: path.read_text(encoding="utf-8") for path in VECTORS.iterdir()} == script.vectors()


def test_examples_on_the_pages_are_the_vectors() -> None:
    """Every example on a page of docs/spec that names a vector is that vector."""
    found = 0
    for page in sorted(SPEC.glob("*.md")):
        for name, pointer, shown in EXAMPLE.findall(page.read_text(encoding="utf-8")):
            assert json.loads(shown) == _at(_file(name), pointer), f"{page.name}: {name}#{pointer}"
            found += 1
    assert found >= 12


def test_every_link_on_the_pages_leads_to_a_file() -> None:
    """A reader of docs/spec can follow every relative link."""
    for page in [*SPEC.glob("*.md"), PROJECT / "docs" / "architecture.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


# ------------------------------------------------------------------ formats


@pytest.mark.parametrize("vector", _file("encoding.json")["canonical"], ids=lambda vector: vector["jcs"])
def test_canonical_bytes(vector: dict[str, str]) -> None:
    """A JSON text has the canonical bytes the vector gives."""
    assert load(vector["text"].encode(), "text", max_size=1000).canonical.decode() == vector["jcs"]


@pytest.mark.parametrize("vector", _file("encoding.json")["refused"], ids=lambda vector: vector["name"])
def test_refused_json(vector: dict[str, str]) -> None:
    """A JSON text that two readers could take for two documents is refused."""
    with pytest.raises(Malformed):
        load(vector["text"].encode(), "text", max_size=1000)


def test_base64url_has_one_spelling() -> None:
    """Padding, white space, the other alphabet and stray bits are refused."""
    vector = _file("encoding.json")["base64url"]
    assert to_hex(from_base64url(vector["text"], "text")) == vector["bytes"]
    for text in vector["refused"]:
        with pytest.raises(Malformed):
            from_base64url(text, "text")


@pytest.mark.parametrize("name", _file("leaf.json"))
def test_leaf(name: str) -> None:
    """A credential, its form, salt and evidence give the leaf."""
    vector = _file("leaf.json")[name]
    form, content = Form(vector["form"]), vector["credential"]
    credential = Credential.of_content(form, _bytes(content) if form is Form.FILE else content, name)
    assert to_digest_text(credential.digest) == vector["digest"]
    leaf = Leaf(form, _bytes(vector["salt"]), credential.digest, _digest(vector["evidence"]))
    assert to_digest_text(leaf.hash()) == vector["leaf"]
    assert len(_bytes(vector["hashed"])) == 119


def test_evidence() -> None:
    """An evidence manifest's digest is the hash of its canonical bytes."""
    vector = _file("evidence.json")
    assert to_digest_text(EvidenceManifest.parse(vector["manifest"]).digest()) == vector["digest"]


@pytest.mark.parametrize("name", _file("statements.json"))
def test_statement(name: str) -> None:
    """A statement's id, entry and signature are as the vector has them."""
    vector = _file("statements.json")[name]
    signed = SignedStatement.parse(vector["statement"])
    signed.verify(PublicKey.parse(vector["key"]["publicKeyMultibase"], "key"))
    message = message_to_sign(signed.statement, signed.proof.cryptosuite, signed.proof.verification_method)
    assert (to_base64url(message), to_base64url(signed.proof.signature)) == (
        vector["signingInput"],
        vector["signature"],
    )
    assert (to_digest_text(signed.id), signed.entry().decode()) == (vector["id"], vector["entry"])


def test_status_chunks() -> None:
    """Every chunk stands under the status statement's root."""
    vector = _file("status.json")
    root, size = _digest(vector["root"]), TreeSize(len(vector["chunks"]))
    for at, chunk in enumerate(vector["chunks"]):
        leaf = leaf_hash(_bytes(chunk["chunk"]))
        assert to_digest_text(leaf) == chunk["leaf"]
        verify_inclusion(leaf, LeafIndex(at), size, _path(chunk["path"]), root)
    assert to_digest_text(root) == _file("statements.json")["status"]["statement"]["root"]


def test_log() -> None:
    """Entries stand in the log, the log grew, and log, witness and node signed what they say."""
    vector = _file("log.json")
    leaves, roots = [_digest(text) for text in vector["leaves"]], vector["roots"]
    root = _digest(roots["4"])
    for proof in vector["inclusion"]:
        verify_inclusion(leaves[proof["index"]], proof["index"], proof["size"], _path(proof["path"]), root)
    for proof in vector["consistency"]:
        old = leaves[0] if proof["old"] == 1 else _digest(roots[str(proof["old"])])
        verify_consistency(old, proof["old"], root, proof["new"], _path(proof["path"]))
    keys = {name: VerifierKey.parse(text) for name, text in vector["vkeys"].items()}
    checkpoint = Note.parse(vector["checkpoint"].encode())
    assert checkpoint.verify([keys["log"], keys["witness"]]) == (keys["log"], keys["witness"])
    assert Checkpoint.parse(checkpoint.text).root == root
    block = Note.parse(vector["blockNote"].encode())
    assert block.verify([keys["node"]]) == (keys["node"],)
    assert to_hex(BlockNote.parse(block.text).hash) == _file("evm.json")["hash"]


def test_manifest_and_registry() -> None:
    """Manifest and registry state have the digests, and so the CIDs, the vectors give."""
    vector, registry = _file("manifest.json"), _file("registry.json")
    manifest, state = Manifest.parse(vector["manifest"]), RegistryState.parse(registry["state"])
    assert (to_digest_text(manifest.digest()), to_hex(manifest.anchor_root())) == (
        vector["digest"],
        vector["anchorRoot"],
    )
    assert Cid.parse(vector["anchorCid"]).digest == manifest.anchor_root()
    assert to_digest_text(state.digest()) == registry["digest"]
    for at, value in enumerate(registry["records"]):
        record = MemberRecord.parse(value)
        verify_inclusion(record.hash(), LeafIndex(at), state.size, _path(registry["paths"][at]), state.root)


@pytest.mark.parametrize("standing, of", [("record", "counts"), ("left", "countsOnceLeft")])
def test_keys_count_when_the_vectors_say(standing: str, of: str) -> None:
    """Rotation, compromise, a key for statuses alone, a recovery key, and a member that left, at each block time."""
    vector, state = _file("keys.json"), RegistryState.parse(_file("registry.json")["state"])
    record = MemberRecord.parse(vector[standing])
    newest = replace(state, compromised=tuple(Compromise.parse(each, "compromised") for each in vector["compromised"]))
    for given in vector["statements"]:
        signed = SignedStatement.parse(given["statement"], "statement")
        found = []
        for time in vector["times"]:
            try:
                check_uncompromised(check_key(record, signed, time), time, [newest])
                found.append(True)
            except Mismatch:
                found.append(False)
        assert found == given[of]


def test_evm_event() -> None:
    """The header's hash, the trie proof and the event are as the vector has them."""
    vector = _file("evm.json")
    header = Header.parse(_bytes(vector["header"]))
    assert to_hex(header.hash) == vector["hash"]
    proof = [_bytes(node) for node in vector["proof"]]
    event = anchored_event(header, transaction=vector["transaction"], log=vector["log"], proof=proof)
    assert (to_hex(event.head), to_hex(event.registry)) == (vector["event"]["head"], vector["event"]["registry"])


@pytest.mark.parametrize("name", _file("evm.json")["refusedRlp"])
def test_refused_rlp(name: str) -> None:
    """RLP has one spelling of every item."""
    with pytest.raises(Malformed):
        rlp.decode(bytes.fromhex(_file("evm.json")["refusedRlp"][name][2:]), name)


# ------------------------------------------------------------------ cases


@pytest.mark.parametrize("case", _file("cases.json"), ids=lambda case: case["name"])
def test_case(case: dict[str, Any]) -> None:
    """Each receipt, and each mutation of one, gets the verdict the vectors say, at the step they say."""
    receipt = _patched(_file("receipts.json")[case["of"]], case.get("receipt", []))
    data = canonical(receipt)
    if "text" in case:
        before, after = (text.encode() for text in case["text"])
        assert data.count(before) == 1
        data = data.replace(before, after)
    trust = TrustFile.parse(canonical(_patched(_file("trust.json"), case.get("trust", []))))
    beside = _bytes(case["credential"]) if "credential" in case else None
    blocks = {
        (block["chain"], block["number"]): from_hex(block["hash"], "hash", 32) for block in case.get("blocks", [])
    }
    verdict = verify(data, trust, at=parse_time(case["at"], "at"), credential=beside, blocks=blocks)
    shown = [(check.step, check.about, check.state.value, check.says) for check in verdict.checks]
    assert verdict.result.value == case["result"], shown
    if "step" in case:
        assert (case["step"], case["state"]) in {(step, state) for step, _, state, _ in shown}, shown


def test_receipts_are_written_as_they_are_read() -> None:
    """A receipt that was read and written again is the same."""
    for value in _file("receipts.json").values():
        assert Receipt.parse(canonical(value)).to_json() == value
