"""A signer over JSON-RPC: what it signs is what was asked for, or nothing is sent. A loopback fake stands for clef.

At the end the same by clef itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from anchoring.evm import EvmChain
from anchoring.evm_key import EvmKey
from anchoring.external_key import ExternalKey
from anchoring.wallet import KeyWallet
from notary.core.errors import OperatorError
from notary.core.evm import Address
from notary.ports import Call, Quote, SignedTransaction
from tests.parts import EvmNode, running_clef
from tests.ports.evm_lab import CONTRACTS, STATE, give_coins, included, send
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


# clef itself


@contextmanager
def _real_clef(folder: Path, chain: str, approves: Callable[[Any], bool]) -> Iterator[ExternalKey]:
    """Clef 1.16.8 with one key, and somebody at it."""
    (folder / "keys").mkdir()
    KEY.save(folder / "keys" / "wallet.json", "clef's own", work=1 << 12)
    with running_clef(folder, chain, "clef's own", approves) as url:
        yield ExternalKey(url, KEY.address, patience=20)


@pytest.mark.node
def test_clef_signs_as_the_key_itself_would(tmp_path: Path) -> None:
    """Calls and deployments, with and without EIP-1559: byte for byte; and it says which account it has."""
    with _real_clef(tmp_path, CHAIN, lambda _: True) as signer:
        assert signer.accounts() == (KEY.address,)
        for call in (ANCHOR, DEPLOY):
            for quote in (DYNAMIC, LEGACY):
                expected = KEY.sign(call, chain=CHAIN, nonce=3, quote=quote)
                assert signer.sign(call, chain=CHAIN, nonce=3, quote=quote) == expected


@pytest.mark.node
def test_what_the_person_at_clef_declines_is_not_sent(tmp_path: Path) -> None:
    """Nor what was raised there: the nonce ledger would not know of it."""

    def raises(shown: Any) -> bool:
        shown["transaction"]["maxFeePerGas"] = hex(2 * DYNAMIC.fee_per_gas)
        return bool(shown["transaction"]["to"])

    with _real_clef(tmp_path, CHAIN, raises) as signer:
        with pytest.raises(OperatorError, match="signed something else than was asked"):
            signer.sign(ANCHOR, chain=CHAIN, nonce=3, quote=DYNAMIC)
        with pytest.raises(OperatorError, match="did not sign: found request denied"):
            signer.sign(DEPLOY, chain=CHAIN, nonce=3, quote=DYNAMIC)


@pytest.mark.node
def test_clef_of_another_chain_signs_nothing(tmp_path: Path) -> None:
    """It was started for one chain; the notary is told so in clef's words."""
    with (
        _real_clef(tmp_path, "eip155:8", lambda _: True) as signer,
        pytest.raises(OperatorError, match="requested chainid 7 does not match"),
    ):
        signer.sign(ANCHOR, chain=CHAIN, nonce=3, quote=DYNAMIC)


@pytest.mark.node
def test_a_consortium_is_founded_and_a_root_anchored_with_clefs_key(tmp_path: Path, anvil: EvmNode) -> None:
    """The notary holds no key then; anvil takes what clef signed."""
    chain = EvmChain(anvil.url)
    give_coins(chain, EvmKey.of(bytes.fromhex(anvil.funded_key[2:])), [KEY.address])
    with _real_clef(tmp_path, anvil.chain, lambda _: True) as signer:
        wallet = KeyWallet(chain, signer)
        founded = included(chain, send(wallet, CONTRACTS.found([OTHER.address], threshold=1, state=STATE)))
        assert founded.created is not None
        anchor = CONTRACTS.consortium(chain, founded.created).anchor
        assert included(chain, send(wallet, CONTRACTS.anchor(anchor, STATE))).succeeded
        (seen,) = chain.sightings(anchor)
    assert (seen.root, seen.sender) == (STATE, KEY.address)
