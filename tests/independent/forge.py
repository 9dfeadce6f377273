"""Receipts made from the pages, so that the two verifiers can be asked about what is signed, too."""

import base64
import copy
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.independent import credentials, evm
from tests.independent.formats import base64url, unbase64url
from tests.independent.keys import ALPHABET
from tests.independent.merkle import leaf_hash, root_of
from tests.independent.strict_json import Json, jcs, sha256
from tests.independent.verifier import anchor_root, credential_leaf, statement_id

VECTORS = Path(__file__).resolve().parents[2] / "docs" / "spec" / "vectors"
CONTRACT, NOTARY, TIME = "0x" + "11" * 20, "0x" + "22" * 20, 1770000000
LOG, CHAIN = "notary.example/log", "eip155:1"
CID = "bafkreihfiocp5y6tl7rmallcnczhxmlbmjuxytzlecikykcgnd2tt365ge"


def vector(name: str) -> Any:
    """One file of the vectors."""
    return json.loads((VECTORS / name).read_text())


def seed(key: Json) -> Ed25519PrivateKey:
    """A private key of the vectors."""
    return Ed25519PrivateKey.from_private_bytes(unbase64url(key["seed"]))


def base58(data: bytes) -> str:
    """Multibase base58btc."""
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def with_proof(document: Json, private: Ed25519PrivateKey, method: str, **more: Json) -> Json:
    """A document with its Data Integrity proof; more changes the proof before it is signed."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        **more,
    }
    signed = {**document, "@context": proof["@context"]} if "@context" in proof else document
    value = private.sign(sha256(jcs(proof)) + sha256(jcs(signed)))
    return {**document, "proof": {**proof, "proofValue": base58(value)}}


def path_of(leaves: list[bytes], index: int) -> str:
    """The path of one of at most two leaves."""
    return base64url(leaves[1 - index] if len(leaves) == 2 else b"")


def _note(text: str, vkey: str, private: Ed25519PrivateKey, *, cosigned: bool = False) -> str:
    name, key_id, _ = vkey.split("+", 2)
    value = private.sign(text.encode())
    if cosigned:
        value = TIME.to_bytes(8) + private.sign(f"cosignature/v1\ntime {TIME}\n{text}".encode())
    return f"\u2014 {name} {base64.b64encode(bytes.fromhex(key_id) + value).decode()}\n"


@dataclass
class Forge:
    """What to make; the defaults make a receipt that verifies as far as its credential does."""

    credential: Json
    form: int = 1
    record: Json = field(default_factory=lambda: copy.deepcopy(vector("registry.json")["records"][0]))
    others: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)
    batch: Json = field(default_factory=dict)
    status: Json = None
    status_key: str = "did:web:alpha.example#key-1"
    chunk: bytes = bytes(32)
    anchors: list[Json] = field(default_factory=lambda: [{}])  # chain, record and state that differ
    trust: Json = field(default_factory=dict)

    def _statement(self, kind: str, members: Json) -> Json:
        made = {
            "type": f"credential-notary/{kind}/v1",
            "log": LOG,
            "issuer": "did:web:alpha.example",
            "seq": 1,
            "previous": None,
            "time": "2026-02-01T09:00:00Z",
            **members,
        }
        method = self.status_key if kind == "status" else "did:web:alpha.example#key-1"
        return with_proof(made, seed(vector("statements.json")["batch"]["key"]), method)

    def make(self) -> tuple[bytes, bytes]:
        """Receipt and trust file."""
        if self.form == 3:  # also where it could not be read
            digest = sha256(self.credential.strip(" \t\r\n").partition("~")[0].encode())
        else:
            digest = credentials.of_form(self.form, self.credential).digest
        leaf = credential_leaf(self.form, bytes(32), digest, bytes(32))
        members = {"size": 1, "root": base64url(leaf), "recognition": "authorised", "legacy": None, "jointWith": []}
        batch = self._statement("batch", {**members, **self.batch})
        statements, named = [batch], None
        if self.status is not None:
            root = base64url(leaf_hash(self.chunk))
            said = {"seq": 2, "previous": base64url(bytes(32)), "batch": base64url(statement_id(batch)), "root": root}
            statements.append(self._statement("status", {**said, **self.status}))
            named = base64url(statement_id(statements[1]))
        entries = [leaf_hash(jcs(statement)) for statement in statements]
        pair = jcs({"batch": base64url(statement_id(batch)), "status": named})
        newest = [leaf_hash(pair), leaf_hash(b"")][: len(entries)]
        manifest = {
            "type": "credential-notary/anchor/v1",
            "origin": LOG,
            "since": 0,
            "size": len(entries),
            "root": base64url(root_of(entries)),
            "snapshot": base64url(root_of(newest)),
            "legacy": None,
            "previous": None,
            "tree": CID,
            "time": "2026-02-02T02:35:00Z",
        }
        anchors = [self._anchor(manifest, **differing) for differing in self.anchors]
        commitment = {"manifest": manifest, "checkpoint": _checkpoint(manifest), "anchors": anchors}
        submission = {
            "salt": base64url(bytes(32)),
            "index": 0,
            "path": "",
            "statement": batch,
            "entry": 0,
            "logPath": path_of(entries, 0),
            "commitment": 0,
            "status": {"commitment": 0, "path": path_of(newest, 0)},
        }
        if self.status is not None:
            submission["status"]["change"] = {
                "statement": statements[1],
                "entry": 1,
                "path": path_of(entries, 1),
                "commitment": 0,
                "chunk": base64url(self.chunk),
                "chunkPath": "",
            }
        receipt = {
            "type": "credential-notary/receipt/v1",
            "form": self.form,
            "credential": self.credential,
            "submissions": [submission],
            "commitments": [commitment],
            "renewals": [],
            "attachments": [],
        }
        return jcs(receipt), jcs(self._trust(anchors))

    def _anchor(self, manifest: Json, chain: str = CHAIN, record: Json = None, state: Json = None) -> Json:
        records = [record or self.record, *self.others]
        leaves = [leaf_hash(jcs(record)) for record in records]
        said = {**vector("registry.json")["state"], "size": len(leaves), "root": base64url(root_of(leaves))}
        said["contracts"] = [{"chain": chain, "address": CONTRACT}]
        said["notaries"] = [{"chain": chain, "address": NOTARY, "origin": LOG}]
        said.update(self.state if state is None else state)
        topics = [evm.ANCHORED, anchor_root(manifest), bytes(12) + bytes.fromhex(NOTARY[2:])]
        logs = [[bytes.fromhex(CONTRACT[2:]), topics, bytes(32) + sha256(jcs(said))]]
        node = evm.encode([b"\x20\x80", evm.encode([b"\1", b"\1", bytes(256), logs])])
        header: list[bytes] = [b""] * 15
        header[0], header[5], header[8], header[11] = bytes(32), evm.keccak256(node), b"\5", TIME.to_bytes(4)
        members = [
            {"record": record, "index": index, "path": path_of(leaves, index)} for index, record in enumerate(records)
        ]
        return {
            "type": "evm",
            "chain": chain,
            "contract": CONTRACT,
            "header": base64url(evm.encode(header)),
            "transaction": 0,
            "log": 0,
            "proof": [base64url(node)],
            "notes": [],
            "registry": {"state": said, "members": members},
        }

    def _trust(self, anchors: list[Json]) -> Json:
        trust = vector("trust.json")
        chains = {}
        for anchor in anchors:
            block = evm.header(unbase64url(anchor["header"]))
            blocks = [{"number": block.number, "hash": block.hash}]
            chains[anchor["chain"]] = {
                "chain": anchor["chain"],
                "contract": CONTRACT,
                "untilBlock": None,
                "blocks": blocks,
            }
        trust["consortia"][0]["chains"] = list(chains.values())
        trust["consortia"][0].update(self.trust)
        return trust


def _checkpoint(manifest: Json) -> str:
    root = base64.b64encode(unbase64url(manifest["root"])).decode()
    text = f"{LOG}\n{manifest['size']}\n{root}\n"
    given = vector("log.json")
    log = _note(text, given["vkeys"]["log"], seed(given["keys"]["log"]))
    return f"{text}\n{log}" + _note(text, given["vkeys"]["witness"], seed(given["keys"]["witness"]), cosigned=True)
