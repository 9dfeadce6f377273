"""A key behind an external signer: clef, or whatever else answers `account_signTransaction` over JSON-RPC.

The signer shows every transaction to a person or a rule of its own (clef with
`--advanced`: it knows no ABI of these contracts). What it gives
back is checked before it goes on: it may have changed the fee, and then it is not
the transaction that the nonce ledger is about.
"""

from __future__ import annotations

from anchoring.answers import data, items, members
from anchoring.rpc import Node, Refused
from notary.core.canonical import JSON
from notary.core.encoding import to_hex
from notary.core.errors import Malformed, OperatorError
from notary.core.evm import Address, keccak256, rlp
from notary.ports import Call, Quote, SignedTransaction

PATIENCE = 120.0
"""Seconds for a person to look at a transaction and decide."""
_DYNAMIC_FEE = 2
"""EIP-1559's transaction type."""
_SIGNATURE = 3
"""Items of a signature: v or y parity, r, s."""


class ExternalKey:
    """One account of an external signer. Nothing is asked before the first transaction."""

    def __init__(self, url: str, address: Address, *, patience: float = PATIENCE) -> None:
        self._signer = Node(url, timeout=patience)
        self.address = address

    def accounts(self) -> tuple[Address, ...]:
        """Ask which accounts the signer offers; it may ask a person first."""
        method = "account_list"
        found = self._signer.ask(method)
        with self._signer.reading(method):
            return tuple(Address(data(account, "account", 20)) for account in items(found, "accounts"))

    def sign(self, call: Call, *, chain: str, nonce: int, quote: Quote) -> SignedTransaction:
        """Have a transaction signed; OperatorError where it is declined, or comes back as another one."""
        method = "account_signTransaction"
        legacy = quote.tip_per_gas == quote.fee_per_gas
        asked: dict[str, JSON] = {
            "from": to_hex(self.address),
            "chainId": hex(_number(chain)),
            "nonce": hex(nonce),
            "gas": hex(quote.gas),
            "value": "0x0",
            "data": to_hex(call.data),
        }
        if call.to is not None:
            asked["to"] = to_hex(call.to)
        if legacy:
            asked["gasPrice"] = hex(quote.fee_per_gas)
        else:
            asked |= {"maxFeePerGas": hex(quote.fee_per_gas), "maxPriorityFeePerGas": hex(quote.tip_per_gas)}
        try:
            found = self._signer.ask(method, asked)
        except Refused as error:
            raise OperatorError(
                f"the signer at {self._signer.host} did not sign", actual=error.reason, hint="Look at the signer."
            ) from error
        with self._signer.reading(method):
            raw = data(members(found, "signed transaction")["raw"], "raw")
        self._check(raw, call, chain, nonce, quote, legacy=legacy)
        return SignedTransaction(keccak256(raw), raw, nonce, quote)

    def _check(self, raw: bytes, call: Call, chain: str, nonce: int, quote: Quote, *, legacy: bool) -> None:
        where = f"transaction signed by {self._signer.host}"
        to = call.to or b""
        if legacy:
            expected: tuple[rlp.Item, ...] = (*_integers(nonce, quote.fee_per_gas, quote.gas), to, b"", call.data)
            body = raw
        else:
            fees = (quote.tip_per_gas, quote.fee_per_gas, quote.gas)
            expected = (*_integers(_number(chain), nonce, *fees), to, b"", call.data, ())
            body = raw[1:]
        try:
            if not legacy and raw[:1] != bytes([_DYNAMIC_FEE]):
                raise Malformed(where, expected="an EIP-1559 transaction")
            fields = rlp.as_list(rlp.decode(body, where), where)
        except Malformed as error:
            raise OperatorError(str(error)) from error
        if fields[:-_SIGNATURE] != expected:
            raise OperatorError(
                f"the signer at {self._signer.host} signed something else than was asked",
                hint="Let it sign what it is shown, unchanged: fees are set by the notary's own cap.",
            )
        found = _signer_of(raw)
        if found != self.address:
            raise OperatorError(
                f"the signer at {self._signer.host} signed with another account",
                expected=to_hex(self.address),
                actual=to_hex(found),
            )


def _signer_of(raw: bytes) -> Address:
    from eth_account import Account
    from eth_keys.exceptions import BadSignature

    try:
        return Address(bytes.fromhex(Account.recover_transaction(raw)[2:]))
    except (ValueError, TypeError, BadSignature) as error:
        raise OperatorError("the signer's transaction bears no signature") from error


def _integers(*values: int) -> tuple[bytes, ...]:
    return tuple(map(rlp.from_integer, values))


def _number(chain: str) -> int:
    return int(chain.removeprefix("eip155:"))
