"""An institution's own signing service: the notary asks, the key stays there. docs/governance.md describes it.

What it is asked for is shown to it whole: the statement's JCS bytes, and what a
person would see. Its answer is bounded in size and time, redirects are not
followed, and the proof is verified here before anybody uses it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from anchoring.web import Web
from notary.core.canonical import JSON, canonical, load
from notary.core.encoding import shorten, to_base64url
from notary.core.errors import NotaryError, OperatorError
from notary.core.proof import DataIntegrityProof
from notary.core.shape import Closed
from notary.core.statement import Statement

REQUEST = "credential-notary/signing-request/v1"
PATIENCE = 120.0
"""Seconds for a person there to look and decide."""
_ANSWER = 1 << 14


class SigningHook:
    """A service that signs statements with one key. Nothing is asked before the first statement."""

    def __init__(self, url: str, public_key: str, *, token: str | None = None, seconds: float = PATIENCE) -> None:
        """`token`: sent as a bearer token. OperatorError for an address whose answers anybody on the way could read."""
        if not _is_private(url):
            raise OperatorError("the signing hook's address", expected="https://…, or http:// on this machine")
        self.public_key_multibase = public_key
        self._web = Web(url, seconds=seconds)
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def prove(self, statement: Statement, method: str, summary: Mapping[str, JSON]) -> DataIntegrityProof:
        """Ask for a proof; OperatorError where the service declines or answers something else."""
        asked: JSON = {
            "type": REQUEST,
            "statement": to_base64url(canonical(statement.to_json())),
            "verificationMethod": method,
            "summary": dict(summary),
        }
        try:
            answer = self._web.ask(max_size=_ANSWER, body=canonical(asked), headers=self._headers)
        finally:
            self._web.close()
        if answer.status != HTTPStatus.OK:
            raise OperatorError(
                f"the signing hook at {self._web.host} did not sign",
                expected="HTTP status 200",
                actual=f"{answer.status}, {shorten(answer.body.decode('utf-8', 'replace'))}",
                hint="Look there: it may ask a person, or want a token (--hook-token FILE)",
            )
        try:
            fields = Closed.of(load(answer.body, "answer", max_size=_ANSWER).value, "answer", "proof")
            return DataIntegrityProof.read(fields.value("proof"), "answer.proof")
        except NotaryError as error:
            raise OperatorError(f"the signing hook at {self._web.host} answered no proof: {error}") from error


def _is_private(url: str) -> bool:
    """Say whether nobody on the way can listen: HTTPS, or this machine itself."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    if parts.scheme == "https":
        return bool(host)
    try:
        return parts.scheme == "http" and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return parts.scheme == "http" and host == "localhost"
