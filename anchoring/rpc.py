"""JSON-RPC over HTTP through web3.

Only plain JSON leaves this module. URLs of nodes often carry a key in their path
or a password: every message names host and port alone, and the libraries' own
errors, which quote the URL, are never chained.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import orjson
import requests

from anchoring.answers import data
from anchoring.recursion import recursion_limit_kept
from notary.core.canonical import JSON
from notary.core.encoding import shorten
from notary.core.errors import Malformed, Mismatch, OperatorError
from notary.ports import Outage

with recursion_limit_kept():
    from web3.providers.rpc import HTTPProvider
    from web3.types import RPCEndpoint, RPCResponse

_MOST_SHOWN = 300
_SECRET_SIZE = 6
"""Shortest part of a URL that is taken for a secret."""


class Refused(OperatorError):
    """The node answered and said no: `reason` in its own words, `data` where it sent some (a revert's bytes)."""

    def __init__(self, what: str, *, reason: str, data: bytes = b"", hint: str | None = None) -> None:
        super().__init__(what, actual=reason, hint=hint)
        self.reason = reason
        self.data = data


class _Provider(HTTPProvider):
    """web3's transport, reading answers with a parser that no nesting can overthrow."""

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        answer: RPCResponse = orjson.loads(raw_response)
        return answer


class Node:
    """One EVM node behind a URL. Every failure is an OperatorError that names its host."""

    def __init__(self, url: str, *, timeout: float) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OperatorError(
                "URL of the chain's node", expected="http://… or https://…", hint="Correct the setting."
            )
        self.host = parts.hostname if port is None else f"{parts.hostname}:{port}"
        # Some nodes quote the key back: whatever in the URL could be one is cut out of their words.
        rest = re.split(r"[/?&=:@]", url.partition("//")[2])
        self._secrets = [part for part in rest if len(part) >= _SECRET_SIZE and part not in self.host]
        for library in ("web3", "urllib3"):
            logging.getLogger(library).setLevel(logging.INFO)  # at DEBUG both write the URL with its key
        # Retries are the service's: they must survive a restart, and a broadcast is looked up before it is repeated.
        self._provider = _Provider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)
        self._timeout = timeout

    def ask(self, method: str, *parameters: JSON) -> JSON:
        """Return the result of one call; Refused where the node says no, Outage where it does not answer."""
        answer = self._post(method, parameters)
        if not isinstance(answer, dict):
            raise self.garbage(method, "no JSON-RPC answer")
        error = answer.get("error")
        if error is not None:
            raise self._refusal(method, error)
        if "result" not in answer:
            raise self.garbage(method, "neither result nor error")
        result: JSON = answer["result"]
        return result

    def garbage(self, method: str, found: object) -> OperatorError:
        """The error for an answer that contradicts itself or its format."""
        return OperatorError(
            f"{self.host} answered {method} with something that cannot be",
            actual=found,
            hint="Check that the URL is that of an EVM node, or use another node.",
        )

    @contextmanager
    def reading(self, method: str) -> Iterator[None]:
        """Turn whatever is wrong with the answer to `method` into an OperatorError."""
        try:
            yield
        except KeyError as error:
            raise self.garbage(method, f"no member {error}") from error
        except (Malformed, Mismatch, ValueError) as error:
            raise self.garbage(method, error) from error

    def _post(self, method: str, parameters: tuple[JSON, ...]) -> object:
        try:
            answer: object = self._provider.make_request(RPCEndpoint(method), list(parameters))
        except requests.HTTPError as error:
            raise self._http_error(method, error.response) from None
        except requests.Timeout:
            raise Outage(
                f"{self.host} did not answer {method} within {self._timeout:g} s",
                hint="Check the node, or raise the timeout; what was sent is looked up before it is sent again.",
            ) from None
        except requests.exceptions.SSLError:
            raise OperatorError(f"{self.host} has no valid certificate", hint="Check the URL and the clock.") from None
        except (requests.RequestException, OSError):
            raise Outage(
                f"{self.host} cannot be reached ({method})", hint="Check that the node runs and that the URL is right."
            ) from None
        except ValueError:
            raise self.garbage(method, "no JSON") from None
        return answer

    def _http_error(self, method: str, response: requests.Response) -> OperatorError:
        status = response.status_code
        what = f"{self.host} answered {method} with HTTP status {status}"
        if status in (401, 403):
            return Refused(what, reason="not allowed", hint="Check the key in the URL and what it may ask.")
        if status == 429:
            return Outage(what, actual="too many requests", hint="Wait, or use a node with a higher limit.")
        if 400 <= status < 500:
            return Refused(what, reason=shorten(self._clean(response.text)))
        return Outage(what, hint="Wait, or use another node.")

    def _refusal(self, method: str, error: object) -> Refused:
        fields = error if isinstance(error, dict) else {}
        reason = self._clean(str(fields.get("message") or error))
        found = fields.get("data")
        if isinstance(found, dict):
            found = found.get("data")
        try:
            reverted = data(found, "data")
        except Malformed:
            reverted = b""  # words, or nothing
        return Refused(f"{self.host} refused {method}", reason=reason, data=reverted)

    def _clean(self, words: str) -> str:
        for secret in self._secrets:
            words = words.replace(secret, "…")
        return words[:_MOST_SHOWN]
