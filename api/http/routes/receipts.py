"""Receipts for institutions, and bare receipts by digest for whoever holds a credential."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from api.http.context import Caller, Here, Unhurried
from notary.core.canonical import JSON, canonical
from notary.core.encoding import format_time, from_digest_text
from notary.core.receipt import MEDIA_TYPE
from notary.ports.ledger import CredentialId
from notary.service.holdings.own import own_receipt
from notary.service.receipts.lookup import Proof, find_proofs

router = APIRouter()


@router.get("/v1/receipts/{credential}", tags=["institution"], response_class=Response)
def get_receipt(here: Here, member: Caller, credential: str) -> Response:
    """Return the receipt of one of the institution's credentials."""
    found = own_receipt(here.notary, member, CredentialId(credential))
    return Response(bytes(found), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


@router.get("/v1/proofs/{digest}", tags=["everybody"], dependencies=[Unhurried], response_class=Response)
def get_proofs(here: Here, digest: str) -> Response:
    """Return every position of a credential, by the digest its holder computes: receipts without the credential."""
    proofs = find_proofs(here.notary, from_digest_text(digest, "digest"))
    body: JSON = {"digest": digest, "positions": [_to_json(proof) for proof in proofs]}
    return Response(canonical(body), media_type="application/json", headers={"Cache-Control": "no-store"})


def _to_json(proof: Proof) -> JSON:
    return {
        "institution": proof.institution,
        "state": proof.state.value,
        "expected": None if proof.expected is None else format_time(proof.expected),
        "receipt": None if proof.receipt is None else proof.receipt.to_json(),
    }
