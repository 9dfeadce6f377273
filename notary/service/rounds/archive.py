"""The archive of an anchor's block: its header and all its transaction receipts, pinned as one file.

With it the proof can be made again, by anyone, when no node keeps the block any
more. Format: docs/archive.md.
"""

from __future__ import annotations

from collections.abc import Iterator

from notary.core.cid import Cid, StoredBlock
from notary.core.encoding import to_hex
from notary.core.errors import Mismatch
from notary.core.evm import Header, rlp, tx_receipts_trie
from notary.core.unixfs import build_file, read_file
from notary.ports import Block, BlockStore

MAX_SIZE = 64 << 20
"""Bytes of an archive; a full block of Ethereum has about one megabyte of transaction receipts."""


def encode_archive(block: Block) -> bytes:
    """Return the RLP list [header, [transaction receipts]], each a byte string as its hash commits it."""
    return rlp.encode((block.header, tuple(block.tx_receipts)))


def read_archive(data: bytes) -> Block:
    """Read an archive: Malformed where it is none, Mismatch where the receipts are not the header's."""
    where = "archive"
    fields = rlp.as_list(rlp.decode(data, where), where)
    if len(fields) != 2:
        raise Mismatch(where, expected="a header and transaction receipts", actual=f"{len(fields)} items")
    header = rlp.as_bytes(fields[0], f"{where}, header")
    tx_receipts = tuple(rlp.as_bytes(item, f"{where}, receipt") for item in rlp.as_list(fields[1], where))
    read = Header.parse(header)
    root = tx_receipts_trie(tx_receipts).root
    if root != read.receipts_root:
        raise Mismatch(
            f"archive of block {read.number}",
            expected=f"receiptsRoot {to_hex(read.receipts_root)}",
            actual=to_hex(root),
        )
    return Block(read.number, read.hash, read.timestamp, header, tx_receipts)


def archive(block: Block, blocks: BlockStore) -> Cid:
    """Pin a block's archive, read it back and check it; OperatorError where the store cannot keep it."""
    named: list[Cid] = []

    def file() -> Iterator[StoredBlock]:
        link = yield from build_file([encode_archive(block)])
        named.append(link.cid)

    blocks.put(file(), pins=named)  # which a store reads after the last block
    (cid,) = named
    if fetch_archive(cid, blocks) != block:
        raise Mismatch(f"the archive {cid} read back", expected=f"block {to_hex(block.hash)}")
    return cid


def fetch_archive(cid: Cid, blocks: BlockStore) -> Block:
    """Get an archive from a block store, and check it."""
    return read_archive(b"".join(read_file(cid, blocks.get, max_size=MAX_SIZE)))
