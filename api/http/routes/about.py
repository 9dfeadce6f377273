"""What a program needs to know of this notary before it asks it anything."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.http.context import Here
from notary.core.encoding import to_hex
from notary.service.rounds.reach import serving

TYPE = "credential-notary/notary/v1"

router = APIRouter(tags=["everybody"])


@router.get("/.well-known/credential-notary")
def get_about(here: Here) -> dict[str, Any]:
    """Return who this notary is: its log and key, its contracts, its addresses, the version of its formats."""
    notary, url = here.notary, here.url
    return {
        "type": TYPE,
        "spec": "v1",
        "name": here.name,
        "log": {"origin": notary.origin, "key": str(notary.log_vkey), "url": f"{url}/log"},
        "contracts": [
            {"chain": site.chain.id, "registry": to_hex(site.registry), "anchor": to_hex(site.contract)}
            for site in serving(notary)
        ],
        "endpoints": {
            "verify": f"{url}/v1/verify",
            "proofs": f"{url}/v1/proofs/{{digest}}",
            "trust": f"{url}/v1/trust",
            "credentials": f"{url}/v1/credentials",
            "batches": f"{url}/v1/batches",
            "receipts": f"{url}/v1/receipts/{{credential}}",
            "description": f"{url}/v1/openapi.json",
        },
    }
