"""Every door of the HTTP service, who may open it, and how a stranger tries it with somebody else's ids.

A new route makes the tests fail until it stands here: add a line with its method
and path, the roles that may (none: everybody), and what to send. In its path
`{batch}`, `{credential}`, `{key}`, `{digest}`, `{token}`, `{share}`, `{template}`, `{table}` and
`{claim}` stand for what is one institution's own, `{logged}` for the public id of its statement
in the log. The doors of the desk are tried in a session of the key.
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
    template: str = "zzzzzzzzzzzz"
    table: str = "zzzzzzzzzzzz"
    claim: str = "zzzzzzzzzzzz"
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
    def marking(self) -> bytes:
        """What the desk sends to revoke, to erase, to put another in its place, and to issue."""
        return b"to=revoked&reason=issued-in-error&ready=0&accept=yes"

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


_ASKED = {("GET", "/mark"): "?to=revoked"}
"""What an address needs besides."""

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
    # people at the desk
    "GET /desk": Door(READERS, "/desk"),
    "GET /desk/batches": Door(READERS, "/desk/batches"),
    "GET /desk/batches/{number}": Door(READERS, "/desk/batches/{batch}"),
    "POST /desk/batches": Door(ISSUER, "/desk/batches", "marking", FORM, changes=True),
    "GET /desk/batches/{number}/file": Door(ISSUER, "/desk/batches/{batch}/file"),
    "POST /desk/batches/{number}/sign": Door(ISSUER, "/desk/batches/{batch}/sign", "marking", FORM, changes=True),
    "POST /desk/batches/{number}/statement": Door(
        ISSUER, "/desk/batches/{batch}/statement", "marking", FORM, changes=True
    ),
    "GET /desk/templates": Door(ISSUER, "/desk/templates?example=first-aid"),
    "POST /desk/templates": Door(ISSUER, "/desk/templates", "marking", FORM, changes=True),
    "GET /desk/templates/examples/{example}.csv": Door(ISSUER, "/desk/templates/examples/first-aid.csv"),
    "GET /desk/templates/{name}": Door(ISSUER, "/desk/templates/{template}"),
    "GET /desk/templates/{name}/file": Door(ISSUER, "/desk/templates/{template}/file"),
    "POST /desk/templates/{name}/remove": Door(
        ISSUER, "/desk/templates/{template}/remove", "marking", FORM, changes=True
    ),
    "GET /desk/issue": Door(ISSUER, "/desk/issue"),
    "POST /desk/issue": Door(ISSUER, "/desk/issue", "marking", FORM, changes=True),
    "GET /desk/issue/{name}": Door(ISSUER, "/desk/issue/{table}"),
    "POST /desk/issue/{name}": Door(ISSUER, "/desk/issue/{table}", "marking", FORM, changes=True),
    "POST /desk/issue/{name}/discard": Door(ISSUER, "/desk/issue/{table}/discard", "marking", FORM, changes=True),
    "GET /desk/submit": Door(ISSUER, "/desk/submit"),
    "POST /desk/submit": Door(ISSUER, "/desk/submit", "marking", FORM, changes=True),
    "GET /desk/statuses": Door(ISSUER, "/desk/statuses"),
    "GET /desk/statuses/file": Door(ISSUER, "/desk/statuses/file"),
    "POST /desk/statuses/sign": Door(ISSUER, "/desk/statuses/sign", "marking", FORM, changes=True),
    "POST /desk/statuses/statements": Door(ISSUER, "/desk/statuses/statements", "marking", FORM, changes=True),
    "GET /desk/learners": Door(ISSUER, "/desk/learners?q=Quixwood"),
    **{
        f"{method} /desk/learners/{{credential}}{path}": Door(
            ISSUER,
            f"/desk/learners/{{credential}}{path.replace('{picture}', 'svg')}{_ASKED.get((method, path), '')}",
            "" if method == "GET" else "marking",
            {} if method == "GET" else FORM,
            changes=method == "POST",
        )
        for method, paths in (
            ("GET", ("", "/certificate.pdf", "/badge.{picture}", "/receipt", "/credential")),
            ("GET", ("/mark", "/reissue", "/erase")),
            ("POST", ("/link", "/resend", "/endorse", "/mark", "/reissue", "/erase")),
        )
        for path in paths
    },
    "GET /desk/delivery": Door(ISSUER, "/desk/delivery?batch={batch}"),
    "POST /desk/delivery": Door(ISSUER, "/desk/delivery", "marking", FORM, changes=True),
    "POST /desk/delivery/links": Door(ISSUER, "/desk/delivery/links", "marking", FORM, changes=True),
    "POST /desk/delivery/handed": Door(ISSUER, "/desk/delivery/handed", "marking", FORM, changes=True),
    "GET /desk/claims": Door(ISSUER, "/desk/claims"),
    "GET /desk/claims/{name}": Door(ISSUER, "/desk/claims/{claim}"),
    "GET /desk/claims/{name}/files/{file}": Door(ISSUER, "/desk/claims/{claim}/files/{claim}"),
    "POST /desk/claims/{name}/validate": Door(ISSUER, "/desk/claims/{claim}/validate", "marking", FORM, changes=True),
    "POST /desk/claims/{name}/decline": Door(ISSUER, "/desk/claims/{claim}/decline", "marking", FORM, changes=True),
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
    "GET /desk/sign-in": Door(EVERYBODY, "/desk/sign-in"),
    "POST /desk/sign-in": Door(EVERYBODY, "/desk/sign-in", "marking", FORM, changes=True),
    "POST /desk/sign-out": Door(EVERYBODY, "/desk/sign-out", "marking", FORM, changes=True),
    "GET /claim": Door(EVERYBODY, "/claim"),
    "POST /claim": Door(EVERYBODY, "/claim", "marking", FORM, changes=True),
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

OWN = (
    *("{batch}", "{credential}", "{key}", "{digest}", "{token}", "{share}"),
    *("{template}", "{table}", "{claim}"),
)
HELD = ("{digest}", "{token}", "{share}")
"""Ids whose possession is the key: a stranger has them not, so tries what it may have seen instead."""


def doors_of(app: FastAPI) -> Iterator[str]:
    """Name every route of an application as the table does."""
    for route in iter_route_contexts(app.routes):
        for method in sorted((route.methods or {"GET"}) - {"HEAD"}):  # a mount has no methods
            yield f"{method} {route.path}"
