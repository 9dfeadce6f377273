"""For auditors and operators: the journal, and the API keys that open this notary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from api.http.context import Auditor, Here, Keeper, Reader
from notary.core.canonical import JSON, canonical
from notary.core.encoding import format_time
from notary.ports.ledger import ApiKeyRow, KeyId
from notary.service.access.api_keys import list_api_keys, revoke_api_key
from notary.service.access.journal import read_journal, to_json

MOST_ENTRIES = 1000

router = APIRouter(tags=["audit"])


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without what opens anything."""

    id: str
    role: str
    institution: str | None
    made: str
    expires: str
    revoked: str | None
    used: str | None

    @classmethod
    def of(cls, row: ApiKeyRow) -> ApiKey:
        """Translate a key's row."""
        return cls(
            id=row.id,
            role=row.role.value,
            institution=row.institution,
            made=format_time(row.made),
            expires=format_time(row.expires),
            revoked=None if row.revoked is None else format_time(row.revoked),
            used=None if row.used is None else row.used.isoformat(),
        )


@router.get("/v1/journal", response_class=Response)
def get_journal(
    here: Here,
    auditor: Auditor,
    after: Annotated[int, Query(ge=0, le=2**53 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
) -> Response:
    """Return who did what, from the entry after `after` on: of the key's institution, or of all."""
    rows = read_journal(here.notary, auditor.key.institution, after=after, limit=limit)
    body: JSON = {"entries": [to_json(row) for row in rows]}
    return Response(canonical(body), media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/v1/keys")
def get_keys(here: Here, reader: Reader) -> list[ApiKey]:
    """Return the keys of the key's institution, or all there are: never one itself."""
    return [ApiKey.of(row) for row in list_api_keys(here.notary, reader.member)]


@router.delete("/v1/keys/{key}")
def delete_key(here: Here, keeper: Keeper, key: str) -> ApiKey:
    """End a key now; one that has ended stays so."""
    return ApiKey.of(revoke_api_key(here.notary, KeyId(key), keeper.member))
