"""Write docs/spec/vectors: examples of every permanent format, from fixed seeds, the same bytes at every run.

    .venv/bin/python scripts/spec_vectors.py

A difference to what is there means that a permanent format changed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from spec_cases import cases, joined
from spec_keys import key_vectors
from spec_world import (
    ACCOUNT,
    ALPHA,
    ANA,
    BATCH_SIZE,
    BETA,
    BO,
    CHAIN,
    DAN,
    EVIDENCE,
    FILE,
    LOG_KEY,
    LOG_VKEY,
    NODE,
    NODE_VKEY,
    WITNESS,
    WITNESS_VKEY,
    Key,
    anchorings,
    as_json,
    first_batch,
    joint_batches,
    leaf_of,
    log_tree,
    member,
    nothing_stored,
    receipts,
    records,
    snapshot,
    snapshot_data,
    state,
    status_statement,
    statuses,
    trust,
)

from notary.core.canonical import JSON, load
from notary.core.cid import Cid
from notary.core.digest import ZERO, LeafIndex, TreeSize, leaf_hash, sha256
from notary.core.encoding import to_base64url, to_digest_text, to_hex
from notary.core.evm import Header, keccak256, rlp
from notary.core.evm.anchored import TOPIC
from notary.core.leaf import Leaf
from notary.core.log import changed_tiles, index_path
from notary.core.merkle import Tree, consistency_path, inclusion_path
from notary.core.statement import SignedStatement, message_to_sign
from notary.core.unixfs import update_tree, walk

OUT = Path(__file__).resolve().parent.parent / "docs" / "spec" / "vectors"


def text_of(data: bytes) -> str:
    """Read ASCII or UTF-8."""
    return data.decode()


def encoding_vectors() -> JSON:
    """JSON and base64url, accepted and refused."""
    jcs = [
        '{"b": 1, "a": [true, null, "é\\u000a\\/"]}',
        '{"😀": 1, "ﬁ": 2}',
        "[1.0, -0, 0.000001, 1e-7, 123456789012345.5]",
        '"\\u20ac\\u0007<"',
    ]
    refused = {
        "a name twice": '{"a": 1, "a": 1}',
        "an integral number beyond 2^53-1": "9007199254740992",
        "the same with an exponent": "1e20",
        "NaN": "[NaN]",
        "a lone surrogate": '"\\ud800"',
        "a byte order mark": "\ufeff{}",
        "a comma at the end": "[1,]",
        "a control character in a string": '"\n"',
        "65 levels": "[" * 65 + "]" * 65,
    }
    return {
        "canonical": [
            {"text": text, "jcs": text_of(load(text.encode(), "text", max_size=1000).canonical)} for text in jcs
        ],
        "refused": [{"name": name, "text": text} for name, text in refused.items()],
        "base64url": {
            "bytes": to_hex(b"\xfb\xff\x00"),
            "text": to_base64url(b"\xfb\xff\x00"),
            "refused": ["-_8A=", "-_8B ", "+/8A", "-_9"],
        },
        "digest": to_digest_text(sha256(b"")),
    }


def leaf_vectors() -> JSON:
    """Leaves of the three forms, with and without evidence."""

    def vector(content: JSON, leaf: Leaf) -> JSON:
        return {
            "credential": content,
            "form": int(leaf.form),
            "salt": to_base64url(leaf.salt),
            "digest": to_digest_text(leaf.digest),
            "evidence": to_digest_text(leaf.evidence),
            "hashed": to_base64url(
                b"\x00credential-notary/v1\x00" + bytes([leaf.form]) + leaf.salt + leaf.digest + leaf.evidence
            ),
            "leaf": to_digest_text(leaf.hash()),
        }

    small = as_json({"name": "Ana", "id": 1})
    return {
        "json": vector(small.content, leaf_of(small, "small")),  # type: ignore[arg-type]  # form 1 holds JSON
        "jsonWithEvidence": vector(ANA.claims, leaf_of(ANA, "ana", EVIDENCE.digest())),
        "file": vector(to_base64url(FILE), leaf_of(BO, "bo")),
        "fileWithEvidence": vector(to_base64url(FILE), leaf_of(BO, "bo", EVIDENCE.digest())),
        "jose": vector(str(DAN.content).split("~")[0], leaf_of(DAN, "dan")),
        "joseWithEvidence": vector(DAN.content, leaf_of(DAN, "dan", EVIDENCE.digest())),  # type: ignore[arg-type]
    }


def evidence_vectors() -> JSON:
    """An evidence manifest."""
    return {"manifest": EVIDENCE.to_json(), "digest": to_digest_text(EVIDENCE.digest())}


def statement_vectors() -> JSON:
    """Signed statements by both algorithms."""

    def vector(signed: SignedStatement, key: Key) -> JSON:
        proof = signed.proof
        return {
            "key": key.to_json(),
            "statement": signed.to_json(),
            "signingInput": to_base64url(
                message_to_sign(signed.statement, proof.cryptosuite, proof.verification_method)
            ),
            "signature": to_base64url(proof.signature),
            "id": to_digest_text(signed.id),
            "entry": text_of(signed.entry()),
        }

    return {
        "batch": vector(first_batch().signed, ALPHA.key),
        "batchP256": vector(joint_batches()[1].signed, BETA.key),
        "status": vector(status_statement(), ALPHA.key),
    }


def status_vectors() -> JSON:
    """Status chunks under their root."""
    chunks = list(statuses().chunks())
    paths = Tree(map(leaf_hash, chunks)).paths()
    return {
        "size": BATCH_SIZE,
        "not valid": {"2": "suspended", "129": "revoked"},
        "chunks": [
            {"chunk": to_base64url(chunk), "leaf": to_digest_text(leaf_hash(chunk)), "path": joined(path)}
            for chunk, path in zip(chunks, paths, strict=True)
        ],
        "root": to_digest_text(statuses().root()),
    }


def log_vectors() -> JSON:
    """Tree, proofs, notes and paths of the log."""
    size = TreeSize(4)
    tree, note = log_tree(4), anchorings()[1].checkpoint
    seven = Tree(leaf_hash(bytes([at])) for at in range(7))
    return {
        "keys": {"log": LOG_KEY.to_json(), "witness": WITNESS.to_json(), "node": NODE.to_json()},
        "vkeys": {"log": str(LOG_VKEY), "witness": str(WITNESS_VKEY), "node": str(NODE_VKEY)},
        "leaves": [to_digest_text(tree.node(0, at)) for at in range(size)],
        "roots": {str(at): to_digest_text(log_tree(at).root) for at in (3, 4)},
        "inclusion": [
            {"index": at, "size": size, "path": joined(inclusion_path(LeafIndex(at), size, tree.node))}
            for at in range(size)
        ],
        "consistency": [
            {"old": old, "new": 4, "path": joined(consistency_path(TreeSize(old), size, tree.node))}
            for old in (1, 3, 4)
        ],
        "sevenLeaves": {
            "leafData": "one byte each, 0 to 6",
            "root": to_digest_text(seven.root),
            "paths": [joined(path) for path in seven.paths()],
            "consistencyFrom3": joined(consistency_path(TreeSize(3), TreeSize(7), seven.node)),
        },
        "checkpoint": str(note),
        "cosigned": f"cosignature/v1\ntime {int.from_bytes(note.signatures[1].value[:8])}\n{note.text}",
        "blockNote": str(anchorings()[0].block_note),
        "tiles": {"70000": [tile.path for tile in changed_tiles(69_900, TreeSize(70_000))]},
        "indexPaths": {str(at): index_path(at) for at in (0, 999, 1000, 1_234_067)},
    }


def manifest_vectors() -> JSON:
    """A manifest, its anchor root, snapshot and pinned tree."""
    second = anchorings()[1]
    manifest = second.manifest
    tree, made = update_tree(None, second.files, nothing_stored)
    blocks = {block.cid: block for block in made}
    listed = [(path, str(link.cid)) for path, link in walk(tree.cid, lambda cid: blocks[cid].data)]
    legacy = replace(manifest, legacy=sha256(b"a Blockcerts root"))
    return {
        "previous": anchorings()[0].manifest.to_json(),
        "manifest": manifest.to_json(),
        "digest": to_digest_text(manifest.digest()),
        "cid": str(Cid.of(manifest.block())),
        "preimage": to_base64url(manifest.anchor_preimage()),
        "anchorRoot": to_hex(manifest.anchor_root()),
        "anchorCid": str(Cid.of(manifest.anchor_preimage())),
        "withLegacy": {
            "legacy": to_digest_text(legacy.legacy or ZERO),
            "digest": to_digest_text(legacy.digest()),
            "preimage": to_base64url(legacy.anchor_preimage()),
            "anchorRoot": to_hex(legacy.anchor_root()),
        },
        "snapshot": {
            "leafData": [text_of(data) for data in snapshot_data(4)],
            "root": to_digest_text(snapshot(4).root),
        },
        "tree": {"cid": str(tree.cid), "files": dict(listed)},
    }


def registry_vectors() -> JSON:
    """Member records and the registry state."""
    return {
        "records": [record.to_json() for record in records()],
        "lines": str(state().records),
        "leaves": [to_digest_text(record.hash()) for record in records()],
        "paths": [joined(member(one).path) for one in (ALPHA, BETA)],
        "state": state().to_json(),
        "digest": to_digest_text(state().digest()),
        "cid": str(Cid.of(state().block())),
        "change": change_vector(),
    }


def change_vector() -> JSON:
    """Return a change of a ConsortiumRegistry and what its members sign (EIP-712)."""
    contract, added = bytes.fromhex("44" * 20), bytes.fromhex("55" * 20)
    numbers = {"threshold": 1, "epoch": 2, "deadline": 1_790_000_000}
    domain_type = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    change_type = (
        b"Change(bytes32 state,address[] added,address[] removed,uint64 threshold,uint64 epoch,uint64 deadline)"
    )
    names = keccak256(b"ConsortiumRegistry") + keccak256(b"1")
    domain = keccak256(keccak256(domain_type) + names + (1).to_bytes(32) + bytes(12) + contract)
    lists = keccak256(bytes(12) + added) + keccak256(b"")
    change = keccak256(
        keccak256(change_type) + state().digest() + lists + b"".join(n.to_bytes(32) for n in numbers.values())
    )
    return {
        "chain": CHAIN,
        "registry": to_hex(contract),
        "change": {"state": to_hex(state().digest()), "added": [to_hex(added)], "removed": [], **numbers},
        "domainSeparator": to_hex(domain),
        "hashStruct": to_hex(change),
        "digest": to_hex(keccak256(b"\x19\x01" + domain + change)),
    }


def evm_vectors() -> JSON:
    """A header, its transaction receipts, a proof and the event."""
    anchoring = anchorings()[0]
    header = Header.parse(anchoring.header)
    anchor = anchoring.anchor()
    return {
        "header": to_base64url(anchoring.header),
        "hash": to_hex(header.hash),
        "receiptsRoot": to_hex(header.receipts_root),
        "number": header.number,
        "timestamp": header.timestamp,
        "txReceipts": [to_base64url(raw) for raw in anchoring.tx_receipts],
        "transaction": anchor.transaction,
        "key": to_hex(rlp.encode(rlp.from_integer(anchor.transaction))),
        "proof": [to_base64url(node) for node in anchor.proof],
        "log": anchor.log,
        "event": {
            "topics": [
                to_hex(TOPIC),
                to_hex(anchoring.manifest.anchor_root()),
                to_hex(bytes(12) + ACCOUNT),
            ],
            "head": to_hex(anchoring.head),
            "registry": to_hex(state().digest()),
        },
        "refusedRlp": {
            "a byte below 0x80 after a prefix": "0x8100",
            "a long length for a short string": "0xb80100",
            "a length with a leading zero": "0xb90038" + "61" * 56,
            "a byte left over": "0x8000",
            "an end too early": "0x8261",
        },
    }


def vectors() -> dict[str, str]:
    """Return the text of every file, by name."""
    files: dict[str, JSON] = {
        "encoding": encoding_vectors(),
        "leaf": leaf_vectors(),
        "evidence": evidence_vectors(),
        "statements": statement_vectors(),
        "status": status_vectors(),
        "log": log_vectors(),
        "manifest": manifest_vectors(),
        "registry": registry_vectors(),
        "keys": key_vectors(),
        "evm": evm_vectors(),
        "trust": trust().to_json(),
        "receipts": {name: whole.to_json() for name, whole in receipts().items()},
        "cases": cases(),
    }
    return {f"{name}.json": json.dumps(value, indent=2, ensure_ascii=False) + "\n" for name, value in files.items()}


def main() -> None:
    """Write every file."""
    OUT.mkdir(parents=True, exist_ok=True)
    for name, text in vectors().items():
        (OUT / name).write_text(text, encoding="utf-8", newline="\n")
        print(f"{OUT.name}/{name}: {len(text):,} characters")


if __name__ == "__main__":
    main()
