"""Hashes of final blocks, asked of nodes the verifier chose (step 7 of docs/spec/verification.md).

JSON-RPC with the standard library alone: whoever verifies installs no web3. The
chain is asked first, then blocks by *number*, at or below the finalized one; a
node is never asked about a hash from the receipt, which it could only echo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from notary.core.encoding import shorten
from notary.core.errors import VerifierError

TIMEOUT = 10.0
MAX_ANSWER = 1 << 20
_QUANTITY = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,31})")
_HASH = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the nodes said: hashes by chain and number, and what could not be learned, in words."""

    hashes: dict[tuple[str, int], bytes]
    silent: tuple[str, ...]


def ask_nodes(urls: Iterable[str], blocks: Iterable[tuple[str, int]]) -> Asked:
    """Ask every node for the blocks of its chain; an outage or a contradiction leaves a block unknown."""
    hashes: dict[tuple[str, int], bytes] = {}
    disputed: set[tuple[str, int]] = set()
    silent: list[str] = []
    wanted = sorted(set(blocks))
    for url in urls:
        try:
            chain = f"eip155:{_quantity(url, _call(url, 'eth_chainId'))}"
            numbers = [number for name, number in wanted if name == chain]
            if not numbers:
                silent.append(f"{url} is a node of {chain}, on which this receipt does not rest")
                continue
            final = _quantity(url, _block(url, "finalized").get("number"))
            for number in numbers:
                if number > final:
                    silent.append(f"block {number} of {chain} is not final yet, says {url}: {final} is")
                    continue
                found = _hash(url, _block(url, hex(number)), number)
                if hashes.setdefault((chain, number), found) != found:
                    disputed.add((chain, number))
                    silent.append(f"your nodes disagree about block {number} of {chain}")
        except VerifierError as error:
            silent.append(str(error))
    return Asked({key: value for key, value in hashes.items() if key not in disputed}, tuple(silent))


def _block(url: str, at: str) -> dict[str, Any]:
    whole_transactions = False
    found = _call(url, "eth_getBlockByNumber", at, whole_transactions)
    if not isinstance(found, dict):
        raise VerifierError(f"{url} knows no block {at}", hint="Ask another node")
    return found


def _hash(url: str, block: dict[str, Any], number: int) -> bytes:
    found = block.get("hash")
    if _quantity(url, block.get("number")) != number or not isinstance(found, str) or not _HASH.fullmatch(found):
        raise VerifierError(f"{url} answered with another block", expected=number, actual=shorten(block.get("number")))
    return bytes.fromhex(found[2:])


def _quantity(url: str, value: object) -> int:
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise VerifierError(f"{url} answered with no number", actual=shorten(value), hint="Is it an EVM node?")
    return int(value, 16)


def _call(url: str, method: str, *params: object) -> object:
    from http.client import HTTPException
    from urllib.request import Request, urlopen

    if not url.startswith(("http://", "https://")):
        raise VerifierError("--rpc", expected="an http:// or https:// address", actual=shorten(url))
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310  # the scheme is checked above
    try:
        with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            answer = json.loads(response.read(MAX_ANSWER))
    except (OSError, HTTPException, ValueError, RecursionError) as error:
        raise VerifierError(f"{url} did not answer {method}", actual=error, hint="Try another node") from error
    if not isinstance(answer, dict) or answer.get("error") or "result" not in answer:
        reason = answer.get("error") if isinstance(answer, dict) else answer
        raise VerifierError(f"{url} refused {method}", actual=shorten(reason), hint="Try another node")
    return answer["result"]
