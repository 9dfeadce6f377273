"""An auditor that shares no code with the service: it reads chain, IPFS and ledger by itself, and counts.

The chain over plain JSON-RPC, blocks and trees through Kubo's own resolver, the
ledger's tables with the database's own driver, receipts with the second verifier
(`tests.independent`). So a fault that the service does not notice, or a mistake in
what it reads with, shows here.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sqlite3
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from tests.faults.nodes import Rpc
from tests.independent.evm import keccak256
from tests.independent.formats import base64url, unbase64url
from tests.independent.merkle import leaf_hash, root_of
from tests.independent.strict_json import jcs, sha256
from tests.independent.verifier import Verdict, anchor_root, credential_leaf, verify

ANCHORED = "0x" + keccak256(b"Anchored(bytes32,address,bytes32,bytes32)").hex()
_UNREAD = "cannot be read from IPFS"
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Scene:
    """Where things are. What is believed (contract, account, log key) was written down at the founding."""

    chain: str
    rpc: str
    contract: str
    account: str
    kubo: str
    database: str
    origin: str
    log_key: str
    depth: int


@dataclass(frozen=True, slots=True)
class Audit:
    """Credentials accepted, and of them in exactly one final batch; what is not so, in words."""

    accepted: int
    final: int
    lost: tuple[str, ...]
    twice: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def unread(self) -> bool:
        """Whether IPFS lacked something that had to be read: the notary puts it back by itself, in a while."""
        return any(_UNREAD in line for line in self.wrong)

    @property
    def clean(self) -> bool:
        """Everything accepted is final, once, with a receipt that verifies."""
        return self.final == self.accepted and not (self.lost or self.twice or self.wrong)


@dataclass(frozen=True, slots=True)
class Event:
    """A final `Anchored` event."""

    root: bytes
    sender: str
    registry: bytes
    block: int
    block_hash: str


@dataclass
class Public:
    """What chain and IPFS say: the manifests in their order, and how often each leaf stands in a final batch."""

    events: list[Event]
    manifests: list[Any] = field(default_factory=list)
    leaves: Counter[bytes] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Auditor:
    """Counts; what was read of final batches is remembered, for it cannot change."""

    def __init__(self, scene: Scene) -> None:
        self._scene, self._rpc = scene, Rpc(scene.rpc)
        self._batches: dict[int, tuple[Any, tuple[bytes, ...]]] = {}

    def audit(self, accepted: Iterable[str], receipts: Mapping[str, bytes | None]) -> Audit:
        """Count what was acknowledged and what else the ledger holds; `receipts` are to be verified, None: refused."""
        public = self.public()
        rows = self._credentials()
        ids = dict.fromkeys([*accepted, *rows])
        lost, twice, final = [], [], 0
        for name in ids:
            row = rows.get(name)
            if row is None:
                lost.append(f"credential {name}: acknowledged, and the ledger has it no more")
                continue
            found = public.leaves[row.leaf]
            final += found == 1
            if found == 0:
                lost.append(f"credential {name}: in no final batch")
            elif found > 1:
                twice.append(f"credential {name}: in {found} final batches")
        same = Counter((row.institution, row.digest) for row in rows.values())
        twice += [
            f"digest {digest.hex()}: accepted {number} times" for (_, digest), number in same.items() if number > 1
        ]
        own = Counter(event.root for event in public.events if event.sender == self._scene.account)
        twice += [f"root {root.hex()}: anchored {number} times" for root, number in own.items() if number > 1]
        wrong = [
            *public.wrong,
            *_strays(public, own),
            *self._rows(public),
            *self._receipts(public, rows, receipts),
        ]
        return Audit(len(ids), final, tuple(lost), tuple(twice), tuple(wrong))

    def forget(self) -> None:
        """Read every batch again from now on: where IPFS has lost something, what was read before is no proof."""
        self._batches.clear()

    # ----------------------------------------------------- chain and IPFS

    def public(self) -> Public:
        """Read every final event of our account, walk to its manifest, and read each batch it brought."""
        found = Public(self._events())
        by_root = {event.root: event for event in found.events if event.sender == self._scene.account}
        for root in by_root:
            try:
                found.manifests.append(self._manifest(root))
            except (OSError, ValueError, KeyError) as error:
                found.wrong.append(f"root {root.hex()}: its manifest {_UNREAD}: {error}")
        found.manifests.sort(key=lambda manifest: manifest["size"])
        found.wrong += self._chained(found.manifests)
        if found.manifests:
            try:
                self._read_log(found)
            except (OSError, ValueError, KeyError) as error:
                found.wrong.append(f"the newest pinned tree {_UNREAD}: {error}")
        for _, leaves in self._batches.values():
            found.leaves.update(leaves)
        return found

    def _events(self) -> list[Event]:
        final = self._rpc.number("eth_blockNumber") - self._scene.depth
        asked = {"address": self._scene.contract, "topics": [ANCHORED], "fromBlock": "0x0", "toBlock": hex(final)}
        events = []
        for log in self._rpc.ask("eth_getLogs", asked) if final >= 0 else ():
            data = bytes.fromhex(log["data"][2:])
            events.append(
                Event(
                    root=bytes.fromhex(log["topics"][1][2:]),
                    sender="0x" + log["topics"][2][-40:],
                    registry=data[32:64],
                    block=int(log["blockNumber"], 16),
                    block_hash=log["blockHash"],
                )
            )
        return events

    def _manifest(self, root: bytes) -> Any:
        """Walk: the root names the preimage's block, that the manifest's (docs/spec/manifest.md)."""
        preimage = self._block(root)
        if len(preimage) != 65 or preimage[:1] != b"\1":
            raise ValueError("no anchor preimage")
        manifest = json.loads(self._block(preimage[1:33]))
        if anchor_root(manifest) != root:
            raise ValueError("another anchor root")
        return manifest

    def _chained(self, manifests: list[Any]) -> Iterator[str]:
        """Say where a manifest does not go on from the one before."""
        previous, since = None, 0
        for manifest in manifests:
            if (manifest["previous"], manifest["since"], manifest["origin"]) != (previous, since, self._scene.origin):
                yield f"the manifest of log size {manifest['size']} does not follow the one before"
            previous, since = base64url(sha256(jcs(manifest))), manifest["size"]

    def _read_log(self, public: Public) -> None:
        """Read what the newest tree has beyond what is known, and check it against manifests and statements."""
        newest = public.manifests[-1]
        entries = self._entries(newest)
        hashes = [leaf_hash(entry) for entry in entries]
        for manifest in public.manifests:
            if base64url(root_of(hashes[: manifest["size"]])) != manifest["root"]:
                public.wrong.append(f"the log root of size {manifest['size']} is not that of its entries")
        for index, entry in enumerate(entries):
            statement = json.loads(entry)
            if index in self._batches or statement["type"] != "credential-notary/batch/v1":
                continue
            data = self._cat(f"{newest['tree']}/batch/{tile_path(index)}/leaves")
            leaves = tuple(data[at : at + 32] for at in range(0, len(data), 32))
            if len(leaves) != statement["size"] or base64url(root_of(leaves)) != statement["root"]:
                raise ValueError(f"the leaves of log entry {index} are not what its statement commits")
            self._batches[index] = statement, leaves

    def _entries(self, manifest: Any) -> list[bytes]:
        entries: list[bytes] = []
        for first in range(0, manifest["size"], 256):
            width = min(256, manifest["size"] - first)
            name = tile_path(first // 256) + ("" if width == 256 else f".p/{width}")
            data = self._cat(f"{manifest['tree']}/tile/entries/{name}")
            while data:
                size = int.from_bytes(data[:2])
                entries.append(data[2 : 2 + size])
                data = data[2 + size :]
        if len(entries) != manifest["size"]:
            raise ValueError(f"{len(entries)} entries where the manifest has {manifest['size']}")
        return entries

    def _block(self, digest: bytes) -> bytes:
        cid = "b" + base64.b32encode(b"\x01\x55\x12\x20" + digest).decode().rstrip("=").lower()
        data = self._post("block/get", cid)
        if hashlib.sha256(data).digest() != digest:
            raise ValueError(f"{cid}: other bytes")
        return data

    def _cat(self, path: str) -> bytes:
        return self._post("cat", f"/ipfs/{path}")

    def _post(self, command: str, argument: str) -> bytes:
        query = urllib.parse.urlencode({"arg": argument, "offline": "true", "timeout": "10s"})
        request = urllib.request.Request(f"{self._scene.kubo}/api/v0/{command}?{query}", method="POST")
        with _direct.open(request, timeout=15) as reply:
            answer: bytes = reply.read()
        return answer

    # ------------------------------------------------------------- ledger

    def _credentials(self) -> dict[str, _Row]:
        found = self._ask("SELECT id, institution, form, salt, digest, evidence FROM credential")
        return {
            name: _Row(
                institution,
                bytes(digest),
                bytes(salt),
                credential_leaf(form, bytes(salt), bytes(digest), bytes(evidence or bytes(32))),
            )
            for name, institution, form, salt, digest, evidence in found
        }

    def _rows(self, public: Public) -> Iterator[str]:
        """Say which anchors the ledger calls final that no final block holds."""
        seen = {(event.root, event.block, event.block_hash) for event in public.events}
        asked = "SELECT manifest, root, block, block_hash FROM anchor WHERE state = 'final'"
        for number, root, block, block_hash in self._ask(asked):
            if (bytes(root), block, "0x" + bytes(block_hash).hex()) not in seen:
                yield f"manifest {number}: final by the ledger, and in no final block"

    def newest_attempt(self) -> list[str]:
        """Return the newest signed transaction of the ledger, or none: for a laboratory that plays the miner."""
        found = self._ask("SELECT raw FROM attempt ORDER BY nonce DESC, tip_per_gas DESC LIMIT 1")
        return ["0x" + bytes(raw).hex() for (raw,) in found]

    def unsettled_block(self) -> int | None:
        """Return the block of an anchor that is in one and not final."""
        found = self._ask("SELECT max(block) FROM anchor WHERE state = 'confirmed'")
        return None if found[0][0] is None else int(found[0][0])

    def _ask(self, query: str) -> list[Any]:
        kind, _, rest = self._scene.database.partition(":")
        if kind == "sqlite":
            with closing(sqlite3.connect(f"file:{rest.removeprefix('///')}?mode=ro", uri=True, timeout=10)) as reading:
                return reading.execute(query).fetchall()
        import psycopg

        with psycopg.connect(self._scene.database) as connection:
            return list(connection.execute(query.encode()).fetchall())

    # ----------------------------------------------------------- receipts

    def trust(self, events: Iterable[Event]) -> bytes:
        """Return what a verifier would trust who watched the chain alone: its final blocks and its registry state."""
        events = list(events)
        state = json.loads(self._block(events[-1].registry)) if events else None
        nobody = {"keys": [], "need": 0}
        blocks = {event.block: event.block_hash for event in events}
        consortium = {
            "name": "the audited consortium",
            "chains": [
                {
                    "chain": self._scene.chain,
                    "contract": self._scene.contract,
                    "untilBlock": None,
                    "blocks": [{"number": number, "hash": found} for number, found in blocks.items()],
                }
            ],
            "logs": [{"origin": self._scene.origin, "keys": [self._scene.log_key]}],
            "witnesses": nobody,
            "blockNotes": nobody,
            "registry": state,
            "distrusted": [],
            "anchorsNeeded": 1,
        }
        date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        return jcs({"type": "credential-notary/trust/v1", "date": date, "consortia": [consortium]})

    def verdict(self, receipt: bytes, trust: bytes) -> Verdict:
        """Verify one receipt with the second verifier."""
        return verify(receipt, trust, at=int(time.time()))

    def _receipts(
        self, public: Public, rows: Mapping[str, _Row], receipts: Mapping[str, bytes | None]
    ) -> Iterator[str]:
        """Say whose receipt is not given though its batch is final, is another credential's, or does not verify."""
        try:
            trust = self.trust(public.events) if receipts else b""
        except (OSError, ValueError) as error:
            yield f"the registry state in force {_UNREAD}: {error}"
            return
        for name, data in receipts.items():
            row = rows.get(name)
            if data is None:
                if row is not None and public.leaves[row.leaf]:
                    yield f"credential {name}: final, and there is no receipt"
                continue
            if row is not None and row.salt not in _salts(data):
                yield f"credential {name}: its receipt is another credential's"
                continue
            verdict = self.verdict(data, trust)
            if verdict.result != "verified":
                first = next((f"{check.name}: {check.state}" for check in verdict.checks if check.state != "pass"), "")
                yield f"credential {name}: its receipt is {verdict.result}; {first}"


@dataclass(frozen=True, slots=True)
class _Row:
    """A credential of the ledger: what its leaf is made of, and the leaf."""

    institution: str
    digest: bytes
    salt: bytes
    leaf: bytes


def tile_path(index: int) -> str:
    """Write an index as C2SP tlog-tiles does: groups of three digits, all but the last marked."""
    text = f"{index % 1000:03}"
    while index := index // 1000:
        text = f"x{index % 1000:03}/{text}"
    return text


def _strays(public: Public, own: Mapping[bytes, int]) -> Iterator[str]:
    known = {anchor_root(manifest) for manifest in public.manifests}
    for root in own:
        if root not in known:
            yield f"root {root.hex()}: anchored by the notary, and no manifest of its log"


def _salts(receipt: bytes) -> set[bytes]:
    try:
        return {unbase64url(each["salt"]) for each in json.loads(receipt)["submissions"]}
    except (ValueError, KeyError, TypeError):
        return set()
