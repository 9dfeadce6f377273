"""Every door of the HTTP service, who may open it, and how a stranger tries it with somebody else's ids.

A new route makes the tests fail until it stands here: add a line with its method
and path, the roles that may (none: everybody), and what to send. In its path
`{batch}`, `{credential}`, `{key}`, `{digest}`, `{token}` and `{share}` stand for what is one
institution's own, `{logged}` for the public id of its statement in the log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from notary.ports.ledger import Role
from tests.api.house import JSON_BODY

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ISSUER = frozenset({Role.ISSUER})
READERS = frozenset(Role)
AUDITORS = frozenset({Role.AUDITOR, Role.OPERATOR})
KEEPERS = frozenset({Role.ISSUER, Role.OPERATOR})
EVERYBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Ids:
    """What an institution's things are called, and what it would send."""

    batch: str
    credential: str
    key: str
    digest: str
    token: str
    logged: str
    share: str
    statement: bytes = b""
    receipt: bytes = b""
    document: bytes = b""

    @property
    def sharing(self) -> bytes:
        """What a learner's page sends to share a copy."""
        return b"days=7"

    @property
    def asking(self) -> bytes:
        """What the page for a lost link sends."""
        return b"email=ana%40x.example"

    @property
    def revocation(self) -> bytes:
        """What asks for the credential to be revoked."""
        change = {"id": self.credential, "reason": "issued-in-error"}
        return json.dumps({"status": "revoked", "changes": [change]}).encode()

    def fill(self, template: str) -> str:
        """Put the ids where a template names them."""
        return template.format(**{name: value for name, value in asdict(self).items() if isinstance(value, str)})


@dataclass(frozen=True, slots=True)
class Door:
    """One route. `sends` names what of `Ids` is its body; `changes`: whether it changes anything where it is opened."""

    roles: frozenset[Role]
    path: str
    sends: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    changes: bool = False

    def body(self, ids: Ids) -> bytes:
        """Return what is sent."""
        return getattr(ids, self.sends) if self.sends else b""


DOORS: dict[str, Door] = {
    # an institution's own programs
    "POST /v1/credentials": Door(ISSUER, "/v1/credentials", "document", JSON_BODY, changes=True),
    "POST /v1/batches": Door(ISSUER, "/v1/batches", changes=True),
    "GET /v1/preflight": Door(ISSUER, "/v1/preflight"),
    "GET /v1/batches": Door(READERS, "/v1/batches"),
    "GET /v1/batches/{number}": Door(READERS, "/v1/batches/{batch}"),
    "GET /v1/batches/{number}/file": Door(ISSUER, "/v1/batches/{batch}/file"),
    "GET /v1/batches/{number}/statement": Door(ISSUER, "/v1/batches/{batch}/statement"),
    "POST /v1/batches/{number}/statement": Door(ISSUER, "/v1/batches/{batch}/statement", "statement", changes=True),
    "POST /v1/statuses": Door(ISSUER, "/v1/statuses", "revocation", JSON_BODY, changes=True),
    "GET /v1/statuses": Door(ISSUER, "/v1/statuses"),
    "GET /v1/statuses/file": Door(ISSUER, "/v1/statuses/file"),
    "POST /v1/statuses/statements": Door(ISSUER, "/v1/statuses/statements", "statement", changes=True),
    "GET /v1/receipts/{credential}": Door(ISSUER, "/v1/receipts/{credential}"),
    # auditors and operators
    "GET /v1/journal": Door(AUDITORS, "/v1/journal?limit=1000"),
    "GET /v1/keys": Door(READERS, "/v1/keys"),
    "DELETE /v1/keys/{key}": Door(KEEPERS, "/v1/keys/{key}", changes=True),
    # whoever holds a credential or a link
    "GET /v1/proofs/{digest}": Door(EVERYBODY, "/v1/proofs/{digest}"),
    "GET /r/{token}": Door(EVERYBODY, "/r/{token}"),
    "GET /r/{token}.pdf": Door(EVERYBODY, "/r/{token}.pdf"),
    "GET /r/{token}/badge.{picture}": Door(EVERYBODY, "/r/{token}/badge.svg"),
    "GET /r/{token}/receipt": Door(EVERYBODY, "/r/{token}/receipt"),
    "GET /r/{token}/credential": Door(EVERYBODY, "/r/{token}/credential"),
    "POST /r/{token}/share": Door(EVERYBODY, "/r/{token}/share", "sharing", FORM, changes=True),
    "POST /r/{token}/shares/{share}/end": Door(
        EVERYBODY, "/r/{token}/shares/aaaaaaaaaaaa/end", "sharing", FORM, changes=True
    ),
    "GET /s/{token}": Door(EVERYBODY, "/s/{share}"),
    "GET /s/{token}/receipt": Door(EVERYBODY, "/s/{share}/receipt"),
    # everybody
    "POST /v1/verify": Door(EVERYBODY, "/v1/verify", "receipt", JSON_BODY),
    "GET /v1/round": Door(EVERYBODY, "/v1/round"),
    "GET /v1/trust": Door(EVERYBODY, "/v1/trust"),
    "GET /v1/openapi.json": Door(EVERYBODY, "/v1/openapi.json"),
    "GET /.well-known/credential-notary": Door(EVERYBODY, "/.well-known/credential-notary"),
    "GET /log/checkpoint": Door(EVERYBODY, "/log/checkpoint"),
    "GET /log/tile/entries/{name:path}": Door(EVERYBODY, "/log/tile/entries/000.p/2"),
    "GET /log/tile/{level}/{name:path}": Door(EVERYBODY, "/log/tile/0/000.p/2"),
    "GET /log/statuses/{name}.json": Door(EVERYBODY, "/log/statuses/{logged}.json"),
    "GET /": Door(EVERYBODY, "/"),
    "POST /": Door(EVERYBODY, "/", "receipt", JSON_BODY),
    "GET /lost": Door(EVERYBODY, "/lost"),
    "POST /lost": Door(EVERYBODY, "/lost", "asking", FORM),
    "GET /status": Door(EVERYBODY, "/status"),
    "GET /problems": Door(EVERYBODY, "/problems"),
    "GET /static": Door(EVERYBODY, "/static/page.css"),
    "GET /healthz": Door(EVERYBODY, "/healthz"),
    "GET /readyz": Door(EVERYBODY, "/readyz"),
    "GET /metrics": Door(EVERYBODY, "/metrics"),
}

OWN = ("{batch}", "{credential}", "{key}", "{digest}", "{token}", "{share}")
HELD = ("{digest}", "{token}", "{share}")
"""Ids whose possession is the key: a stranger has them not, so tries what it may have seen instead."""


def doors_of(app: FastAPI) -> Iterator[str]:
    """Name every route of an application as the table does."""
    for route in iter_route_contexts(app.routes):
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):  # a mount has no methods
            yield f"{method} {route.path}"
