"""A signer over JSON-RPC: what it signs is what was asked for, or nothing is sent. A loopback fake stands for clef."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anchoring.evm_key import EvmKey
from anchoring.external_key import ExternalKey
from notary.core.errors import OperatorError
from notary.core.evm import Address
from notary.ports import Call, Quote, SignedTransaction
from tests.ports.fake_node import Says, running

pytestmark = pytest.mark.loopback
KEY, OTHER = EvmKey.of(b"\x07" * 32), EvmKey.of(b"\x08" * 32)
CHAIN = "eip155:7"
ANCHOR = Call(Address(b"\x77" * 20), b"anchor this")
DEPLOY = Call(None, b"\x60\x00")
DYNAMIC, LEGACY = Quote(50_000, 10**10, 10**9), Quote(50_000, 10**9, 10**9)


def _clef(key: EvmKey = KEY, change: Callable[[dict[str, Any]], Any] = lambda _: None) -> Any:
    """What clef answers: the transaction as it was asked for, signed by `key`, after `change`."""

    def sign(asked: dict[str, Any]) -> Any:
        assert asked["from"] == "0x" + KEY.address.hex()
        change(asked)
        fee = int(asked.get("maxFeePerGas") or asked["gasPrice"], 16)
        tip = int(asked.get("maxPriorityFeePerGas") or asked["gasPrice"], 16)
        to = Address(bytes.fromhex(asked["to"][2:])) if "to" in asked else None
        signed = key.sign(
            Call(to, bytes.fromhex(asked["data"][2:])),
            chain=f"eip155:{int(asked['chainId'], 16)}",
            nonce=int(asked["nonce"], 16),
            quote=Quote(int(asked["gas"], 16), fee, tip),
            value=int(asked["value"], 16),
        )
        return {"raw": "0x" + signed.raw.hex(), "tx": {}}

    return sign


def _signed(answer: Any, call: Call = ANCHOR, quote: Quote = DYNAMIC) -> SignedTransaction:
    with running({"account_signTransaction": answer}) as clef:
        return ExternalKey(clef.url, KEY.address).sign(call, chain=CHAIN, nonce=3, quote=quote)


@pytest.mark.parametrize("quote", [DYNAMIC, LEGACY], ids=["EIP-1559", "gas price"])
@pytest.mark.parametrize("call", [ANCHOR, DEPLOY], ids=["call", "deployment"])
def test_it_signs_as_the_key_itself_would(call: Call, quote: Quote) -> None:
    """Byte for byte the same transaction."""
    assert _signed(_clef(), call, quote) == KEY.sign(call, chain=CHAIN, nonce=3, quote=quote)


@pytest.mark.parametrize(
    "member, value",
    [
        ("nonce", "0x4"),
        ("gas", "0x1"),
        ("maxFeePerGas", "0xffffffffffff"),
        ("maxPriorityFeePerGas", "0x1"),
        ("value", "0x1"),
        ("data", "0x00"),
        ("to", "0x" + "66" * 20),
        ("chainId", "0x1"),
    ],
)
def test_a_transaction_that_was_changed_is_not_sent(member: str, value: str) -> None:
    """A person may raise the fee in the signer: the nonce ledger would not know."""
    with pytest.raises(OperatorError, match="signed something else than was asked"):
        _signed(_clef(change=lambda asked: asked.update({member: value})))


def test_another_accounts_signature_is_not_sent() -> None:
    """Both accounts are named."""
    with pytest.raises(OperatorError, match=f"another account: expected 0x{KEY.address.hex()}"):
        _signed(_clef(OTHER))


def test_a_refusal_is_said_in_the_signers_words() -> None:
    """Declined by a person or a rule."""

    def declines(_: object) -> Any:
        raise Says("request denied")

    with pytest.raises(OperatorError, match="did not sign: found request denied"):
        _signed(declines)


@pytest.mark.parametrize("raw", ["0x", "0x02", "0x02c0", "0xc0", "0x03c0", "word", None])
def test_what_is_no_transaction_is_not_sent(raw: Any) -> None:
    """Whatever the signer answers."""
    with pytest.raises(OperatorError):
        _signed(lambda _: {"raw": raw})


def test_its_accounts_are_listed() -> None:
    """For whoever sets it up."""
    with running({"account_list": lambda: ["0x" + KEY.address.hex()]}) as clef:
        assert ExternalKey(clef.url, KEY.address).accounts() == (KEY.address,)
