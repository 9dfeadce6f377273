"""The log as anyone reads it: checkpoint, tiles and entry bundles (c2sp.org/tlog-tiles), made from the ledger.

A checkpoint covers everything logged, anchored or not: issuers' monitors see
what stands in their name before it is final.
"""

from __future__ import annotations

from notary.core.digest import TreeSize
from notary.core.log import TILE_HEIGHT, TILE_WIDTH, Checkpoint, Tile, encode_entries, tile_data
from notary.core.merkle import tree_root
from notary.ports.ledger import UnitOfWork
from notary.service.errors import Absent
from notary.service.notary import Notary


def signed_checkpoint(notary: Notary) -> str:
    """Return the checkpoint of the log as it is now, a whole note; Absent while the log is empty."""
    with notary.ledger.read() as work:
        size = work.log.size()
        if not size:
            raise Absent("the log is empty", hint="It begins with the first signed batch")
        root = tree_root(TreeSize(size), work.log.node)
    return notary.sign_note(Checkpoint(notary.origin, TreeSize(size), root).text)


def read_tile(notary: Notary, tile: Tile) -> bytes:
    """Return a tile's nodes; Absent beyond the log's size."""
    with notary.ledger.read() as work:
        _check_there(work, tile)
        return tile_data(tile, work.log.node)


def read_entries(notary: Notary, tile: Tile) -> bytes:
    """Return the entry bundle under a tile of level 0; Absent beyond the log's size."""
    first = tile.index * TILE_WIDTH
    with notary.ledger.read() as work:
        _check_there(work, tile)
        return encode_entries(row.data for row in work.log.entries(first, first + tile.width))


def _check_there(work: UnitOfWork, tile: Tile) -> None:
    if tile.index * TILE_WIDTH + tile.width > work.log.size() >> TILE_HEIGHT * tile.level:
        raise Absent(f"the log has no {tile.path} yet", hint="Read the checkpoint: it says how far the log goes")
