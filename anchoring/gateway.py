"""Blocks from a trustless IPFS gateway (specs.ipfs.tech/http-gateways/trustless-gateway). The port `BlockReader`.

Every Kubo node is one too, at its gateway's address. Nothing is believed: a block
that does not hash to its CID is not there.
"""

from __future__ import annotations

import time

from anchoring.mirrors import LOOK_SECONDS
from anchoring.web import Web
from notary.core.cid import MAX_BLOCK, Cid, StoredBlock
from notary.core.errors import Malformed, Mismatch, OperatorError
from notary.ports import Missing

SECONDS = 45.0
"""Time for one block: a Kubo gateway looks for it in the network for 30 s, and then says that nobody has it."""
_RAW = "application/vnd.ipld.raw"
_NOT_THERE = (404, 410, 500, 502, 504)
"""How gateways say that they found no block: 404 where they looked at home only, 5xx where the network has none."""


class GatewayBlocks:
    """Blocks from one gateway, for one look."""

    def __init__(self, url: str, *, seconds: float = LOOK_SECONDS) -> None:
        self._web = Web(url.rstrip("/"), seconds=SECONDS)
        self._end = time.monotonic() + seconds

    def get(self, cid: Cid) -> bytes:
        """As the port says."""
        if time.monotonic() > self._end:
            raise OperatorError(f"{self._web.host} takes too long", hint="Ask another gateway")
        answer = self._web.ask(f"/ipfs/{cid}?format=raw", max_size=MAX_BLOCK, headers={"Accept": _RAW})
        if answer.status in _NOT_THERE:
            raise Missing(f"{self._web.host} has no block {cid}")
        if answer.status != 200:
            raise OperatorError(f"{self._web.host} does not give block {cid}", actual=f"status {answer.status}")
        try:
            return StoredBlock(cid, answer.body).data
        except (Malformed, Mismatch) as error:
            raise OperatorError(f"{self._web.host} answers with another block than {cid}", actual=error) from error
