"""Bytes of a receipt without credential and evidence, plain and gzipped, for small and large trees.

The proof paths of the large ones are random bytes of the length that trees of
that depth give; everything else is a real receipt of the tests' world. Prints a
table and one line of JSON; exits 1 where a bound does not hold.
"""

from __future__ import annotations

import gzip
import json
import random
import sys
from typing import Any

from notary.core.canonical import canonical
from notary.core.encoding import to_base64url
from tests.world import World

BATCH, LOG, MEMBERS, CHUNKS = 20, 17, 10, 13
"""Levels: a million credentials, 100,000 log entries, 1,000 members; 2^20 credentials in chunks of 128."""
NEIGHBOURS = 299


def main() -> int:
    """Measure and compare with the bounds."""
    world, noise = World(), random.Random(1)
    small = bare(world.receipt("lena", as_of=1).to_json())
    large = enlarge(bare(world.receipt("bob", as_of=1).to_json()), world, noise)
    rows = [
        ("one commitment", small, 6 * 1024, None),
        ("two commitments, a status change, 20/17/10 levels, 300 transactions", large, 16 * 1024, 7 * 1024),
    ]
    result, good = [], True
    for name, receipt, plain_bound, packed_bound in rows:
        plain = canonical(receipt)
        packed = gzip.compress(plain, 9)
        good &= len(plain) <= plain_bound and (packed_bound is None or len(packed) <= packed_bound)
        bounds = f"at most {plain_bound:,}" + (f" and {packed_bound:,}" if packed_bound else "")
        print(f"{len(plain):7,} B {len(packed):7,} B gzipped   {name} ({bounds})")
        result.append({"receipt": name, "plain": len(plain), "gzipped": len(packed)})
    print(json.dumps(result))
    return 0 if good else 1


def bare(receipt: Any) -> Any:
    """Leave out what the bounds leave out.

    Credential and evidence; what a consortium may add: second chains, notaries and keys, block notes, cosignatures.
    """
    kept = {name: value for name, value in receipt.items() if name not in ("credential", "evidence", "evidenceKeys")}
    for commitment in kept["commitments"]:
        commitment["anchors"] = commitment["anchors"][:1]
        commitment["anchors"][0]["notes"] = []
        commitment["checkpoint"] = "\n".join(commitment["checkpoint"].split("\n")[:5]) + "\n"
        registry = commitment["anchors"][0]["registry"]
        registry["state"] |= {name: registry["state"][name][:1] for name in ("contracts", "notaries")}
        for member in registry["members"]:
            member["record"]["keys"] = member["record"]["keys"][:1]
    return kept


def enlarge(receipt: Any, world: World, noise: random.Random) -> Any:
    """Give every path the length it has in large trees, and every anchor the proof of a large block."""

    def path(levels: int) -> str:
        return to_base64url(noise.randbytes(32 * levels))

    for submission in receipt["submissions"]:
        submission |= {"path": path(BATCH), "logPath": path(LOG)}
        submission["status"]["path"] = path(LOG)
        submission["status"]["change"] |= {"path": path(LOG), "chunkPath": path(CHUNKS)}
    for commitment in receipt["commitments"]:
        for anchor in commitment["anchors"]:
            chain = next(iter(world.harbour.chains.values()))
            header, transaction, proof = chain.mine(
                noise.randbytes(32), noise.randbytes(20), noise.randbytes(32), time=1, neighbours=NEIGHBOURS
            )
            anchor |= {"header": to_base64url(header), "transaction": transaction}
            anchor["proof"] = [to_base64url(node) for node in proof]
            for member in anchor["registry"]["members"]:
                member["path"] = path(MEMBERS)
    return receipt


if __name__ == "__main__":
    sys.exit(main())
