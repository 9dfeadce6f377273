"""`/log/`: the log as C2SP tiles (c2sp.org/tlog-tiles). What is served once never changes, the checkpoint apart."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.http.context import Here, Unhurried
from notary.core.encoding import from_digest_text
from notary.core.errors import Malformed
from notary.core.log import Tile
from notary.service.errors import Absent
from notary.service.log.public_log import read_entries, read_tile, signed_checkpoint
from notary.service.status.publishing import status_bundle

_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=5"

router = APIRouter(prefix="/log", tags=["everybody"])


@router.get("/checkpoint", response_class=Response)
def get_checkpoint(here: Here) -> Response:
    """Return the log's newest checkpoint."""
    return Response(
        signed_checkpoint(here.notary), media_type="text/plain; charset=utf-8", headers={"Cache-Control": _BRIEFLY}
    )


@router.get("/tile/entries/{name:path}", response_class=Response)
def get_entries(here: Here, name: str) -> Response:
    """Return an entry bundle."""
    return _immutable(read_entries(here.notary, _tile("0", name)))


@router.get("/tile/{level}/{name:path}", response_class=Response)
def get_tile(here: Here, level: str, name: str) -> Response:
    """Return a tile."""
    return _immutable(read_tile(here.notary, _tile(level, name)))


@router.get("/statuses/{name}.json", dependencies=[Unhurried], response_class=Response)
def get_statuses(here: Here, name: str) -> Response:
    """Return the newest final statuses of a whole batch, by its statement's id, with what proves them."""
    try:
        batch = from_digest_text(name, "batch")
    except Malformed as error:
        raise Absent(f"there is no such batch: {error}") from error
    found = bytes(status_bundle(here.notary, batch))
    return Response(found, media_type="application/json", headers={"Cache-Control": _BRIEFLY})


def _tile(level: str, name: str) -> Tile:
    """Read a tile's path; what is none is a file that is not there, as on any static host."""
    try:
        return Tile.parse(level, name)
    except Malformed as error:
        raise Absent(f"there is no such tile: {error}") from error


def _immutable(data: bytes) -> Response:
    return Response(data, media_type="application/octet-stream", headers={"Cache-Control": _FOREVER})
