"""A monitor's first look at a log of 100,000 entries, and its next one, beside a plain baseline of the same run.

The log is made here, in a folder, as `notary log export` writes it: batches of 100 institutions, and one status
in ten. Baseline: reading the same files, json.loads and SHA-256 of every entry, and nothing checked.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from anchoring.mirrors import FolderMirror
from api.key_files import KeyFile
from notary.core.canonical import JSON, canonical
from notary.core.digest import Digest, TreeSize, sha256
from notary.core.encoding import to_base58, to_digest_text
from notary.core.keys import PublicKey
from notary.core.log import Checkpoint, changed_tiles, decode_entries, encode_entries, entry_hash, tile_data
from notary.core.merkle import Tree
from notary.core.note import Note, SignatureType, VerifierKey
from notary.service.monitoring.monitor import Watch, monitor
from notary.service.monitoring.own import Own
from notary.service.monitoring.seen import Seen

ORIGIN = "bench.example/log"
ISSUERS = 100
PROMISED = 10.0


def main() -> None:
    """Make the log, look twice, and say how long it took."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--entries", type=int, default=100_000)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        folder = Path(name)
        made = list(entries(chosen.entries))
        key = write_log(folder, [data for data, _ in made])
        own = Own(frozenset(name for at, (_, name) in enumerate(made) if at % ISSUERS == 0), frozenset())
        plain = timed(lambda: read_plainly(folder, len(made)))
        watch = Watch(FolderMirror(folder), (key,), own)
        seen = Seen(ORIGIN, did(0))
        began, worked = time.perf_counter(), time.process_time()
        seen, report = monitor(seen, watch, datetime.now(UTC))
        first, processor = time.perf_counter() - began, time.process_time() - worked
        if (report.new, report.own, report.findings, report.open) != (len(made), -(-len(made) // ISSUERS), (), ()):
            raise SystemExit(f"the monitor does not find the log as it was made: {report}")
        state = bytes(seen)
        began = time.perf_counter()
        monitor(Seen.parse(state), watch, datetime.now(UTC))
        again = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (20 if sys.platform == "darwin" else 10)
    found = {
        "entries": len(made),
        "first_look_seconds": round(first, 2),
        "first_look_processor_seconds": round(processor, 2),
        "next_look_seconds": round(again, 2),
        "baseline_seconds": round(plain, 2),
        "ratio": round(first / plain, 2),
        "state_bytes": len(state),
        "memory_mib": peak,
    }
    for what, measured, promised in [
        ("", "measured", "promised"),
        (f"first look at {len(made):,} entries, s", found["first_look_seconds"], f"≤ {PROMISED:g}"),
        ("  of them on the processor, s", found["first_look_processor_seconds"], ""),
        ("next look, nothing new, s", found["next_look_seconds"], ""),
        ("baseline, s", found["baseline_seconds"], ""),
        ("state, bytes an entry", round(len(state) / len(made)), ""),
    ]:
        print(f"{what:<38}{measured!s:>10}{promised:>12}")
    print(json.dumps(found))


def did(at: int) -> str:
    """Name an institution."""
    return f"did:web:college-{at}.example"


def entries(count: int) -> Iterator[tuple[bytes, Digest]]:
    """Give entries and their statements' ids; their signatures are zeros, which no monitor looks into."""
    chains: dict[int, tuple[int, str | None]] = {}
    batches: dict[int, str] = {}
    for at in range(count):
        who = at % ISSUERS
        seq, previous = chains.get(who, (0, None))
        turn = at // ISSUERS
        statement: dict[str, JSON] = {
            "log": ORIGIN,
            "issuer": did(who),
            "seq": seq + 1,
            "previous": previous,
            "root": to_digest_text(sha256(at.to_bytes(8))),
            "time": "2026-05-03T00:00:00Z",
        }
        if turn % 10 == 9:
            statement |= {"type": "credential-notary/status/v1", "batch": batches[who]}
        else:
            batch = {"type": "credential-notary/batch/v1", "size": 250, "recognition": "community"}
            statement |= {**batch, "legacy": None, "jointWith": []}
        name = sha256(canonical(statement))
        chains[who] = seq + 1, to_digest_text(name)
        if turn % 10 != 9:
            batches[who] = to_digest_text(name)
        proof: JSON = {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": f"{did(who)}#key-1",
            "proofPurpose": "assertionMethod",
            "proofValue": "z" + to_base58(b"\x01" * 64),
        }
        yield canonical({**statement, "proof": proof}), name


def write_log(folder: Path, made: list[bytes]) -> VerifierKey:
    """Write checkpoint, tiles and bundles; return the log's key."""
    signer = KeyFile(Ed25519PrivateKey.generate())
    key = VerifierKey(ORIGIN, SignatureType.ED25519, PublicKey.parse(signer.public_key_multibase, "key"))
    tree = Tree(map(entry_hash, made))
    for tile in changed_tiles(0, tree.size):
        files = {tile.path: tile_data(tile, tree.node)}
        if tile.level == 0:
            files[tile.entries_path] = encode_entries(made[tile.index * 256 : tile.index * 256 + tile.width])
        for path, data in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    text = Checkpoint(ORIGIN, tree.size, tree.root).text
    (folder / "checkpoint").write_bytes(bytes(Note(text, (key.sign(text, signer.sign),))))
    return key


def read_plainly(folder: Path, count: int) -> None:
    """Do the least anybody could call reading the log."""
    for tile in changed_tiles(0, TreeSize(count)):
        if tile.level == 0:
            for entry in decode_entries((folder / tile.entries_path).read_bytes(), tile.width):
                json.loads(entry)
                hashlib.sha256(entry).digest()


def timed(do: Callable[[], object]) -> float:
    """Return how long it takes, in seconds."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
