"""Witnesses behind an address, by c2sp.org/tlog-witness. The port `Witness`."""

from __future__ import annotations

from dataclasses import dataclass

from anchoring.web import Web
from notary.core.note import VerifierKey
from notary.ports.witness import WitnessAnswer

SECONDS = 5.0
"""Time a witness has to answer: anchoring waits for nobody longer."""
_MOST = 64 * 1024


@dataclass(frozen=True, slots=True)
class HttpWitness:
    """A witness at a submission prefix, and the key by which its cosignatures are known."""

    url: str
    key: VerifierKey

    def add_checkpoint(self, request: bytes) -> WitnessAnswer:
        """As the port says."""
        web = Web(self.url.rstrip("/"), seconds=SECONDS)
        try:
            answer = web.ask(
                "/add-checkpoint", body=request, headers={"Content-Type": "application/octet-stream"}, max_size=_MOST
            )
        finally:
            web.close()
        return WitnessAnswer(answer.status, answer.body, answer.media_type)
